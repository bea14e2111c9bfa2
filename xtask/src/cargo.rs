//! Running cargo: where the workspace is, how to start it, what it built.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use serde::Deserialize;

use crate::error::Error;

/// The workspace root: the folder above our own manifest, which cargo names when it runs us, or else the
/// nearest folder above `start` that holds an xtask.
pub(crate) fn workspace_root(start: &Path) -> Result<PathBuf, Error> {
    let ours = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let above = ours.as_deref().and_then(Path::parent);
    above
        .into_iter()
        .chain(start.ancestors())
        .find(|folder| {
            folder.join("xtask/Cargo.toml").is_file() && folder.join("Cargo.toml").is_file()
        })
        .map(Path::to_owned)
        .ok_or_else(|| Error::NoWorkspace(start.to_owned()))
}

/// The cargo that runs us, so that a chosen toolchain stays chosen.
///
/// What cargo told us about our own package is taken out: build scripts that look at these variables (ring's
/// does) would otherwise run anew each time a build is started from here and from a shell in turn.
pub(crate) fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_our_package) {
            command.env_remove(name);
        }
    }
    command
}

fn describes_our_package(variable: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        // Of our own build script.
        "OUT_DIR",
    ]
    .iter()
    .any(|prefix| variable.starts_with(prefix))
}

/// The command line as a user would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end with our own input and output.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .status()
        .map_err(|source| Error::Spawn { program, source })
}

/// Runs to the end, shown first; that it fails is an error.
pub(crate) fn must(command: &mut Command) -> Result<(), Error> {
    println!("$ {}", shown(command));
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: shown(command),
        status: status.to_string(),
    })
}

/// Runs to the end, handing each line of standard output to `each`; standard error stays ours.
pub(crate) fn lines(
    command: &mut Command,
    mut each: impl FnMut(&str),
) -> Result<ExitStatus, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| Error::Spawn {
        program: program.clone(),
        source,
    };
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            each(&String::from_utf8_lossy(&line.map_err(failed)?));
        }
    }
    child.wait().map_err(failed)
}

/// Whether a program is there and says its version.
pub(crate) fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Our exit code for a child's: the same number where there is one.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    if status.success() {
        return ExitCode::SUCCESS;
    }
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) => ExitCode::from(code),
        None => ExitCode::FAILURE,
    }
}

/// What a message of `--message-format json` is about.
#[derive(Deserialize)]
struct Message {
    reason: String,
}

/// What cargo built, or found built.
#[derive(Deserialize)]
pub(crate) struct Artifact {
    pub(crate) package_id: String,
    pub(crate) target: Target,
    pub(crate) profile: Profile,
    /// Each with the hash of all that decides over its contents.
    pub(crate) filenames: Vec<PathBuf>,
    pub(crate) executable: Option<PathBuf>,
    /// It was there already.
    pub(crate) fresh: bool,
}

#[derive(Deserialize)]
pub(crate) struct Profile {
    pub(crate) opt_level: String,
    pub(crate) test: bool,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

/// Builds `package` in release mode, its progress streamed, and says where the executable `target` lies.
pub(crate) fn build_release(package: &str, target: &str) -> Result<PathBuf, Error> {
    build(&["build", "--release", "--package", package], target)
}

/// Runs a cargo command that builds, and says where the executable of `target` lies. cargo itself is asked,
/// because the place depends on `CARGO_TARGET_DIR`, on configuration and on the target.
pub(crate) fn build(args: &[&str], target: &str) -> Result<PathBuf, Error> {
    build_with(args, target, |_| {})
}

/// As [`build`], the command completed by `complete`.
pub(crate) fn build_with(
    args: &[&str],
    target: &str,
    complete: impl FnOnce(&mut Command),
) -> Result<PathBuf, Error> {
    let mut command = cargo(args);
    complete(&mut command);
    let artifacts = artifacts(command)?;
    let found = artifacts.into_iter().rev();
    found
        .filter_map(|artifact| executable(artifact, target))
        .next()
        .ok_or_else(|| Error::NoExecutable {
            target: target.to_owned(),
        })
}

/// Runs a cargo command that builds, its progress streamed, and says what it built and what it found built.
pub(crate) fn artifacts(mut command: Command) -> Result<Vec<Artifact>, Error> {
    command.args(["--message-format", "json-render-diagnostics"]);
    let name = shown(&command);
    let mut found = Vec::new();
    let mut broken = None;
    let status = lines(&mut command, |line| match artifact(line) {
        Ok(artifact) => found.extend(artifact),
        Err(source) => broken = Some(source),
    })?;
    if !status.success() {
        return Err(Error::Failed {
            command: name,
            status: status.to_string(),
        });
    }
    match broken {
        Some(source) => Err(Error::Json {
            command: name,
            source,
        }),
        None => Ok(found),
    }
}

/// The artifact that a message names, if it names one.
fn artifact(line: &str) -> Result<Option<Artifact>, serde_json::Error> {
    let message: Message = serde_json::from_str(line)?;
    (message.reason == "compiler-artifact")
        .then(|| serde_json::from_str(line))
        .transpose()
}

fn executable(artifact: Artifact, name: &str) -> Option<PathBuf> {
    // The unit tests of a program, and of a library of its name, are executables of that name, too. A benchmark is built
    // as a test as well, and is the one wanted.
    let kind = &artifact.target.kind;
    let unit_tests =
        artifact.profile.test && kind.iter().any(|kind| kind == "bin" || kind == "lib");
    let wanted = artifact.target.name == name && !unit_tests;
    artifact.executable.filter(|_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executable_among_the_messages() {
        let message = |kind: &str, name: &str, executable: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"p","target":{{"kind":["{kind}"],"name":"{name}"}},"profile":{{"opt_level":"3","test":{test}}},"filenames":[],"executable":{executable},"fresh":true}}"#
            )
        };
        let check = |message: &str| {
            let artifact = artifact(message).unwrap()?;
            executable(artifact, "recurrent")
        };
        let there = Some(PathBuf::from("t/recurrent"));
        let path = "\"t/recurrent\"";
        assert_eq!(check(&message("lib", "recurrent", "null", false)), None);
        assert_eq!(check(&message("bin", "recurrent", path, false)), there);
        assert_eq!(check(&message("bin", "recurrent", path, true)), None);
        assert_eq!(check(&message("lib", "recurrent", path, true)), None);
        assert_eq!(check(&message("bench", "recurrent", path, true)), there);
        assert_eq!(check(&message("bin", "xtask", path, false)), None);
        assert_eq!(check(r#"{"reason":"build-finished","success":true}"#), None);
        // One that says less than it should is not passed over.
        assert!(artifact(r#"{"reason":"compiler-artifact","package_id":"p"}"#).is_err());
    }

    #[test]
    fn the_root_is_the_folder_that_holds_xtask() {
        let root = workspace_root(&std::env::current_dir().unwrap()).unwrap();
        assert!(root.join("xtask/src/main.rs").is_file());
    }

    #[test]
    fn a_child_is_not_told_about_our_package() {
        // cargo sets this one for tests, too.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let command = cargo(["build"]);
        let removed: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .collect();
        assert!(removed.contains(&("CARGO_PKG_NAME".as_ref(), None)));
        assert!(!describes_our_package("CARGO_TARGET_DIR"));
        assert!(!describes_our_package("CARGO_HOME"));
    }

    #[test]
    fn a_command_is_shown_without_the_path_of_cargo() {
        assert_eq!(
            shown(Command::new("/somewhere/bin/cargo").args(["test", "--release"])),
            "cargo test --release"
        );
    }
}
