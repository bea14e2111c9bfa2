//! A folder that holds `train` or `test`, while names come in.

use std::collections::HashMap;

use recurrent_corpus::Split;

use crate::passed_over::PassedOver;

#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: String,
    /// Reviews per split; `None` where the split has no such folder.
    pub(super) reviews: [Option<usize>; 2],
}

impl Class {
    pub(super) fn is_empty(&self) -> bool {
        self.reviews.iter().all(|count| count.unwrap_or(0) == 0)
    }
}

/// A folder that holds `train` or `test`.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) parts: Vec<String>,
    /// How each split is spelled.
    pub(super) spelling: [Option<String>; 2],
    pub(super) classes: Vec<Class>,
    numbers: HashMap<String, usize>,
    /// The first link that stands for a split, a class or a review.
    pub(super) link: Option<String>,
    pub(super) passed_over: PassedOver,
}

impl Root {
    pub(super) fn new(parts: Vec<String>) -> Self {
        Self {
            parts,
            spelling: [None, None],
            classes: Vec::new(),
            numbers: HashMap::new(),
            link: None,
            passed_over: PassedOver::default(),
        }
    }

    pub(super) fn name(&self) -> String {
        self.parts.join("/")
    }

    pub(super) fn reviews(&self, split: Split) -> usize {
        let counts = self
            .classes
            .iter()
            .map(|class| class.reviews[split as usize]);
        counts.map(|count| count.unwrap_or(0)).sum()
    }

    pub(super) fn class_number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.classes.len();
        self.numbers.insert(name.to_owned(), number);
        self.classes.push(Class {
            name: name.to_owned(),
            reviews: [None, None],
        });
        number
    }
}
