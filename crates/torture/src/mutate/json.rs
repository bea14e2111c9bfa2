//! Damage to JSON that stays JSON: what a hand, or a program of another version, does to it.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::bytes::{self, place};

/// Changes one value somewhere inside; says what was done.
pub(crate) fn change(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    let mut path = String::from("$");
    let target = descend(rng, value, &mut path);
    format!("{path} {}", here(rng, target))
}

/// The text of a JSON file, damaged as JSON or as bytes.
pub(crate) fn damage(rng: &mut ChaCha8Rng, text: &mut Vec<u8>) -> String {
    match serde_json::from_slice::<Value>(text) {
        Ok(mut value) if rng.random_bool(0.7) => {
            let done = change(rng, &mut value);
            *text = value.to_string().into_bytes();
            done
        }
        _ => bytes::damage(rng, text),
    }
}

/// A value somewhere below, any depth.
fn descend<'a>(rng: &mut ChaCha8Rng, value: &'a mut Value, path: &mut String) -> &'a mut Value {
    let length = match value {
        Value::Object(fields) => fields.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if length == 0 || rng.random_bool(0.15) {
        return value;
    }
    let chosen = place(rng, length);
    match value {
        Value::Object(fields) => {
            let key = fields.keys().nth(chosen).cloned().unwrap_or_default();
            path.push_str(&format!(".{}", key.escape_debug()));
            let below = fields.entry(key).or_insert(Value::Null);
            descend(rng, below, path)
        }
        Value::Array(items) => {
            path.push_str(&format!("[{chosen}]"));
            descend(rng, &mut items[chosen], path)
        }
        other => other,
    }
}

fn here(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    match rng.random_range(0..5) {
        0 => remove(rng, value),
        1 => add(rng, value),
        2 => number(rng, value),
        3 => text(rng, value),
        _ => {
            let other = [
                Value::Null,
                json!(true),
                json!([]),
                json!({}),
                json!(""),
                json!(-1),
                json!(1.5),
                json!([[[[[[0]]]]]]),
            ][place(rng, 8)]
            .clone();
            let done = format!("is {other}");
            *value = other;
            done
        }
    }
}

fn remove(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let at = place(rng, fields.len());
            let key = fields.keys().nth(at).cloned().unwrap_or_default();
            fields.remove(&key);
            format!("lost {key:?}")
        }
        Value::Array(items) if !items.is_empty() => {
            let at = place(rng, items.len());
            items.remove(at);
            format!("lost its item {at}")
        }
        other => {
            *other = Value::Null;
            "is null".to_owned()
        }
    }
}

fn add(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    match value {
        Value::Object(fields) => {
            fields.insert("surprise\u{1b}[31m".to_owned(), json!(bytes::edge(rng)));
            "got a field".to_owned()
        }
        Value::Array(items) if !items.is_empty() => {
            let (from, to) = (place(rng, items.len()), place(rng, items.len()));
            let copy = items[from].clone();
            items.insert(to, copy);
            format!("got its item {from} again at {to}")
        }
        other => {
            *other = json!([other.clone(), other.clone()]);
            "is an array of itself".to_owned()
        }
    }
}

fn number(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    let new = match (rng.random_range(0..5), value.as_f64()) {
        (0, Some(old)) => json!(old + 1.0),
        (1, Some(old)) => json!(-old),
        (2, _) => json!(1e308),
        (3, _) => json!(-1e-320),
        _ => json!(bytes::edge(rng)),
    };
    let done = format!("is {new}");
    *value = new;
    done
}

fn text(rng: &mut ChaCha8Rng, value: &mut Value) -> String {
    let (what, new) = match rng.random_range(0..6) {
        0 => (
            "is a text with ESC and BEL",
            "a\u{1b}]0;owned\u{7}b".to_owned(),
        ),
        1 => ("is a text of 100,000 letters", "x".repeat(100_000)),
        2 => ("is a text with NUL and U+FFFF", "a\0b\u{ffff}c".to_owned()),
        3 => ("is a path upwards", "../../escaped".to_owned()),
        4 => ("is a text with a line end", "a\nerror: forged".to_owned()),
        _ => (
            "is a text with markup",
            "<script>alert(1)</script>&\"'".to_owned(),
        ),
    };
    *value = json!(new);
    what.to_owned()
}
