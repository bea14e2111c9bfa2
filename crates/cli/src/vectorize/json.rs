//! The one field of a JSON line that has the text. What else the line holds is passed over, not kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// The text of `field` in a line, `None` for null; or what is wrong with the line.
pub(super) fn text<'l>(line: &'l [u8], field: &str) -> Result<Option<Cow<'l, str>>, String> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let found = Field(field).deserialize(&mut json);
    let found = found.and_then(|text| json.end().map(|()| text));
    found.map_err(|error| {
        let said = error.to_string();
        // The line that it counts is always the first.
        match said.rsplit_once(" at line ") {
            Some((reason, _)) => format!("column {}: {reason}", error.column()),
            None => said,
        }
    })
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
        while let Some(key) = map.next_key::<Text<'l>>()? {
            if key.0 == self.0 {
                // Of several the last one counts, as everywhere.
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        match found {
            Some(text) => Ok(text.map(|text| text.0)),
            None => Err(A::Error::custom(format!("no field {:?}", self.0))),
        }
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
    }

    #[test]
    fn a_bad_line_says_why() {
        let check = |line: &[u8], expected: &str| {
            let reason = text(line, "t").unwrap_err();
            assert!(reason.contains(expected), "{reason}");
            assert!(!reason.contains("line 1"), "{reason}");
        };
        check(br#"{"u": "x"}"#, "no field \"t\"");
        check(br#"{"t": 5}"#, "integer `5`, expected a string");
        check(br#"["t"]"#, "expected an object");
        check(br#"{"t": "x""#, "column 9: EOF");
        check(br#"{"t": "x"} {}"#, "trailing");
        check(b"{\"t\": \"\xFF\"}", "invalid unicode");
        check(br#"{"t": "\ud800"}"#, "column");
    }
}
