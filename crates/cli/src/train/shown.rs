//! How a training is shown, and how it is ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recurrent::{EpochRecord, Observer, Progress, Score};

use crate::interrupt;
use crate::progress::Display;

/// The display, which ends the training after its epoch once Ctrl-C was pressed.
pub(super) struct Shown {
    pub(super) display: Option<Display>,
    stop: Arc<AtomicBool>,
}

impl Shown {
    pub(super) fn new(quiet: bool, brief: bool) -> Self {
        let stop = interrupt::asked(match brief {
            true => "stopping after this step; press Ctrl-C again to stop now.",
            false => {
                "stopping after this epoch; press Ctrl-C again to stop now. Resume with the same command and --resume."
            }
        });
        Self {
            display: (!quiet).then(|| match Display::of_validation() {
                display if brief => display.brief(),
                display => display,
            }),
            stop,
        }
    }
}

impl Observer for Shown {
    fn preparing(&mut self, done: usize, of: usize) {
        if let Some(display) = &mut self.display {
            display.preparing(done, of);
        }
    }

    fn step(&mut self, progress: Progress) {
        if let Some(display) = &mut self.display {
            display.step(progress);
        }
    }

    fn wants_score(&mut self) -> bool {
        self.display.as_mut().is_some_and(Observer::wants_score)
    }

    fn score(&mut self, so_far: Score) {
        if let Some(display) = &mut self.display {
            display.score(so_far);
        }
    }

    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord) {
        if let Some(display) = &mut self.display {
            display.epoch(epochs, steps, record);
        }
    }

    fn stops(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
