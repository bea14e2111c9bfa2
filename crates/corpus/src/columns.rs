//! Which columns hold text, label and split: those that are named, or those whose names say so.

use std::path::Path;

use crate::error::CorpusError;
use crate::options::TableOptions;

/// What columns of texts are called.
const TEXT: [&str; 12] = [
    "text",
    "texts",
    "review",
    "body",
    "content",
    "message",
    "sentence",
    "comment",
    "description",
    "document",
    "tweet",
    "utterance",
];
/// What columns of labels are called.
const LABEL: [&str; 10] = [
    "label",
    "labels",
    "sentiment",
    "class",
    "category",
    "target",
    "queue",
    "topic",
    "intent",
    "emotion",
];

/// What is sought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    /// Text, label and, if it is named, split.
    Labelled,
    /// Text alone.
    Text,
}

/// The columns that are meant, as positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) text: Vec<usize>,
    pub(crate) label: Option<usize>,
    pub(crate) split: Option<usize>,
}

/// A table whose columns are to be found.
pub(crate) struct Table<'t> {
    pub(crate) path: &'t Path,
    pub(crate) columns: &'t [String],
    /// Whether the columns' names are the first row of a table, which may be no names.
    pub(crate) header: bool,
}

impl Table<'_> {
    pub(crate) fn find(
        &self,
        options: &TableOptions,
        sought: Sought,
    ) -> Result<Columns, CorpusError> {
        check(options)?;
        let text = options.text.iter().map(|name| self.named(name));
        let mut text = text.collect::<Result<Vec<usize>, _>>()?;
        let (mut label, split) = if sought == Sought::Labelled {
            let named =
                |name: &Option<String>| name.as_ref().map(|name| self.named(name)).transpose();
            (named(&options.label)?, named(&options.split)?)
        } else {
            // They may be missing where nothing is asked of them; where they are there, they are no texts.
            let place = |name: &Option<String>| {
                let name = name.as_ref()?;
                self.columns.iter().position(|column| column == name)
            };
            (place(&options.label), place(&options.split))
        };
        let free: Vec<usize> = (0..self.columns.len())
            .filter(|column| Some(*column) != split)
            .collect();
        let rest = |text: &[usize], label: Option<usize>| {
            let rest = free.iter().copied();
            let rest = rest.filter(|column| !text.contains(column) && Some(*column) != label);
            rest.collect::<Vec<usize>>()
        };
        let guess = |names: &[&str]| {
            let open = rest(&text, label);
            let mut like = open.iter().copied().filter(|column| {
                let name = &self.columns[*column];
                names.iter().any(|known| known.eq_ignore_ascii_case(name))
            });
            match (like.next(), like.next()) {
                (Some(one), None) => Guess::One(one),
                (None, _) => Guess::None,
                (Some(_), Some(_)) => Guess::Several,
            }
        };
        let (text_guess, label_guess) = (guess(&TEXT), guess(&LABEL));
        if label.is_none()
            && let Guess::One(column) = label_guess
        {
            label = Some(column);
        }
        if text.is_empty()
            && let Guess::One(column) = text_guess
        {
            text.push(column);
        }
        // Of two columns, one is the other.
        if text.is_empty()
            && text_guess == Guess::None
            && let [only] = rest(&[], label)[..]
            && (label.is_some() || sought == Sought::Text)
            && free.len() <= 2
        {
            text.push(only);
        }
        if label.is_none()
            && label_guess == Guess::None
            && free.len() == 2
            && let [only] = rest(&text, None)[..]
        {
            label = Some(only);
        }
        if text.is_empty() {
            return Err(self.unclear("text"));
        }
        if sought == Sought::Labelled && label.is_none() {
            return Err(self.unclear("label"));
        }
        Ok(Columns { text, label, split })
    }

    fn named(&self, name: &str) -> Result<usize, CorpusError> {
        let mut places = (0..self.columns.len()).filter(|column| self.columns[*column] == name);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(CorpusError::ColumnTwice {
                path: self.path.to_owned(),
                column: name.to_owned(),
            }),
            (None, _) => Err(CorpusError::NoColumn {
                path: self.path.to_owned(),
                column: name.to_owned(),
                columns: self.columns.to_vec(),
                header: self.header,
            }),
        }
    }

    fn unclear(&self, what: &'static str) -> CorpusError {
        CorpusError::WhichColumn {
            path: self.path.to_owned(),
            what,
            columns: self.columns.to_vec(),
            header: self.header,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    One(usize),
    None,
    Several,
}

/// Refuses a column that is named twice.
fn check(options: &TableOptions) -> Result<(), CorpusError> {
    let named = options.text.iter().map(|name| (name, "text"));
    let named = named.chain(options.label.iter().map(|name| (name, "label")));
    let named = named.chain(options.split.iter().map(|name| (name, "split")));
    let mut seen: Vec<(&String, &'static str)> = Vec::new();
    for (column, second) in named {
        if let Some((_, first)) = seen.iter().find(|(name, _)| *name == column) {
            return Err(CorpusError::SameColumn {
                column: column.clone(),
                first,
                second,
            });
        }
        seen.push((column, second));
    }
    Ok(())
}

/// The parts of a text, one space between them; those that are blank are left out.
pub(crate) fn joined<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut text = String::new();
    for part in parts.into_iter().filter(|part| !part.trim().is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(columns: &str, options: &TableOptions, sought: Sought) -> Result<String, String> {
        let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
        let table = Table {
            path: Path::new("a.csv"),
            columns: &columns,
            header: true,
        };
        let found = table
            .find(options, sought)
            .map_err(|error| error.to_string())?;
        Ok(format!(
            "{:?} {:?} {:?}",
            found.text, found.label, found.split
        ))
    }

    #[test]
    fn names_say_what_columns_hold() {
        let none = TableOptions::default();
        let with = |text: &[&str], label: Option<&str>, split: Option<&str>| TableOptions {
            text: text.iter().map(|name| (*name).to_owned()).collect(),
            label: label.map(str::to_owned),
            split: split.map(str::to_owned),
            ..TableOptions::default()
        };
        for (columns, options, expected) in [
            ("review,sentiment", &none, "[0] Some(1) None"),
            ("id,Label,TEXT", &none, "[2] Some(1) None"),
            (
                "subject,body,answer,queue,priority",
                &none,
                "[1] Some(3) None",
            ),
            ("text,stars", &none, "[0] Some(1) None"),
            ("words,label", &none, "[0] Some(1) None"),
            ("a,b", &with(&["a"], None, None), "[0] Some(1) None"),
            ("a,b", &with(&[], Some("a"), None), "[1] Some(0) None"),
            (
                "split,a,b",
                &with(&["b"], None, Some("split")),
                "[2] Some(1) Some(0)",
            ),
            (
                "label,title,description",
                &with(&["title", "description"], None, None),
                "[1, 2] Some(0) None",
            ),
            (
                "text,comment,label",
                &with(&["comment"], None, None),
                "[1] Some(2) None",
            ),
        ] {
            let found = find(columns, options, Sought::Labelled);
            assert_eq!(found.as_deref(), Ok(expected), "{columns}");
        }
        for (columns, options, expected) in [
            (
                "text,comment,label",
                &none,
                "which column is the text is not clear; name one of \"text\", \"comment\", \"label\" (if",
            ),
            ("text,label,class", &none, "which column is the label"),
            ("a,b", &none, "which column is the text"),
            ("a,b,label", &none, "which column is the text"),
            ("text,a,b", &none, "which column is the label"),
            ("text", &none, "which column is the label"),
            (
                "text,label",
                &with(&["Text"], None, None),
                "no column \"Text\"; name one of \"text\", \"label\"",
            ),
            (
                "a,a,label",
                &with(&["a"], None, None),
                "two columns are called \"a\"",
            ),
            (
                "a,b",
                &with(&["a"], Some("a"), None),
                "named both as text and as label",
            ),
        ] {
            let said = find(columns, options, Sought::Labelled).unwrap_err();
            assert!(said.contains(expected), "{columns}: {said}");
        }
        for (columns, expected) in [
            ("review,sentiment", Some("[0] Some(1) None")),
            ("words", Some("[0] None None")),
            ("words,label", Some("[0] Some(1) None")),
            ("id,text,x", Some("[1] None None")),
            ("id,words", None),
        ] {
            let found = find(columns, &none, Sought::Text);
            assert_eq!(found.ok().as_deref(), expected, "{columns}");
        }
    }

    #[test]
    fn blank_parts_of_a_text_are_left_out() {
        assert_eq!(joined(["a", " ", "", "b c"]), "a b c");
        assert_eq!(joined([" a "]), " a ");
        assert_eq!(joined(["", " "]), "");
    }
}
