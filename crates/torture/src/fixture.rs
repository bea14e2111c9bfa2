//! The small data that everything starts from, and the right results of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::error::Error;
use crate::program::{Program, Seen};

/// What every run is told, so that one takes some hundredths of a second.
const SETTINGS: [&str; 6] = ["--max-tokens", "40", "--length", "12", "--backend", "flex"];

/// What models are asked.
pub(crate) const QUESTIONS: [&str; 3] = ["a good film", "the music was weak and dull", "zzz"];

const GOOD: [&str; 5] = ["good", "superb", "lovely", "great", "fine"];
const BAD: [&str; 5] = ["bad", "dull", "awful", "poor", "weak"];

/// Hash of a file's bytes.
pub(crate) type Hash = [u8; 32];

/// Paths in an archive and their contents.
pub(crate) type Texts = BTreeMap<String, Vec<u8>>;

/// Everything undamaged.
#[derive(Default)]
pub(crate) struct Fixture {
    /// Where it lies; nothing in it is changed.
    pub(crate) folder: PathBuf,
    pub(crate) zip: Vec<u8>,
    pub(crate) tar: Vec<u8>,
    pub(crate) tar_gz: Vec<u8>,
    /// Hash of the weights after an epoch of `dense`.
    pub(crate) trained: Hash,
    /// Hash of the weights of `dense` after three epochs; the run of the fixture has two.
    pub(crate) resumed: Hash,
    /// What the networks of the run say to the [`QUESTIONS`].
    pub(crate) answers: BTreeMap<&'static str, Vec<u8>>,
    /// Hash of the vectorizer that is fitted to the texts.
    pub(crate) vectorizer: Hash,
    /// What it makes of the texts.
    pub(crate) ids: Vec<u8>,
}

/// The networks of the fixture's run.
pub(crate) const NETWORKS: [&str; 2] = ["dense", "lstm"];

impl Fixture {
    /// Makes it in `folder`, with the command under test.
    pub(crate) fn make(program: &Program, folder: &Path) -> Result<Self, Error> {
        let reviews = reviews();
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        write_folder(&folder.join("reviews"), &reviews)?;
        let tar = pack_tar(&reviews).map_err(Error::io("a tar archive in memory"))?;
        let archives = [
            (
                "reviews.zip",
                pack_zip(&reviews).map_err(Error::io("a zip archive in memory"))?,
            ),
            (
                "reviews.tar.gz",
                gzip(&tar).map_err(Error::io("a gzip file in memory"))?,
            ),
            ("reviews.tar", tar),
        ];
        let works = |arguments: Vec<String>| must(program, folder, arguments);
        for (name, bytes) in &archives {
            write(&folder.join(name), bytes)?;
            works(reproduce(name, "dense", 1, &format!("out-{name}")))?;
        }
        works(reproduce("reviews", "dense", 1, "out"))?;
        let trained = hash(&folder.join("out/dense/weights.safetensors"))?;
        for (name, _) in &archives {
            let other = hash(&folder.join(format!("out-{name}/dense/weights.safetensors")))?;
            if other != trained {
                let what = format!("{name} gives other weights than the folder");
                return Err(Error::Baseline { what });
            }
        }
        works(reproduce("reviews", "dense,lstm", 2, "run"))?;
        works(reproduce("reviews", "dense", 3, "resumed"))?;
        let mut answers = BTreeMap::new();
        for network in NETWORKS {
            answers.insert(network, works(predict(&format!("run/{network}")))?.stdout);
        }
        write(
            &folder.join("config.json"),
            br#"{"max_tokens": 40, "output_sequence_length": 12}"#,
        )?;
        let lines: Vec<u8> = reviews
            .values()
            .flat_map(|text| [text, b"\n".as_slice()].concat())
            .collect();
        write(&folder.join("texts.txt"), &lines)?;
        works(fit(
            "texts.txt",
            &["--counts", "texts.counts", "--output", "vectorizer"],
        ))?;
        let ids = works(apply("vectorizer"))?.stdout;
        let [zip, tar_gz, tar] = archives.map(|(_, bytes)| bytes);
        Ok(Self {
            resumed: hash(&folder.join("resumed/dense/weights.safetensors"))?,
            vectorizer: hash(&folder.join("vectorizer/vectorizer.cbor"))?,
            folder: folder.to_owned(),
            zip,
            tar,
            tar_gz,
            trained,
            answers,
            ids,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.path(name);
        fs::read(&path).map_err(Error::io(&path))
    }
}

/// Reviews in the archives.
pub(crate) const REVIEWS: usize = 16;

/// The arguments of a training run.
pub(crate) fn reproduce(dataset: &str, networks: &str, epochs: u32, out: &str) -> Vec<String> {
    let epochs = epochs.to_string();
    [
        "reproduce",
        "--dataset",
        dataset,
        "--networks",
        networks,
        "--epochs",
        &epochs,
        "--out",
        out,
    ]
    .into_iter()
    .chain(SETTINGS)
    .map(str::to_owned)
    .collect()
}

/// The arguments that ask a model the [`QUESTIONS`].
pub(crate) fn predict(model: &str) -> Vec<String> {
    let start = ["predict", "--model", model, "--json"];
    start
        .into_iter()
        .chain(QUESTIONS)
        .map(str::to_owned)
        .collect()
}

/// The arguments that learn a vocabulary; the configuration lies beside.
pub(crate) fn fit(input: &str, others: &[&str]) -> Vec<String> {
    let start = [
        "vectorize",
        "fit",
        "--config",
        "config.json",
        "--input",
        input,
    ];
    start
        .into_iter()
        .chain(others.iter().copied())
        .map(str::to_owned)
        .collect()
}

/// The arguments that turn the texts into ids, on standard output.
pub(crate) fn apply(model: &str) -> Vec<String> {
    [
        "vectorize",
        "apply",
        "--model",
        model,
        "--input",
        "texts.txt",
        "--output",
        "-",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Runs what has to work.
pub(crate) fn must(
    program: &Program,
    folder: &Path,
    arguments: Vec<String>,
) -> Result<Seen, Error> {
    let shown = arguments.join(" ");
    let seen = program.run(folder, arguments)?;
    if seen.succeeded() {
        return Ok(seen);
    }
    let what = format!(
        "recurrent {shown}: {:?}: {}",
        seen.ending,
        seen.errors().trim()
    );
    Err(Error::Baseline { what })
}

/// Sixteen reviews, of words that occur again.
fn reviews() -> Texts {
    let mut texts = Texts::new();
    for split in ["train", "test"] {
        for (class, words, stars) in [("neg", BAD, 2), ("pos", GOOD, 9)] {
            for id in 0..4 {
                let (one, other) = (words[id % 5], words[(id * 3 + 1) % 5]);
                let text = format!(
                    "The film number {id} was {one}<br />and the music was {other}, I think."
                );
                texts.insert(
                    format!("{split}/{class}/{id}_{stars}.txt"),
                    text.into_bytes(),
                );
            }
        }
    }
    texts
}

/// Writes texts as files below `folder`.
pub(crate) fn write_folder(folder: &Path, texts: &Texts) -> Result<(), Error> {
    for (name, text) in texts {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        write(&path, text)?;
    }
    Ok(())
}

/// A zip archive: every other text deflated, the rest stored.
pub(crate) fn pack_zip(texts: &Texts) -> std::io::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (place, (name, text)) in texts.iter().enumerate() {
        let method = if place % 2 == 0 {
            zip::CompressionMethod::Deflated
        } else {
            zip::CompressionMethod::Stored
        };
        let options = SimpleFileOptions::default().compression_method(method);
        archive
            .start_file(name, options)
            .map_err(std::io::Error::other)?;
        archive.write_all(text)?;
    }
    let bytes = archive.finish().map_err(std::io::Error::other)?;
    Ok(bytes.into_inner())
}

fn pack_tar(texts: &Texts) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in texts {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_slice())?;
    }
    archive.into_inner()
}

pub(crate) fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Hash of a file.
pub(crate) fn hash(path: &Path) -> Result<Hash, Error> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    Ok(Sha256::digest(bytes).into())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(Error::io(path))
}
