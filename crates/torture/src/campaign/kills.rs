//! Kills at any moment: what was there stays whole, going on ends as if nothing had happened, and nothing is left.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use serde_json::Value;

use crate::context::{Case, Context, Trouble, Verdict};
use crate::error::Error;
use crate::fixture::{Hash, fit, hash, must, reproduce};
use crate::judge::{self, Kind, Stood};
use crate::listing::Listing;
use crate::mutate::bytes::place;
use crate::program::{Ending, PATIENCE, Program, Running, Seen, Signal};
use crate::tally::Tally;

pub(crate) const NAME: &str = "kills";

/// The run that is killed.
const NETWORKS: &str = "lstm,dense";
const EPOCHS: u32 = 3;

/// What an uninterrupted run leaves and takes.
struct Whole {
    results: Results,
    names: Vec<std::path::PathBuf>,
    took: Duration,
}

/// What counts of a run: the weights, and what was measured, but for the time it took.
#[derive(Debug, PartialEq)]
struct Results {
    weights: BTreeMap<&'static str, Hash>,
    evaluations: BTreeMap<&'static str, Value>,
    history: Value,
    run: Value,
}

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let count = context.number(40, 400);
    let reproduce = whole_run(context)?;
    let vectorize = Vectorize::make(context)?;
    Ok(context.cases(NAME, count, 0.2, |case| {
        // Of four cases, two are training runs, one of them with `--extract` now and then.
        match case.number % 4 {
            0 | 1 => training(context, case, &reproduce, false),
            2 if case.number % 8 == 2 => training(context, case, &reproduce, true),
            _ => vectorize.killed(context, case),
        }
    }))
}

fn arguments(context: &Context, extract: bool) -> Vec<String> {
    let dataset = context.fixture.path("reviews.zip").display().to_string();
    let mut arguments = reproduce(&dataset, NETWORKS, EPOCHS, "out");
    if extract {
        arguments.extend(["--extract", "--datasets", "data"].map(str::to_owned));
    }
    arguments
}

fn whole_run(context: &Context) -> Result<Whole, Error> {
    let folder = context.scratch.join("kills-whole");
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let start = Instant::now();
    must(&context.program, &folder, arguments(context, false))?;
    let took = start.elapsed();
    let out = folder.join("out");
    Ok(Whole {
        results: results(&out)?,
        names: Listing::of(&out)?
            .names()
            .into_iter()
            .map(Path::to_owned)
            .collect(),
        took,
    })
}

fn results(out: &Path) -> Result<Results, Error> {
    let json = |path: &Path| -> Result<Value, Error> {
        let bytes = fs::read(path).map_err(Error::io(path))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::io(path)(error.into()))
    };
    let mut history = json(&out.join("history.json"))?;
    for record in history.as_array_mut().into_iter().flatten() {
        if let Some(record) = record.as_object_mut() {
            record.remove("seconds");
        }
    }
    let mut results = Results {
        weights: BTreeMap::new(),
        evaluations: BTreeMap::new(),
        history,
        run: json(&out.join("run.json"))?,
    };
    for network in ["dense", "lstm"] {
        let folder = out.join(network);
        let weights = hash(&folder.join("weights.safetensors"))?;
        results.weights.insert(network, weights);
        let evaluation = json(&folder.join("evaluation.json"))?;
        results.evaluations.insert(network, evaluation);
    }
    Ok(results)
}

/// Kills a training run once, or again while it goes on, and lets it end then.
fn training(context: &Context, case: &mut Case, whole: &Whole, extract: bool) -> Verdict {
    let data = case.path("data");
    fs::create_dir(&data).map_err(Error::io(&data))?;
    let kills = if case.rng.random_bool(0.33) { 2 } else { 1 };
    for turn in 0..kills {
        let signal = match case.rng.random_range(0..8) {
            0 | 1 => Signal::Interrupt,
            2 | 3 => Signal::Terminate,
            _ => Signal::Kill,
        };
        let moment = whole.took.mul_f64(case.rng.random_range(0.0..1.05));
        case.done += &format!("{signal} after {} ms; ", moment.as_millis());
        let mut arguments = arguments(context, extract);
        if turn > 0 {
            arguments.push("--resume".to_owned());
        }
        let seen = killed(&context.program, case, arguments, signal, moment)?;
        interrupted(&seen, signal)?;
        if signal != Signal::Kill
            && fs::read_dir(&data)
                .map_err(Error::io(&data))?
                .next()
                .is_some()
        {
            return Err(Case::fault(
                Kind::Left,
                "what was unpacked stays after an interruption",
            ));
        }
    }
    let mut arguments = arguments(context, extract);
    arguments.push("--resume".to_owned());
    let seen = context.program.run(&case.folder, arguments)?;
    if !judge::ended(&seen)? {
        let what = format!("it does not go on: {}", judge::excerpt(&seen.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    let out = case.path("out");
    let found = results(&out)?;
    if found != whole.results {
        return Err(Case::fault(
            Kind::Wrong,
            differences(&found, &whole.results),
        ));
    }
    let listing = Listing::of(&out)?;
    judge::nothing_left(&listing.temporaries())?;
    if listing.names() != whole.names {
        let names = listing.names();
        let differ = names
            .iter()
            .filter(|name| !whole.names.iter().any(|other| other == *name))
            .map(|name| name.display().to_string());
        let missing = whole
            .names
            .iter()
            .filter(|name| !names.contains(&name.as_path()))
            .map(|name| format!("missing: {}", name.display()));
        judge::nothing_left(&differ.chain(missing).collect::<Vec<_>>())?;
    }
    let data = Listing::of(&data)?;
    judge::nothing_left(&data.beyond(&Listing::default(), &[]))?;
    Ok(Stood::Right)
}

/// Which parts of two results are not equal.
fn differences(found: &Results, right: &Results) -> String {
    let parts = [
        ("weights", found.weights != right.weights),
        ("evaluations", found.evaluations != right.evaluations),
        ("history", found.history != right.history),
        ("run.json", found.run != right.run),
    ];
    let names: Vec<_> = parts
        .iter()
        .filter(|(_, differ)| *differ)
        .map(|(name, _)| *name)
        .collect();
    format!(
        "not as of a run that nothing happened to: {}",
        names.join(", ")
    )
}

/// Starts the command, sends a signal at a moment, and waits for its end.
fn killed(
    program: &Program,
    case: &Case,
    arguments: Vec<String>,
    signal: Signal,
    moment: Duration,
) -> Result<Seen, Error> {
    let mut running = Running::start(program, program.command(&case.folder, arguments))?;
    let start = Instant::now();
    while start.elapsed() < moment && running.is_running() {
        thread::sleep(Duration::from_micros(300).min(moment));
    }
    running.send(signal);
    running.finish(PATIENCE)
}

/// The rule for a training run that gets a signal: it may have ended before; else it says how to go on.
fn interrupted(seen: &Seen, signal: Signal) -> Result<(), Trouble> {
    if signal == Signal::Kill {
        return Ok(());
    }
    let begun = !seen.stdout.is_empty();
    match seen.ending {
        Ending::Exit(130) => {}
        Ending::Exit(143) if signal == Signal::Terminate => {}
        // It was through already.
        Ending::Exit(0) => return Ok(()),
        // It had hardly started, and nothing was said or done.
        Ending::Signal(_) if !begun => return Ok(()),
        ending => {
            let what = format!(
                "{ending:?} instead of 130: {}",
                judge::excerpt(&seen.errors())
            );
            return Err(Case::fault(Kind::Status, what));
        }
    }
    if begun && !seen.errors().contains("--resume") {
        let what = format!(
            "it does not name --resume: {}",
            judge::excerpt(&seen.errors())
        );
        return Err(Case::fault(Kind::Message, what));
    }
    Ok(())
}

/// Commands of `vectorize` and what they leave.
struct Vectorize {
    /// Texts that take a while to count.
    texts: Vec<u8>,
    old: BTreeMap<String, Hash>,
    new: BTreeMap<String, Hash>,
    /// How long `fit` takes.
    took: Duration,
}

const CONFIG: &[u8] =
    br#"{"max_tokens": 5000, "ngrams": 2, "output_mode": "tf_idf", "sparse": true}"#;

impl Vectorize {
    fn make(context: &Context) -> Result<Self, Error> {
        let mut rng = context.rng("kills of vectorize", 0);
        let mut texts = String::new();
        for _ in 0..20_000 {
            for _ in 0..8 {
                texts += &format!("w{} ", rng.random_range(0..3_000_u32).pow(2) / 3_000);
            }
            texts.push('\n');
        }
        let mut made = Self {
            texts: texts.into_bytes(),
            old: BTreeMap::new(),
            new: BTreeMap::new(),
            took: Duration::ZERO,
        };
        let folder = context.scratch.join("kills-vectorize");
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        made.lay_out(&folder)?;
        must(&context.program, &folder, fit("old.txt", &OUTPUTS))?;
        must(&context.program, &folder, apply_to_file())?;
        made.old = files(&folder)?;
        let start = Instant::now();
        must(&context.program, &folder, fit("new.txt", &OUTPUTS))?;
        made.took = start.elapsed();
        must(&context.program, &folder, apply_to_file())?;
        made.new = files(&folder)?;
        Ok(made)
    }

    /// The inputs in a folder.
    fn lay_out(&self, folder: &Path) -> Result<(), Error> {
        let half = self.texts.len() / 2;
        for (name, content) in [
            ("config.json", CONFIG),
            ("old.txt", &self.texts[..half]),
            ("new.txt", &self.texts[half..]),
        ] {
            let path = folder.join(name);
            fs::write(&path, content).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    fn killed(&self, context: &Context, case: &mut Case) -> Verdict {
        self.lay_out(&case.folder)?;
        let whole = context.scratch.join("kills-vectorize");
        must(&context.program, &case.folder, fit("old.txt", &OUTPUTS))?;
        must(&context.program, &case.folder, apply_to_file())?;
        if files(&case.folder)? != self.old {
            return Err(Case::fault(Kind::Wrong, "the same texts give other files"));
        }
        let applies = case.rng.random_bool(0.4);
        let command = || {
            if applies {
                apply_to_file()
            } else {
                fit("new.txt", &OUTPUTS)
            }
        };
        if applies {
            // As if learned anew, and to be applied then.
            crate::listing::copy(&whole.join("v"), &case.path("v"))?;
            let (from, to) = (whole.join("v.counts"), case.path("v.counts"));
            fs::copy(&from, &to).map_err(Error::io(&from))?;
        }
        let moment = self.took.mul_f64(case.rng.random_range(0.0..1.1));
        let signal = [
            Signal::Kill,
            Signal::Kill,
            Signal::Interrupt,
            Signal::Terminate,
        ][place(&mut case.rng, 4)];
        let name = if applies { "apply" } else { "fit" };
        case.done = format!("{name}: {signal} after {} ms", moment.as_millis());
        killed(&context.program, case, command(), signal, moment)?;
        let found = files(&case.folder)?;
        for (name, hash) in &found {
            let known = [&self.old, &self.new]
                .iter()
                .any(|files| files.get(name) == Some(hash));
            let temporary = Path::new(name)
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !known && !temporary {
                return Err(Case::fault(
                    Kind::Lost,
                    format!("{name} is neither old nor new"),
                ));
            }
        }
        if !applies {
            let folder = |files: &BTreeMap<String, Hash>| -> Vec<_> {
                let inside = files
                    .iter()
                    .filter(|(name, _)| name.starts_with("v/") && !name.contains("/."));
                inside.map(|(name, hash)| (name.clone(), *hash)).collect()
            };
            let found = folder(&found);
            if found != folder(&self.old) && found != folder(&self.new) {
                // Three files cannot change at once; then what is there must say so, or be mended.
                let seen = context.program.run(&case.folder, apply_to_file())?;
                let _ = judge::ended(&seen)?;
                mixed(&found, &self.old, &self.new)?;
            }
        }
        must(&context.program, &case.folder, command())?;
        must(&context.program, &case.folder, apply_to_file())?;
        let after = files(&case.folder)?;
        if after != self.new {
            let left: Vec<String> = after
                .keys()
                .filter(|name| !self.new.contains_key(*name))
                .cloned()
                .collect();
            judge::nothing_left(&left)?;
            return Err(Case::fault(
                Kind::Wrong,
                "the next run does not give what it should",
            ));
        }
        Ok(Stood::Right)
    }
}

/// Of three files that change in turn, the vectorizer comes first: what others read is never newer than it.
fn mixed(
    found: &[(String, Hash)],
    old: &BTreeMap<String, Hash>,
    new: &BTreeMap<String, Hash>,
) -> Result<(), judge::Fault> {
    let of = |name: &str| {
        found
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, hash)| hash)
    };
    let is_new = of("v/vectorizer.cbor") == new.get("v/vectorizer.cbor");
    let none_mixed = found
        .iter()
        .all(|(name, hash)| Some(hash) == new.get(name) || Some(hash) == old.get(name));
    if is_new && none_mixed {
        return Ok(());
    }
    let what = "the folder of a vectorizer mixes old and new";
    Err(judge::Fault::new(Kind::Lost, what))
}

const OUTPUTS: [&str; 4] = ["--counts", "v.counts", "--output", "v"];

fn apply_to_file() -> Vec<String> {
    [
        "vectorize",
        "apply",
        "--model",
        "v",
        "--input",
        "old.txt",
        "--output",
        "rows.jsonl",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Everything in a folder but the inputs, by path.
fn files(folder: &Path) -> Result<BTreeMap<String, Hash>, Error> {
    let mut found = BTreeMap::new();
    for path in Listing::of(folder)?.names() {
        let full = folder.join(path);
        let name = path.display().to_string();
        if full.is_file() && !["config.json", "old.txt", "new.txt"].contains(&name.as_str()) {
            found.insert(name, hash(&full)?);
        }
    }
    Ok(found)
}
