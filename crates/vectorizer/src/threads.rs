//! Work shared between threads of the standard library.

use std::thread;

/// Runs `work` on every item: the first on this thread, each of the others on one of its own.
pub(crate) fn share_out<T: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    let mut items = items;
    let Some(first) = items.next() else { return };
    thread::scope(|scope| {
        for item in items {
            scope.spawn(|| work(item));
        }
        work(first);
    });
}
