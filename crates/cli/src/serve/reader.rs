//! The networks on a thread of their own, behind a queue of bounded length.
//!
//! What is in memory is bounded, too: texts that wait, one that is read, and answers that are not taken yet.

use std::sync::Arc;

use axum::body::Bytes;
use burn::tensor::Device;
use recurrent_models::LayerConfig;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::named::Named;
use recurrent::reading::{self, Reading, Wanted};

/// Texts that may wait; a text takes some milliseconds.
const WAITING: usize = 32;

/// Kibibytes of all answers that are not taken yet.
const ANSWERS_KIB: usize = 256 * 1024;

/// The most numbers of states and gates that an answer may have: as many as 100 MB of JSON.
pub(super) const MOST_STATES: u64 = 8_000_000;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Too many texts are waiting, or answers that nobody takes.
    Busy,
    /// The thread of the networks has come to an end, which it does not by itself.
    Gone,
    /// No network finds a word in it.
    NoWords,
    /// A network, whose label this is, answers with what is no number.
    NotFinite(String),
    /// The states of these networks are more than can be sent.
    TooManyStates,
}

struct Job {
    text: String,
    wanted: Wanted,
    answer: oneshot::Sender<Result<Bytes, Unread>>,
}

/// Hands texts to the networks.
#[derive(Clone)]
pub(super) struct Reader {
    queue: mpsc::Sender<Job>,
}

/// An answer, and its share of the memory for answers for as long as it is there.
struct Held {
    json: Vec<u8>,
    _share: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

impl Reader {
    /// Starts the thread; it ends when the last reader is dropped.
    pub(super) fn start(models: Vec<Named>, device: Device) -> Self {
        let (queue, mut jobs) = mpsc::channel::<Job>(WAITING);
        let shares = Arc::new(Semaphore::new(ANSWERS_KIB));
        std::thread::spawn(move || {
            while let Some(job) = jobs.blocking_recv() {
                let Job {
                    text,
                    wanted,
                    answer,
                } = job;
                // Who asked may have gone away in the meantime, or may while the text is read.
                let readings = read(&models, &text, wanted, &device, &|| !answer.is_closed());
                if let Some(readings) = readings {
                    let _ = answer.send(readings.and_then(|readings| hold(&readings, &shares)));
                }
            }
        });
        Self { queue }
    }

    /// What every network reads in `text`: JSON, an array with a [`Reading`] for each.
    pub(super) async fn read(&self, text: String, wanted: Wanted) -> Result<Bytes, Unread> {
        let (answer, reading) = oneshot::channel();
        let job = Job {
            text,
            wanted,
            answer,
        };
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Unread::Busy,
            TrySendError::Closed(_) => Unread::Gone,
        })?;
        reading.await.map_err(|_| Unread::Gone)?
    }
}

/// None where nobody waits any longer.
fn read(
    models: &[Named],
    text: &str,
    wanted: Wanted,
    device: &Device,
    go_on: &dyn Fn() -> bool,
) -> Option<Result<Vec<Reading>, Unread>> {
    if wanted.states && models.iter().map(states).sum::<u64>() > MOST_STATES {
        return Some(Err(Unread::TooManyStates));
    }
    let mut readings = Vec::with_capacity(models.len());
    for named in models {
        for mut reading in reading::read_while(&named.model, &[text], wanted, device, go_on)? {
            reading.model.clone_from(&named.label);
            if reading.has_words() && !reading.is_finite() {
                return Some(Err(Unread::NotFinite(reading.model)));
            }
            readings.push(reading);
        }
    }
    let any = readings.iter().any(Reading::has_words);
    Some(any.then_some(readings).ok_or(Unread::NoWords))
}

/// The numbers that a model's states and gates of one text have.
fn states(named: &Named) -> u64 {
    let Some(config) = named.model.config.network.network() else {
        return 0;
    };
    let shapes = config.shapes();
    let recurrent = |(layer, _): &(&LayerConfig, _)| matches!(layer, LayerConfig::Recurrent { .. });
    let layers = config.layers.iter().zip(&shapes[1..]).filter(recurrent);
    // An LSTM, which has the most, has three gates.
    let step: usize = layers.map(|(_, shape)| shape.width.saturating_mul(4)).sum();
    config.time.saturating_mul(step) as u64
}

fn hold(readings: &[Reading], shares: &Arc<Semaphore>) -> Result<Bytes, Unread> {
    let json = serde_json::to_vec(readings).map_err(|_| Unread::Gone)?;
    let kib = u32::try_from(json.len().div_ceil(1024)).map_err(|_| Unread::TooManyStates)?;
    if kib as usize > ANSWERS_KIB {
        return Err(Unread::TooManyStates);
    }
    let share = Arc::clone(shares).try_acquire_many_owned(kib);
    let _share = share.map_err(|_| Unread::Busy)?;
    Ok(Bytes::from_owner(Held { json, _share }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_nobody_takes_are_bounded() {
        let shares = Arc::new(Semaphore::new(3));
        let two = hold(&[], &shares).and_then(|one| Ok([one, hold(&[], &shares)?]));
        let [one, other] = two.unwrap();
        let copy = one.clone();
        assert_eq!(shares.available_permits(), 1);
        hold(&[], &shares).unwrap();
        let third = hold(&[], &shares).unwrap();
        assert_eq!(hold(&[], &shares), Err(Unread::Busy));
        drop((one, third));
        assert_eq!(shares.available_permits(), 1, "a copy is still there");
        drop((copy, other));
        assert_eq!(shares.available_permits(), 3);
    }
}
