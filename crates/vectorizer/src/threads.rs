//! How work on many texts is shared between threads: those of the standard library, or a pool of rayon.
//! What the work is, and what becomes of its parts, is the caller's business.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Who works, and in how many parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sharing {
    /// Up to so many threads of the standard library, one part each; 0 counts as 1.
    Threads(usize),
    /// The current pool of rayon, so many parts for each of its threads.
    #[cfg(feature = "rayon")]
    Pool(usize),
}

impl Sharing {
    /// How many of `items` go into one part; at least 1.
    pub(crate) fn share(self, items: usize) -> usize {
        let parts = match self {
            Self::Threads(threads) => threads,
            #[cfg(feature = "rayon")]
            Self::Pool(parts) => rayon::current_num_threads().saturating_mul(parts),
        };
        items.div_ceil(parts.max(1)).max(1)
    }

    /// Runs `work` on every part and returns when all are done. Some run on this thread: all of them where the system
    /// gives no others.
    pub(crate) fn out<T: Send>(self, parts: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
        let mut parts = parts;
        let Some(first) = parts.next() else { return };
        let work = &work;
        match self {
            Self::Threads(_) => {
                let rest: Vec<T> = parts.collect();
                let others = rest.len();
                let rest = Mutex::new(rest.into_iter());
                let next = || rest.lock().unwrap_or_else(PoisonError::into_inner).next();
                let one = || next().into_iter().for_each(work);
                thread::scope(|scope| {
                    let start = |_| thread::Builder::new().spawn_scoped(scope, one).ok();
                    let started = (0..others).map_while(start).count();
                    work(first);
                    (started..others).for_each(|_| one());
                });
            }
            #[cfg(feature = "rayon")]
            Self::Pool(_) => {
                let rest: Vec<T> = parts.collect();
                rayon::scope(|scope| {
                    for part in rest {
                        scope.spawn(move |_| work(part));
                    }
                    work(first);
                });
            }
        }
    }
}
