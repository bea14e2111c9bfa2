//! What every campaign has at hand, and the loop over its cases.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::error::Error;
use crate::fixture::Fixture;
use crate::judge::{Fault, Kind, Stood};
use crate::program::Program;
use crate::tally::{Outcome, Tally};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effort {
    /// The numbers for every change.
    Quick,
    /// The numbers that the project aims at.
    Full,
    /// As full, each campaign for its share of this time.
    Within(Duration),
}

/// What every campaign has at hand.
pub(crate) struct Context {
    pub(crate) program: Program,
    pub(crate) fixture: Fixture,
    pub(crate) seed: u64,
    pub(crate) effort: Effort,
    /// Cases at once.
    pub(crate) workers: usize,
    /// The only case to run.
    pub(crate) case: Option<u64>,
    /// Whether what was made for a case stays.
    pub(crate) keep: bool,
    /// Where cases have their folders.
    pub(crate) scratch: PathBuf,
}

/// One case: all that is drawn for it comes from its own generator.
pub(crate) struct Case {
    pub(crate) number: u64,
    pub(crate) rng: ChaCha8Rng,
    /// An empty folder of its own.
    pub(crate) folder: PathBuf,
    /// What was done, in words.
    pub(crate) done: String,
}

/// What a case comes to: it stood, or failed, or cannot be tried here.
pub(crate) type Verdict = Result<Stood, Trouble>;

/// Why a case did not stand.
#[derive(Debug)]
pub(crate) enum Trouble {
    Fault(Fault),
    /// It cannot be tried here, for this reason.
    Skipped(&'static str),
    /// The campaign itself failed.
    Own(Error),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl Case {
    /// A fault of this case.
    pub(crate) fn fault(kind: Kind, what: impl Into<String>) -> Trouble {
        Trouble::Fault(Fault::new(kind, what))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path(name);
        fs::write(&path, content).map_err(Error::io(&path))?;
        Ok(path)
    }
}

impl Context {
    /// The generator of a case: its stream of numbers is told apart by campaign and number.
    pub(crate) fn rng(&self, campaign: &str, number: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let campaign = u64::from(crc32fast::hash(campaign.as_bytes()));
        rng.set_stream(campaign << 32 | number);
        rng
    }

    /// How many cases for this effort: `quick` or `full`.
    pub(crate) fn number(&self, quick: u64, full: u64) -> u64 {
        match self.effort {
            Effort::Quick => quick,
            Effort::Full | Effort::Within(_) => full,
        }
    }

    /// Runs `count` cases and judges each by `judge`; with `--minutes`, as many as `share` of that time allows.
    pub(crate) fn cases(
        &self,
        campaign: &str,
        count: u64,
        share: f64,
        judge: impl Fn(&mut Case) -> Verdict + Sync,
    ) -> Tally {
        let numbers = self.case.map_or(0..count, |only| only..only + 1);
        let next = AtomicU64::new(numbers.start);
        let start = Instant::now();
        let until = match self.effort {
            Effort::Within(time) => Some(start + time.mul_f64(share)),
            Effort::Quick | Effort::Full => None,
        };
        let bar = bar(campaign, numbers.end - numbers.start);
        let tally = Mutex::new(Tally::new(campaign));
        thread::scope(|scope| {
            for _ in 0..self.workers {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let late = until.is_some_and(|until| Instant::now() > until);
                        if number >= numbers.end || late {
                            break;
                        }
                        let outcome = self.one(campaign, number, &judge);
                        bar.inc(1);
                        if let Outcome::Faulty(done, fault) = &outcome {
                            bar.suspend(|| {
                                eprintln!(
                                    "{campaign} {number}: {}: {done}: {}",
                                    fault.kind, fault.what
                                );
                            });
                        }
                        let replay = || self.replay(campaign, number);
                        // Nobody panics while holding it.
                        if let Ok(mut tally) = tally.lock() {
                            tally.add(number, outcome, replay);
                        }
                    }
                });
            }
        });
        bar.finish_and_clear();
        let mut tally = tally
            .into_inner()
            .unwrap_or_else(|broken| broken.into_inner());
        tally.seconds = start.elapsed().as_secs_f64();
        tally.finds.sort_by_key(|find| find.case);
        tally
    }

    /// One case in a folder of its own.
    fn one(
        &self,
        campaign: &str,
        number: u64,
        judge: &(impl Fn(&mut Case) -> Verdict + Sync),
    ) -> Outcome {
        let folder = self.scratch.join(format!("{campaign}-{number}"));
        let mut case = Case {
            number,
            rng: self.rng(campaign, number),
            folder: folder.clone(),
            done: String::new(),
        };
        if let Err(source) = fs::create_dir_all(&folder) {
            return Outcome::Skipped(format!("{} cannot be made: {source}", folder.display()));
        }
        let verdict = catch_unwind(AssertUnwindSafe(|| judge(&mut case)));
        if !self.keep {
            remove(&folder);
        }
        match verdict {
            Ok(Ok(stood)) => Outcome::Stood(stood),
            Ok(Err(Trouble::Fault(fault))) => Outcome::Faulty(case.done, fault),
            Ok(Err(Trouble::Skipped(reason))) => Outcome::Skipped(reason.to_owned()),
            // What the campaign could not do is not passed over: it would look like a case that stood.
            Ok(Err(Trouble::Own(error))) => {
                let what = format!("the campaign itself: {error}");
                Outcome::Faulty(case.done, Fault::new(Kind::Status, what))
            }
            Err(_) => {
                let what = "a library, or the campaign itself, panicked";
                Outcome::Faulty(case.done, Fault::new(Kind::Panic, what))
            }
        }
    }

    fn replay(&self, campaign: &str, number: u64) -> String {
        format!(
            "cargo xtask torture --only {campaign} --seed {} --case {number} --keep",
            self.seed
        )
    }
}

/// Removes a case's folder; what cannot be removed is the next one's trouble, not this one's.
fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

fn bar(campaign: &str, count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count).with_message(campaign.to_owned());
    match ProgressStyle::with_template("{msg:<12} {pos}/{len} [{bar:30}] {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::*;

    fn context(folder: &Path) -> Context {
        Context {
            program: Program::new(Path::new("/bin/sh")).unwrap(),
            fixture: Fixture::default(),
            seed: 7,
            effort: Effort::Quick,
            workers: 2,
            case: None,
            keep: false,
            scratch: folder.to_owned(),
        }
    }

    #[test]
    fn every_way_to_fail_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let tally = context.cases("example", 6, 1.0, |case| match case.number {
            0 => Ok(Stood::Refused),
            1 => Ok(Stood::Right),
            2 => Err(Case::fault(Kind::Wrong, "other weights")),
            3 => Err(Trouble::Skipped("no root")),
            4 => Err(Error::io("a file")(std::io::ErrorKind::NotFound.into()).into()),
            _ => panic!("in a library"),
        });
        assert_eq!((tally.tried, tally.refused, tally.right), (5, 1, 1));
        assert_eq!(tally.failures(), 3);
        assert_eq!(tally.skipped.get("no root"), Some(&1));
        for kind in [Kind::Wrong, Kind::Status, Kind::Panic] {
            assert_eq!(tally.faults.get(&kind), Some(&1), "{kind}");
        }
        assert!(
            tally.finds[0]
                .replay
                .contains("--only example --seed 7 --case 2")
        );
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_case_alone_draws_what_it_drew_among_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut context = context(folder.path());
        let draw = |context: &Context| {
            let drawn = Mutex::new(Vec::new());
            context.cases("example", 9, 1.0, |case| {
                drawn
                    .lock()
                    .unwrap()
                    .push((case.number, case.rng.random::<u64>()));
                Ok(Stood::Right)
            });
            let mut drawn = drawn.into_inner().unwrap();
            drawn.sort_unstable();
            drawn
        };
        let all = draw(&context);
        assert_eq!(all.len(), 9);
        context.case = Some(5);
        assert_eq!(draw(&context), [all[5]]);
        context.seed = 8;
        assert_ne!(draw(&context), [all[5]]);
    }
}
