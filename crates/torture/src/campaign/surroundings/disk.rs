//! Disks that are full, or that nobody may write to.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rand::RngExt as _;

use super::{train, whole};
use crate::context::{Case, Context, Trouble, Verdict};
use crate::error::Error;
use crate::fixture::fit;
use crate::judge::{self, Kind, Stood};
use crate::listing::{self, Listing};

/// A small file system of its own, until it is dropped.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// One of `kilobytes`, which takes rights that not everybody has.
    fn mount(path: PathBuf, kilobytes: u32) -> Result<Self, Trouble> {
        std::fs::create_dir(&path).map_err(Error::io(&path))?;
        let size = format!("size={kilobytes}k");
        if mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], &path) {
            Ok(Self { path })
        } else {
            Err(Trouble::Skipped(
                "a small file system cannot be mounted here; that needs root",
            ))
        }
    }

    fn remount(&self, options: &str) -> Result<(), Trouble> {
        if mount(&["-o", &format!("remount,{options}")], &self.path) {
            Ok(())
        } else {
            Err(Trouble::Skipped(
                "a file system cannot be mounted otherwise here",
            ))
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A process that another case starts just now may hold what is open here for a moment.
        for _ in 0..100 {
            let mut umount = Command::new("umount");
            umount.arg(&self.path).stderr(Stdio::null());
            if umount.status().is_ok_and(|status| status.success()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    let mut command = Command::new("mount");
    command
        .args(arguments)
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A run on a disk that fills says so, leaves no half of anything, and goes on where there is room again.
pub(super) fn full(context: &Context, case: &mut Case) -> Verdict {
    let kilobytes = 4 * case.rng.random_range(1..100_u32);
    case.done += &format!("{kilobytes} KiB");
    let disk = Disk::mount(case.path("disk"), kilobytes)?;
    let seen = context
        .program
        .run(&case.folder, train(context, "disk/out"))?;
    let accepted = judge::ended(&seen)?;
    judge::nothing_left(&Listing::of(&disk.path)?.temporaries())?;
    if accepted {
        whole(context, &disk.path.join("out"))?;
        return Ok(Stood::Right);
    }
    let errors = seen.errors();
    if !errors.to_lowercase().contains("space") && !errors.contains("full") {
        let what = format!(
            "it does not say that the disk is full: {}",
            judge::excerpt(&errors)
        );
        return Err(Case::fault(Kind::Message, what));
    }
    disk.remount("size=64m")?;
    let mut arguments = train(context, "disk/out");
    arguments.push("--resume".to_owned());
    let seen = context.program.run(&case.folder, arguments)?;
    if !judge::ended(&seen)? {
        let what = format!("it does not go on: {}", judge::excerpt(&seen.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    whole(context, &disk.path.join("out"))?;
    Ok(Stood::Refused)
}

/// Where nothing can be written, that is said, and what is there stays.
pub(super) fn read_only(context: &Context, case: &mut Case) -> Verdict {
    let disk = Disk::mount(case.path("disk"), 64 << 10)?;
    case.write("config.json", &context.fixture.read("config.json")?)?;
    case.write("texts.txt", &context.fixture.read("texts.txt")?)?;
    listing::copy(&context.fixture.path("run"), &disk.path.join("run"))?;
    listing::copy(
        &context.fixture.path("vectorizer"),
        &disk.path.join("vectorizer"),
    )?;
    let before = Listing::of(&disk.path)?;
    disk.remount("ro")?;
    let report = ["report", "disk/run"].map(str::to_owned).to_vec();
    let commands = [
        train(context, "disk/new"),
        train(context, "disk/run"),
        report,
        fit("texts.txt", &["--output", "disk/vectorizer"]),
        fit("texts.txt", &["--counts", "disk/a.counts"]),
    ];
    let chosen = case.rng.random_range(0..commands.len());
    let arguments = commands[chosen].clone();
    case.done += &arguments.join(" ");
    let seen = context.program.run(&case.folder, arguments)?;
    if judge::ended(&seen)? {
        return Err(Case::fault(Kind::Wrong, "it was satisfied"));
    }
    judge::nothing_left(&Listing::of(&disk.path)?.beyond(&before, &[]))?;
    Ok(Stood::Refused)
}

/// As a quota: no file may be larger than so much.
pub(super) fn limited(context: &Context, case: &mut Case) -> Verdict {
    let blocks = case.rng.random_range(0..500_u32);
    case.done += &format!("{blocks} blocks");
    // The signal that goes with the limit would end any program.
    let script = format!(r#"trap '' XFSZ; ulimit -f {blocks}; exec "$@""#);
    let command = context
        .program
        .through_shell(&script, &case.folder, train(context, "out"));
    let seen = context.program.watch(command, &[])?;
    let accepted = judge::ended(&seen)?;
    judge::nothing_left(&Listing::of(&case.folder)?.temporaries())?;
    if accepted {
        whole(context, &case.path("out"))?;
        return Ok(Stood::Right);
    }
    let mut arguments = train(context, "out");
    arguments.push("--resume".to_owned());
    let seen = context.program.run(&case.folder, arguments)?;
    if !judge::ended(&seen)? {
        let what = format!("it does not go on: {}", judge::excerpt(&seen.errors()));
        return Err(Case::fault(Kind::Lost, what));
    }
    whole(context, &case.path("out"))?;
    Ok(Stood::Refused)
}
