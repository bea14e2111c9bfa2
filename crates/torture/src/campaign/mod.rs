//! The campaigns, in the order in which they run.

mod archives;
mod bytes;
mod checkpoints;
mod files;
mod kills;
mod models;
mod requests;
mod surroundings;

use crate::context::Context;
use crate::error::Error;
use crate::tally::Tally;

type Run = fn(&Context) -> Result<Tally, Error>;

/// Name and function of each.
const CAMPAIGNS: [(&str, Run); 8] = [
    (archives::NAME, archives::run),
    (models::NAME, models::run),
    (checkpoints::NAME, checkpoints::run),
    (files::NAME, files::run),
    (kills::NAME, kills::run),
    (surroundings::NAME, surroundings::run),
    (requests::NAME, requests::run),
    (bytes::NAME, bytes::run),
];

/// The names, for the command line.
pub(crate) fn names() -> Vec<&'static str> {
    CAMPAIGNS.iter().map(|(name, _)| *name).collect()
}

/// Runs those in `only`, or all.
pub(crate) fn run(context: &Context, only: &[String]) -> Result<Vec<Tally>, Error> {
    let mut tallies = Vec::new();
    for (name, run) in CAMPAIGNS {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            let tally = run(context)?;
            eprintln!(
                "{name}: {} tried, {} failed, in {:.1} s",
                tally.tried,
                tally.failures(),
                tally.seconds
            );
            tallies.push(tally);
        }
    }
    Ok(tallies)
}
