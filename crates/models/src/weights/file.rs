//! A safetensors file as a whole: its tensors, its notes, and a checksum over both.
//!
//! Notes and checksum are one entry of the format's metadata, `recurrent`, in JSON: the format keeps its entries in a
//! hash map, and several would come in an order of their own every time. A file without that entry is somebody else's,
//! such as a Keras reference, and its entries are notes.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use recurrent_files::reason;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::names::unnumbered;
use super::{HostTensor, WeightsError};

/// What a file says about itself, by name.
pub type Notes = BTreeMap<String, String>;

/// The metadata entry of files that were written here.
const ENTRY: &str = "recurrent";

/// The most bytes of a file of tensors that are read: a million words of 1,024 numbers, with Adam's state.
const LIMIT: u64 = 16 << 30;

/// What [`ENTRY`] holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    notes: Notes,
    /// SHA-256 over all tensors and the notes.
    sha256: String,
}

/// A safetensors file, read whole.
#[derive(Clone, Debug)]
pub struct TensorFile {
    path: PathBuf,
    notes: Notes,
    tensors: BTreeMap<String, Stored>,
    bytes: Vec<u8>,
}

/// Where a tensor lies in the bytes of its file.
#[derive(Clone, Debug)]
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Range<usize>,
}

impl TensorFile {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// [`WeightsError::File`], and those of [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Self::parse(path, recurrent_files::read_at_most(path, LIMIT)?)
    }

    /// Checks the `bytes` of the file at `path`.
    ///
    /// # Errors
    /// [`WeightsError::Format`] for what is no whole safetensors file, and [`WeightsError::Damaged`] for a file
    /// written by this program that is not as it was.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        let format = |reason: String| WeightsError::Format {
            path: path.to_owned(),
            reason,
        };
        let failed = |error: safetensors::SafeTensorError| format(reason(error));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(failed)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let file = SafeTensors::deserialize(&bytes).map_err(failed)?;
        let start = bytes.as_ptr() as usize;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let first = view.data().as_ptr() as usize - start;
            let stored = Stored {
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                data: first..first + view.data().len(),
            };
            tensors.insert(name.to_owned(), stored);
        }
        let notes = match metadata.get(ENTRY) {
            None => metadata.into_iter().collect(),
            Some(entry) => {
                let entry: Entry = serde_json::from_str(entry).map_err(|error| {
                    format(format!("its notes cannot be read: {}", reason(error)))
                })?;
                let views = tensors.iter().map(|(name, at)| {
                    (name.as_str(), at.shape.as_slice(), &bytes[at.data.clone()])
                });
                if checksum(&entry.notes, views) != entry.sha256 {
                    return Err(WeightsError::Damaged {
                        path: path.to_owned(),
                    });
                }
                entry.notes
            }
        };
        Ok(Self {
            path: path.to_owned(),
            notes,
            tensors,
            bytes,
        })
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says about itself, by name.
    pub fn note(&self, name: &str) -> Option<&str> {
        self.notes.get(name).map(String::as_str)
    }

    /// The names of its tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Numbers in all tensors together.
    pub fn elements(&self) -> u64 {
        let counts = self.tensors.values().map(|stored| {
            let counts = stored.shape.iter().map(|size| *size as u64);
            counts.product::<u64>()
        });
        counts.sum()
    }

    /// Whether there is a tensor `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.keys().any(|stored| unnumbered(stored) == name)
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`WeightsError::Missing`], [`WeightsError::Ambiguous`], and [`WeightsError::Mismatch`] for another element type.
    pub fn f32(&self, name: &str) -> Result<HostTensor, WeightsError> {
        let (shape, values) = self.values(name, Dtype::F32, f32::from_le_bytes)?;
        Ok(HostTensor { shape, values })
    }

    /// A tensor of 32-bit floats in this shape, all of them finite.
    ///
    /// # Errors
    /// As [`Self::f32`]; [`WeightsError::Mismatch`] for another shape, and [`WeightsError::NotFinite`].
    pub fn finite(&self, name: &str, shape: &[usize]) -> Result<HostTensor, WeightsError> {
        let tensor = self.f32(name)?;
        if tensor.shape != shape {
            return Err(self.mismatch(name, format!("{shape:?}"), format!("{:?}", tensor.shape)));
        }
        match tensor.values.iter().position(|value| !value.is_finite()) {
            None => Ok(tensor),
            Some(place) => Err(WeightsError::NotFinite {
                path: self.path.clone(),
                name: name.to_owned(),
                place,
                value: tensor.values[place],
            }),
        }
    }

    /// The error of a tensor that is not as it has to be.
    pub fn mismatch(&self, name: &str, expected: String, found: String) -> WeightsError {
        WeightsError::Mismatch {
            path: self.path.clone(),
            name: name.to_owned(),
            expected,
            found,
        }
    }

    /// A tensor of 64-bit floats: shape and elements.
    ///
    /// # Errors
    /// As [`Self::f32`].
    pub fn f64(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>), WeightsError> {
        self.values(name, Dtype::F64, f64::from_le_bytes)
    }

    /// A tensor of 32-bit integers: shape and elements.
    ///
    /// # Errors
    /// As [`Self::f32`].
    pub fn i32(&self, name: &str) -> Result<(Vec<usize>, Vec<i32>), WeightsError> {
        self.values(name, Dtype::I32, i32::from_le_bytes)
    }

    fn values<T, const N: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        read: fn([u8; N]) -> T,
    ) -> Result<(Vec<usize>, Vec<T>), WeightsError> {
        let stored = self.find(name)?;
        if stored.dtype != dtype {
            return Err(self.mismatch(name, format!("{dtype:?}"), format!("{:?}", stored.dtype)));
        }
        let (chunks, _) = self.bytes[stored.data.clone()].as_chunks::<N>();
        let values = chunks.iter().map(|chunk| read(*chunk)).collect();
        Ok((stored.shape.clone(), values))
    }

    /// The one tensor that `name` means.
    fn find(&self, name: &str) -> Result<&Stored, WeightsError> {
        let mut fitting = self
            .tensors
            .iter()
            .filter(|(stored, _)| unnumbered(stored) == name);
        let (first, stored) = fitting.next().ok_or_else(|| WeightsError::Missing {
            path: self.path.clone(),
            name: name.to_owned(),
            held: self.tensors.len(),
        })?;
        match fitting.next() {
            None => Ok(stored),
            Some((second, _)) => Err(WeightsError::Ambiguous {
                path: self.path.clone(),
                first: first.clone(),
                second: second.clone(),
            }),
        }
    }
}

/// Writes tensors to `path` with notes and a checksum. The same tensors and notes give the same bytes.
///
/// # Errors
/// [`WeightsError::File`]; nothing half-written stays.
pub fn write(
    path: &Path,
    tensors: &BTreeMap<String, HostTensor>,
    notes: &Notes,
) -> Result<(), WeightsError> {
    Ok(recurrent_files::write(
        path,
        &to_bytes(path, tensors, notes)?,
    )?)
}

/// The bytes that [`write()`] writes.
///
/// # Errors
/// [`WeightsError::Format`], with `path`, where a tensor's shape does not fit its values.
pub fn to_bytes(
    path: &Path,
    tensors: &BTreeMap<String, HostTensor>,
    notes: &Notes,
) -> Result<Vec<u8>, WeightsError> {
    let format = |reason: String| WeightsError::Format {
        path: path.to_owned(),
        reason,
    };
    let failed = |error: safetensors::SafeTensorError| format(error.to_string());
    let bytes: Vec<(&String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| (name, little_endian(&tensor.values)))
        .collect();
    let described = bytes
        .iter()
        .zip(tensors.values())
        .map(|((name, bytes), tensor)| (name.as_str(), tensor.shape.as_slice(), bytes.as_slice()));
    let entry = Entry {
        notes: notes.clone(),
        sha256: checksum(notes, described),
    };
    let entry = serde_json::to_string(&entry).map_err(|error| format(error.to_string()))?;
    let views = bytes
        .iter()
        .zip(tensors.values())
        .map(|((name, bytes), tensor)| {
            TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    serialize(views, Some(HashMap::from([(ENTRY.to_owned(), entry)]))).map_err(failed)
}

/// SHA-256, in hexadecimal digits, over notes and tensors in the order of their names: lengths before what they count.
fn checksum<'a>(
    notes: &Notes,
    tensors: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>,
) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for (name, note) in notes {
        add(name.as_bytes());
        add(note.as_bytes());
    }
    for (name, shape, data) in tensors {
        add(name.as_bytes());
        for size in shape {
            add(&(*size as u64).to_le_bytes());
        }
        add(data);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (BTreeMap<String, HostTensor>, Notes) {
        let tensor = |values: &[f32]| HostTensor {
            shape: vec![values.len()],
            values: values.to_vec(),
        };
        let tensors = BTreeMap::from([
            ("a".to_owned(), tensor(&[1.0, 2.0])),
            ("b".to_owned(), tensor(&[3.0])),
        ]);
        let notes =
            ["network", "note", "x", "y", "z"].map(|name| (name.to_owned(), format!("of {name}")));
        (tensors, Notes::from(notes))
    }

    #[test]
    fn equal_content_has_equal_bytes_and_reads_back() {
        let (tensors, notes) = example();
        let path = Path::new("file");
        let bytes = to_bytes(path, &tensors, &notes).unwrap();
        for _ in 0..20 {
            assert_eq!(to_bytes(path, &tensors, &notes).unwrap(), bytes);
        }
        let file = TensorFile::parse(path, bytes).unwrap();
        assert_eq!(file.note("note"), Some("of note"));
        assert_eq!(file.f32("a").unwrap(), tensors["a"]);
        assert_eq!(file.elements(), 3);
    }

    /// Every bit: either the file is refused, or it says what it said.
    #[test]
    fn no_flipped_bit_passes_for_something_else() {
        let (tensors, notes) = example();
        let path = Path::new("file");
        let bytes = to_bytes(path, &tensors, &notes).unwrap();
        let mut passed = 0;
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(file) = TensorFile::parse(path, flipped) else {
                continue;
            };
            // Where the entry itself has lost its name, the file is no longer ours, and has none of our notes.
            if file.note("note").is_some() {
                passed += 1;
                assert_eq!(file.note("note"), Some("of note"));
                assert_eq!(file.f32("a").unwrap(), tensors["a"]);
                assert_eq!(file.f32("b").unwrap(), tensors["b"]);
            }
        }
        assert!(passed < 8, "{passed}");
    }

    #[test]
    fn two_names_of_one_weight_are_refused() {
        let (mut tensors, notes) = example();
        for name in ["r/forward_lstm/k", "r/forward_lstm_1/k"] {
            tensors.insert(name.to_owned(), tensors["a"].clone());
        }
        let path = Path::new("file");
        let file = TensorFile::parse(path, to_bytes(path, &tensors, &notes).unwrap()).unwrap();
        let error = file.f32("r/forward_lstm/k").unwrap_err();
        assert!(matches!(error, WeightsError::Ambiguous { .. }), "{error}");
    }

    #[test]
    fn the_files_of_others_keep_their_notes() {
        let view = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
        let notes = HashMap::from([("network".to_owned(), "lstm".to_owned())]);
        let bytes = serialize([("a", view)], Some(notes)).unwrap();
        let file = TensorFile::parse(Path::new("file"), bytes).unwrap();
        assert_eq!(file.note("network"), Some("lstm"));
    }
}
