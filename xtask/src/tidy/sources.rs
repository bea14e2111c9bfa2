//! How a file of ours looks: opening words, length, no `unsafe` out of its places, no path of somebody's machine.
//!
//! Reads text, not syntax: what rustc and clippy already check is left to them.

use std::path::Path;

use crate::error::Error;

/// A file of the repository, its path from the root with forward slashes.
pub(super) struct Source {
    path: String,
    text: String,
}

const FOLDERS: [&str; 6] = [".", ".cargo", ".ci", "crates", "docs", "xtask"];
const EXTENSIONS: [&str; 5] = ["rs", "md", "toml", "sh", "yml"];
/// The only places in which `unsafe` may be written.
const UNSAFE_ALLOWED: [&str; 2] = ["crates/kernels/", "crates/vectorizer/src/arch.rs"];
const ARCHITECTURE: &str = "docs/architecture.md";
const MAX_LINES: usize = 500;
/// Beginnings of absolute paths that exist on one machine only.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("/tm", "p/"),
];

/// Reads every text file that the rules speak of, in the order of their paths.
pub(super) fn collect(root: &Path) -> Result<Vec<Source>, Error> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        // The root's own files, without what lies below: target, data sets and the like.
        walk(root, folder, folder != ".", &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &str, deep: bool, files: &mut Vec<Source>) -> Result<(), Error> {
    let here = root.join(folder);
    if !here.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(&here).map_err(Error::io(&here))? {
        let path = entry.map_err(Error::io(&here))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let from_root = if folder == "." {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        };
        if path.is_dir() {
            if deep && name != "target" && !name.starts_with('.') {
                walk(root, &from_root, true, files)?;
            }
        } else if folder == ".ci"
            || path
                .extension()
                .is_some_and(|end| EXTENSIONS.iter().any(|known| end == *known))
        {
            let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
            files.push(Source {
                path: from_root,
                text,
            });
        }
    }
    Ok(())
}

/// Each breach in words, with the place.
pub(super) fn violations(files: &[Source]) -> Vec<String> {
    files.iter().flat_map(in_file).collect()
}

fn in_file(file: &Source) -> Vec<String> {
    let Source { path, text } = file;
    let mut found = Vec::new();
    if path.ends_with(".rs") {
        if !text.starts_with("//!") {
            found.push(format!(
                "{path}: must open with `//!` and say what it is for and what it is not for"
            ));
        }
        let lines = text.lines().count();
        if lines > MAX_LINES {
            found.push(format!(
                "{path}: {lines} lines; split it, the limit is {MAX_LINES}"
            ));
        }
        if !UNSAFE_ALLOWED
            .iter()
            .any(|allowed| path.starts_with(allowed))
        {
            for (number, _) in numbered(text).filter(|(_, line)| is_unsafe(line)) {
                found.push(format!(
                    "{path}:{number}: `unsafe` belongs in {} only",
                    UNSAFE_ALLOWED.join(" and ")
                ));
            }
        }
    }
    for (number, start) in
        numbered(text).filter_map(|(number, line)| Some((number, machine_path(line)?)))
    {
        found.push(format!(
            "{path}:{number}: {start}… is a path of one machine; write it from the root"
        ));
    }
    found
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

/// Whether the line opens an unsafe block, function, implementation, trait or foreign module.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    code.match_indices("unsafe").any(|(at, keyword)| {
        let rest = &code[at + keyword.len()..];
        let next = rest.trim_start();
        let openers = ["{", "fn ", "impl ", "impl<", "trait ", "extern "];
        let alone =
            code[..at].chars().next_back().is_none_or(word) && rest.chars().next().is_none_or(word);
        alone && (next.is_empty() || openers.iter().any(|opener| next.starts_with(opener)))
    })
}

/// The beginning of a machine's path in the line. In `a/b/home/` it is no beginning, but the middle of another path.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS.into_iter().find(|start| {
        line.match_indices(start).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-}/".contains(c))
        })
    })
}

/// The packages' folders that the map of the code forgets.
pub(super) fn unmentioned(files: &[Source], folders: &[String]) -> Vec<String> {
    let page = files
        .iter()
        .find(|file| file.path == ARCHITECTURE)
        .map_or("", |file| &file.text);
    let missing = folders
        .iter()
        .filter(|folder| !page.contains(&format!("`{folder}`")));
    missing
        .map(|folder| format!("{ARCHITECTURE}: does not mention `{folder}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: impl Into<String>) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    fn check(path: &str, text: impl Into<String>, expect: &[&str]) {
        assert_eq!(violations(&[source(path, text)]), expect);
    }

    #[test]
    fn a_source_opens_with_its_purpose() {
        let expect = "crates/a/src/lib.rs: must open with `//!` and say what it is for and what it is not for";
        check("crates/a/src/lib.rs", "use std::fs;\n", &[expect]);
        check("crates/a/src/lib.rs", "//! Reads.\nuse std::fs;\n", &[]);
        check("docs/a.md", "# Title\n", &[]);
    }

    #[test]
    fn a_source_stays_short() {
        let text = |lines: usize| format!("//! Long.\n{}", "\n".repeat(lines - 1));
        check(
            "xtask/a.rs",
            text(501),
            &["xtask/a.rs: 501 lines; split it, the limit is 500"],
        );
        check("xtask/a.rs", text(500), &[]);
    }

    #[test]
    fn unsafe_stays_in_the_kernels() {
        let text = concat!(
            "//! Text.\nlet x = un",
            "safe { y };\n#![deny(unsafe_code)]\n// un",
            "safe { no }\n"
        );
        check(
            "crates/a/b.rs",
            text,
            &[
                "crates/a/b.rs:2: `unsafe` belongs in crates/kernels/ and crates/vectorizer/src/arch.rs only",
            ],
        );
        check("crates/kernels/b.rs", text, &[]);
        let function = concat!("//! Text.\npub un", "safe fn f() {}\n");
        check(
            "crates/a/b.rs",
            function,
            &[
                "crates/a/b.rs:2: `unsafe` belongs in crates/kernels/ and crates/vectorizer/src/arch.rs only",
            ],
        );
    }

    #[test]
    fn no_path_of_one_machine() {
        let home = concat!("/ho", "me/");
        let expect =
            format!("docs/a.md:2: {home}… is a path of one machine; write it from the root");
        check(
            "docs/a.md",
            format!("Run\n`{home}me/bin`\n"),
            &[expect.as_str()],
        );
        check("docs/a.md", format!("<https://example.org{home}>"), &[]);
    }

    #[test]
    fn the_map_names_every_crate() {
        let folders = ["crates/a".to_owned(), "xtask".to_owned()];
        let files = [source(ARCHITECTURE, "`crates/a` does it.")];
        assert_eq!(
            unmentioned(&files, &folders),
            ["docs/architecture.md: does not mention `xtask`"]
        );
        assert_eq!(unmentioned(&[], &folders).len(), 2);
    }

    #[test]
    fn collects_from_the_known_folders_only() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "README.md",
            "crates/a/src/lib.rs",
            "crates/a/target/x.rs",
            "other/x.rs",
            ".ci/run",
            "docs/x.png",
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "//! Text.\n").unwrap();
        }
        let files = collect(root.path()).unwrap();
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".ci/run", "README.md", "crates/a/src/lib.rs"]);
    }
}
