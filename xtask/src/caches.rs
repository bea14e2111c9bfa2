//! Where a user's caches are kept, by the conventions of the systems.

use std::path::{Path, PathBuf};

/// The folder, if the environment names one.
pub(crate) fn folder() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(cache) = variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA")) {
        return Some(cache);
    }
    let home = variable("HOME")?;
    let mac = cfg!(target_os = "macos");
    Some(home.join(Path::new(if mac { "Library/Caches" } else { ".cache" })))
}
