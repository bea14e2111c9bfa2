//! How many threads there may be, whoever asks for them.

use std::env;

use rayon::ThreadPoolBuilder;

use crate::error::CliError;

/// The most threads of one pool. More than that take minutes to start, and the system soon gives no others.
pub(crate) const MOST: u16 = 1024;

/// What rayon asks for the number of threads, in its order.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"];

/// Bounds the pool that kernels and burn share, where the environment asks for more threads than there may be.
pub(crate) fn bound_pool() -> Result<(), CliError> {
    let asked = VARIABLES
        .into_iter()
        .find_map(|name| Some((name, env::var(name).ok()?.parse::<usize>().ok()?)));
    let Some((name, asked)) = asked.filter(|(_, asked)| *asked > MOST.into()) else {
        return Ok(());
    };
    crate::say(&format!(
        "warning: {name} is {asked}, and {MOST} threads are used, which is the most"
    ));
    let pool = ThreadPoolBuilder::new().num_threads(MOST.into());
    pool.build_global().map_err(CliError::Pool)
}
