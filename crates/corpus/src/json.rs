//! Objects of JSON lines.

use recurrent_files::reason;
use serde_json::{Map, Value};

use crate::columns::{Sought, Table, joined};
use crate::error::CorpusError;
use crate::lines::Lines;
use crate::options::TableOptions;
use crate::place::Place;

/// An object, the line that it is written in, and where that is.
pub(crate) struct Object {
    pub(crate) place: Place,
    pub(crate) line: String,
    pub(crate) members: Map<String, Value>,
}

/// The next object; blank lines are passed over, and counted as lines. `None` after the last.
pub(crate) fn next(lines: &mut Lines) -> Result<Option<Object>, CorpusError> {
    while let Some((number, line)) = lines.next()? {
        let object = line.trim();
        if object.is_empty() {
            continue;
        }
        let place = Place::row(&lines.path, number);
        if object.starts_with('[') {
            return Err(CorpusError::Json {
                place,
                reason: "an array begins here".to_owned(),
            });
        }
        return match serde_json::from_str(object) {
            Ok(members) => Ok(Some(Object {
                place,
                line: object.to_owned(),
                members,
            })),
            Err(error) => {
                let said = error.to_string();
                // The line is the file's, not the first of one.
                let said = said
                    .rsplit_once(" at line ")
                    .map_or(said.as_str(), |(said, _)| said);
                let reason = reason(format!("column {}: {said}", error.column()));
                Err(CorpusError::Json { place, reason })
            }
        };
    }
    Ok(None)
}

/// The members that are meant.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) text: Vec<String>,
    pub(crate) label: Option<String>,
    pub(crate) split: Option<String>,
    /// Members that were named and not seen yet.
    unseen: Vec<String>,
    /// Those that the first object has.
    first: Vec<String>,
}

impl Fields {
    /// Those that are named, or those whose names in the first object say so.
    pub(crate) fn find(
        first: &Object,
        options: &TableOptions,
        sought: Sought,
    ) -> Result<Self, CorpusError> {
        let there: Vec<String> = first.members.keys().cloned().collect();
        let mut unseen = options.text.clone();
        if sought == Sought::Labelled {
            unseen.extend(options.label.clone());
            unseen.extend(options.split.clone());
        }
        unseen.retain(|name| !there.contains(name));
        // Others may have what the first lacks.
        let columns = [&there[..], &unseen[..]].concat();
        let table = Table {
            path: &first.place.path,
            columns: &columns,
            header: false,
        };
        let found = table.find(options, sought)?;
        let name = |column: usize| columns[column].clone();
        Ok(Self {
            text: found.text.into_iter().map(name).collect(),
            label: found.label.map(name),
            split: found.split.map(name),
            unseen,
            first: there,
        })
    }

    /// Sees what an object has.
    pub(crate) fn see(&mut self, object: &Object) {
        self.unseen
            .retain(|name| !object.members.contains_key(name));
    }

    /// After the last object: an error if a member that was named is in none.
    pub(crate) fn check(&self, lines: &Lines) -> Result<(), CorpusError> {
        match self.unseen.first() {
            None => Ok(()),
            Some(column) => Err(CorpusError::NoColumn {
                path: lines.path.clone(),
                column: column.clone(),
                columns: self.first.clone(),
                header: false,
            }),
        }
    }

    /// The text of an object.
    pub(crate) fn joined(&self, object: &Object) -> Result<String, CorpusError> {
        let parts = self.text.iter().map(|column| text(object, column));
        Ok(joined(parts.collect::<Result<Vec<_>, _>>()?))
    }
}

/// A member that is to be text: empty where it is missing or null.
fn text<'o>(object: &'o Object, column: &str) -> Result<&'o str, CorpusError> {
    match object.members.get(column) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(kind(object, column, other, "a string")),
    }
}

/// A member that is to be a label: a string, a number as it is written, except that `1.0` is `1`, or a truth value.
/// Empty where it is missing or null.
pub(crate) fn label(object: &Object, column: &str) -> Result<String, CorpusError> {
    match object.members.get(column) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(label)) => Ok(label.trim().to_owned()),
        Some(Value::Bool(truth)) => Ok(truth.to_string()),
        Some(Value::Number(number)) => Ok(match number.as_f64() {
            Some(value) if !(number.is_i64() || number.is_u64()) => float_label(value),
            _ => number.to_string(),
        }),
        Some(other) => Err(kind(
            object,
            column,
            other,
            "a string, a number or a truth value",
        )),
    }
}

/// A number as a label: `1.0` is `1`.
pub(crate) fn float_label(value: f64) -> String {
    // Adding nothing turns -0 into 0. Rust writes whole numbers without a point.
    (value + 0.0).to_string()
}

fn kind(object: &Object, column: &str, value: &Value, expected: &'static str) -> CorpusError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    CorpusError::Kind {
        place: object.place.clone(),
        column: column.to_owned(),
        found: found.to_owned(),
        expected,
    }
}
