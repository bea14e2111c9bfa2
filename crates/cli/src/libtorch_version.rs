//! The version of a libtorch by its headers: asked when the command is built, and again when it runs.

use std::path::{Path, PathBuf};

/// The headers that may define the version, which are there: 2.11 moved it to the first.
pub(crate) fn headers(folder: &Path) -> Vec<PathBuf> {
    [
        "include/torch/headeronly/version.h",
        "include/torch/csrc/api/include/torch/version.h",
    ]
    .map(|header| folder.join(header))
    .into_iter()
    .filter(|header| header.is_file())
    .collect()
}

/// The version that the folder's headers say.
pub(crate) fn version(folder: &Path) -> Option<String> {
    headers(folder)
        .iter()
        .filter_map(|header| std::fs::read_to_string(header).ok())
        .find_map(|text| defined(&text))
}

fn defined(text: &str) -> Option<String> {
    let part = |name: &str| {
        let name = format!("#define TORCH_VERSION_{name} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&name))
            .map(str::trim)
    };
    Some([part("MAJOR")?, part("MINOR")?, part("PATCH")?].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_where_either_release_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |header: &str, text: &str| {
            let path = folder.path().join(header);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let parts = |minor: u32| {
            format!(
                "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH 0\n"
            )
        };
        assert_eq!(version(folder.path()), None);
        let older = "include/torch/csrc/api/include/torch/version.h";
        write(older, &parts(9));
        assert_eq!(version(folder.path()).as_deref(), Some("2.9.0"));
        write(older, "#include <torch/headeronly/version.h>\n");
        assert_eq!(version(folder.path()), None);
        write("include/torch/headeronly/version.h", &parts(11));
        assert_eq!(version(folder.path()).as_deref(), Some("2.11.0"));
    }
}
