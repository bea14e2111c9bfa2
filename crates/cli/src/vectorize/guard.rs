//! Another library's panics as errors.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread is told by its catcher.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, and returns what it says where it panics, without a trace on standard error. What it used is not to be
/// used again then.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result.map_err(|said| {
        let text = said.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| said.downcast_ref::<&str>().copied());
        text.unwrap_or("it cannot be decoded").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_what_it_says() {
        assert_eq!(guarded(|| 5), Ok(5));
        let number = 7;
        assert_eq!(
            guarded::<()>(|| panic!("number {number}")),
            Err("number 7".to_owned())
        );
        assert_eq!(
            guarded::<()>(|| panic!("literal")),
            Err("literal".to_owned())
        );
    }
}
