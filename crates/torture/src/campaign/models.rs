//! Damaged files of models and runs: a clear error, or the same answers; for a report, figures that can be.

use std::fs;
use std::path::Path;

use rand::RngExt as _;
use serde_json::Value;

use crate::context::{Case, Context, Verdict};
use crate::error::Error;
use crate::fixture::{NETWORKS, predict};
use crate::judge::{self, Kind, Stood};
use crate::listing::{self, Listing};
use crate::mutate::{bytes, cbor, json, safetensors};
use crate::tally::Tally;

pub(crate) const NAME: &str = "models";

/// A loss beyond this is none.
const LARGEST_LOSS: f64 = 1e6;

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let count = context.number(400, 10_000);
    Ok(context.cases(NAME, count, 0.2, |case| {
        if case.rng.random_bool(0.7) {
            answers(context, case)
        } else {
            report(context, case)
        }
    }))
}

/// Damages a file of `folder`; which kind of damage depends on its name.
fn damage(case: &mut Case, folder: &Path, name: &str) -> Result<(), Error> {
    let path = folder.join(name);
    let mut content = fs::read(&path).map_err(Error::io(&path))?;
    let rng = &mut case.rng;
    let done = match name.rsplit('.').next() {
        Some("json") => json::damage(rng, &mut content),
        Some("safetensors") => safetensors::damage(rng, &mut content),
        Some("cbor") => cbor::damage(rng, &mut content).0,
        _ => bytes::damage(rng, &mut content),
    };
    case.done = format!(
        "{}: {done}",
        path.strip_prefix(&case.folder).unwrap_or(&path).display()
    );
    fs::write(&path, content).map_err(Error::io(&path))
}

/// A model with one damaged file answers as before, or says what is wrong.
fn answers(context: &Context, case: &mut Case) -> Verdict {
    let network = NETWORKS[bytes::place(&mut case.rng, NETWORKS.len())];
    let folder = case.path("model");
    listing::copy(&context.fixture.path("run").join(network), &folder)?;
    // The vocabulary is there to be looked at; the others are what a model is made of.
    let name = match case.rng.random_range(0..10) {
        0..3 => "weights.safetensors",
        3..6 => "config.json",
        6..9 => "vectorizer.cbor",
        _ => "vocabulary",
    };
    if case.rng.random_bool(0.05) {
        case.done = format!("{network}: {name} is gone");
        let path = folder.join(name);
        fs::remove_file(&path).map_err(Error::io(&path))?;
    } else {
        damage(case, &folder, name)?;
    }
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, predict("model"))?;
    let accepted = judge::ended(&seen)?;
    judge::nothing_left(&Listing::of(&case.folder)?.beyond(&before, &[]))?;
    if !accepted {
        return Ok(Stood::Refused);
    }
    let right = context.fixture.answers.get(network);
    judge::equal(
        &Some(&seen.stdout),
        &right,
        "the answer of a model that was accepted",
    )?;
    Ok(Stood::Right)
}

/// A run with one damaged file gives a report with figures that can be, whole, or says what is wrong.
fn report(context: &Context, case: &mut Case) -> Verdict {
    let folder = case.path("run");
    listing::copy(&context.fixture.path("run"), &folder)?;
    let files = [
        "history.json",
        "run.json",
        "dense/evaluation.json",
        "lstm/evaluation.json",
    ];
    let name = files[bytes::place(&mut case.rng, files.len())];
    damage(case, &folder, name)?;
    let before = Listing::of(&case.folder)?;
    let arguments = ["report", "run", "--out", "report"];
    let seen = context.program.run(&case.folder, arguments)?;
    let accepted = judge::ended(&seen)?;
    let after = Listing::of(&case.folder)?;
    judge::nothing_left(&after.temporaries())?;
    if !accepted {
        // The folder itself may have been made.
        let mut left = after.beyond(&before, &[]);
        left.retain(|what| what != "new: report");
        judge::nothing_left(&left)?;
        return Ok(Stood::Refused);
    }
    judge::nothing_left(&after.beyond(&before, &["report"]))?;
    pages(&case.path("report"))?;
    let content = fs::read(folder.join(name)).map_err(Error::io(&folder))?;
    let Ok(value) = serde_json::from_slice::<Value>(&content) else {
        return Err(Case::fault(
            Kind::Wrong,
            "a report was made of what is no JSON",
        ));
    };
    // What cannot be may be left out of the report, if that is said.
    if !seen.errors().contains("is left out") {
        possible(&value, "")?;
    }
    if before == after {
        return Ok(Stood::Right);
    }
    Ok(Stood::Accepted)
}

/// The page and its pictures are there, and hold nothing that their readers refuse.
fn pages(folder: &Path) -> Result<(), judge::Fault> {
    let wrong = |what: String| judge::Fault::new(Kind::Wrong, what);
    let entries = fs::read_dir(folder).map_err(|error| wrong(format!("no report: {error}")))?;
    let mut page = false;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        page |= name == "report.html";
        if name.ends_with(".html") || name.ends_with(".svg") {
            let text =
                fs::read_to_string(&path).map_err(|error| wrong(format!("{name}: {error}")))?;
            if let Some(bad) = text.chars().find(|&character| !is_xml(character)) {
                return Err(wrong(format!("{name} has {bad:?} in it")));
            }
            if text.contains("<script>alert(1)") {
                return Err(wrong(format!("{name} runs what a file of the run says")));
            }
        }
    }
    if page {
        Ok(())
    } else {
        Err(wrong("there is no report.html".to_owned()))
    }
}

/// A character that XML 1.0 allows.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && character != '\u{7f}'
}

/// Figures that a report was made of can be: a share is one, and a loss is a number that is not negative.
fn possible(value: &Value, name: &str) -> Result<(), judge::Fault> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(name, value)| possible(value, name)),
        Value::Array(items) => items.iter().try_for_each(|value| possible(value, name)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            // Some are kept as 32-bit floats, of which such a number is zero.
            let tiny = number.abs() < 1e-45;
            let number = if tiny { 0.0 } else { number };
            let is_share =
                name.contains("accuracy") || name.contains("probabilit") || name == "beliefs";
            let can_be = match name {
                _ if is_share => (0.0..=1.0).contains(&number),
                "train_loss" | "test_loss" => (0.0..=LARGEST_LOSS).contains(&number),
                "label" | "labels" => number == 0.0 || number == 1.0,
                "seconds" => number >= 0.0,
                _ => true,
            };
            if can_be {
                return Ok(());
            }
            let what = format!("a report was made with {number} for {name}");
            Err(judge::Fault::new(Kind::Wrong, what))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_that_cannot_be_are_recognised() {
        let check = |value: Value, expect: bool| {
            assert_eq!(possible(&value, "").is_ok(), expect, "{value}")
        };
        check(
            json!([{"network": "lstm", "train_loss": 0.7, "test_accuracy": 1.0}]),
            true,
        );
        check(json!([{"test_accuracy": -5.0}]), false);
        check(json!([{"train_loss": 1e308}]), false);
        check(json!({"probabilities": [0.5, 1.5]}), false);
        check(json!({"traces": [{"beliefs": [-3.0]}]}), false);
        check(json!({"labels": [0, 2]}), false);
    }

    #[test]
    fn pages_that_are_missing_or_refused_by_readers_are_recognised() {
        let folder = tempfile::tempdir().unwrap();
        assert!(pages(folder.path()).is_err());
        fs::write(folder.path().join("report.html"), "<p>well</p>").unwrap();
        assert!(pages(folder.path()).is_ok());
        fs::write(folder.path().join("loss.svg"), "<svg>\u{1b}</svg>").unwrap();
        assert!(pages(folder.path()).is_err());
        fs::write(folder.path().join("loss.svg"), "<svg>\u{ffff}</svg>").unwrap();
        assert!(pages(folder.path()).is_err());
    }
}
