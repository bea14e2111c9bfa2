//! The links of the pages as they are written: every file, heading and picture they name must exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{attributes, folder, includes, is_elsewhere, joined};
use crate::error::Error;

/// Where pages lie; below the root itself and the data sets only the files right there.
const FOLDERS: [(&str, bool); 4] = [
    ("", false),
    ("datasets", false),
    ("docs", true),
    ("crates", true),
];
const SUMMARY: &str = "docs/SUMMARY.md";

/// What a page has to be linked to, and what it links to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    /// The names of its headings.
    anchors: BTreeSet<String>,
    /// Links and pictures, with their lines.
    links: Vec<(usize, String)>,
    /// Files that it has copies of, with their lines.
    includes: Vec<(usize, String)>,
}

/// How many links within the repository there are, and each broken one in words.
pub(super) fn check(root: &Path) -> Result<(usize, Vec<String>), Error> {
    let mut pages = BTreeMap::new();
    for (folder, deep) in FOLDERS {
        for path in markdown(root, folder, deep)? {
            let file = root.join(&path);
            let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
            pages.insert(path, read(&text));
        }
    }
    let count = pages.values().map(|page| {
        let here = page.links.iter().filter(|(_, link)| !is_elsewhere(link));
        here.count() + page.includes.len()
    });
    Ok((
        count.sum(),
        broken(&pages, &|path| root.join(path).exists()),
    ))
}

/// The paths from the root of a folder's pages.
pub(super) fn markdown(root: &Path, folder: &str, deep: bool) -> Result<Vec<String>, Error> {
    let here = root.join(folder);
    let mut found = Vec::new();
    if !here.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(&here).map_err(Error::io(&here))? {
        let path = entry.map_err(Error::io(&here))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let from_root = joined(folder, name).unwrap_or_default();
        if path.is_dir() {
            if deep && name != "target" && !name.starts_with('.') {
                found.extend(markdown(root, &from_root, true)?);
            }
        } else if name.ends_with(".md") {
            found.push(from_root);
        }
    }
    found.sort();
    Ok(found)
}

fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = anchor(&heading.take().unwrap_or_default());
                // The second heading of a name is `name-1`, and so on.
                let mut names = std::iter::once(name.clone())
                    .chain((1..).map(|number| format!("{name}-{number}")));
                page.anchors
                    .extend(names.find(|name| !page.anchors.contains(name)));
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    *heading += &words;
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push((line(range.start), dest_url.into_string()));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let links = attributes(&html).into_iter();
                page.links
                    .extend(links.map(|(_, link)| (line(range.start), link.to_owned())));
            }
            _ => {}
        }
    }
    page.includes = includes::sources(text);
    page
}

/// The name of a heading in links, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim().to_lowercase();
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.collect()
}

fn broken(pages: &BTreeMap<String, Page>, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, page) in pages {
        for (line, link) in page.links.iter().filter(|(_, link)| !is_elsewhere(link)) {
            let (file, anchor) = link
                .split_once('#')
                .map_or((&link[..], None), |(file, anchor)| (file, Some(anchor)));
            let target = match file {
                "" => Some(path.clone()),
                file => joined(folder(path), file),
            };
            match target.filter(|target| exists(target)) {
                None => found.push(format!("{path}:{line}: {link} is not there")),
                Some(target) => {
                    let known = |anchor| {
                        pages
                            .get(&target)
                            .is_none_or(|page| page.anchors.contains(anchor))
                    };
                    if !anchor.is_none_or(known) {
                        found.push(format!("{path}:{line}: {target} has no heading for {link}"));
                    }
                }
            }
        }
        for (line, file) in &page.includes {
            if !joined(folder(path), file).is_some_and(|file| exists(&file)) {
                found.push(format!(
                    "{path}:{line}: {file}, which is to be copied, is not there"
                ));
            }
        }
    }
    found.extend(forgotten(pages));
    found
}

/// The pages of docs/ that the book's table of contents leaves out.
fn forgotten(pages: &BTreeMap<String, Page>) -> Vec<String> {
    let Some(summary) = pages.get(SUMMARY) else {
        return vec![format!(
            "{SUMMARY} is not there; it lists the book's chapters"
        )];
    };
    let listed: BTreeSet<_> = summary
        .links
        .iter()
        .filter_map(|(_, link)| joined("docs", link))
        .collect();
    let forgotten = pages
        .keys()
        .filter(|path| path.starts_with("docs/") && *path != SUMMARY && !listed.contains(*path));
    forgotten
        .map(|path| format!("{SUMMARY}: does not list {path}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages by path and text, beside the files that exist.
    fn check(pages: &[(&str, &str)], files: &[&str], expect: &[&str]) {
        let summary = pages
            .iter()
            .filter_map(|(path, _)| path.strip_prefix("docs/"));
        let summary: String = summary.map(|path| format!("[x]({path})\n")).collect();
        let read_all = pages.iter().copied().chain([(SUMMARY, &summary[..])]);
        let read_all: BTreeMap<_, _> = read_all
            .map(|(path, text)| (path.to_owned(), read(text)))
            .collect();
        let exists = |path: &str| read_all.contains_key(path) || files.contains(&path);
        assert_eq!(broken(&read_all, &exists), expect);
    }

    #[test]
    fn files_and_pictures_must_exist() {
        let text = "[a](b.md) ![p](figures/p.svg)\n\n[c](../README.md) <img src=\"q.png\">";
        check(
            &[("docs/a.md", text), ("docs/b.md", "")],
            &["docs/figures/p.svg"],
            &[
                "docs/a.md:3: ../README.md is not there",
                "docs/a.md:3: q.png is not there",
            ],
        );
        check(
            &[("docs/a.md", text), ("docs/b.md", ""), ("README.md", "")],
            &["docs/figures/p.svg", "docs/q.png"],
            &[],
        );
        check(
            &[("README.md", "[up](../x.md)")],
            &[],
            &["README.md:1: ../x.md is not there"],
        );
    }

    #[test]
    fn headings_must_exist() {
        let target = "# The `fit` command\n\n## Twice\n\n## Twice\n";
        check(
            &[
                ("a.md", "[x](b.md#the-fit-command) [y](b.md#twice-1)"),
                ("b.md", target),
            ],
            &[],
            &[],
        );
        check(
            &[("a.md", "[x](b.md#twice-2) [y](#mine)\n"), ("b.md", target)],
            &[],
            &[
                "a.md:1: b.md has no heading for b.md#twice-2",
                "a.md:1: a.md has no heading for #mine",
            ],
        );
    }

    #[test]
    fn code_and_the_web_are_left_alone() {
        check(
            &[(
                "a.md",
                "`[x](gone.md)` [w](https://example.org/gone.md)\n```\n[y](gone.md)\n```",
            )],
            &[],
            &[],
        );
    }

    #[test]
    fn what_is_copied_must_exist() {
        let text = "a\n<!-- include: ../crates/a/x.rs:part -->\n<!-- include: y.md -->\n";
        check(&[("docs/a.md", text)], &["crates/a/x.rs", "docs/y.md"], &[]);
        check(
            &[("docs/a.md", text)],
            &["docs/y.md"],
            &["docs/a.md:2: ../crates/a/x.rs, which is to be copied, is not there"],
        );
    }

    #[test]
    fn no_page_is_forgotten() {
        let pages = BTreeMap::from([
            (SUMMARY.to_owned(), read("- [a](a.md)")),
            ("docs/a.md".to_owned(), Page::default()),
            ("docs/deep/b.md".to_owned(), Page::default()),
        ]);
        assert_eq!(
            forgotten(&pages),
            ["docs/SUMMARY.md: does not list docs/deep/b.md"]
        );
        assert_eq!(forgotten(&BTreeMap::new()).len(), 1);
    }
}
