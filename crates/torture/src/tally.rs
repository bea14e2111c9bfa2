//! What a campaign counts, and the table at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::judge::{Fault, Kind, Stood};

/// Failures of a campaign that are described; all are counted.
const DESCRIBED: usize = 50;

/// A failure, with what it takes to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Find {
    pub(crate) campaign: String,
    pub(crate) case: u64,
    pub(crate) kind: Kind,
    /// What was done.
    pub(crate) done: String,
    /// What was seen.
    pub(crate) seen: String,
    /// The command that does it again.
    pub(crate) replay: String,
}

/// What came of the cases of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Tally {
    pub(crate) campaign: String,
    pub(crate) tried: u64,
    pub(crate) refused: u64,
    pub(crate) right: u64,
    pub(crate) accepted: u64,
    /// Cases that could not be tried here, by their reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    pub(crate) faults: BTreeMap<Kind, u64>,
    /// Bytes fed to libraries, where a campaign counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    pub(crate) seconds: f64,
    pub(crate) finds: Vec<Find>,
}

/// What came of one case.
pub(crate) enum Outcome {
    Stood(Stood),
    /// What was done, and what was wrong then.
    Faulty(String, Fault),
    Skipped(String),
}

impl Tally {
    pub(crate) fn new(campaign: &str) -> Self {
        Self {
            campaign: campaign.to_owned(),
            ..Self::default()
        }
    }

    /// Counts the outcome of one case; `replay` is the command that does it again.
    pub(crate) fn add(&mut self, case: u64, outcome: Outcome, replay: impl FnOnce() -> String) {
        if let Outcome::Skipped(reason) = outcome {
            *self.skipped.entry(reason).or_default() += 1;
            return;
        }
        self.tried += 1;
        match outcome {
            Outcome::Stood(Stood::Refused) => self.refused += 1,
            Outcome::Stood(Stood::Right) => self.right += 1,
            Outcome::Stood(Stood::Accepted) => self.accepted += 1,
            Outcome::Faulty(done, fault) => {
                *self.faults.entry(fault.kind).or_default() += 1;
                if self.finds.len() < DESCRIBED {
                    self.finds.push(Find {
                        campaign: self.campaign.clone(),
                        case,
                        kind: fault.kind,
                        done,
                        seen: fault.what,
                        replay: replay(),
                    });
                }
            }
            Outcome::Skipped(_) => {}
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        self.faults.values().sum()
    }
}

/// All of a run, as it is written to `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Summary<'a> {
    pub(crate) seed: u64,
    pub(crate) quick: bool,
    pub(crate) seconds: f64,
    pub(crate) failures: u64,
    pub(crate) campaigns: &'a [Tally],
}

/// The table, what was skipped, and each failure with the way to see it again.
pub(crate) fn table(tallies: &[Tally], took: Duration) -> String {
    let mut out = format!(
        "{:<12} {:>8} {:>8} {:>8} {:>8}",
        "campaign", "tried", "refused", "right", "accepted"
    );
    for kind in Kind::ALL {
        out += &format!(" {kind:>7}");
    }
    out += &format!(" {:>8}\n", "seconds");
    for tally in tallies {
        let Tally {
            campaign,
            tried,
            refused,
            right,
            accepted,
            ..
        } = tally;
        out += &format!("{campaign:<12} {tried:>8} {refused:>8} {right:>8} {accepted:>8}");
        for kind in Kind::ALL {
            out += &format!(" {:>7}", tally.faults.get(&kind).copied().unwrap_or(0));
        }
        out += &format!(" {:>8.1}\n", tally.seconds);
    }
    out += &format!("in all {:.1} s\n", took.as_secs_f64());
    for tally in tallies {
        if let Some(bytes) = tally.bytes {
            out += &format!("{}: {bytes} bytes fed to the libraries\n", tally.campaign);
        }
        for (reason, number) in &tally.skipped {
            out += &format!("{}: {number} skipped: {reason}\n", tally.campaign);
        }
    }
    for find in tallies.iter().flat_map(|tally| &tally.finds) {
        let Find {
            campaign,
            case,
            kind,
            done,
            seen,
            replay,
        } = find;
        out +=
            &format!("\nFAILED {campaign} {case} ({kind}): {done}\n  {seen}\n  again: {replay}\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_and_failures_described() {
        let mut tally = Tally::new("archives");
        let replay = || "cargo xtask torture --only archives --seed 7 --case 3".to_owned();
        tally.add(0, Outcome::Stood(Stood::Refused), replay);
        tally.add(1, Outcome::Stood(Stood::Right), replay);
        tally.add(2, Outcome::Skipped("no root".to_owned()), replay);
        assert_eq!((tally.tried, tally.failures()), (2, 0));
        let fault = Fault::new(Kind::Wrong, "the weights are others");
        tally.add(
            3,
            Outcome::Faulty("a bit flipped".to_owned(), fault),
            replay,
        );
        assert_eq!((tally.tried, tally.failures()), (3, 1));
        let table = table(&[tally], Duration::from_secs(2));
        for part in [
            "FAILED archives 3 (wrong): a bit flipped",
            "the weights are others",
            "again: cargo xtask torture --only archives --seed 7 --case 3",
            "archives: 1 skipped: no root",
        ] {
            assert!(table.contains(part), "{table}");
        }
    }
}
