//! The virtual environment with the peers, outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::caches;
use crate::cargo;
use crate::error::Error;

/// The peers, in the versions that are compared with.
const PACKAGES: [&str; 7] = [
    "torch==2.9.0",
    "tensorflow-cpu==2.21.0",
    "tf_keras==2.21.0",
    "scikit-learn==1.9.1",
    "tokenizers==0.23.3",
    "polars==2.1.0",
    "numpy",
];

/// The environment's Python, made if it is not there (several gigabytes the first time), completed if
/// the list has changed.
pub(crate) fn ensure() -> Result<PathBuf, Error> {
    let cache = caches::folder().ok_or(Error::NoCache)?;
    let folder = cache.join("recurrent").join("peers");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    // Written last, so that an environment that was interrupted is made again.
    let mark = folder.join("complete");
    let step = Step::after(std::fs::read_to_string(&mark).ok().as_deref());
    match step {
        Step::Nothing => return Ok(python),
        Step::Install => eprintln!(
            "xtask: adding what is missing of {} in {}",
            PACKAGES.join(", "),
            folder.display()
        ),
        Step::Make => {
            eprintln!(
                "xtask: making a virtual environment with {} in {} (some gigabytes; --python PATH uses one of yours)",
                PACKAGES.join(", "),
                folder.display()
            );
            make(&folder)?;
        }
    }
    succeed(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(PACKAGES),
    )?;
    std::fs::write(&mark, list()).map_err(Error::io(&mark))?;
    Ok(python)
}

/// What is to be done for an environment to have all packages.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    /// It is complete for another list: pip adds what is missing.
    Install,
    Make,
}

impl Step {
    /// By what the environment's mark says, where it has one.
    fn after(mark: Option<&str>) -> Self {
        match mark {
            Some(installed) if installed == list() => Self::Nothing,
            Some(_) => Self::Install,
            None => Self::Make,
        }
    }
}

/// What a complete environment's mark says.
fn list() -> String {
    PACKAGES.join("\n")
}

/// Makes an empty environment, in place of what was there.
fn make(folder: &Path) -> Result<(), Error> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let base = if cfg!(windows) { "python" } else { "python3" };
    succeed(
        Command::new(base)
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let shown = cargo::shown(command);
    let status = cargo::status(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed {
            command: shown,
            status: status.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_completed_but_not_made_again() {
        assert_eq!(Step::after(Some(&list())), Step::Nothing);
        assert_eq!(Step::after(Some("torch==2.9.0\nnumpy")), Step::Install);
        assert_eq!(Step::after(Some("")), Step::Install);
        assert_eq!(Step::after(None), Step::Make);
    }
}
