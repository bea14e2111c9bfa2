//! What a reader saw and did not take: counted and named, so that nothing disappears silently.

use std::fmt;

use crate::names::{LISTED, Quoted};

/// Files, links and folders that are no labelled reviews, and were not read.
///
/// What lies beside or above the folder of the splits (`README`) is not counted. As a
/// [`Display`](fmt::Display) it is a phrase: `3 that are no reviews: "train/neg/notes.md", …`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    count: usize,
    names: Vec<String>,
}

impl PassedOver {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first of them, up to a dozen. A folder that was passed over as a whole stands there once,
    /// with `/` at its end.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `count` more, of this name.
    pub(crate) fn add(&mut self, count: usize, name: &str) {
        self.count += count;
        if self.names.len() < LISTED && !self.names.iter().any(|other| other == name) {
            self.names.push(name.to_owned());
        }
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.count += other.count;
        for name in &other.names {
            self.add(0, name);
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} that are no reviews", self.count)?;
        for (position, name) in self.names.iter().enumerate() {
            let before = if position == 0 { ": " } else { ", " };
            write!(formatter, "{before}{}", Quoted(name))?;
        }
        if self.names.len() == LISTED {
            formatter.write_str(", …")?;
        }
        Ok(())
    }
}
