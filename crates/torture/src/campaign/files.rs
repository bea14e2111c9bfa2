//! Damaged files of the vectorizer, and inputs that are not what they say: a clear error, or the same vocabulary.

use rand::RngExt as _;
use recurrent_vectorizer::Functions;
use recurrent_vectorizer::keras::Config;
use serde_json::Value;

use crate::context::{Case, Context, Verdict};
use crate::error::Error;
use crate::fixture::{apply, fit, hash};
use crate::judge::{self, Kind, Stood};
use crate::listing::Listing;
use crate::mutate::{bytes, cbor, json};
use crate::program::Seen;
use crate::tally::Tally;

pub(crate) const NAME: &str = "files";

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let count = context.number(400, 5_000);
    Ok(context.cases(NAME, count, 0.1, |case| {
        case.write("config.json", &context.fixture.read("config.json")?)?;
        case.write("texts.txt", &context.fixture.read("texts.txt")?)?;
        match case.rng.random_range(0..6) {
            0 => counts(context, case),
            1 => vectorizer(context, case),
            2 => configuration(context, case),
            3 => lines(context, case),
            4 => json_lines(context, case),
            _ => parquet(context, case),
        }
    }))
}

/// Runs the command; whether it accepted, once it has ended well and left nothing but `made`.
fn ended(
    context: &Context,
    case: &Case,
    arguments: Vec<String>,
    made: &[&str],
) -> Result<Option<Seen>, crate::context::Trouble> {
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, arguments)?;
    let accepted = judge::ended(&seen)?;
    let after = Listing::of(&case.folder)?;
    let allowed = if accepted { made } else { &[] };
    let mut left = after.beyond(&before, allowed);
    // The folder itself may have been made.
    left.retain(|what| what != "new: v");
    judge::nothing_left(&left)?;
    judge::nothing_left(&after.temporaries())?;
    Ok(accepted.then_some(seen))
}

/// Whether the vectorizer that was written is the one expected.
fn same_vectorizer(case: &Case, right: &[u8; 32]) -> Verdict {
    let found = hash(&case.path("v/vectorizer.cbor"))?;
    judge::equal(&found, right, "the vectorizer that was learned")?;
    Ok(Stood::Right)
}

fn counts(context: &Context, case: &mut Case) -> Verdict {
    let mut content = context.fixture.read("texts.counts")?;
    let (done, anew) = cbor::damage(&mut case.rng, &mut content);
    case.done = format!("counts: {done}");
    case.write("a.counts", &content)?;
    let arguments = [
        "vectorize",
        "merge",
        "a.counts",
        "--config",
        "config.json",
        "--output",
        "v",
    ];
    let arguments = arguments.map(str::to_owned).to_vec();
    match ended(context, case, arguments, &["v"])? {
        None => Ok(Stood::Refused),
        // With a checksum of its own it is another file, and a right one.
        Some(_) if anew => Ok(Stood::Accepted),
        Some(_) => same_vectorizer(case, &context.fixture.vectorizer),
    }
}

fn vectorizer(context: &Context, case: &mut Case) -> Verdict {
    let mut content = context.fixture.read("vectorizer/vectorizer.cbor")?;
    let (done, anew) = cbor::damage(&mut case.rng, &mut content);
    case.done = format!("vectorizer: {done}");
    std::fs::create_dir(case.path("m")).map_err(Error::io(case.path("m")))?;
    case.write("m/vectorizer.cbor", &content)?;
    match ended(context, case, apply("m"), &[])? {
        None => Ok(Stood::Refused),
        Some(_) if anew => Ok(Stood::Accepted),
        Some(seen) => {
            judge::equal(
                &seen.stdout,
                &context.fixture.ids,
                "what the vectorizer gives",
            )?;
            Ok(Stood::Right)
        }
    }
}

fn configuration(context: &Context, case: &mut Case) -> Verdict {
    let mut content =
        br#"{"max_tokens": 40, "standardize": "lower_and_strip_punctuation", "split": "whitespace",
        "ngrams": 2, "output_mode": "tf_idf", "pad_to_max_tokens": true, "sparse": false}"#
            .to_vec();
    let done = json::damage(&mut case.rng, &mut content);
    case.done = format!("configuration: {done}");
    case.write("config.json", &content)?;
    match ended(context, case, fit("texts.txt", &["--output", "v"]), &["v"])? {
        None => Ok(Stood::Refused),
        Some(_) => learned(case, &content, &texts(&context.fixture.read("texts.txt")?)),
    }
}

/// Lines as they are read: without their ends, the last of which may be missing.
fn texts(content: &[u8]) -> Vec<Vec<u8>> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    if content.is_empty() {
        return Vec::new();
    }
    let lines = content.split(|&byte| byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
        .collect()
}

/// Holds what was written against what the library learns from the same texts.
fn learned(case: &Case, config: &[u8], texts: &[Vec<u8>]) -> Verdict {
    let wrong = |what: &str| Err(Case::fault(Kind::Wrong, what.to_owned()));
    let Ok(config) = std::str::from_utf8(config) else {
        return wrong("a configuration that is not UTF-8 was accepted");
    };
    // A mark of the byte order is passed over at the start of files that are JSON.
    let config = config.strip_prefix('\u{feff}').unwrap_or(config);
    let Ok(params) = Config::from_json(config).and_then(|config| config.params(&Functions::new()))
    else {
        return wrong("a configuration was accepted that the library refuses");
    };
    let right = params
        .fit(texts)
        .and_then(|vectorizer| vectorizer.to_bytes());
    let path = case.path("v/vectorizer.cbor");
    let found = std::fs::read(&path).map_err(Error::io(&path))?;
    match right {
        Ok(right) => judge::equal(&found, &right, "the vectorizer that was learned")?,
        Err(_) => return wrong("a vectorizer was learned that the library refuses"),
    }
    Ok(Stood::Right)
}

fn lines(context: &Context, case: &mut Case) -> Verdict {
    let mut content = context.fixture.read("texts.txt")?;
    let done = bytes::damage(&mut case.rng, &mut content);
    case.done = format!("lines: {done}");
    case.write("a.txt", &content)?;
    match ended(context, case, fit("a.txt", &["--output", "v"]), &["v"])? {
        None => Ok(Stood::Refused),
        Some(_) => {
            let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
            learned(case, &context.fixture.read("config.json")?, &texts(content))
        }
    }
}

fn json_lines(context: &Context, case: &mut Case) -> Verdict {
    let lines = texts(&context.fixture.read("texts.txt")?);
    let mut content = String::new();
    for (place, line) in lines.iter().enumerate() {
        let text = String::from_utf8_lossy(line);
        let row = serde_json::json!({"id": place, "text": text, "stars": [9, 2.5, null]});
        content += &format!("{row}\n");
    }
    let mut content = content.into_bytes();
    let done = bytes::damage(&mut case.rng, &mut content);
    case.done = format!("JSON lines: {done}");
    case.write("a.jsonl", &content)?;
    let arguments = fit("a.jsonl", &["--field", "text", "--output", "v"]);
    if ended(context, case, arguments, &["v"])?.is_none() {
        return Ok(Stood::Refused);
    }
    let mut found = Vec::new();
    for line in texts(&content) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Value>(&line).map(|row| row.get("text").cloned()) {
            Ok(Some(Value::String(text))) => found.push(text.into_bytes()),
            Ok(Some(Value::Null)) => {}
            // More than the standard allows may be taken, where nobody asked for it.
            Ok(_) | Err(_) => return Ok(Stood::Accepted),
        }
    }
    learned(case, &context.fixture.read("config.json")?, &found)
}

/// Where the texts of the Parquet file lie, in a page with a checksum.
const PAGE: std::ops::Range<usize> = 96..7_000;

/// Parquet protects its pages where their writer made checksums, and its other records by nothing: of those it is
/// asked here that reading them ends.
fn parquet(context: &Context, case: &mut Case) -> Verdict {
    let original = include_bytes!("../../cases/texts.parquet");
    let mut content = original.to_vec();
    let (protected, done) = match case.rng.random_range(0..3) {
        0 => (true, bytes::flip(&mut case.rng, &mut content[PAGE])),
        1 => {
            // Its records stand at the end.
            let mut tail = content.split_off(PAGE.end);
            let done = bytes::damage(&mut case.rng, &mut tail);
            content.extend(tail);
            (false, format!("from {}: {done}", PAGE.end))
        }
        _ => (false, bytes::damage(&mut case.rng, &mut content)),
    };
    case.done = format!("Parquet: {done}");
    case.write("a.parquet", &content)?;
    let arguments = fit("a.parquet", &["--column", "text", "--output", "v"]);
    match ended(context, case, arguments, &["v"])? {
        None => Ok(Stood::Refused),
        Some(_) if protected => {
            let what = "a page was read whose checksum is wrong";
            Err(Case::fault(Kind::Wrong, what))
        }
        Some(_) => Ok(Stood::Accepted),
    }
}
