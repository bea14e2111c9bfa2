//! A step of `cargo xtask ci`: what each command of the README builds after the others, and that none builds a
//! dependency a second time.
//!
//! Every package asks for the same features of a dependency (`crates/unified` sees to it) and everything is built in
//! release mode; where that no longer holds, this step names the dependency.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use crate::cargo::{self, Artifact};
use crate::error::Error;
use crate::{bench, reproduce, test, torture};

/// What a command built.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    name: &'static str,
    /// Libraries and macros of others.
    dependencies: usize,
    /// Of ours.
    ours: usize,
    /// Dependencies that an earlier command had built otherwise.
    again: Vec<String>,
}

/// What one build of a dependency is told from another by: package, target and its kind, and optimization, because a
/// build script and a program optimize the same library differently.
type Key = (String, String, String, String);

/// The builds of dependencies that were seen so far, each by the names of its files, which bear a hash of its features.
#[derive(Default)]
struct Seen(BTreeMap<Key, Vec<Vec<PathBuf>>>);

impl Seen {
    /// Counts what a command built, and what of it other commands had built already.
    fn count(&mut self, name: &'static str, artifacts: Vec<Artifact>) -> Row {
        let mut row = Row {
            name,
            ..Row::default()
        };
        let mut new = Vec::new();
        for artifact in artifacts {
            // What lies in this workspace has a path for a name.
            if artifact.package_id.starts_with("path+") {
                row.ours += usize::from(!artifact.fresh);
                continue;
            }
            // A build script takes no time to compile; where its package is needed for programs and for macros, with other
            // features for each, there are two of it.
            if artifact
                .target
                .kind
                .iter()
                .any(|kind| kind == "custom-build")
            {
                continue;
            }
            row.dependencies += usize::from(!artifact.fresh);
            let key = (
                artifact.package_id,
                artifact.target.name,
                artifact.target.kind.join(","),
                artifact.profile.opt_level,
            );
            if let Some(before) = self.0.get(&key)
                && (!artifact.fresh || !before.contains(&artifact.filenames))
            {
                row.again.push(package(&key.0).to_owned());
            }
            new.push((key, artifact.filenames));
        }
        // Only now: one command may need a library in two variants.
        for (key, files) in new {
            self.0.entry(key).or_default().push(files);
        }
        row.again.sort_unstable();
        row.again.dedup();
        row
    }
}

/// `name@version` of a package's identifier.
fn package(id: &str) -> &str {
    id.rsplit_once('#').map_or(id, |(_, package)| package)
}

/// Builds what the commands need, in the order of the README, and prints a table; says whether every dependency was
/// built at most once.
pub(crate) fn check() -> Result<bool, Error> {
    let [lstm, vectorizer] = bench::builds();
    let [command, features] = test::Part::ALL.map(|part| {
        let mut arguments = part.arguments();
        arguments.push("--no-run".to_owned());
        arguments
    });
    let owned = |arguments: &[&str]| arguments.iter().map(|&word| word.to_owned()).collect();
    let builds: [(&str, Vec<String>); 7] = [
        (
            "xtask",
            owned(&["build", "--release", "--package", "xtask"]),
        ),
        ("reproduce", owned(&reproduce::BUILD)),
        ("test", command),
        ("test (features)", features),
        ("bench lstm", owned(&lstm)),
        ("bench vectorizer", owned(&vectorizer)),
        ("torture", owned(&torture::BUILD)),
    ];
    let mut seen = Seen::default();
    let mut lines = vec![
        "command            seconds  dependencies built  of these again  own crates built"
            .to_owned(),
    ];
    let mut again = Vec::new();
    for (name, arguments) in builds {
        // Windows replaces no program that runs.
        if cfg!(windows) && name == "xtask" {
            continue;
        }
        let command = cargo::cargo(&arguments);
        println!("$ {}", cargo::shown(&command));
        let start = Instant::now();
        let artifacts = cargo::artifacts(command)?;
        if artifacts.is_empty() {
            println!("cargo said of nothing that it built it for `{name}`");
            return Ok(false);
        }
        let row = seen.count(name, artifacts);
        lines.push(format!(
            "{:<16} {:>9.1} {:>19} {:>15} {:>17}",
            row.name,
            start.elapsed().as_secs_f64(),
            row.dependencies,
            row.again.len(),
            row.ours
        ));
        again.extend(row.again.into_iter().map(|package| (name, package)));
    }
    println!("\n{}", lines.join("\n"));
    for (name, package) in &again {
        println!(
            "{package} is built a second time for `{name}`: add the features that these commands ask for to \
             crates/unified/Cargo.toml"
        );
    }
    Ok(again.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::{Profile, Target};

    fn built(package: &str, hash: &str, opt_level: &str, fresh: bool) -> Artifact {
        Artifact {
            package_id: package.to_owned(),
            target: Target {
                name: "t".to_owned(),
                kind: vec!["lib".to_owned()],
            },
            profile: Profile {
                opt_level: opt_level.to_owned(),
                test: false,
            },
            filenames: vec![PathBuf::from(hash)],
            executable: None,
            fresh,
        }
    }

    #[test]
    fn a_dependency_built_otherwise_is_found_also_where_both_builds_are_there() {
        let id = "registry+index#serde@1.0.0";
        for fresh in [false, true] {
            let mut seen = Seen::default();
            let first = seen.count("a", vec![built(id, "1", "3", fresh)]);
            assert_eq!(first.again, Vec::<String>::new());
            let second = seen.count("b", vec![built(id, "2", "3", fresh)]);
            assert_eq!(second.again, ["serde@1.0.0"]);
            assert_eq!(second.dependencies, usize::from(!fresh));
        }
    }

    #[test]
    fn the_same_build_is_built_again_only_if_it_is_not_fresh() {
        let id = "registry+index#serde@1.0.0";
        let mut seen = Seen::default();
        seen.count("a", vec![built(id, "1", "3", false)]);
        let fresh = seen.count("b", vec![built(id, "1", "3", true)]);
        assert_eq!((fresh.dependencies, fresh.again.len()), (0, 0));
        let again = seen.count("c", vec![built(id, "1", "3", false)]);
        assert_eq!((again.dependencies, again.again.len()), (1, 1));
    }

    #[test]
    fn build_scripts_are_not_counted() {
        let mut seen = Seen::default();
        for (command, hash) in [("a", "1"), ("b", "2")] {
            let mut script = built("registry+index#libc@0.2.0", hash, "0", false);
            script.target.kind = vec!["custom-build".to_owned()];
            let row = seen.count(command, vec![script]);
            assert_eq!((row.dependencies, row.again.len()), (0, 0));
        }
    }

    #[test]
    fn our_own_crates_and_variants_within_one_command_are_no_second_builds() {
        let ours = "path+file:///r/crates/kernels#recurrent-kernels@0.1.0";
        let id = "registry+index#syn@2.0.0";
        let mut seen = Seen::default();
        let row = seen.count(
            "a",
            vec![
                built(ours, "1", "3", false),
                built(id, "1", "0", false),
                built(id, "2", "0", false),
            ],
        );
        assert_eq!((row.ours, row.dependencies, row.again.len()), (1, 2, 0));
        let row = seen.count(
            "b",
            vec![built(ours, "2", "3", false), built(id, "3", "3", false)],
        );
        assert_eq!((row.ours, row.dependencies, row.again.len()), (1, 1, 0));
    }
}
