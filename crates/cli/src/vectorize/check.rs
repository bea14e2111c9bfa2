//! `recurrent vectorize check`: recorded cases of the real Keras. Exit status 1 when a case differs, 2
//! when a file cannot be read as cases.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use recurrent_files::read_text_at_most;
use recurrent_vectorizer::keras::{Checked, Verdict, check, reference_functions};

use super::error::{VectorizeError, plain};
use crate::error::CliError;
use crate::print;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files of cases, or folders of which every .json is one.
    #[arg(required = true, value_name = "FIXTURE")]
    fixtures: Vec<PathBuf>,
    /// Print only the cases that differ, and the sum.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (mut equal, mut different, mut unreadable) = (0_usize, 0_usize, 0_usize);
    for fixture in &arguments.fixtures {
        for file in files(fixture) {
            match file.and_then(|path| cases(&path)) {
                Ok(cases) => {
                    for case in cases {
                        let differs = matches!(case.verdict, Verdict::Different { .. });
                        different += usize::from(differs);
                        equal += usize::from(!differs);
                        if differs || !arguments.quiet {
                            print(&line(&case))?;
                        }
                    }
                }
                Err(error) => {
                    unreadable += 1;
                    crate::complain(&error);
                }
            }
        }
    }
    let files = match unreadable {
        0 => String::new(),
        1 => ", 1 file unreadable".to_owned(),
        files => format!(", {files} files unreadable"),
    };
    print(&format!("{equal} equal, {different} different{files}"))?;
    Ok(match (unreadable, different) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    })
}

/// The file itself, or the .json files of a folder by name.
fn files(path: &Path) -> Vec<Result<PathBuf, CliError>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    };
    match list() {
        Ok(paths) if paths.is_empty() => {
            let path = path.to_owned();
            vec![Err(VectorizeError::NoFixtures { path }.into())]
        }
        Ok(paths) => paths.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(CliError::read(path)(error))],
    }
}

/// The most bytes of a file of cases.
const LIMIT: u64 = 1 << 28;

fn cases(path: &Path) -> Result<Vec<Checked>, CliError> {
    let json = read_text_at_most(path, LIMIT)?;
    let cases = check(&json, &reference_functions());
    cases.map_err(|source| {
        let path = path.to_owned();
        VectorizeError::Fixture { path, source }.into()
    })
}

fn line(case: &Checked) -> String {
    let verdict = match &case.verdict {
        Verdict::Equal => "equal".to_owned(),
        Verdict::EqualButEarlier { keras, here } => {
            format!(
                "equal (fails earlier: {}; in Keras {})",
                plain(here),
                plain(keras)
            )
        }
        Verdict::Different { first } => format!("DIFFERENT: {}", plain(first)),
    };
    format!("{}: {verdict}", plain(&case.name))
}
