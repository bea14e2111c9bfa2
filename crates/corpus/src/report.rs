//! What reading found and did not take.

use std::fmt;

use crate::place::Place;

/// How many places of each kind are named.
const NAMED: usize = 5;

/// What a row lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The text is missing, empty, or white space only.
    Text,
    /// The label is missing, empty, or white space only.
    Label,
}

/// How many rows were read, and which were not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Rows of all files together, headers not counted; of folders, their text files.
    pub rows: u64,
    /// Rows that are in the corpus.
    pub kept: u64,
    /// Rows without a text, whether or not they have a label.
    pub empty_texts: u64,
    /// Rows with a text and without a label.
    pub empty_labels: u64,
    /// Files in folders of classes that are no `.txt` files, and folders named `unsup`, whose texts have no labels.
    /// Hidden files are not counted.
    pub passed_over: u64,
    /// The first rows that were not taken, at most five of each kind, in the order of reading.
    pub first: Vec<(Place, Missing)>,
}

impl ReadReport {
    /// Counts a row that is not taken.
    pub(crate) fn lacks(&mut self, place: Place, what: Missing) {
        match what {
            Missing::Text => self.empty_texts += 1,
            Missing::Label => self.empty_labels += 1,
        }
        let same = self.first.iter().filter(|(_, found)| *found == what);
        if same.count() < NAMED {
            self.first.push((place, what));
        }
    }

    /// The first places that lack `what`, as a message has them.
    fn places(&self, what: Missing, count: u64) -> String {
        let found = self.first.iter().filter(|(_, found)| *found == what);
        let mut places: Vec<String> = found.map(|(place, _)| place.to_string()).collect();
        if count > places.len() as u64 {
            places.push("…".to_owned());
        }
        places.join("; ")
    }
}

impl fmt::Display for ReadReport {
    /// One line, such as `3 of 5 rows; skipped: 2 without a text (a.jsonl, row 1; a.jsonl, row 4)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lacking = Vec::new();
        for (count, what, name) in [
            (self.empty_texts, Missing::Text, "text"),
            (self.empty_labels, Missing::Label, "label"),
        ] {
            if count > 0 {
                let places = self.places(what, count);
                lacking.push(format!("{count} without a {name} ({places})"));
            }
        }
        if self.passed_over > 0 {
            lacking.push(format!(
                "{} files or folders that are no labelled texts",
                self.passed_over
            ));
        }
        write!(formatter, "{} of {} rows", self.kept, self.rows)?;
        if !lacking.is_empty() {
            write!(formatter, "; skipped: {}", lacking.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_line_counts_and_names_what_was_passed_over() {
        let mut report = ReadReport {
            rows: 9,
            kept: 2,
            ..ReadReport::default()
        };
        for row in 1..=6 {
            report.lacks(Place::row(Path::new("a.jsonl"), row), Missing::Text);
        }
        let place = Place {
            line: Some(12),
            ..Place::row(Path::new("b.csv"), 7)
        };
        report.lacks(place, Missing::Label);
        assert_eq!(report.first.len(), 6);
        assert_eq!(
            report.to_string(),
            "2 of 9 rows; skipped: 6 without a text (a.jsonl, row 1; a.jsonl, row 2; a.jsonl, row 3; \
             a.jsonl, row 4; a.jsonl, row 5; …), 1 without a label (b.csv, row 7 (line 12))"
        );
        let report = ReadReport {
            rows: 3,
            kept: 3,
            passed_over: 1,
            ..ReadReport::default()
        };
        assert_eq!(
            report.to_string(),
            "3 of 3 rows; skipped: 1 files or folders that are no labelled texts"
        );
    }
}
