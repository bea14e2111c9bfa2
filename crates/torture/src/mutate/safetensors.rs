//! Damage to safetensors files: to their bytes, and to their header so that it stays one.
//!
//! Such a file is the length of its header in eight bytes, the header in JSON, and the numbers.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::{bytes, json as json_damage};

/// Damages the file; says what was done.
pub(crate) fn damage(rng: &mut ChaCha8Rng, file: &mut Vec<u8>) -> String {
    let Some((mut header, mut numbers)) = open(file).filter(|_| rng.random_bool(0.6)) else {
        return bytes::damage(rng, file);
    };
    let done = match rng.random_range(0..8) {
        0 => number(rng, &mut numbers),
        1 => bytes::flip(rng, &mut numbers),
        2 => rename(rng, &mut header),
        3 => swap(rng, &mut header),
        4 => remove(rng, &mut header),
        5 => metadata(rng, &mut header),
        6 => twice(rng, &mut header),
        _ => {
            let mut value = Value::Object(header);
            let done = json_damage::change(rng, &mut value);
            *file = seal(&value.to_string(), &numbers);
            return format!("header: {done}");
        }
    };
    *file = seal(&Value::Object(header).to_string(), &numbers);
    done
}

/// The header and the numbers, if it is such a file.
fn open(file: &[u8]) -> Option<(Map<String, Value>, Vec<u8>)> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, numbers) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(header).ok()?, numbers.to_vec()))
}

/// A file of a header and numbers; the header is filled up with blanks, as the format wants it.
fn seal(header: &str, numbers: &[u8]) -> Vec<u8> {
    let length = header.len().next_multiple_of(8);
    let mut file = (length as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.resize(8 + length, b' ');
    file.extend_from_slice(numbers);
    file
}

/// One number that no training gives.
fn number(rng: &mut ChaCha8Rng, numbers: &mut [u8]) -> String {
    let values = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        0.0,
        -1.0,
    ];
    let value = values[bytes::place(rng, values.len())];
    let at = bytes::place(rng, numbers.len() / 4);
    if let Some(place) = numbers.get_mut(at * 4..at * 4 + 4) {
        place.copy_from_slice(&value.to_le_bytes());
    }
    format!("number {at} is {value}")
}

/// The name of one tensor.
fn chosen(rng: &mut ChaCha8Rng, header: &Map<String, Value>) -> String {
    let names: Vec<&String> = header
        .keys()
        .filter(|name| *name != "__metadata__")
        .collect();
    let at = bytes::place(rng, names.len());
    names.get(at).map_or(String::new(), |name| (*name).clone())
}

fn rename(rng: &mut ChaCha8Rng, header: &mut Map<String, Value>) -> String {
    let name = chosen(rng, header);
    let other = match rng.random_range(0..3) {
        0 => format!("{name}_1"),
        1 => name.replace("adam", "adan").replace("kernel", "kernal"),
        _ => "a\u{1b}]0;owned\u{7}".to_owned(),
    };
    if let Some(tensor) = header.remove(&name) {
        header.insert(other.clone(), tensor);
    }
    format!("{name:?} is called {other:?}")
}

fn swap(rng: &mut ChaCha8Rng, header: &mut Map<String, Value>) -> String {
    let (one, other) = (chosen(rng, header), chosen(rng, header));
    let (first, second) = (header.get(&one).cloned(), header.get(&other).cloned());
    if let (Some(first), Some(second)) = (first, second) {
        header.insert(one.clone(), second);
        header.insert(other.clone(), first);
    }
    format!("{one:?} and {other:?} are swapped")
}

fn remove(rng: &mut ChaCha8Rng, header: &mut Map<String, Value>) -> String {
    let name = chosen(rng, header);
    header.remove(&name);
    format!("{name:?} is gone")
}

fn twice(rng: &mut ChaCha8Rng, header: &mut Map<String, Value>) -> String {
    let name = chosen(rng, header);
    let copy = header.get(&name).cloned().unwrap_or(Value::Null);
    header.insert(format!("{name}_7"), copy);
    format!("{name:?} is there twice")
}

/// Changes inside of the metadata, whose values are texts that may be JSON themselves.
fn metadata(rng: &mut ChaCha8Rng, header: &mut Map<String, Value>) -> String {
    let Some(Value::Object(metadata)) = header.get_mut("__metadata__") else {
        header.insert("__metadata__".to_owned(), json!({"steps": "9"}));
        return "metadata of its own".to_owned();
    };
    let at = bytes::place(rng, metadata.len());
    let name = metadata.keys().nth(at).cloned().unwrap_or_default();
    if rng.random_bool(0.2) {
        let value = metadata.remove(&name).unwrap_or(Value::Null);
        metadata.insert(format!("{name}x"), value);
        return format!("metadata {name:?} has another name");
    }
    let text = metadata
        .get(&name)
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    let mut inner = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let done = json_damage::change(rng, &mut inner);
    let text = match inner {
        Value::String(text) => text,
        other => other.to_string(),
    };
    metadata.insert(name.clone(), Value::String(text));
    format!("metadata {name:?}: {done}")
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_file_is_opened_and_sealed_again_and_damage_changes_it() {
        let header = r#"{"__metadata__":{"run":"{\"a\":1}"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let file = seal(header, &[0; 8]);
        let (opened, numbers) = open(&file).unwrap();
        assert_eq!((opened.len(), numbers.len()), (2, 8));
        let mut changed = 0;
        for seed in 0..300 {
            let mut damaged = file.clone();
            damage(&mut ChaCha8Rng::seed_from_u64(seed), &mut damaged);
            changed += usize::from(damaged != file);
        }
        assert!(changed > 220, "{changed}");
    }
}
