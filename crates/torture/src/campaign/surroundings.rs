//! What is around the command fails: full and read-only disks, limits, closed pipes, a second run in the same folder.

mod disk;
mod pipes;

use std::fs;
use std::path::Path;

use rand::RngExt as _;

use crate::context::{Case, Context, Trouble, Verdict};
use crate::error::Error;
use crate::fixture::{apply, fit, hash, predict, reproduce};
use crate::judge::{self, Kind, Stood};
use crate::listing::Listing;
use crate::mutate::bytes::place;
use crate::program::{PATIENCE, Running, Seen, Signal};
use crate::tally::Tally;

pub(crate) const NAME: &str = "surroundings";

type Judge = fn(&Context, &mut Case) -> Verdict;

/// What is tried, in turn.
const KINDS: [(&str, Judge); 15] = [
    ("a full disk", disk::full),
    ("a read-only disk", disk::read_only),
    ("a limit on the size of files", disk::limited),
    ("a reader that goes away", pipes::gone),
    ("closed descriptors", pipes::closed),
    ("standard output on a full disk", pipes::full_output),
    ("standard error on a full disk", pipes::full_errors),
    ("two runs into one folder", two_at_once),
    ("something in the way", in_the_way),
    ("the input as the output", input_as_output),
    ("more threads than there can be", threads),
    ("input without an end", endless),
    ("a very long line", long_line),
    ("odd paths", odd_paths),
    ("odd arguments", odd_arguments),
];

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let kinds = KINDS.len() as u64;
    let count = kinds * context.number(3, 20);
    Ok(context.cases(NAME, count, 0.1, |case| {
        let kind = usize::try_from(case.number % kinds).unwrap_or(0);
        let (name, judge) = KINDS[kind];
        case.done = format!("{name}: ");
        judge(context, case)
    }))
}

/// The arguments of a run of the fixture's reviews into `out`.
fn train(context: &Context, out: &str) -> Vec<String> {
    let dataset = context.fixture.path("reviews").display().to_string();
    reproduce(&dataset, "dense", 3, out)
}

/// What was trained is what a run gives that nothing happens to, and nothing lies beside it.
fn whole(context: &Context, out: &Path) -> Result<(), Trouble> {
    let weights = hash(&out.join("dense/weights.safetensors"))?;
    judge::equal(&weights, &context.fixture.resumed, "what was trained")?;
    judge::nothing_left(&Listing::of(out)?.temporaries())?;
    Ok(())
}

/// Whether it accepted; nothing is left but in `made`, and there nothing temporary.
fn ended(case: &Case, before: &Listing, seen: &Seen, made: &[&str]) -> Result<bool, Trouble> {
    let accepted = judge::ended(seen)?;
    let after = Listing::of(&case.folder)?;
    judge::nothing_left(&after.beyond(before, made))?;
    judge::nothing_left(&after.temporaries())?;
    Ok(accepted)
}

/// The second of two runs into one folder is refused, and the first ends as if it were alone.
fn two_at_once(context: &Context, case: &mut Case) -> Verdict {
    let command = context.program.command(&case.folder, train(context, "out"));
    let mut first = Running::start(&context.program, command)?;
    let sign = case.path("out/run.json");
    first.wait_until(|| sign.exists());
    first.send(Signal::Stop);
    if !first.is_running() {
        return Err(Trouble::Skipped(
            "the first run was through before the second began",
        ));
    }
    let resume = case.rng.random_bool(0.5);
    let mut arguments = train(context, "out");
    arguments.extend(["--seed", "1"].map(str::to_owned));
    if resume {
        arguments.push("--resume".to_owned());
    }
    case.done += if resume { "the second resumes" } else { "" };
    let second = context.program.run(&case.folder, arguments);
    first.send(Signal::Continue);
    let second = second?;
    let first = first.finish(PATIENCE)?;
    if judge::ended(&second)? {
        return Err(Case::fault(
            Kind::Wrong,
            "a second run was let into the folder",
        ));
    }
    if !judge::ended(&first)? {
        let what = format!("the first run failed: {}", judge::excerpt(&first.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    whole(context, &case.path("out"))?;
    Ok(Stood::Right)
}

/// A folder where a file should go, or a file where a folder should.
fn in_the_way(context: &Context, case: &mut Case) -> Verdict {
    let file = case.rng.random_bool(0.3);
    let names = [
        "out/dense/weights.safetensors",
        "out/dense/checkpoint.safetensors",
        "out/dense/config.json",
        "out/dense/evaluation.json",
        "out/run.json",
        "out/history.json",
        "out/report.html",
    ];
    let name = if file {
        ["out", "out/dense"][usize::from(case.rng.random_bool(0.5))]
    } else {
        names[place(&mut case.rng, names.len())]
    };
    case.done += name;
    let path = case.path(name);
    if file {
        let parent = path.parent().unwrap_or(&case.folder).to_owned();
        fs::create_dir_all(&parent).map_err(Error::io(&parent))?;
        fs::write(&path, "in the way").map_err(Error::io(&path))?;
    } else {
        fs::create_dir_all(path.join("full")).map_err(Error::io(&path))?;
    }
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, train(context, "out"))?;
    let made: &[&str] = if name == "out" { &[] } else { &["out"] };
    if ended(case, &before, &seen, made)? {
        return Err(Case::fault(Kind::Wrong, "it was satisfied"));
    }
    if file && fs::read(&path).map_err(Error::io(&path))? != b"in the way" {
        return Err(Case::fault(Kind::Lost, format!("{name} was overwritten")));
    }
    Ok(Stood::Refused)
}

/// An output that is an input would destroy it.
fn input_as_output(context: &Context, case: &mut Case) -> Verdict {
    case.write("config.json", &context.fixture.read("config.json")?)?;
    case.write("texts.txt", &context.fixture.read("texts.txt")?)?;
    crate::listing::copy(
        &context.fixture.path("vectorizer"),
        &case.path("vectorizer"),
    )?;
    let link = case.path("link.txt");
    std::os::unix::fs::symlink("texts.txt", &link).map_err(Error::io(&link))?;
    let to_file = |output: &str| {
        let mut arguments = apply("vectorizer");
        arguments.pop();
        arguments.push(output.to_owned());
        arguments
    };
    let choices = [
        fit("texts.txt", &["--counts", "texts.txt"]),
        fit("texts.txt", &["--counts", "config.json"]),
        fit("texts.txt", &["--counts", "./link.txt"]),
        fit("link.txt", &["--counts", "texts.txt"]),
        to_file("texts.txt"),
        to_file("./texts.txt"),
        to_file("link.txt"),
        to_file("vectorizer/vectorizer.cbor"),
    ];
    let chosen = place(&mut case.rng, choices.len());
    let arguments = choices[chosen].clone();
    case.done += &arguments.join(" ");
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, arguments)?;
    if ended(case, &before, &seen, &[])? {
        return Err(Case::fault(Kind::Wrong, "it was satisfied"));
    }
    Ok(Stood::Refused)
}

/// Numbers of threads that nobody has.
fn threads(context: &Context, case: &mut Case) -> Verdict {
    let number = [
        "1",
        "64",
        "1024",
        "5000",
        "100000",
        "18446744073709551615",
        "-1",
        "x",
    ][place(&mut case.rng, 8)];
    case.write("config.json", &context.fixture.read("config.json")?)?;
    case.write("texts.txt", &context.fixture.read("texts.txt")?)?;
    let before = Listing::of(&case.folder)?;
    if case.rng.random_bool(0.5) {
        case.done += &format!("--threads {number}");
        let arguments = fit("texts.txt", &["--output", "v", "--threads", number]);
        let seen = context.program.run(&case.folder, arguments)?;
        if !ended(case, &before, &seen, &["v"])? {
            return Ok(Stood::Refused);
        }
        let found = hash(&case.path("v/vectorizer.cbor"))?;
        judge::equal(&found, &context.fixture.vectorizer, "what was learned")?;
        return Ok(Stood::Right);
    }
    case.done += &format!("RAYON_NUM_THREADS={number}");
    let model = context.fixture.path("run/lstm").display().to_string();
    let mut command = context.program.command(&case.folder, predict(&model));
    command.env("RAYON_NUM_THREADS", number);
    let seen = context.program.watch(command, &[])?;
    if !ended(case, &before, &seen, &[])? {
        return Ok(Stood::Refused);
    }
    judge::equal(
        &Some(&seen.stdout),
        &context.fixture.answers.get("lstm"),
        "the answer",
    )?;
    Ok(Stood::Right)
}

/// A device, a pipe or a folder where a file is expected.
fn endless(context: &Context, case: &mut Case) -> Verdict {
    case.write("config.json", &context.fixture.read("config.json")?)?;
    let model = context.fixture.path("run/dense").display().to_string();
    let input = ["/dev/zero", "/dev/null", "/proc", "/dev/full"][place(&mut case.rng, 4)];
    let (script, arguments): (&str, Vec<String>) = match case.rng.random_range(0..5) {
        0 => (r#"exec "$@""#, fit(input, &["--output", "v"])),
        1 => (
            r#"exec "$@" < /dev/zero"#,
            ["predict", "--model", &model].map(str::to_owned).to_vec(),
        ),
        2 => (
            r#"exec "$@" < /dev/zero"#,
            ["trace", "--json", "--model", &model]
                .map(str::to_owned)
                .to_vec(),
        ),
        3 => (r#"exec "$@""#, reproduce(input, "dense", 1, "out")),
        _ => {
            let mut arguments = fit("config.json", &["--output", "v"]);
            arguments[3] = input.to_owned();
            (r#"exec "$@""#, arguments)
        }
    };
    case.done += &format!("{script}: {}", arguments.join(" "));
    let before = Listing::of(&case.folder)?;
    let command = context
        .program
        .through_shell(script, &case.folder, arguments);
    let seen = context.program.watch(command, &[])?;
    let empty = input == "/dev/null";
    if ended(case, &before, &seen, &["v", "out"])? && !empty {
        return Err(Case::fault(Kind::Wrong, "it was satisfied"));
    }
    Ok(Stood::Refused)
}

/// A line longer than any text is refused or read; memory stays bounded.
fn long_line(context: &Context, case: &mut Case) -> Verdict {
    case.write("config.json", &context.fixture.read("config.json")?)?;
    let megabytes = context.number(20, 200);
    let length = usize::try_from(megabytes << 20).unwrap_or(usize::MAX);
    let model = context.fixture.path("run/dense").display().to_string();
    let before;
    let seen = match case.rng.random_range(0..3) {
        0 => {
            case.done += &format!("{megabytes} MiB in one word, fit");
            case.write("a.txt", &vec![b'a'; length])?;
            before = Listing::of(&case.folder)?;
            context
                .program
                .run(&case.folder, fit("a.txt", &["--output", "v"]))?
        }
        1 => {
            case.done += &format!("{megabytes} MiB in one line, predict");
            before = Listing::of(&case.folder)?;
            let arguments = ["predict", "--model", &model];
            let command = context.program.command(&case.folder, arguments);
            context
                .program
                .watch(command, &b"good ".repeat(length / 5))?
        }
        _ => {
            case.done += "a word of 100,000 letters, trace";
            let word = "x".repeat(100_000);
            before = Listing::of(&case.folder)?;
            let arguments = ["trace", "--model", &model, "--out", "pictures", &word];
            context.program.run(&case.folder, arguments)?
        }
    };
    if ended(case, &before, &seen, &["v", "pictures"])? {
        Ok(Stood::Accepted)
    } else {
        Ok(Stood::Refused)
    }
}

/// Any name of a file is a name.
fn odd_paths(context: &Context, case: &mut Case) -> Verdict {
    use std::os::unix::ffi::OsStringExt as _;
    let names: [&[u8]; 8] = [
        b"with blanks",
        "\u{1f3ac} film".as_bytes(),
        b"not-utf8-\xff\xfe",
        b"quote\"s'",
        b"two\nlines",
        b"esc\x1b[31m",
        b"-dash",
        b"a,b",
    ];
    let chosen = names[place(&mut case.rng, names.len())];
    let out = std::ffi::OsString::from_vec(chosen.to_vec());
    case.done += &format!("{out:?}");
    let mut arguments: Vec<std::ffi::OsString> =
        train(context, "").into_iter().map(Into::into).collect();
    for argument in &mut arguments {
        if argument.is_empty() {
            let mut inside = std::ffi::OsString::from("./");
            inside.push(&out);
            *argument = inside;
        }
    }
    let seen = context.program.run(&case.folder, arguments)?;
    if !judge::ended(&seen)? {
        return Ok(Stood::Refused);
    }
    whole(context, &case.path("").join(&out))?;
    Ok(Stood::Right)
}

/// Arguments at the edges of what they can be.
fn odd_arguments(context: &Context, case: &mut Case) -> Verdict {
    let options = [
        "--epochs",
        "--max-tokens",
        "--length",
        "--seed",
        "--networks",
    ];
    let values = [
        "0",
        "1",
        "2",
        "-1",
        "4294967296",
        "18446744073709551616",
        "1e3",
        "",
        "dense,dense",
        "\u{1b}[31m",
    ];
    let option = options[place(&mut case.rng, options.len())];
    let value = values[place(&mut case.rng, values.len())];
    // A seed is any number, and so are the epochs: a training without an end is what was asked for.
    let value = if option == "--epochs" && value == "4294967296" {
        "0"
    } else {
        value
    };
    case.done += &format!("{option} {value:?}");
    let mut arguments = train(context, "out");
    match arguments.iter().position(|argument| argument == option) {
        Some(at) => arguments[at + 1] = value.to_owned(),
        None => arguments.extend([option, value].map(str::to_owned)),
    }
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, arguments)?;
    if ended(case, &before, &seen, &["out"])? {
        Ok(Stood::Accepted)
    } else {
        Ok(Stood::Refused)
    }
}
