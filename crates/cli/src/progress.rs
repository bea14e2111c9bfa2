//! Shows a run as it goes: a bar on a terminal, plain lines otherwise.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use recurrent_training::{EpochRecord, Observer, Progress, Score};

use crate::error::CliError;
use crate::print;

/// The running score in the bar is this old at most.
const BETWEEN_SCORES: Duration = Duration::from_millis(500);

/// Prints epochs as Keras does.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    /// When the score of the epoch so far was last asked for.
    scored: Instant,
    /// The held-out accuracy of the epoch before, for the bar.
    before: String,
    terminal: bool,
    /// What the texts are that are held out.
    held_out: &'static str,
    /// Whether epochs are steps of a fraction of a second, which nobody reads one by one.
    brief: bool,
    failure: Option<CliError>,
}

impl Display {
    pub(crate) fn new() -> Self {
        Self::of("test")
    }

    /// Of a training whose held-out texts are for validation.
    pub(crate) fn of_validation() -> Self {
        Self::of("val")
    }

    fn of(held_out: &'static str) -> Self {
        Self {
            held_out,
            brief: false,
            bar: None,
            scored: Instant::now(),
            before: String::new(),
            terminal: std::io::IsTerminal::is_terminal(&std::io::stderr()),
            failure: None,
        }
    }

    /// The same, printing no epochs.
    pub(crate) fn brief(self) -> Self {
        Self {
            brief: true,
            ..self
        }
    }

    /// What could not be printed, once. Training goes on without it.
    pub(crate) fn failure(self) -> Option<CliError> {
        self.failure
    }
}

impl Observer for Display {
    fn preparing(&mut self, done: usize, of: usize) {
        if !self.terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(of as u64);
            if let Ok(style) = ProgressStyle::with_template("linear models {pos}/{len} [{bar:30}]")
            {
                bar.set_style(style.progress_chars("=>."));
            }
            bar.tick();
            bar
        });
        bar.set_position(done as u64);
        if done == of {
            bar.finish_and_clear();
            self.bar = None;
        }
    }

    fn step(&mut self, progress: Progress) {
        if !self.terminal {
            return;
        }
        // Over all epochs, so that the time left is that of the whole training.
        let done = ((progress.epoch - 1) * progress.steps + progress.step) as u64;
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new((progress.epochs * progress.steps) as u64);
            // A template of ours; were it wrong, the default bar would show.
            if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {eta} left{msg}") {
                bar.set_style(style.progress_chars("=>."));
            }
            // Epochs of before are no measure of the speed of today.
            bar.set_position(done);
            bar.reset_eta();
            bar
        });
        bar.set_prefix(format!(
            "Epoch {}/{}, step {}/{}",
            progress.epoch, progress.epochs, progress.step, progress.steps
        ));
        bar.set_position(done);
    }

    fn wants_score(&mut self) -> bool {
        let wanted = self.terminal && self.scored.elapsed() > BETWEEN_SCORES;
        if wanted {
            self.scored = Instant::now();
        }
        wanted
    }

    fn score(&mut self, so_far: Score) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!(
                "; loss {:.4} - accuracy {:.4}{}",
                so_far.loss, so_far.accuracy, self.before
            ));
        }
    }

    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord) {
        let lines = epoch_lines(self.held_out, epochs, steps, record);
        let printed = match &self.bar {
            _ if self.brief => Ok(()),
            Some(bar) => bar.suspend(|| print(&lines)),
            None => print(&lines),
        };
        if let Err(error) = printed {
            self.failure.get_or_insert(error);
        }
        self.before = format!(
            "; last {}_accuracy {:.4}",
            self.held_out, record.test_accuracy
        );
        match &self.bar {
            Some(bar) if record.epoch < epochs => bar.set_message(self.before.clone()),
            _ => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

/// An epoch as Keras prints it.
pub(crate) fn epoch_lines(
    held_out: &str,
    epochs: usize,
    steps: usize,
    record: &EpochRecord,
) -> String {
    format!(
        "Epoch {}/{epochs}\n{steps}/{steps} - {:.0}s - {:.0}ms/step - loss: {:.4} - accuracy: {:.4} - \
         {held_out}_loss: {:.4} - {held_out}_accuracy: {:.4}",
        record.epoch,
        record.seconds,
        1000.0 * record.seconds / steps as f64,
        record.train_loss,
        record.train_accuracy,
        record.test_loss,
        record.test_accuracy,
    )
}
