//! The texts that are measured on: reviews where the archive is found, else generated ones; and the
//! file through which other programs get the same. Measures nothing.

use std::io::Write;
use std::path::Path;

use outside::Outside;

#[path = "../../tests/real/imdb.rs"]
mod imdb;

/// Texts and what they are.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) texts: Vec<Vec<u8>>,
}

impl Corpus {
    /// The IMDB training reviews where the archive is found, else generated text.
    pub(crate) fn find() -> Self {
        match imdb::train_reviews(&Outside::archive()) {
            Ok(texts) => Self {
                name: "imdb",
                texts,
            },
            Err(why) => {
                eprintln!("generated text instead of reviews: {why}");
                Self {
                    name: "zipf",
                    texts: zipf(5_000),
                }
            }
        }
    }

    /// How many bytes the texts have together.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.iter().map(Vec::len).sum()
    }

    /// Writes the texts to a file: before each its length, in four bytes, the lowest first.
    pub(crate) fn write(&self, path: &Path) {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        for text in &self.texts {
            let length = u32::try_from(text.len()).unwrap();
            file.write_all(&length.to_le_bytes()).unwrap();
            file.write_all(text).unwrap();
        }
        file.flush().unwrap();
    }
}

/// The texts of a file that [`Corpus::write`] wrote.
pub(crate) fn read(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut texts = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (text, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        texts.push(text.to_vec());
        rest = after;
    }
    texts
}

/// Every `step`-th text: a part that is like the whole.
pub(crate) fn every(texts: &[Vec<u8>], step: usize) -> Vec<&[u8]> {
    texts.iter().step_by(step).map(Vec::as_slice).collect()
}

/// Texts of 230 words; the n-th word is drawn about 1/n as often as the first.
fn zipf(texts: usize) -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut text = || {
        let mut text = Vec::new();
        for _ in 0..230 {
            let mut word = 60_000_f64.powf(uniform()) as u64;
            while word > 0 {
                text.push(b"etaoinshrdlu"[usize::try_from(word % 12).unwrap()]);
                word /= 5;
            }
            text.extend_from_slice(if uniform() < 0.15 { b", " } else { b" " });
        }
        text
    };
    (0..texts).map(|_| text()).collect()
}
