//! What this build and machine write into `run.json`.

use recurrent_runs::RunInfo;

use crate::doctor;

/// The variable that says which commit the command was built from.
const COMMIT: &str = "RECURRENT_COMMIT";

/// The version of burn. A test holds it against the workspace's manifest.
const BURN: &str = "0.22.1";

/// A run of this program on this machine, of which nothing else is known yet.
pub(crate) fn here() -> RunInfo {
    RunInfo {
        version: recurrent_runs::VERSION,
        recurrent: env!("CARGO_PKG_VERSION").to_owned(),
        burn: BURN.to_owned(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        cpu: doctor::cpu(),
        isa: doctor::isa().to_owned(),
        held_out: "test".to_owned(),
        commit: std::env::var(COMMIT).ok(),
        ..RunInfo::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_is_the_manifests() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(manifest.contains(&format!("burn = {{ version = \"={BURN}\"")));
    }
}
