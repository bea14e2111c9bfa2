//! How many threads compute.

use crate::error::CliError;

/// The most threads that may be asked for: with many thousands a machine starts threads for minutes.
pub(crate) const MOST: u16 = 1024;

/// What rayon asks, in this order.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"];

/// Starts the threads that all computing shares. Without, the first to compute would, and could not say what is wrong.
///
/// # Errors
/// [`CliError::TooManyThreads`], and [`CliError::Threads`] where the system gives none.
pub(crate) fn start() -> Result<(), CliError> {
    for variable in VARIABLES {
        if let Ok(value) = std::env::var(variable) {
            check(variable, &value)?;
        }
    }
    rayon::ThreadPoolBuilder::new()
        .build_global()
        .map_err(CliError::Threads)
}

/// Numbers beyond [`MOST`] are refused; 0 and what is no number mean one thread a core, as for rayon.
fn check(variable: &'static str, value: &str) -> Result<(), CliError> {
    let digits = value.strip_prefix('+').unwrap_or(value);
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if number
        && !digits
            .parse::<usize>()
            .is_ok_and(|threads| threads <= MOST.into())
    {
        return Err(CliError::TooManyThreads {
            variable,
            value: value.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_beyond_the_bound_are_refused() {
        for value in ["", "0", "1", "1024", "+8", "many", "-3", "1e9", "2.5"] {
            check("RAYON_NUM_THREADS", value).unwrap();
        }
        for value in ["1025", "20000", "+100000", "99999999999999999999999"] {
            let error = check("RAYON_NUM_THREADS", value).unwrap_err().to_string();
            assert!(
                error.contains("1024") && error.contains("RAYON_NUM_THREADS"),
                "{error}"
            );
        }
    }
}
