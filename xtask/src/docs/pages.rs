//! The links of the book as it was built: those that leave it are led to the right place.
//!
//! In the repository a page may link to anything, and a chapter may be a README that lies elsewhere. mdBook knows
//! neither: it leaves such links as they are, and they would lead beside the book. Here they are resolved from
//! where they were written, and become links to the chapter of that page, or to the file in the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{attributes, folder, includes, is_elsewhere, joined};
use crate::error::Error;

/// A page of the book and where its words come from, all from the root.
struct Chapter {
    page: String,
    /// The page in docs/, and the pages that it has copies of.
    sources: Vec<String>,
}

/// Rewrites the pages of the book in `book`, made from `source`; each link that leads nowhere in words.
pub(super) fn settle(root: &Path, source: &str, book: &str) -> Result<Vec<String>, Error> {
    let exists = |path: &str| root.join(path).exists();
    let mut chapters = Vec::new();
    chapters_below(root, source, source, book, &mut chapters)?;
    let homes: BTreeMap<&str, &str> = chapters
        .iter()
        .flat_map(|chapter| {
            chapter
                .sources
                .iter()
                .map(|source| (&source[..], &chapter.page[..]))
        })
        .collect();
    let mut broken = BTreeSet::new();
    for chapter in &chapters {
        let file = root.join(&chapter.page);
        let html = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
        let mut settled = String::with_capacity(html.len());
        let mut done = 0;
        for (at, link) in attributes(&html) {
            match place(chapter, link, &homes, &exists) {
                Some(new) => {
                    settled += &html[done..at];
                    settled += &new;
                    done = at + link.len();
                }
                None => {
                    broken.insert(format!("{}: {link} is not there", chapter.page));
                }
            }
        }
        settled += &html[done..];
        std::fs::write(&file, settled).map_err(Error::io(&file))?;
    }
    Ok(broken.into_iter().collect())
}

/// The chapters of the pages in `folder`; what mdBook made no page of is none.
fn chapters_below(
    root: &Path,
    folder: &str,
    source: &str,
    book: &str,
    chapters: &mut Vec<Chapter>,
) -> Result<(), Error> {
    let here = root.join(folder);
    for entry in std::fs::read_dir(&here).map_err(Error::io(&here))? {
        let path = entry.map_err(Error::io(&here))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let from_root = format!("{folder}/{name}");
        if path.is_dir() {
            chapters_below(root, &from_root, source, book, chapters)?;
        } else if name.ends_with(".md") {
            let page = format!("{book}{}", html(from_root.trim_start_matches(source)));
            if root.join(&page).is_file() {
                let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
                let copied = includes::sources(&text).into_iter();
                let copied = copied.filter_map(|(_, file)| joined(folder, &file));
                let sources =
                    std::iter::once(from_root).chain(copied.filter(|file| file.ends_with(".md")));
                chapters.push(Chapter {
                    page,
                    sources: sources.collect(),
                });
            }
        }
    }
    Ok(())
}

/// The name of a page's chapter.
fn html(page: &str) -> String {
    let page = page.strip_suffix(".md").unwrap_or(page);
    match page.strip_suffix("README") {
        Some(folder) => format!("{folder}index.html"),
        None => format!("{page}.html"),
    }
}

/// The pages that a chapter of this name may come from.
fn markdown(page: &str) -> Vec<String> {
    let stem = page.strip_suffix(".html");
    let readme = stem.and_then(|stem| stem.strip_suffix("index"));
    let names = stem.map(|stem| format!("{stem}.md"));
    names
        .into_iter()
        .chain(readme.map(|folder| format!("{folder}README.md")))
        .collect()
}

/// What a link in a chapter is to be; none where it leads nowhere.
fn place(
    chapter: &Chapter,
    link: &str,
    homes: &BTreeMap<&str, &str>,
    exists: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let (file, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
    let in_book =
        |file: &str| joined(folder(&chapter.page), file).is_some_and(|path| exists(&path));
    if file.is_empty() || is_elsewhere(link) {
        return Some(link.to_owned());
    }
    // In the order of closeness: as it stands, then from each page that it may have been written in.
    let from_sources = chapter.sources.iter().find_map(|source| {
        let path = joined(folder(source), file)?;
        let pages = markdown(&path);
        let mut paths = std::iter::once(path).chain(pages);
        paths.find(|path| exists(path))
    });
    match from_sources {
        Some(path) => {
            let target = homes.get(&path[..]).copied();
            // Pictures and the like are copied with the book and stay inside it.
            match target {
                None if in_book(file) => Some(link.to_owned()),
                target => Some(relative(&chapter.page, target.unwrap_or(&path)) + anchor),
            }
        }
        None => in_book(file).then(|| link.to_owned()),
    }
}

/// The link that leads from one path to another, both from the root.
pub(super) fn relative(from: &str, to: &str) -> String {
    let from: Vec<_> = folder(from)
        .split('/')
        .filter(|name| !name.is_empty())
        .collect();
    let to: Vec<_> = to.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..");
    up.chain(to[shared..].iter().copied())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sources: &[&str], link: &str, expect: Option<&str>) {
        let chapter = Chapter {
            page: "target/book/reference/kernels.html".to_owned(),
            sources: sources.iter().map(|&source| source.to_owned()).collect(),
        };
        let homes = BTreeMap::from([
            ("docs/precision.md", "target/book/precision.html"),
            (
                "docs/benchmarks/README.md",
                "target/book/benchmarks/index.html",
            ),
            ("crates/data/README.md", "target/book/reference/data.html"),
        ]);
        let files = [
            "docs/precision.md",
            "docs/benchmarks/README.md",
            "docs/figures/a.svg",
            "crates/data/README.md",
            "crates/kernels/src/lib.rs",
            "target/book/precision.html",
            "target/book/figures/a.svg",
            "target/book/css/x.css",
        ];
        let found = place(&chapter, link, &homes, &|path| files.contains(&path));
        assert_eq!(found.as_deref(), expect, "{link}");
    }

    #[test]
    fn links_of_a_readme_lead_to_chapters_or_files() {
        let sources = ["docs/reference/kernels.md", "crates/kernels/README.md"];
        check(
            &sources,
            "../../docs/precision.html#a",
            Some("../precision.html#a"),
        );
        check(
            &sources,
            "../../docs/benchmarks/index.html",
            Some("../benchmarks/index.html"),
        );
        check(&sources, "../data/README.html", Some("data.html"));
        check(
            &sources,
            "src/lib.rs",
            Some("../../../crates/kernels/src/lib.rs"),
        );
        check(&sources, "gone.html", None);
    }

    #[test]
    fn links_inside_the_book_stay() {
        let sources = ["docs/reference/kernels.md"];
        for link in [
            "../precision.html",
            "../figures/a.svg",
            "../css/x.css",
            "#here",
            "https://example.org",
        ] {
            check(&sources, link, Some(link));
        }
    }
}
