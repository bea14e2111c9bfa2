//! `history.json`: one record for each network and epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::{check_line, quoted};
use crate::numbers::number;
use crate::{Invalid, check_name, ensure, is_share};

/// One epoch of one network; `history.json` is an array of these.
///
/// Train figures are running means over the epoch, each taken before its update, as in Keras; test
/// figures are those of the weights after the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Which network.
    pub network: String,
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training split, nats. One that is not finite is written as `null` and read as NaN.
    #[serde(deserialize_with = "number")]
    pub train_loss: f64,
    /// Accuracy over the training split, 0 to 1.
    pub train_accuracy: f64,
    /// Mean loss over the test split, nats; `null` as above.
    #[serde(deserialize_with = "number")]
    pub test_loss: f64,
    /// Accuracy over the test split, 0 to 1.
    pub test_accuracy: f64,
    /// Wall time of the epoch with its evaluation.
    pub seconds: f64,
    /// What to keep in mind about the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Losses in nats beyond this are no losses of any training that went on.
const LARGEST_LOSS: f64 = 1e6;

/// The most records of a history.
const MOST_RECORDS: usize = 100_000;

/// The most networks of a history.
const MOST_NETWORKS: usize = 1000;

impl EpochRecord {
    /// Whether the figures can be those of an epoch.
    ///
    /// # Errors
    /// [`Invalid`] for a name that no network has, a loss that is negative, not finite or beyond 1e6, an accuracy
    /// outside of 0 to 1, or a duration that is negative or not finite.
    pub fn check(&self) -> Result<(), Invalid> {
        ensure(self.has_losses(), || {
            format!(
                "says that the loss of {} is not finite at epoch {}",
                quoted(&self.network),
                self.epoch
            )
        })?;
        self.check_figures()
    }

    /// Whether both losses are numbers. Files of 0.1 have `null` where one was not finite, which reads as NaN.
    pub fn has_losses(&self) -> bool {
        !self.train_loss.is_nan() && !self.test_loss.is_nan()
    }

    /// As [`check`](Self::check), but for losses that are NaN.
    fn check_figures(&self) -> Result<(), Invalid> {
        check_name(&self.network)?;
        check_line("note", self.note.as_deref().unwrap_or_default())?;
        let what = |name: &'static str, value: f64, right: &'static str| {
            move || {
                format!(
                    "says that the {name} of {} is {value} at epoch {}, where {right} can be",
                    quoted(&self.network),
                    self.epoch
                )
            }
        };
        for (name, loss) in [
            ("train_loss", self.train_loss),
            ("test_loss", self.test_loss),
        ] {
            let right = loss.is_nan() || (0.0..=LARGEST_LOSS).contains(&loss);
            ensure(right, what(name, loss, "0 to 1e6"))?;
        }
        for (name, share) in [
            ("train_accuracy", self.train_accuracy),
            ("test_accuracy", self.test_accuracy),
        ] {
            ensure(is_share(share), what(name, share, "0 to 1"))?;
        }
        let lasts = self.seconds >= 0.0 && self.seconds.is_finite();
        ensure(lasts, what("seconds", self.seconds, "0 or more"))
    }
}

/// Whether these can be the records of a history: the figures of each, and the epochs of each network from 1
/// upwards without a gap. Losses may be NaN, as they are read from a file of 0.1 whose training came to that.
///
/// # Errors
/// [`Invalid`] says what cannot be.
pub fn check_history(records: &[EpochRecord]) -> Result<(), Invalid> {
    ensure(records.len() <= MOST_RECORDS, || {
        format!(
            "has {} records, where at most {MOST_RECORDS} can be",
            records.len()
        )
    })?;
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        record.check_figures()?;
        let expected = next.entry(&record.network).or_insert(1);
        ensure(record.epoch == *expected, || {
            let reason = if record.epoch < *expected {
                "the network was trained twice into one folder, or records are mixed"
            } else {
                "records are missing"
            };
            format!(
                "has epoch {} of {} where its epoch {expected} should stand: {reason}",
                record.epoch,
                quoted(&record.network)
            )
        })?;
        *expected += 1;
    }
    ensure(next.len() <= MOST_NETWORKS, || {
        format!(
            "has {} networks, where at most {MOST_NETWORKS} can be",
            next.len()
        )
    })
}

/// The networks that have records, in the order of training.
pub fn networks(records: &[EpochRecord]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for record in records {
        if !names.contains(&record.network.as_str()) {
            names.push(&record.network);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: usize) -> EpochRecord {
        EpochRecord {
            network: "lstm".to_owned(),
            epoch,
            train_loss: 0.6,
            train_accuracy: 0.7,
            test_loss: 0.5,
            test_accuracy: 0.75,
            seconds: 1.5,
            note: None,
        }
    }

    #[test]
    fn epochs_count_from_one_without_a_gap() {
        check_history(&[record(1), record(2)]).unwrap();
        for epochs in [&[2][..], &[1, 3], &[1, 1], &[2, 1]] {
            let records: Vec<_> = epochs.iter().map(|epoch| record(*epoch)).collect();
            let Invalid(reason) = check_history(&records).unwrap_err();
            assert!(reason.contains("should stand"), "{reason}");
        }
    }

    #[test]
    fn figures_that_no_epoch_has_are_named() {
        type Change = fn(&mut EpochRecord);
        let changes: [(&str, Change); 8] = [
            ("train_loss", |record| record.train_loss = -1.0),
            ("names a network", |record| {
                record.network = "../a".to_owned();
            }),
            ("names a network", |record| {
                record.network = "\0\u{1b}".to_owned();
            }),
            ("in note", |record| record.note = Some("a".repeat(100_000))),
            ("test_loss", |record| record.test_loss = 1e308),
            ("train_accuracy", |record| record.train_accuracy = -5.0),
            ("test_accuracy", |record| record.test_accuracy = 7.0),
            ("seconds", |record| record.seconds = f64::INFINITY),
        ];
        for (name, change) in changes {
            let mut changed = record(1);
            change(&mut changed);
            let Invalid(reason) = check_history(&[changed]).unwrap_err();
            assert!(reason.contains(name), "{reason}");
            assert!(!reason.chars().any(char::is_control), "{reason:?}");
        }
    }

    #[test]
    fn a_loss_that_is_null_is_read_and_only_a_single_record_refuses_it() {
        let mut lost = record(1);
        lost.test_loss = f64::NAN;
        let text = serde_json::to_string(&lost).unwrap();
        assert!(text.contains("\"test_loss\":null"), "{text}");
        let read: EpochRecord = serde_json::from_str(&text).unwrap();
        assert!(read.test_loss.is_nan() && !read.has_losses());
        check_history(&[read.clone(), record(2)]).unwrap();
        let Invalid(reason) = read.check().unwrap_err();
        assert!(reason.contains("not finite at epoch 1"), "{reason}");
        assert!(serde_json::from_str::<EpochRecord>(&text.replace("0.7", "null")).is_err());
    }

    #[test]
    fn a_history_has_its_bounds() {
        let many: Vec<_> = (1..=MOST_RECORDS + 1).map(record).collect();
        let Invalid(reason) = check_history(&many).unwrap_err();
        assert!(reason.contains("100001 records"), "{reason}");
        let networks = (0..=MOST_NETWORKS).map(|place| EpochRecord {
            network: format!("n{place}"),
            ..record(1)
        });
        let Invalid(reason) = check_history(&networks.collect::<Vec<_>>()).unwrap_err();
        assert!(reason.contains("1001 networks"), "{reason}");
    }

    #[test]
    fn records_of_0_1_are_read() {
        let text = r#"{"network":"lstm","epoch":1,"train_loss":0.6,"train_accuracy":0.7,"test_loss":0.5,"test_accuracy":0.75,"seconds":1.5}"#;
        assert_eq!(
            serde_json::from_str::<EpochRecord>(text).unwrap(),
            record(1)
        );
        assert_eq!(serde_json::to_string(&record(1)).unwrap(), text);
    }
}
