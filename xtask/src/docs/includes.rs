//! Copies in pages: a README that is a chapter, code that the tests run.
//!
//! A code host shows a page as it is written, so what mdBook would include while it builds the book stands in the page itself,
//! between `<!-- include: FILE -->` and `<!-- end of include -->`, and is compared with FILE. FILE counts from the page's folder;
//! `FILE:PART` is what stands between the lines `ANCHOR: PART` and `ANCHOR_END: PART`. Code gets a fence; links of Markdown are
//! rewritten for the page's folder.

use std::collections::BTreeMap;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{folder, is_elsewhere, joined, links, pages};
use crate::error::Error;

const START: &str = "<!-- include: ";
const END: &str = "<!-- end of include -->";
/// What mdBook reads and a code host shows as it is.
const MDBOOK: &str = "{{#include ";

/// A page with its copies as they should be, and what is wrong with it as it is.
#[derive(Debug, PartialEq, Eq)]
struct Settled {
    page: String,
    wrong: Vec<String>,
}

/// Writes every copy anew.
pub(super) fn write(root: &Path) -> Result<(), Error> {
    for (path, old, settled) in all(root)? {
        if settled.page != old {
            let file = root.join(&path);
            std::fs::write(&file, &settled.page).map_err(Error::io(&file))?;
            println!("{path}");
        }
    }
    Ok(())
}

/// Each copy that is not what its file says, in words.
pub(super) fn wrong(root: &Path) -> Result<Vec<String>, Error> {
    let settled = all(root)?.into_iter();
    let mut wrong: Vec<String> = settled.flat_map(|(_, _, settled)| settled.wrong).collect();
    if !wrong.is_empty() {
        wrong.push("`cargo xtask docs --write` copies the files into the pages".to_owned());
    }
    Ok(wrong)
}

/// Every page of the book with its path and its text.
fn all(root: &Path) -> Result<Vec<(String, String, Settled)>, Error> {
    let mut texts = BTreeMap::new();
    for path in links::markdown(root, "docs", true)? {
        let file = root.join(&path);
        let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
        texts.insert(path, text);
    }
    let mut homes = BTreeMap::new();
    for (page, text) in &texts {
        for (_, file) in sources(text) {
            homes.extend(joined(folder(page), &file).map(|file| (file, page.clone())));
        }
    }
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let settled = texts.into_iter().map(|(path, text)| {
        let settled = settle(&path, &text, &homes, &read);
        (path, text, settled)
    });
    Ok(settled.collect())
}

/// The files that a page has copies of, with their lines.
pub(super) fn sources(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| Some((index + 1, source(line)?.0.to_owned())))
        .collect()
}

/// The file, and its part, that a line asks for.
fn source(line: &str) -> Option<(&str, Option<&str>)> {
    let name = line.trim().strip_prefix(START)?.strip_suffix(" -->")?;
    Some(
        name.split_once(':')
            .map_or((name, None), |(file, part)| (file, Some(part))),
    )
}

/// Compares each copy of a page with its file. `homes` are the pages that have a file as a chapter.
fn settle(
    path: &str,
    text: &str,
    homes: &BTreeMap<String, String>,
    read: &dyn Fn(&str) -> Option<String>,
) -> Settled {
    let mut page = String::with_capacity(text.len());
    let mut wrong = Vec::new();
    let mut lines = text.split_inclusive('\n').enumerate();
    while let Some((index, line)) = lines.next() {
        page += line;
        let place = format!("{path}:{}", index + 1);
        if line.contains(MDBOOK) {
            wrong.push(format!(
                "{place}: a code host does not show {MDBOOK}…}}}}; write {START}FILE --> and {END}"
            ));
        }
        let Some((file, part)) = source(line) else {
            continue;
        };
        let mut old = String::new();
        let mut end = None;
        for (_, line) in lines.by_ref() {
            if line.trim() == END {
                end = Some(line);
                break;
            }
            old += line;
        }
        let target = joined(folder(path), file);
        let new = target.and_then(|target| {
            let text = read(&target)?;
            if target.ends_with(".md") {
                return Some(relinked(&text, &target, path, homes));
            }
            code(&text, part, &target)
        });
        match new {
            Some(new) => {
                if new != old {
                    wrong.push(format!("{place}: the copy of {file} is not what it says"));
                }
                page += &new;
            }
            None => {
                wrong.push(format!("{place}: {file} has nothing to copy"));
                page += &old;
            }
        }
        if end.is_none() {
            wrong.push(format!("{place}: the copy of {file} has no end"));
        }
        page += end.unwrap_or_default();
    }
    Settled { page, wrong }
}

/// Code in a fence: all of it, or a part, moved to the left as far as it goes.
fn code(text: &str, part: Option<&str>, path: &str) -> Option<String> {
    let is = |line: &str, mark: &str, part: &str| {
        let rest = line.split_once(mark).map(|(_, rest)| rest.trim());
        rest == Some(part)
    };
    let lines: Vec<&str> = match part {
        None => text.lines().collect(),
        Some(part) => {
            let mut lines = text.lines();
            lines.find(|line| is(line, "ANCHOR:", part))?;
            let inside = lines.take_while(|line| !is(line, "ANCHOR_END:", part));
            inside.collect()
        }
    };
    let lines: Vec<&str> = lines
        .into_iter()
        .filter(|line| !line.contains("ANCHOR:") && !line.contains("ANCHOR_END:"))
        .collect();
    let indented = lines.iter().filter(|line| !line.trim().is_empty());
    let shift = indented
        .map(|line| line.len() - line.trim_start().len())
        .min()?;
    let language = if path.ends_with(".rs") {
        "rust,ignore"
    } else {
        "text"
    };
    let mut out = format!("```{language}\n");
    for line in lines {
        out += line.get(shift..).unwrap_or_default();
        out.push('\n');
    }
    Some(out + "```\n")
}

/// Markdown of the file `from` for the page `to`: its links lead to where they led.
fn relinked(text: &str, from: &str, to: &str, homes: &BTreeMap<String, String>) -> String {
    let mut edits = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
            continue;
        };
        let (file, anchor) = dest_url.split_at(dest_url.find('#').unwrap_or(dest_url.len()));
        if file.is_empty() || is_elsewhere(&dest_url) {
            continue;
        }
        let target = joined(folder(from), file);
        let at = text[range.clone()].rfind(&*dest_url);
        if let Some((target, at)) = target.zip(at) {
            let target = homes.get(&target).unwrap_or(&target);
            let link = pages::relative(to, target) + anchor;
            edits.push((range.start + at, dest_url.len(), link));
        }
    }
    edits.sort();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, length, link) in edits {
        out += &text[done..at];
        out += &link;
        done = at + length;
    }
    out + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "docs/reference/a.md";

    fn settled(page: &str) -> Settled {
        let homes = BTreeMap::from([(
            "crates/a/docs/more.md".to_owned(),
            "docs/reference/more.md".to_owned(),
        )]);
        settle(PAGE, page, &homes, &|path| {
            let text = match path {
                "crates/a/README.md" => {
                    "# A\n[m](docs/more.md) [l](src/lib.rs#x) [w](https://burn.dev) `[n](n.md)`\n"
                }
                "crates/a/x.rs" => {
                    "//! X.\nfn f() {\n    // ANCHOR: part\n    g();\n\n        h();\n    // ANCHOR_END: part\n}\n"
                }
                _ => return None,
            };
            Some(text.to_owned())
        })
    }

    fn check(file: &str, copy: &str) {
        let right = format!("a\n{START}{file} -->\n{copy}{END}\nb\n");
        assert_eq!(settled(&right).wrong, Vec::<String>::new(), "{file}");
        let old = settled(&format!("a\n{START}{file} -->\nold\n{END}\nb\n"));
        assert_eq!(old.page, right);
        assert_eq!(old.wrong.len(), 1, "{:?}", old.wrong);
    }

    #[test]
    fn a_chapter_is_copied_and_its_links_lead_where_they_led() {
        check(
            "../../crates/a/README.md",
            "# A\n[m](more.md) [l](../../crates/a/src/lib.rs#x) [w](https://burn.dev) `[n](n.md)`\n",
        );
    }

    #[test]
    fn code_is_copied_whole_or_in_part() {
        check(
            "../../crates/a/x.rs",
            "```rust,ignore\n//! X.\nfn f() {\n    g();\n\n        h();\n}\n```\n",
        );
        check(
            "../../crates/a/x.rs:part",
            "```rust,ignore\ng();\n\n    h();\n```\n",
        );
    }

    #[test]
    fn what_cannot_be_copied_is_said() {
        for (page, expect) in [
            (format!("{START}gone.rs -->\n{END}\n"), "nothing to copy"),
            (
                format!("{START}../../crates/a/x.rs:none -->\n{END}\n"),
                "nothing to copy",
            ),
            (format!("{START}../../crates/a/x.rs -->\n"), "has no end"),
            (format!("{MDBOOK}a.rs}}}}\n"), "code host"),
        ] {
            let wrong = settled(&page).wrong.join("\n");
            assert!(wrong.contains(expect), "{page}: {wrong}");
        }
        assert_eq!(
            sources(&format!("a\n{START}../b.rs:part -->\n")),
            [(2, "../b.rs".to_owned())]
        );
    }
}
