//! Damaged archives: a clear error, or exactly the reviews that are in them.

use std::fs;
use std::path::Path;

use rand::RngExt as _;

use crate::context::{Case, Context, Verdict};
use crate::error::Error;
use crate::fixture::{REVIEWS, Texts, gzip, hash, pack_zip, reproduce, write_folder};
use crate::judge::{self, Kind, Stood};
use crate::listing::Listing;
use crate::mutate::{bytes, tar, zip};
use crate::tally::Tally;

pub(crate) const NAME: &str = "archives";

/// What may come of an archive that is accepted.
enum Right {
    /// The reviews that were in it before.
    Same,
    /// Those that another reader finds: what was changed is protected by nothing, or by a checksum made anew.
    Read(Option<Vec<(String, Vec<u8>)>>),
    /// As before, since it must not be fewer; contents may be others.
    AsMany(Option<Vec<(String, Vec<u8>)>>),
}

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let count = context.number(300, 10_000);
    Ok(context.cases(NAME, count, 0.25, |case| judge(context, case)))
}

fn judge(context: &Context, case: &mut Case) -> Verdict {
    let (name, archive, right) = damaged(context, case)?;
    case.write(name, &archive)?;
    let extract = case.rng.random_bool(0.4);
    let mut arguments = reproduce(name, "dense", 1, "out");
    if extract {
        arguments.extend(["--extract", "--datasets", "data"].map(str::to_owned));
        case.done += ", with --extract";
    }
    let data = case.path("data");
    fs::create_dir(&data).map_err(Error::io(&data))?;
    let before = Listing::of(&case.folder)?;
    let seen = context.program.run(&case.folder, arguments)?;
    let accepted = judge::ended(&seen)?;
    let after = Listing::of(&case.folder)?;
    judge::nothing_left(&after.beyond(&before, &["out"]))?;
    judge::nothing_left(&after.temporaries())?;
    if Path::new(tar::ABSOLUTE).exists() {
        return Err(Case::fault(Kind::Left, tar::ABSOLUTE));
    }
    if !accepted {
        return Ok(Stood::Refused);
    }
    let trained = hash(&case.path("out/dense/weights.safetensors"))?;
    if trained == context.fixture.trained {
        return Ok(Stood::Right);
    }
    let texts = match right {
        Right::Same => {
            let what = format!("accepted with other weights: {}", found(&seen.stdout));
            return Err(Case::fault(Kind::Wrong, what));
        }
        Right::AsMany(_) if found(&seen.stdout) != "8 8" => {
            let what = format!("accepted with fewer reviews: {}", found(&seen.stdout));
            return Err(Case::fault(Kind::Wrong, what));
        }
        Right::Read(texts) | Right::AsMany(texts) => texts,
    };
    against(context, case, texts, trained)
}

/// Holds weights against those of a folder with the texts that another reader finds in the archive.
fn against(
    context: &Context,
    case: &Case,
    texts: Option<Vec<(String, Vec<u8>)>>,
    trained: [u8; 32],
) -> Verdict {
    let Some(texts) = texts else {
        let what = "accepted with other weights, and another reader refuses it";
        return Err(Case::fault(Kind::Wrong, what));
    };
    let mut files = Texts::new();
    for (name, text) in texts {
        let Some(name) = plain(&name) else {
            continue;
        };
        if files.insert(name, text).is_some() {
            return Err(Case::fault(Kind::Wrong, "accepted with one name twice"));
        }
    }
    // What is a file and a folder at once is no review.
    let names: Vec<String> = files.keys().cloned().collect();
    files.retain(|name, _| {
        let inside = format!("{name}/");
        !names.iter().any(|other| other.starts_with(&inside))
    });
    write_folder(&case.path("texts"), &files)?;
    let seen = context
        .program
        .run(&case.folder, reproduce("texts", "dense", 1, "right"))?;
    if !judge::ended(&seen)? {
        let what = format!(
            "accepted, and refused as a folder: {}",
            judge::excerpt(&seen.errors())
        );
        return Err(Case::fault(Kind::Wrong, what));
    }
    let right = hash(&case.path("right/dense/weights.safetensors"))?;
    judge::equal(
        &trained,
        &right,
        "what was trained on what another reader finds",
    )?;
    Ok(Stood::Right)
}

/// A name as a path downwards: backslashes are slashes, and empty parts are none. Nothing, if it leads elsewhere.
fn plain(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let leads_elsewhere = name.contains('\0') || parts.is_empty() || parts.contains(&"..");
    (!leads_elsewhere).then(|| parts.join("/"))
}

/// The numbers of the lines `Found N files …`.
fn found(stdout: &[u8]) -> String {
    let text = String::from_utf8_lossy(stdout);
    let numbers = text
        .lines()
        .filter_map(|line| line.strip_prefix("Found ")?.split(' ').next());
    numbers.collect::<Vec<_>>().join(" ")
}

/// A damaged archive under its name, and what may come of it.
fn damaged(context: &Context, case: &mut Case) -> Result<(&'static str, Vec<u8>, Right), Error> {
    let fixture = &context.fixture;
    let rng = &mut case.rng;
    let in_memory = || Error::io("an archive in memory");
    let (name, archive, right, done) = match rng.random_range(0..100) {
        0..20 => {
            let mut archive = fixture.zip.clone();
            let done = bytes::damage(rng, &mut archive);
            ("a.zip", archive, Right::Same, done)
        }
        20..45 => {
            let mut archive = fixture.zip.clone();
            let done = zip::records(rng, &mut archive);
            let right = if done.ends_with("in both places") {
                Right::Read(zip::texts(&archive))
            } else {
                Right::Same
            };
            ("a.zip", archive, right, done)
        }
        45..55 => {
            let (texts, done) = remade(context, rng)?;
            let archive = pack_zip(&texts).map_err(in_memory())?;
            let right = Right::Read(zip::texts(&archive));
            ("a.zip", archive, right, done)
        }
        55..68 => {
            let mut archive = fixture.tar_gz.clone();
            let done = bytes::damage(rng, &mut archive);
            ("a.tar.gz", archive, Right::Same, done)
        }
        68..78 => {
            let mut archive = fixture.tar.clone();
            let done = bytes::damage(rng, &mut archive);
            let right = as_many(&archive);
            ("a.tar", archive, right, done)
        }
        kind => {
            let mut archive = fixture.tar.clone();
            let (right, done) = if kind < 92 {
                let (touched, done) = tar::change(rng, &mut archive);
                let right = match touched {
                    tar::Touched::Nothing => Right::Same,
                    tar::Touched::Sense => Right::Read(tar::texts(&archive)),
                };
                (right, done)
            } else {
                let done = tar::content(rng, &mut archive);
                (as_many(&archive), done)
            };
            if rng.random_bool(0.5) {
                ("a.tar", archive, right, done)
            } else {
                let packed = gzip(&archive).map_err(in_memory())?;
                ("a.tar.gz", packed, right, format!("{done}, gzipped"))
            }
        }
    };
    case.done = format!("{name}: {done}");
    Ok((name, archive, right))
}

/// What may come of a tar file whose bytes changed: as many reviews as before, or, where its last entries are gone
/// altogether, those that are left.
fn as_many(archive: &[u8]) -> Right {
    let texts = tar::texts(archive);
    match tar::files(archive) {
        REVIEWS => Right::AsMany(texts),
        _ => Right::Read(texts),
    }
}

/// The reviews with a name or a text that nobody would give them.
fn remade(context: &Context, rng: &mut rand_chacha::ChaCha8Rng) -> Result<(Texts, String), Error> {
    let listed = zip::texts(&context.fixture.zip).unwrap_or_default();
    let mut texts: Texts = listed.into_iter().collect();
    let at = bytes::place(rng, texts.len());
    let name = texts.keys().nth(at).cloned().unwrap_or_default();
    let mut text = texts.remove(&name).unwrap_or_default();
    if rng.random_bool(0.5) {
        let other = tar::hostile_name(rng);
        let done = format!("{name} is called {other:?}");
        texts.insert(other, text);
        return Ok((texts, done));
    }
    let done = bytes::damage(rng, &mut text);
    texts.insert(name.clone(), text);
    Ok((
        texts,
        format!("the text of {name}: {done}, with its checksum"),
    ))
}
