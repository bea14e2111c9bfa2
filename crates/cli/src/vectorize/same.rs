//! Whether what is written is what is read: one file can have several names.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::error::VectorizeError;

/// What a file is known by, whatever it is called.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// The place on its device.
    #[cfg(unix)]
    Place { device: u64, number: u64 },
    /// Its path without links.
    Path(PathBuf),
}

/// Refuses outputs that are inputs, or one another, by whatever name: links, hard links, `-` for a file that the shell
/// opened. Pipes and devices may be both.
pub(super) fn check<'p>(
    inputs: impl IntoIterator<Item = &'p Path>,
    outputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), VectorizeError> {
    let known = |path: &'p Path, stream| (path, identities(path, stream));
    let inputs: Vec<_> = inputs
        .into_iter()
        .map(|path| known(path, Stream::In))
        .collect();
    let outputs: Vec<_> = outputs
        .into_iter()
        .map(|path| known(path, Stream::Out))
        .collect();
    for (index, (output, identities)) in outputs.iter().enumerate() {
        let same = |other: &&(&Path, Vec<Identity>)| {
            other.1.iter().any(|identity| identities.contains(identity))
        };
        if let Some((input, _)) = inputs.iter().find(same) {
            return Err(VectorizeError::InputIsOutput {
                input: input.to_path_buf(),
                output: output.to_path_buf(),
            });
        }
        if outputs[..index].iter().any(|other| same(&other)) {
            let path = output.to_path_buf();
            return Err(VectorizeError::SameOutput { path });
        }
    }
    Ok(())
}

/// What `-` stands for.
#[derive(Clone, Copy)]
enum Stream {
    In,
    Out,
}

/// Nothing for what can be read and written at once.
fn identities(path: &Path, stream: Stream) -> Vec<Identity> {
    let there = if path == Path::new("-") {
        match standard(stream) {
            Some(there) => Some(there),
            None => return Vec::new(),
        }
    } else {
        fs::metadata(path).ok()
    };
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return Vec::new();
    }
    let mut identities = Vec::new();
    if path != Path::new("-") {
        identities.push(Identity::Path(without_links(path)));
    }
    #[cfg(unix)]
    if let Some(there) = there {
        use std::os::unix::fs::MetadataExt as _;
        identities.push(Identity::Place {
            device: there.dev(),
            number: there.ino(),
        });
    }
    identities
}

/// The file behind standard input or output.
#[cfg(unix)]
fn standard(stream: Stream) -> Option<Metadata> {
    use std::os::fd::AsFd as _;
    let file = match stream {
        Stream::In => std::io::stdin().as_fd().try_clone_to_owned(),
        Stream::Out => std::io::stdout().as_fd().try_clone_to_owned(),
    };
    fs::File::from(file.ok()?).metadata().ok()
}

#[cfg(not(unix))]
fn standard(_: Stream) -> Option<Metadata> {
    None
}

/// The path of a file that need not be there, nor its folder.
fn without_links(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => without_links(parent).join(name),
        _ => absolute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_any_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "text").unwrap();
        fs::write(path("b"), "text").unwrap();
        fs::create_dir(path("sub")).unwrap();
        let same = |input: &str, output: &str| {
            let (input, output) = (path(input), path(output));
            check([input.as_path()], [output.as_path()]).is_err()
        };
        assert!(same("a", "a"));
        assert!(same("a", "sub/../a"));
        assert!(!same("a", "b"));
        assert!(!same("a", "new"));
        assert!(!same("no", "new/a"));
        assert!(same("no/x", "no/./x"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
            std::os::unix::fs::symlink(folder.path(), path("sub/up")).unwrap();
            assert!(same("a", "link") && same("link", "a"));
            assert!(same("sub/up/new", "new"));
            let device = Path::new("/dev/null");
            assert!(check([device], [device]).is_ok());
        }
        fs::hard_link(path("a"), path("hard")).unwrap();
        assert!(same("a", "hard"));
        let (a, new) = (path("a"), path("new"));
        let twice = check([a.as_path()], [new.as_path(), new.as_path()]);
        assert!(matches!(twice, Err(VectorizeError::SameOutput { .. })));
    }
}
