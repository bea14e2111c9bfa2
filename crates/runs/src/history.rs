//! `history.json`: one record for each network and epoch.

use serde::{Deserialize, Serialize};

use crate::{Invalid, ensure, is_share};

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
    /// Mean loss over the training split, nats.
    pub train_loss: f64,
    /// Accuracy over the training split, 0 to 1.
    pub train_accuracy: f64,
    /// Mean loss over the test split, nats.
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

impl EpochRecord {
    /// Whether the figures can be those of an epoch.
    ///
    /// # Errors
    /// [`Invalid`] for a loss that is negative, not finite or beyond 1e6, an accuracy outside of 0 to 1, or a
    /// duration that is negative or not finite.
    pub fn check(&self) -> Result<(), Invalid> {
        let epoch = self.epoch;
        let what =
            |name: &'static str, value: f64| move || format!("has {name} {value} in epoch {epoch}");
        for (name, loss) in [
            ("train_loss", self.train_loss),
            ("test_loss", self.test_loss),
        ] {
            ensure((0.0..=LARGEST_LOSS).contains(&loss), what(name, loss))?;
        }
        for (name, share) in [
            ("train_accuracy", self.train_accuracy),
            ("test_accuracy", self.test_accuracy),
        ] {
            ensure(is_share(share), what(name, share))?;
        }
        let lasts = self.seconds >= 0.0 && self.seconds.is_finite();
        ensure(lasts, what("seconds", self.seconds))
    }
}

/// Whether these can be the records of a history: the figures of each, and the epochs of each network from 1
/// upwards without a gap.
///
/// # Errors
/// [`Invalid`] says what cannot be.
pub fn check_history(records: &[EpochRecord]) -> Result<(), Invalid> {
    for network in networks(records) {
        let of_network = records.iter().filter(|record| record.network == network);
        for (place, record) in of_network.enumerate() {
            record.check()?;
            ensure(record.epoch == place + 1, || {
                format!(
                    "has epoch {} of a network where its epoch {} should stand",
                    record.epoch,
                    place + 1
                )
            })?;
        }
    }
    Ok(())
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
        let changes: [(&str, Change); 5] = [
            ("train_loss", |record| record.train_loss = f64::NAN),
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
        }
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
