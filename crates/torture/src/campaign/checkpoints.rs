//! Damaged checkpoints: a clear error, or the weights of a run that nothing happened to.

use std::fs;

use rand::RngExt as _;

use crate::context::{Case, Context, Verdict};
use crate::error::Error;
use crate::fixture::{hash, reproduce};
use crate::judge::{self, Stood};
use crate::listing::{self, Listing};
use crate::mutate::{bytes, json, safetensors};
use crate::tally::Tally;

pub(crate) const NAME: &str = "checkpoints";

/// What a run that is resumed leaves, beside what was there.
const OUT: [&str; 1] = ["run"];

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let count = context.number(100, 3_000);
    Ok(context.cases(NAME, count, 0.1, |case| judge(context, case)))
}

fn judge(context: &Context, case: &mut Case) -> Verdict {
    let folder = case.path("run");
    listing::copy(&context.fixture.path("run"), &folder)?;
    // The data set is that of the fixture, by the same name and with the same bytes.
    let dataset = context.fixture.path("reviews").display().to_string();
    let name = if case.rng.random_bool(0.85) {
        "dense/checkpoint.safetensors"
    } else {
        [
            "run.json",
            "history.json",
            "dense/config.json",
            "dense/vectorizer.cbor",
        ][bytes::place(&mut case.rng, 4)]
    };
    let path = folder.join(name);
    let mut content = fs::read(&path).map_err(Error::io(&path))?;
    let done = if name.ends_with("checkpoint.safetensors") {
        safetensors::damage(&mut case.rng, &mut content)
    } else {
        json::damage(&mut case.rng, &mut content)
    };
    case.done = format!("{name}: {done}");
    fs::write(&path, content).map_err(Error::io(&path))?;
    let before = Listing::of(&case.folder)?;
    let mut arguments = reproduce(&dataset, "dense", 3, "run");
    arguments.push("--resume".to_owned());
    let seen = context.program.run(&case.folder, arguments)?;
    let accepted = judge::ended(&seen)?;
    let after = Listing::of(&case.folder)?;
    judge::nothing_left(&after.beyond(&before, &OUT))?;
    judge::nothing_left(&after.temporaries())?;
    if !accepted {
        return Ok(Stood::Refused);
    }
    let weights = hash(&folder.join("dense/weights.safetensors"))?;
    judge::equal(
        &weights,
        &context.fixture.resumed,
        "what a resumed run ends with",
    )?;
    Ok(Stood::Right)
}
