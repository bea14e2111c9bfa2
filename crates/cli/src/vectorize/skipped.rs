//! Lines that are passed over, where the user asks for it: counted, and told at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::error::InputName;
use crate::error::CliError;

/// How many of them are told one by one.
const TOLD: usize = 5;

/// Where a line is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) input: InputName,
    /// Which of the inputs that is, from 0.
    pub(super) order: usize,
    /// Line number, from 1.
    pub(super) line: u64,
}

/// The lines that were passed over, or that none is.
#[derive(Debug)]
pub(super) struct Skipped {
    allowed: bool,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    lines: u64,
    /// The first, in whatever order threads find them.
    first: BTreeMap<(usize, u64), (InputName, CliError)>,
}

impl Skipped {
    /// None yet; where none is `allowed`, the first is an error.
    pub(super) fn new(allowed: bool) -> Self {
        Self {
            allowed,
            found: Mutex::default(),
        }
    }

    /// Passes over a line, or returns what is wrong with it.
    pub(super) fn pass_over(&self, place: Place, wrong: CliError) -> Result<(), CliError> {
        if !self.allowed {
            return Err(wrong);
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.lines += 1;
        let key = (place.order, place.line);
        found.first.insert(key, (place.input, wrong));
        if found.first.len() > TOLD {
            found.first.pop_last();
        }
        Ok(())
    }

    /// Says on standard error what was passed over.
    pub(super) fn warn(&self) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told(&found) {
            crate::say(&told);
        }
    }
}

fn told(found: &Found) -> Option<String> {
    let (_, (_, first)) = found.first.first_key_value()?;
    let lines = found.first.iter();
    let mut places: Vec<String> = lines
        .map(|((_, line), (input, _))| format!("{input}, line {line}"))
        .collect();
    if found.lines > places.len() as u64 {
        places.push("…".to_owned());
    }
    let were = if found.lines == 1 {
        "line was"
    } else {
        "lines were"
    };
    Some(format!(
        "warning: {} {were} skipped: {}\n  the first because: {first}",
        found.lines,
        places.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_first_lines_are_told_whoever_found_them() {
        let place = |order, line| Place {
            input: InputName::new(Path::new(["a", "b"][order])),
            order,
            line,
        };
        let wrong = || CliError::Output(std::io::Error::other("wrong"));
        assert!(Skipped::new(false).pass_over(place(0, 1), wrong()).is_err());
        let skipped = Skipped::new(true);
        let said = || told(&skipped.found.lock().unwrap());
        assert_eq!(said(), None);
        for (order, line) in [(1, 3), (0, 9), (1, 1), (0, 2), (1, 2), (1, 9)] {
            skipped.pass_over(place(order, line), wrong()).unwrap();
        }
        let said = said().unwrap();
        let expected =
            "6 lines were skipped: a, line 2; a, line 9; b, line 1; b, line 2; b, line 3; …\n";
        assert!(said.contains(expected), "{said}");
    }
}
