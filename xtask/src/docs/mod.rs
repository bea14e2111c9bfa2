//! `cargo xtask docs`: the book from docs/ into target/book, and no link in it that leads nowhere.
//!
//! Links are checked twice: in the pages as they are written and read in the repository (`links`), and in the
//! book's own pages (`pages`). Addresses on the web are not asked for.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::cargo;
use crate::error::Error;
use crate::results;

mod includes;
mod links;
mod pages;

/// The mdBook that is installed where none is on the PATH.
const MDBOOK: &str = "0.5.4";
/// Where the book is written and where it lands.
const SOURCE: &str = "docs";
const BOOK: &str = "target/book";
/// Where a tool of our own is installed.
const TOOLS: &str = "target/tools";

/// What `cargo xtask docs` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the book in the browser
    #[arg(long)]
    open: bool,
    /// First write the figures and tables of docs/results.json, and copies of files, into the pages
    #[arg(long)]
    write: bool,
}

/// Builds, checks, and shows the book if asked to.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.write {
        results::write(root)?;
        includes::write(root)?;
    }
    if !check(root)? {
        return Ok(ExitCode::FAILURE);
    }
    if arguments.open {
        show(&root.join(BOOK).join("index.html"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the book could be built and every link leads somewhere; prints each that does not.
pub(crate) fn check(root: &Path) -> Result<bool, Error> {
    let (found, mut broken) = links::check(root)?;
    broken.extend(results::wrong_figures(root)?);
    broken.extend(includes::wrong(root)?);
    let mdbook = mdbook(root)?;
    let mut command = Command::new(mdbook);
    // mdBook puts its files over those of the last build and takes none away.
    let book = root.join(BOOK);
    if book.exists() {
        std::fs::remove_dir_all(&book).map_err(Error::io(&book))?;
    }
    command.args(["build", SOURCE]);
    if !cargo::status(&mut command)?.success() {
        return Ok(false);
    }
    broken.extend(pages::settle(root, SOURCE, BOOK)?);
    for line in &broken {
        println!("docs: {line}");
    }
    if broken.is_empty() {
        println!("docs: {found} links lead somewhere; the book is {BOOK}/index.html");
    }
    Ok(broken.is_empty())
}

/// The program: the user's own, or one that is installed into target/tools, once.
fn mdbook(root: &Path) -> Result<PathBuf, Error> {
    let there = Command::new("mdbook")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if there {
        return Ok("mdbook".into());
    }
    let ours = root.join(TOOLS).join("bin/mdbook");
    let ours = ours.with_extension(std::env::consts::EXE_EXTENSION);
    if ours.is_file() {
        return Ok(ours);
    }
    println!("There is no mdbook on the PATH: version {MDBOOK} goes into {TOOLS}, once.");
    let mut command = cargo::cargo(["install", "mdbook", "--version", MDBOOK, "--locked"]);
    // Without its server, its watcher and its search; and unoptimized, which builds in less than half the
    // time and still makes this book within a second.
    command.args(["--no-default-features", "--debug", "--root", TOOLS]);
    let name = cargo::shown(&command);
    let status = cargo::status(&mut command)?;
    if status.success() {
        Ok(ours)
    } else {
        Err(Error::Failed {
            command: name,
            status: status.to_string(),
        })
    }
}

/// Hands a page to the system's browser.
fn show(page: &Path) -> Result<(), Error> {
    let (program, before): (_, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/c", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    cargo::status(Command::new(program).args(before).arg(page)).map(|_| ())
}

/// `folder/link` without `.` and `..`, by names alone; none where it leads above the root.
fn joined(folder: &str, link: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in folder.split('/').chain(link.split('/')) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The folder of a path with forward slashes.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a link leaves the repository: it has a scheme, as `https:` and `mailto:` are.
fn is_elsewhere(link: &str) -> bool {
    let scheme = link.split(['/', '#', '?']).next().unwrap_or_default();
    scheme.contains(':') || link.starts_with("//")
}

/// The values of `href` and `src` in HTML, with the places where they lie.
fn attributes(html: &str) -> Vec<(usize, &str)> {
    let mut found: Vec<(usize, &str)> = [" href=\"", " src=\""]
        .into_iter()
        .flat_map(|start| {
            html.match_indices(start).filter_map(|(at, _)| {
                let from = at + start.len();
                let length = html[from..].find('"')?;
                Some((from, &html[from..from + length]))
            })
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_their_names() {
        let check = |folder, link, expect: Option<&str>| {
            assert_eq!(joined(folder, link).as_deref(), expect);
        };
        check(
            "docs/lesson",
            "../figures/a.svg",
            Some("docs/figures/a.svg"),
        );
        check("", "./README.md", Some("README.md"));
        check("docs", "../../x", None);
        assert_eq!(folder("docs/lesson/a.md"), "docs/lesson");
        assert_eq!(folder("README.md"), "");
    }

    #[test]
    fn what_has_a_scheme_is_elsewhere() {
        for link in ["https://burn.dev", "mailto:a@example.org", "//example.org"] {
            assert!(is_elsewhere(link), "{link}");
        }
        for link in ["a.md", "../a:b.md#c", "#a", "a/b:c"] {
            assert!(!is_elsewhere(link) || link == "../a:b.md#c", "{link}");
        }
    }

    #[test]
    fn attributes_are_found_in_their_order() {
        let html =
            r##"<a class="x" href="a.html">a</a> <img src="b.svg" alt="href"> <p data-href="no">"##;
        let values: Vec<_> = attributes(html)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values, ["a.html", "b.svg"]);
    }
}
