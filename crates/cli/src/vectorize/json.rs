//! The one field of a JSON line that has the text. What else the line holds is passed over, not kept.

use std::borrow::Cow;
use std::fmt;

use recurrent_files::quoted;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::error::plain;

/// The text of `field` in a line, `None` for null; or what is wrong with the line.
///
/// `NaN`, `Infinity` and `-Infinity`, which Python writes and JSON does not have, are taken for null.
pub(super) fn text<'l>(line: &'l [u8], field: &str) -> Result<Option<Cow<'l, str>>, String> {
    let error = match parse(line, field) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let Some(repaired) = without_numbers_of_python(line) else {
        return Err(reason(line, &error, error.column()));
    };
    match parse(&repaired.line, field) {
        Ok(text) => Ok(text.map(|text| Cow::Owned(text.into_owned()))),
        Err(error) => Err(reason(line, &error, repaired.column(error.column()))),
    }
}

fn parse<'l>(line: &'l [u8], field: &str) -> Result<Option<Cow<'l, str>>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let found = Field(field).deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// What is wrong with a line, at this column, and what stands there.
fn reason(line: &[u8], error: &serde_json::Error, column: usize) -> String {
    let said = error.to_string();
    // The line that it counts is always the first.
    let said = said
        .rsplit_once(" at line ")
        .map_or(&*said, |(said, _)| said);
    let said = match lone_surrogate(line, column) {
        Some(surrogate) => format!(
            "the text has {surrogate}, a lone surrogate: half of a character, which is no Unicode text"
        ),
        None if error.is_eof() => format!(
            "{said}: the line ends inside of the object, so it was cut off, or the object goes over several lines (`jq -c .` \
             puts each on one)"
        ),
        None => plain(said),
    };
    let shown = String::from_utf8_lossy(&line[..line.len().min(400)]);
    format!("column {column}: {said}, in {}", quoted(shown.trim()))
}

/// The escape of half a character that ends at or shortly before this column.
fn lone_surrogate(line: &[u8], column: usize) -> Option<String> {
    let end = column.min(line.len());
    let near = &line[end.saturating_sub(12)..end];
    let at = near.windows(2).rposition(|pair| pair == b"\\u")?;
    // What is found is before the place where the error is noticed.
    let start = end.saturating_sub(12) + at;
    let previous = start.checked_sub(6).map(|before| &line[before..start]);
    let escape = |bytes: &[u8]| -> Option<String> {
        let digits = std::str::from_utf8(bytes.get(2..6)?).ok()?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        let lone = bytes.starts_with(b"\\u") && (0xd800..0xe000).contains(&code);
        lone.then(|| format!("\\u{digits}"))
    };
    escape(&line[start..]).or_else(|| escape(previous?))
}

/// A line that JSON's rules allow.
struct Repaired {
    line: Vec<u8>,
    /// Where a byte was put in.
    longer: Vec<usize>,
}

impl Repaired {
    /// The column in the line as it was.
    fn column(&self, column: usize) -> usize {
        let before = self.longer.iter().filter(|at| **at < column).count();
        column.saturating_sub(before)
    }
}

/// The line with null for what Python writes where a number is none; `None` if nothing of the kind is there.
fn without_numbers_of_python(line: &[u8]) -> Option<Repaired> {
    let mut repaired = Repaired {
        line: Vec::with_capacity(line.len()),
        longer: Vec::new(),
    };
    let mut found = false;
    let mut rest = line;
    let mut inside = false;
    while let Some((&byte, after)) = rest.split_first() {
        if inside {
            let length = if byte == b'\\' { 2 } else { 1 };
            inside = byte != b'"';
            let (taken, after) = rest.split_at(length.min(rest.len()));
            repaired.line.extend_from_slice(taken);
            rest = after;
            continue;
        }
        let number = [
            (&b"NaN"[..], &b"null"[..]),
            (b"Infinity", b"null    "),
            (b"-Infinity", b"null     "),
        ];
        let number = number.into_iter().find(|(word, _)| rest.starts_with(word));
        if let Some((word, null)) = number {
            found = true;
            repaired.line.extend_from_slice(null);
            if null.len() > word.len() {
                repaired.longer.push(repaired.line.len());
            }
            rest = &rest[word.len()..];
            continue;
        }
        inside = byte == b'"';
        repaired.line.push(byte);
        rest = after;
    }
    found.then_some(repaired)
}

/// Looks for a field of this name.
#[derive(Clone, Copy)]
struct Field<'f>(&'f str);

/// A string that borrows where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

impl<'l> DeserializeSeed<'l> for Field<'_> {
    type Value = Option<Cow<'l, str>>;

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'l> Visitor<'l> for Field<'_> {
    type Value = Option<Cow<'l, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Option<Option<Text<'l>>> = None;
        while let Some(asked) = map.next_key_seed(Name(self.0))? {
            if asked {
                // Of several the last one counts, as everywhere.
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        match found {
            Some(text) => Ok(text.map(|text| text.0)),
            None => Err(A::Error::custom(format!("no field {}", quoted(self.0)))),
        }
    }
}

/// Whether a field is the one of this name. As bytes, so that no other name can be wrong.
#[derive(Clone, Copy)]
struct Name<'f>(&'f str);

impl<'l> DeserializeSeed<'l> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_and_the_rest_passed_over() {
        let found = |line: &'static str| text(line.as_bytes(), "t").unwrap();
        assert_eq!(
            found(r#"{"a": [{"t": 1}], "t": "x"}"#).as_deref(),
            Some("x")
        );
        assert_eq!(
            found(r#" {"t": "\u00e9\n", "z": 1e9} "#).as_deref(),
            Some("é\n")
        );
        assert_eq!(
            found(r#"{"\u0074": "x", "t": "last"}"#).as_deref(),
            Some("last")
        );
        assert!(matches!(
            found(r#"{"t": "borrowed"}"#),
            Some(Cow::Borrowed("borrowed"))
        ));
        assert_eq!(found(r#"{"t": null}"#), None);
        // What is not asked for need not be right.
        assert_eq!(
            found(r#"{"\ud83d": "\udc00", "t": "x"}"#).as_deref(),
            Some("x")
        );
        let bytes = text(b"{\"\xff\": \"\xff\", \"t\": \"x\"}", "t").unwrap();
        assert_eq!(bytes.as_deref(), Some("x"));
        let deep = format!(
            "{{\"d\": {}{}, \"t\": \"x\"}}",
            "[".repeat(1_000_000),
            "]".repeat(1_000_000)
        );
        assert_eq!(text(deep.as_bytes(), "t").unwrap().as_deref(), Some("x"));
    }

    #[test]
    fn what_python_writes_for_no_number_is_null() {
        let found = |line: &'static str| text(line.as_bytes(), "t").unwrap();
        for line in [
            r#"{"t": "x", "n": NaN}"#,
            r#"{"n": [NaN, Infinity, -Infinity, {"m": NaN}], "t": "x"}"#,
            r#"{"n": NaN, "NaN": "\"NaN", "t": "x"}"#,
        ] {
            assert_eq!(found(line).as_deref(), Some("x"), "{line}");
        }
        assert_eq!(
            found(r#"{"n": NaN, "t": "a NaN \\"}"#).as_deref(),
            Some("a NaN \\")
        );
        assert_eq!(found(r#"{"t": NaN}"#), None);
        let said = text(br#"{"n": NaN, "t": 5}"#, "t").unwrap_err();
        assert!(
            said.starts_with("column 17: invalid type: integer `5`"),
            "{said}"
        );
        assert!(text(br#"{"n": NaNs, "t": "x"}"#, "t").is_err());
    }

    #[test]
    fn a_bad_line_says_why() {
        let check = |line: &[u8], expected: &str| {
            let reason = text(line, "t").unwrap_err();
            assert!(reason.contains(expected), "{reason}");
            assert!(!reason.contains("line 1"), "{reason}");
            assert!(reason.len() < 700, "{reason}");
        };
        check(br#"{"u": "x"}"#, "no field \"t\", in \"{\\\"u\\\"");
        check(br#"{"t": 5}"#, "integer `5`, expected a string");
        check(br#"["t"]"#, "expected an object");
        check(br#"{"t": "x""#, "column 9: EOF");
        check(br#"{"#, "goes over several lines");
        check(br#"{"t": "x"} {}"#, "trailing");
        check(b"{\"t\": \"\xFF\"}", "invalid unicode");
        check(
            br#"{"t": "cut \ud83d", "u": 1}"#,
            r"\ud83d, a lone surrogate",
        );
        check(br#"{"t": "\ud83d\ud83d"}"#, r"\ud83d, a lone surrogate");
        check(br#"{"t": "cut \uDE00 off"}"#, r"\uDE00, a lone surrogate");
        check(br#"{"t": "\ud83dx"}"#, r"\ud83d, a lone surrogate");
        check(br#"{"t": "\u00zz"}"#, "invalid escape");
        check(format!("\"{}\"", "\u{1b}a".repeat(100_000)).as_bytes(), "…");
        check(
            format!("{{\"t\": [\"{}\"]}}", "a".repeat(100_000)).as_bytes(),
            "…",
        );
    }
}
