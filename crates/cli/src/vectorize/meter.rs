//! How much of the input is read.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal, nothing otherwise.
pub(super) struct Meter(Option<ProgressBar>);

impl Meter {
    /// Of so many bytes, where that is known.
    pub(super) fn new(total: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = if total.is_some() {
            "{bytes}/{total_bytes} [{bar:30}] {binary_bytes_per_sec} {eta} left"
        } else {
            "{bytes} {binary_bytes_per_sec}"
        };
        // A template of ours; were it wrong, the default bar would show.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=>."));
        }
        Self(Some(bar))
    }

    pub(super) fn add(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
