//! The rules of Unicode, beyond Keras: normal forms, full lower-casing, punctuation and white space of
//! all scripts, word boundaries. The tables are those of the `unicode-*` crates and of the standard
//! library. Invalid UTF-8 is kept as it is, and separates nothing.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// How [`Standardize::Unicode`](crate::Standardize::Unicode) changes a text. The default is NFKC, lower
/// case, and no punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnicodeRules {
    /// Which normal form the text gets, last of all.
    pub normalization: Normalization,
    /// Full lower-casing: `É` becomes `é`, `İ` two characters, a final `Σ` becomes `ς`.
    pub lower: bool,
    /// Characters of the general categories P (punctuation) and S (symbols) are deleted, and their
    /// neighbours join, as Keras does with ASCII.
    pub strip_punctuation: bool,
}

/// A normal form of Unicode (UAX #15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// As the text comes.
    None,
    /// Canonical composition.
    Nfc,
    /// Compatibility composition: `ﬁ` becomes `fi`, `①` becomes `1`.
    #[default]
    Nfkc,
}

impl Default for UnicodeRules {
    fn default() -> Self {
        Self {
            normalization: Normalization::default(),
            lower: true,
            strip_punctuation: true,
        }
    }
}

impl Normalization {
    /// `none`, `nfc` or `nfkc`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Nfc => "nfc",
            Self::Nfkc => "nfkc",
        }
    }

    /// The form with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "nfc" => Some(Self::Nfc),
            "nfkc" => Some(Self::Nfkc),
            _ => None,
        }
    }
}

/// Appends what becomes of a text.
pub(super) fn standardize(rules: UnicodeRules, text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        // Compatibility forms first: they can hold capitals and punctuation of their own.
        let composed = normal(rules.normalization, chunk.valid().chars());
        let lower = if rules.lower {
            composed.to_lowercase()
        } else {
            composed
        };
        let stripped = lower
            .chars()
            .filter(|&character| !(rules.strip_punctuation && is_punctuation(character)));
        out.extend_from_slice(normal(rules.normalization, stripped).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
}

fn normal(form: Normalization, text: impl Iterator<Item = char>) -> String {
    match form {
        Normalization::None => text.collect(),
        Normalization::Nfc => text.nfc().collect(),
        Normalization::Nfkc => text.nfkc().collect(),
    }
}

fn is_punctuation(character: char) -> bool {
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol
    )
}

/// Runs of anything but white space.
pub(super) fn whitespace(text: &[u8], mut token: impl FnMut(&[u8])) {
    let mut word = Vec::new();
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_whitespace() {
                if !word.is_empty() {
                    token(&word);
                    word.clear();
                }
            } else {
                word.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        word.extend_from_slice(chunk.invalid());
    }
    if !word.is_empty() {
        token(&word);
    }
}

/// Words between the boundaries of UAX #29 that have a letter or digit; invalid bytes are words of their
/// own.
pub(super) fn words(text: &[u8], mut token: impl FnMut(&[u8])) {
    for chunk in text.utf8_chunks() {
        for word in chunk.valid().unicode_words() {
            token(word.as_bytes());
        }
        if !chunk.invalid().is_empty() {
            token(chunk.invalid());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: UnicodeRules, text: &str, expected: &str) {
        let mut out = Vec::new();
        standardize(rules, text.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn changes_what_keras_leaves() {
        let rules = UnicodeRules::default();
        check(rules, "École, ÇA! “Déjà vu”…", "école ça déjà vu");
        check(rules, "ΟΔΟΣ ﬁlm Ⅷ ① ½", "οδος film viii 1 12");
        // The dotted capital I has two characters in lower case.
        check(rules, "\u{130}", "i\u{307}");
        // Both spellings of é are one.
        check(rules, "e\u{301}", "é");
        let bare = UnicodeRules {
            normalization: Normalization::None,
            lower: false,
            strip_punctuation: false,
        };
        check(bare, "École, e\u{301}!", "École, e\u{301}!");
        let nfc = UnicodeRules {
            normalization: Normalization::Nfc,
            ..bare
        };
        check(nfc, "ﬁ e\u{301}", "ﬁ é");
    }

    #[test]
    fn invalid_bytes_stay() {
        let mut out = Vec::new();
        standardize(UnicodeRules::default(), b"A\xFF\xC3(B", &mut out);
        assert_eq!(out, b"a\xFF\xC3b");
    }

    #[test]
    fn splits_at_white_space_and_at_word_boundaries() {
        let check = |text: &[u8], expected_runs: &[&str], expected_words: &[&[u8]]| {
            let mut runs = Vec::new();
            whitespace(text, |token| {
                runs.push(String::from_utf8_lossy(token).into_owned());
            });
            assert_eq!(runs, expected_runs);
            let mut found = Vec::new();
            words(text, |token| found.push(token.to_vec()));
            assert_eq!(found, expected_words);
        };
        check(
            "a\u{3000}b\u{A0}can't 3.14\u{85}".as_bytes(),
            &["a", "b", "can't", "3.14"],
            &[b"a", b"b", b"can't", b"3.14"],
        );
        check(
            "don't stop—now".as_bytes(),
            &["don't", "stop—now"],
            &[b"don't", b"stop", b"now"],
        );
        check(b" a\xFFb ", &["a\u{FFFD}b"], &[b"a", b"\xFF", b"b"]);
    }
}
