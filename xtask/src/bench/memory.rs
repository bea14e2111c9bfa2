//! How much memory a process takes for a piece of work, as Linux tells it; elsewhere nothing is known.

use std::path::PathBuf;

use super::subject::Process;
use crate::error::Error;

/// Does something with a process. By how many bytes its resident memory grew at most meanwhile comes
/// with the result, where that is known.
pub(crate) fn growth<T>(
    process: &mut Process,
    work: impl FnOnce(&mut Process) -> Result<T, Error>,
) -> Result<(T, Option<u64>), Error> {
    let folder = PathBuf::from(format!("/proc/{}", process.id()));
    // Linux counts the peak from now on.
    let from_now = std::fs::write(folder.join("clear_refs"), "5").is_ok();
    let status = folder.join("status");
    let before = std::fs::read_to_string(&status).ok();
    let result = work(process)?;
    let after = std::fs::read_to_string(&status).ok();
    let grown = || bytes(&after?, "VmHWM")?.checked_sub(bytes(&before?, "VmRSS")?);
    Ok((result, from_now.then(grown).flatten()))
}

/// A field of a process' status.
fn bytes(status: &str, field: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_field_of_the_status() {
        let status = "Name:\tcat\nVmHWM:\t    1540 kB\nVmRSS:\t     512 kB\n";
        assert_eq!(bytes(status, "VmHWM"), Some(1540 * 1024));
        assert_eq!(bytes(status, "VmRSS"), Some(512 * 1024));
        assert_eq!(bytes(status, "Vm"), None);
        assert_eq!(bytes("VmHWM:\tmany\n", "VmHWM"), None);
    }
}
