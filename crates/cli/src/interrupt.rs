//! What happens when the program is told to stop: Ctrl-C, SIGTERM, SIGHUP.
//!
//! Files are written whole or not at all, so that nothing has to be waited for. What must not stay (a folder that was
//! unpacked, a hidden cursor) is undone by actions that are registered for as long as it is there; then the program says
//! how to go on and ends with status 130, as shells expect of one that was interrupted.

use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Status of a program that was interrupted.
const STATUS: i32 = 130;

type Action = Box<dyn FnOnce() + Send>;

struct Registered {
    next: u64,
    actions: Vec<(u64, Action)>,
}

static REGISTERED: Mutex<Registered> = Mutex::new(Registered {
    next: 0,
    actions: Vec::new(),
});

/// Ends the program when it is told to stop, after all registered actions; then `advice` is printed.
pub(crate) fn install(advice: String) {
    // A second handler in one process, or a system without signals: then there is none.
    let _ = ctrlc::set_handler(move || {
        // Held until the end, so that nobody undoes the same at the same time.
        let mut registered = lock();
        for (_, action) in registered.actions.drain(..).rev() {
            action();
        }
        crate::say(&format!("\ninterrupted; {advice}"));
        exit(STATUS);
    });
}

/// Whether the program has been told to stop: the first time is noted, and `advice` printed; the second ends the program.
pub(crate) fn asked(advice: &'static str) -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&asked);
    // As above: where there can be no handler, the system ends the program.
    let _ = ctrlc::set_handler(move || {
        if told.swap(true, Ordering::Relaxed) {
            exit(STATUS);
        }
        crate::say(&format!("\n{advice}"));
    });
    asked
}

/// Registers what is to be done when the program is told to stop, until the returned value is dropped.
#[must_use = "the action is registered only as long as this lives"]
pub(crate) fn on_stop(action: impl FnOnce() + Send + 'static) -> OnStop {
    let mut registered = lock();
    let number = registered.next;
    registered.next += 1;
    registered.actions.push((number, Box::new(action)));
    OnStop(number)
}

/// An action that is registered.
pub(crate) struct OnStop(u64);

impl Drop for OnStop {
    fn drop(&mut self) {
        // Waits for ever where the program is about to end.
        lock().actions.retain(|(number, _)| *number != self.0);
    }
}

fn lock() -> MutexGuard<'static, Registered> {
    REGISTERED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_registered_as_long_as_they_are_held() {
        let count = || lock().actions.len();
        let before = count();
        let held = on_stop(|| {});
        assert_eq!(count(), before + 1);
        drop(held);
        assert_eq!(count(), before);
    }
}
