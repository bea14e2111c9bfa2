//! The networks on a thread of their own, behind a queue of bounded length.

use burn::tensor::Device;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::reading::{self, Reading, Wanted};
use recurrent::Model;

/// Texts that may wait; a text takes some milliseconds.
const WAITING: usize = 32;

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Too many texts are waiting.
    Busy,
    /// The thread of the networks has come to an end, which it does not by itself.
    Gone,
}

struct Job {
    text: String,
    wanted: Wanted,
    answer: oneshot::Sender<Vec<Reading>>,
}

/// Hands texts to the networks.
#[derive(Clone)]
pub(super) struct Reader {
    queue: mpsc::Sender<Job>,
}

impl Reader {
    /// Starts the thread; it ends when the last reader is dropped.
    pub(super) fn start(models: Vec<Model>, device: Device) -> Self {
        let (queue, mut jobs) = mpsc::channel::<Job>(WAITING);
        std::thread::spawn(move || {
            while let Some(job) = jobs.blocking_recv() {
                // Who asked may have gone away in the meantime.
                if job.answer.is_closed() {
                    continue;
                }
                let readings = models
                    .iter()
                    .flat_map(|model| reading::read(model, &[&job.text], job.wanted, &device))
                    .collect();
                let _ = job.answer.send(readings);
            }
        });
        Self { queue }
    }

    /// What every network reads in `text`.
    pub(super) async fn read(&self, text: String, wanted: Wanted) -> Result<Vec<Reading>, Unread> {
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
        reading.await.map_err(|_| Unread::Gone)
    }
}
