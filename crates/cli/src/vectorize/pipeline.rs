//! Batches through worker threads: read in order here, worked on there, used in order here again. At most
//! two batches a worker are under way, so memory does not grow with the input.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::{panic, thread};

use super::error::VectorizeError;
use crate::error::CliError;

/// Whether what uses the results wants more of them.
pub(super) type More = bool;

/// Works on every batch with one of the states and hands the results to `sink` in the order of the
/// batches, until that wants no more. There is a thread for each state, none if there is only one; batch
/// `i` goes to state `i` modulo their number. Gives the states back. Where the system does not give as many threads, that
/// is an error, and nothing is read.
pub(super) fn run<B: Send, S: Send, R: Send>(
    batches: impl Iterator<Item = Result<B, CliError>>,
    mut states: Vec<S>,
    work: impl Fn(&mut S, B) -> Result<R, CliError> + Sync,
    mut sink: impl FnMut(R) -> Result<More, CliError>,
) -> Result<Vec<S>, CliError> {
    if let [state] = states.as_mut_slice() {
        for batch in batches {
            if !sink(work(state, batch?)?)? {
                break;
            }
        }
        return Ok(states);
    }
    thread::scope(|scope| {
        let work = &work;
        let threads = states.len();
        let mut workers = Vec::new();
        for mut state in states {
            let (jobs, inbox) = mpsc::channel::<B>();
            let (outbox, results) = mpsc::channel();
            let thread = thread::Builder::new().spawn_scoped(scope, move || {
                for batch in inbox {
                    // Nobody waits for the result any more once something failed.
                    if outbox.send(work(&mut state, batch)).is_err() {
                        break;
                    }
                }
                state
            });
            // Those that were started end when their `jobs` go.
            let thread = thread.map_err(|source| VectorizeError::Threads { threads, source })?;
            workers.push((jobs, results, thread));
        }
        let mut under_way = VecDeque::new();
        let mut failed = None;
        let feed = || {
            // The oldest result; where its worker panicked there is none, and joining says so.
            let mut take = |worker: usize| match workers[worker].1.recv() {
                Ok(result) => sink(result?),
                Err(mpsc::RecvError) => Ok(false),
            };
            for (batch, worker) in batches.zip((0..workers.len()).cycle()) {
                let batch = match batch {
                    Ok(batch) => batch,
                    Err(error) => {
                        // What came before it may have failed already.
                        failed = Some(error);
                        break;
                    }
                };
                if under_way.len() == 2 * workers.len()
                    && let Some(oldest) = under_way.pop_front()
                    && !take(oldest)?
                {
                    return Ok(());
                }
                let _ = workers[worker].0.send(batch);
                under_way.push_back(worker);
            }
            for worker in under_way.drain(..) {
                if !take(worker)? {
                    return Ok(());
                }
            }
            Ok(())
        };
        let fed: Result<(), CliError> = feed();
        let mut states = Vec::new();
        for (jobs, results, thread) in workers {
            drop((jobs, results));
            match thread.join() {
                Ok(state) => states.push(state),
                Err(cause) => panic::resume_unwind(cause),
            }
        }
        fed?;
        failed.map_or(Ok(states), Err)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> CliError {
        CliError::Output(std::io::Error::other("broken"))
    }

    #[test]
    fn results_come_in_order_and_states_come_back() {
        for threads in [1, 2, 3, 7] {
            let mut seen = Vec::new();
            let states = run(
                (0..100_u32).map(Ok),
                vec![0; threads],
                |sum, batch| {
                    *sum += batch;
                    Ok(batch * 2)
                },
                |result| {
                    seen.push(result);
                    Ok(true)
                },
            );
            assert_eq!(states.unwrap().iter().sum::<u32>(), 4950);
            assert!(seen.iter().copied().eq((0..100).map(|batch| batch * 2)));
        }
    }

    #[test]
    fn errors_and_enough_end_it() {
        for threads in [1, 3] {
            let states = || vec![(); threads];
            let reading = (0..50).map(|batch| if batch == 20 { Err(error()) } else { Ok(batch) });
            let mut seen = 0;
            let result = run(
                reading,
                states(),
                |(), batch| Ok(batch),
                |_| {
                    seen += 1;
                    Ok(true)
                },
            );
            assert!(result.is_err());
            assert_eq!(seen, 20);
            let work = |(): &mut (), batch| if batch == 3 { Err(error()) } else { Ok(()) };
            assert!(run((0..).map(Ok), states(), work, |()| Ok(true)).is_err());
            let sink = |()| Err(error());
            assert!(run((0..).map(Ok), states(), |(), _| Ok(()), sink).is_err());
            let mut left = 10;
            let sink = |()| {
                left -= 1;
                Ok(left > 0)
            };
            assert!(run((0..).map(Ok), states(), |(), _| Ok(()), sink).is_ok());
            assert_eq!(left, 0);
        }
    }
}
