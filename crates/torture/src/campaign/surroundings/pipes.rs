//! Readers that go away, descriptors that are closed, logs on a full disk.

use std::io::Read as _;
use std::path::Path;

use rand::RngExt as _;

use super::{train, whole};
use crate::context::{Case, Context, Trouble, Verdict};
use crate::error::Error;
use crate::fixture::{apply, predict};
use crate::judge::{self, Kind, Stood};
use crate::mutate::bytes::place;
use crate::program::{Ending, PATIENCE, Running};

/// `recurrent … | head`: training goes on and ends with all its files; others end without an error.
pub(super) fn gone(context: &Context, case: &mut Case) -> Verdict {
    let bytes = case.rng.random_range(0..3_000_u64);
    let trains = case.rng.random_bool(0.6);
    let arguments = if trains {
        train(context, "out")
    } else {
        case.write("texts.txt", &b"a good film\n".repeat(50_000))?;
        apply(&context.fixture.path("vectorizer").display().to_string())
    };
    let name = arguments[0].clone();
    case.done += &format!("{name}, after {bytes} bytes");
    let mut command = context.program.command(&case.folder, arguments);
    let mut child = command.spawn().map_err(Error::io(context.program.path()))?;
    if let Some(stdout) = child.stdout.take() {
        let mut seen = Vec::new();
        let _ = stdout.take(bytes).read_to_end(&mut seen);
    }
    let seen = Running::adopt(child).finish(PATIENCE)?;
    if !judge::ended(&seen)? {
        let what = format!("it fails: {}", judge::excerpt(&seen.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    if trains {
        whole(context, &case.path("out"))?;
    }
    Ok(Stood::Right)
}

/// Started without some of its three descriptors, it does the same.
pub(super) fn closed(context: &Context, case: &mut Case) -> Verdict {
    let which = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"][place(&mut case.rng, 5)];
    case.done += which;
    let script = format!(r#"exec "$@" {which}"#);
    let command = context
        .program
        .through_shell(&script, &case.folder, train(context, "out"));
    let seen = context.program.watch(command, &[])?;
    if !judge::ended(&seen)? {
        let what = format!("it fails: {}", judge::excerpt(&seen.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    whole(context, &case.path("out"))?;
    Ok(Stood::Right)
}

/// Where what is said cannot be written, training ends well, or ends with an error and goes on from there later.
pub(super) fn full_output(context: &Context, case: &mut Case) -> Verdict {
    if !Path::new("/dev/full").exists() {
        return Err(Trouble::Skipped("there is no /dev/full"));
    }
    let script = r#"exec "$@" > /dev/full"#;
    let model = context.fixture.path("run/lstm").display().to_string();
    let commands = [
        train(context, "out"),
        predict(&model),
        ["--help".to_owned()].to_vec(),
    ];
    let chosen = case.rng.random_range(0..commands.len());
    case.done += &commands[chosen][0];
    let command = context
        .program
        .through_shell(script, &case.folder, commands[chosen].clone());
    let seen = context.program.watch(command, &[])?;
    let accepted = judge::ended(&seen)?;
    if chosen > 0 {
        if accepted {
            return Err(Case::fault(
                Kind::Lost,
                "what it says is lost, and it ends with 0",
            ));
        }
        return Ok(Stood::Refused);
    }
    if !accepted {
        let mut arguments = train(context, "out");
        arguments.push("--resume".to_owned());
        let seen = context.program.run(&case.folder, arguments)?;
        if !judge::ended(&seen)? {
            let what = format!("it does not go on: {}", judge::excerpt(&seen.errors()));
            return Err(Case::fault(Kind::Lost, what));
        }
    }
    whole(context, &case.path("out"))?;
    Ok(if accepted {
        Stood::Right
    } else {
        Stood::Refused
    })
}

/// An error that cannot be said is still an error, and no panic.
pub(super) fn full_errors(context: &Context, case: &mut Case) -> Verdict {
    let redirection = ["2> /dev/full", "2>&-"][usize::from(case.rng.random_bool(0.5))];
    if redirection.contains("full") && !Path::new("/dev/full").exists() {
        return Err(Trouble::Skipped("there is no /dev/full"));
    }
    let commands = [
        vec!["predict", "--model", "nowhere", "x"],
        vec!["report", "nowhere"],
        vec![
            "vectorize",
            "merge",
            "nowhere",
            "--config",
            "nowhere",
            "--output",
            "v",
        ],
        vec!["no-such-command"],
    ];
    let arguments = commands[place(&mut case.rng, 4)].clone();
    case.done += &format!("{} {redirection}", arguments.join(" "));
    let script = format!(r#"exec "$@" {redirection}"#);
    let command = context
        .program
        .through_shell(&script, &case.folder, arguments);
    let seen = context.program.watch(command, &[])?;
    match seen.ending {
        Ending::Exit(1 | 2) => Ok(Stood::Refused),
        Ending::Exit(101) => Err(Case::fault(
            Kind::Panic,
            "it panics where it cannot say why it fails",
        )),
        ending => Err(Case::fault(Kind::Status, format!("{ending:?}"))),
    }
}
