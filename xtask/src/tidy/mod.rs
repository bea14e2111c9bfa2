//! `cargo xtask tidy`: the invariants of docs/architecture.md, executed.
//!
//! Two halves: who may depend on whom (`dependencies`) and how a file looks (`sources`). Both turn facts into a
//! list of violations in words, and an empty list is a pass.

use std::path::Path;
use std::process::ExitCode;

use crate::error::Error;

mod dependencies;
mod rules;
mod sources;

/// Checks everything and prints what is wrong.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    Ok(if check(root)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether the workspace is tidy; prints each violation, or one line when there is none.
pub(crate) fn check(root: &Path) -> Result<bool, Error> {
    let graph = dependencies::Metadata::load()?;
    let mut violations = dependencies::violations(&graph, rules::RULES);
    let files = sources::collect(root)?;
    violations.extend(sources::violations(&files));
    violations.extend(sources::unmentioned(&files, &graph.member_folders()));
    for violation in &violations {
        println!("tidy: {violation}");
    }
    if violations.is_empty() {
        println!(
            "tidy: {} crates and {} files keep the rules",
            graph.member_folders().len(),
            files.len()
        );
    }
    Ok(violations.is_empty())
}
