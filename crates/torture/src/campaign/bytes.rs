//! Many bytes, fed to the libraries that read files, inside of this process: no panic, no hang, and what is read
//! is what was written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::RngExt as _;
use recurrent_data::{Corpus as _, ReadOptions, Split, read};
use recurrent_files::quoted;
use recurrent_runs::{EpochRecord, Evaluation, RunInfo, check_history};
use recurrent_vectorizer::keras::{Config, check};
use recurrent_vectorizer::{Functions, TextVectorizer, TokenCounts};

use crate::context::{Case, Context};
use crate::error::Error;
use crate::fixture::{REVIEWS, gzip};
use crate::judge::{Kind, Stood};
use crate::mutate::{bytes, cbor, json, tar, zip};
use crate::tally::Tally;

pub(crate) const NAME: &str = "bytes";

/// Bytes fed in one case, at least.
const CASE: u64 = 1 << 20;

/// A single input that takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(30);

/// What is read at a time.
const TARGETS: [(&str, Target); 9] = [
    ("zip", archive_zip),
    ("tar.gz", archive_tar_gz),
    ("tar", archive_tar),
    ("vectorizer", vectorizer),
    ("counts", counts),
    ("configuration", configuration),
    ("recorded cases", recorded),
    ("files of a run", runs),
    ("quoted text", quotes),
];

type Target = fn(&Inputs<'_>, &mut Case) -> Result<u64, Trouble>;

/// What a target finds out.
enum Trouble {
    Wrong(String),
    Own(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// Undamaged files.
struct Inputs<'a> {
    context: &'a Context,
    vectorizer: Vec<u8>,
    counts: Vec<u8>,
    config: Vec<u8>,
    runs: [Vec<u8>; 3],
}

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let fixture = &context.fixture;
    let inputs = Inputs {
        context,
        vectorizer: fixture.read("vectorizer/vectorizer.cbor")?,
        counts: fixture.read("texts.counts")?,
        config: fixture.read("vectorizer/config.json")?,
        runs: [
            fixture.read("run/run.json")?,
            fixture.read("run/history.json")?,
            fixture.read("run/dense/evaluation.json")?,
        ],
    };
    let hook = std::panic::take_hook();
    // Panics are what is looked for here; they are reported once, with the way to see them again.
    std::panic::set_hook(Box::new(|_| {}));
    let fed = AtomicU64::new(0);
    let count = context.number(90, 1_200);
    let mut tally = context.cases(NAME, count, 0.1, |case| {
        let bytes = feed(&inputs, case)?;
        fed.fetch_add(bytes, Ordering::Relaxed);
        Ok(Stood::Right)
    });
    std::panic::set_hook(hook);
    tally.bytes = Some(fed.into_inner());
    Ok(tally)
}

/// Feeds inputs to one target until there were enough.
fn feed(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, crate::context::Trouble> {
    let chosen = usize::try_from(case.number).unwrap_or(0) % TARGETS.len();
    let (name, target) = TARGETS[chosen];
    let mut fed = 0;
    let mut turn = 0;
    while fed < CASE {
        case.done = format!("{name}, input {turn}");
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| target(inputs, case)));
        match result {
            Ok(Ok(bytes)) => fed += bytes,
            Ok(Err(Trouble::Wrong(what))) => return Err(Case::fault(Kind::Wrong, what)),
            Ok(Err(Trouble::Own(error))) => return Err(error.into()),
            Err(panic) => {
                let said = panic.downcast_ref::<String>().cloned();
                let said =
                    said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
                return Err(Case::fault(Kind::Panic, said.unwrap_or_default()));
            }
        }
        if start.elapsed() > LONGEST {
            return Err(Case::fault(
                Kind::Hang,
                format!("{} s", start.elapsed().as_secs()),
            ));
        }
        turn += 1;
    }
    Ok(fed)
}

/// Reads an archive that lies in a file; what is accepted has as many reviews as one of the `right` numbers, if any.
fn archive(case: &Case, content: &[u8], right: &[usize]) -> Result<u64, Trouble> {
    let path = case.write("archive", content)?;
    let options = ReadOptions {
        threads: Some(1),
        ..ReadOptions::default()
    };
    if let Ok(corpus) = read(&path, &options) {
        let found: usize = Split::ALL
            .iter()
            .map(|split| corpus.texts(*split).len())
            .sum();
        if !right.is_empty() && !right.contains(&found) {
            let done = &case.done;
            return Err(Trouble::Wrong(format!(
                "{found} reviews were found: {done}"
            )));
        }
    }
    Ok(content.len() as u64)
}

fn archive_zip(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content = inputs.context.fixture.zip.clone();
    let done = if case.rng.random_bool(0.5) {
        bytes::damage(&mut case.rng, &mut content)
    } else {
        zip::records(&mut case.rng, &mut content)
    };
    case.done += &format!(": {done}");
    // A name that is changed in both places is a valid archive of other files.
    let right: &[usize] = match done.ends_with("in both places") {
        true => &[],
        false => &[REVIEWS],
    };
    archive(case, &content, right)
}

fn archive_tar_gz(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let fixture = &inputs.context.fixture;
    if case.rng.random_bool(0.5) {
        let mut content = fixture.tar_gz.clone();
        let done = bytes::damage(&mut case.rng, &mut content);
        case.done += &format!(": {done}");
        return archive(case, &content, &[REVIEWS]);
    }
    let mut content = fixture.tar.clone();
    let (touched, done) = tar::change(&mut case.rng, &mut content);
    case.done += &format!(": {done}");
    let packed = gzip(&content).map_err(Error::io("a gzip file in memory"))?;
    match touched {
        tar::Touched::Nothing => archive(case, &packed, &[REVIEWS, tar::files(&content)]),
        tar::Touched::Sense => archive(case, &packed, &[]),
    }
}

fn archive_tar(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content = inputs.context.fixture.tar.clone();
    let done = bytes::damage(&mut case.rng, &mut content);
    case.done += &format!(": {done}");
    archive(case, &content, &[REVIEWS, tar::files(&content)])
}

fn vectorizer(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content = inputs.vectorizer.clone();
    let (done, anew) = cbor::damage(&mut case.rng, &mut content);
    if let Ok(read) = TextVectorizer::from_bytes(&content) {
        let again = read.to_bytes().unwrap_or_default();
        if !anew && content != inputs.vectorizer && again != inputs.vectorizer {
            return Err(Trouble::Wrong(format!(
                "a damaged vectorizer was read: {done}"
            )));
        }
        // Whatever was read can be used.
        let _ = read.transform(&["a good film", ""]);
    }
    Ok(content.len() as u64)
}

fn counts(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content = inputs.counts.clone();
    let (done, anew) = cbor::damage(&mut case.rng, &mut content);
    if let Ok(read) = TokenCounts::from_bytes(&content) {
        let again = read.to_bytes().unwrap_or_default();
        if !anew && content != inputs.counts && again != inputs.counts {
            return Err(Trouble::Wrong(format!("damaged counts were read: {done}")));
        }
        let _ = read.finish(read.params());
        if let Ok(mut whole) = TokenCounts::from_bytes(&inputs.counts) {
            let _ = whole.merge(&read);
        }
    }
    Ok(content.len() as u64)
}

fn configuration(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content = inputs.config.clone();
    json::damage(&mut case.rng, &mut content);
    let text = String::from_utf8_lossy(&content);
    if let Ok(config) = Config::from_json(&text) {
        let _ = config.to_json();
        let _ = config
            .params(&Functions::new())
            .map(|params| params.fit(["a good film"]));
    }
    Ok(content.len() as u64)
}

fn recorded(_inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let mut content =
        br#"[{"name": "a", "config": {"max_tokens": 9, "output_mode": "tf_idf", "ngrams": 2},
        "adapt": ["a good film", "a bad film"], "input_rank": 1, "inputs": ["a film"],
        "vocabulary": ["[UNK]", "film", "a"], "outputs": [[0.0, 1.0, 1.0]], "kind": "dense",
        "output_shape": [1, 3], "idf_weights": [0.5, 0.5, 0.5]}]"#
            .to_vec();
    json::damage(&mut case.rng, &mut content);
    let _ = check(&String::from_utf8_lossy(&content), &Functions::new());
    Ok(content.len() as u64)
}

fn runs(inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let which = bytes::place(&mut case.rng, 3);
    let mut content = inputs.runs[which].clone();
    json::damage(&mut case.rng, &mut content);
    let checked = match which {
        0 => serde_json::from_slice::<RunInfo>(&content).map(|run| run.check()),
        1 => serde_json::from_slice::<Vec<EpochRecord>>(&content)
            .map(|records| check_history(&records)),
        _ => serde_json::from_slice::<Evaluation>(&content).map(|evaluation| evaluation.check()),
    };
    if let Ok(Err(invalid)) = checked
        && invalid.to_string().chars().any(char::is_control)
    {
        return Err(Trouble::Wrong(format!(
            "a reason with control characters: {invalid:?}"
        )));
    }
    Ok(content.len() as u64)
}

fn quotes(_inputs: &Inputs<'_>, case: &mut Case) -> Result<u64, Trouble> {
    let length = bytes::place(&mut case.rng, 4_000);
    let content: Vec<u8> = (0..length).map(|_| case.rng.random()).collect();
    let text = String::from_utf8_lossy(&content);
    let shown = quoted(&text).to_string();
    if shown.chars().any(char::is_control) || shown.len() > 2_000 {
        return Err(Trouble::Wrong(format!("quoted as {shown:?}")));
    }
    Ok(length as u64 + 1)
}
