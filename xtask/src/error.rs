//! The one error type of xtask. Each message says what was met and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a command could not be carried out (a check that says "no" is not an error but an exit status).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The current directory is gone or unreadable.
    #[error("cannot tell the current directory ({0}); change to the repository and try again")]
    CurrentDir(#[source] io::Error),
    /// No workspace above the current directory.
    #[error("{0} lies in no workspace with an `xtask` folder; run this inside the repository")]
    NoWorkspace(PathBuf),
    /// A file or folder could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program could not be started or read from.
    #[error("cannot run `{program}` ({source}); is it installed and on the PATH?")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A cargo command that had to succeed did not.
    #[error("`{command}` failed ({status}); its own messages above say why")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status in words.
        status: String,
    },
    /// A package, where all are meant.
    #[error(
        "`cargo xtask test` runs the tests of all packages; for one, run `cargo test --release --package NAME`"
    )]
    PackageOfTests,
    /// A chart of results that are not drawn.
    #[error(
        "--chart draws the results of `bench lstm` for the notebook's shape (batch 32, time 100, units 64); leave it out"
    )]
    NoChart,
    /// A rung that there is not.
    #[error(
        "there is no rung {0:?}; the rungs are 0 to 5, and `--validation` takes the name of a recipe, too"
    )]
    NoSuchRung(String),
    /// No reviews to train on.
    #[error(
        "the reviews are not here: put the archive at datasets/imdb.zip, or name it in IMDB_ARCHIVE; the ladder is of them"
    )]
    NoReviews,
    /// The sixth rung.
    #[error(
        "rung 6 needs the 50,000 unlabelled reviews of Stanford's archive; nothing is trained on them yet: docs/quality.md \
         says why"
    )]
    NoUnlabelled,
    /// A test split that has been read.
    #[error(
        "the test texts were read for rung {0} with another recipe, and are not read again to choose between the two: \
         compare them with `--validation`; docs/quality.json has what was read"
    )]
    RungChosen(u32),
    /// A training that did not come to its end.
    #[error("the training in {} was stopped before its last epoch, and says nothing of its recipe; remove the folder", .0.display())]
    Stopped(PathBuf),
    /// Models that were judged by different texts.
    #[error(
        "the models of an ensemble were judged by different texts; remove target/quality and train them anew"
    )]
    OtherTexts,
    /// Probabilities that are none.
    #[error("what a model says of the texts cannot be judged ({0}); train it anew")]
    Metrics(#[source] recurrent_metrics::MetricsError),
    /// A program printed something that is not the JSON asked for.
    #[error(
        "`{command}` printed JSON that xtask cannot read ({source}); is it the version that this repository names?"
    )]
    Json {
        /// The command line, or the file.
        command: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// The build went well but named no executable.
    #[error(
        "the build of `{target}` produced no executable; does its package still have a target of that name?"
    )]
    NoExecutable {
        /// The target.
        target: String,
    },
    /// Neither `HOME` nor a variable for caches is set.
    #[error(
        "there is no folder for caches: set HOME or XDG_CACHE_HOME, or name a Python with --python"
    )]
    NoCache,
    /// A process that measures has ended or does not answer.
    #[error("`{command}` gives no answer; its own messages above say why")]
    Silent {
        /// The command line.
        command: String,
    },
    /// A selection of a benchmark's shapes that leaves none.
    #[error(
        "no shape of this benchmark is all that --network, --mode, --batch, --time and --units say; leave some of them \
         away, or see the shapes in docs/benchmarks/README.md (the vectorizer's has none)"
    )]
    NoSuchShape,
    /// What only Linux can do.
    #[error(
        "operations are counted by a library that is preloaded (LD_PRELOAD), which only Linux does so far"
    )]
    NotLinux,
    /// A benchmark of a GPU that is not there.
    #[error(
        "no NVIDIA driver answers, so there is nothing to measure on; use --backend libtorch-cpu"
    )]
    NoGpu,
    /// No libtorch could be had.
    #[error(transparent)]
    Libtorch(#[from] crate::libtorch::LibtorchError),
    /// `IMDB_ARCHIVE` or `RECURRENT_REFERENCE` points nowhere.
    #[error("{variable} names {path}, which is not there; correct the path or unset the variable", path = path.display())]
    Dangling {
        /// The environment variable.
        variable: &'static str,
        /// What it says, made absolute.
        path: PathBuf,
    },
}

impl Error {
    /// Attaches the path to an input or output error.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
