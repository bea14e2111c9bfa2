//! Figures in a page, and the invisible marks that say where they come from.
//!
//! `0.7856<!-- lstm.seed0.test_accuracy -->` is a figure of docs/results.json, rounded to as many digits as are printed;
//! `72.5 %<!-- measured.share -->` the same in percent. A number with four decimals that has no mark is taken for a result
//! that lacks its source; `<!-- not a result -->` says that it is none. What stands between
//! `<!-- generated: NAME -->` and `<!-- end -->` is written by this program (`tables`). Code blocks are passed over, but for
//! one behind `<!-- output of seed 0 -->`, whose numbers with four decimals must be figures of that run.

use std::fmt::Write as _;

use super::record::Record;
use super::tables;

/// A page as it should be, and what is wrong with it as it is.
pub(super) struct Settled {
    pub(super) page: String,
    pub(super) wrong: Vec<String>,
}

/// Holds every figure of a page against the record.
pub(super) fn settle(page: &str, record: &Record) -> Settled {
    let mut settled = Settled {
        page: String::with_capacity(page.len()),
        wrong: Vec::new(),
    };
    let mut lines = page.split_inclusive('\n').enumerate();
    let (mut in_code, mut is_output) = (false, false);
    while let Some((number, line)) = lines.next() {
        if let Some(name) = generated(line) {
            settled.page += line;
            let mut old = String::new();
            let mut end = "";
            for (_, line) in lines.by_ref() {
                if line.trim() == END {
                    end = line;
                    break;
                }
                old += line;
            }
            match tables::block(name, record) {
                Some(new) => {
                    if new != old {
                        let what = format!(
                            "line {}: the block `{name}` is not that of the record",
                            number + 1
                        );
                        settled.wrong.push(what);
                    }
                    settled.page += &new;
                }
                None => {
                    let what = format!("line {}: there is no block `{name}`", number + 1);
                    settled.wrong.push(what);
                    settled.page += &old;
                }
            }
            if end.is_empty() {
                settled.wrong.push(format!(
                    "line {}: the block `{name}` has no end",
                    number + 1
                ));
            }
            settled.page += end;
            continue;
        }
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            is_output &= in_code;
        }
        is_output |= line.trim() == OUTPUT;
        if in_code {
            settled.page += line;
            if is_output {
                let unknown = numbers(line).filter(|number| !record.is_of_seed_0(number));
                settled.wrong.extend(unknown.map(|printed| {
                    format!("line {}: {printed} is no figure of seed 0", number + 1)
                }));
            }
        } else {
            line_of(line, number + 1, record, &mut settled);
        }
    }
    settled
}

const END: &str = "<!-- end -->";
const OUTPUT: &str = "<!-- output of seed 0 -->";
const NOT_A_RESULT: &str = "not a result";

/// Its numbers with four decimals.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().filter(|word| {
        let decimals = word.strip_prefix("0.");
        decimals.is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|c| c.is_ascii_digit()))
    })
}

/// The name of the block that begins with this line.
fn generated(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("<!-- generated: ")?;
    name.strip_suffix(" -->")
}

/// One line outside code.
fn line_of(line: &str, number: usize, record: &Record, settled: &mut Settled) {
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[start..]
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
            .unwrap_or(rest.len() - start);
        let printed = rest[start..start + length].trim_end_matches(['.', ',']);
        let end = start + printed.len();
        let before = &rest[..start];
        let after = &rest[end..];
        let percent = after.starts_with(" %");
        let mark = after.strip_prefix(" %").unwrap_or(after);
        let mark = mark
            .strip_prefix("<!-- ")
            .and_then(|mark| mark.split_once(" -->"));
        settled.page += before;
        let decimals = printed
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        match mark {
            Some((NOT_A_RESULT, _)) => settled.page += printed,
            Some((name, _)) => match record.figure(name) {
                Some(value) => {
                    let value = if percent { 100.0 * value } else { value };
                    let new = format!("{value:.decimals$}");
                    if new != printed {
                        let what =
                            format!("line {number}: {printed} is {new} in the record ({name})");
                        settled.wrong.push(what);
                    }
                    settled.page += &new;
                }
                None => {
                    let what = format!("line {number}: the record has no figure `{name}`");
                    settled.wrong.push(what);
                    settled.page += printed;
                }
            },
            None => {
                let alone = !before.ends_with(|c: char| c.is_alphanumeric() || c == '.');
                if decimals == 4 && alone && printed.starts_with("0.") {
                    let mut what =
                        format!("line {number}: {printed} does not say where it comes from; ");
                    let _ = write!(what, "mark it, or write <!-- {NOT_A_RESULT} --> behind it");
                    settled.wrong.push(what);
                }
                settled.page += printed;
            }
        }
        rest = after;
    }
    settled.page += rest;
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn wrong(page: &str) -> Vec<String> {
        settle(page, &record()).wrong
    }

    #[test]
    fn a_marked_figure_is_that_of_the_record() {
        let right = "It is 0.7000<!-- lstm.seed0.test_accuracy -->, or 70 %<!-- lstm.seed0.test_accuracy -->.\n";
        assert!(wrong(right).is_empty());
        let other = "It is 0.7001<!-- lstm.seed0.test_accuracy -->, or 71 %<!-- lstm.seed0.test_accuracy -->.\n";
        let settled = settle(other, &record());
        assert_eq!(settled.wrong.len(), 2, "{:?}", settled.wrong);
        assert_eq!(settled.page, right);
        assert!(wrong("72.5 %<!-- measured.share -->").is_empty());
        assert!(wrong("0.7<!-- lstm.seed7.best -->")[0].contains("no figure `lstm.seed7.best`"));
    }

    #[test]
    fn what_looks_like_a_result_has_a_mark() {
        assert!(wrong("It got 0.7856.\n")[0].contains("line 1: 0.7856 does not say"));
        for page in [
            "ln 2 is 0.6931<!-- not a result -->.\n",
            "0.761594 and 1,000 and 10.1234 and v0.1234x.0.1234\n",
            "```text\nloss: 0.7856\n```\n",
        ] {
            assert!(wrong(page).is_empty(), "{page}: {:?}", wrong(page));
        }
        assert_eq!(wrong("```text\n0.7856\n```\n0.7856\n").len(), 1);
    }

    #[test]
    fn output_of_a_run_has_its_figures() {
        let page = |number: &str| {
            format!("<!-- output of seed 0 -->\n```text\nloss: 0.2500 - accuracy: {number}\n```\n")
        };
        assert!(wrong(&page("0.9000")).is_empty());
        assert_eq!(
            wrong(&page("0.9001")),
            ["line 3: 0.9001 is no figure of seed 0"]
        );
        assert!(wrong(&page("0.9000").replacen("<!-- output of seed 0 -->", "", 1)).is_empty());
    }

    #[test]
    fn generated_blocks_are_written() {
        let page = "a\n<!-- generated: hashes -->\nold\n<!-- end -->\nb 0.7000<!-- lstm.seed0.test_accuracy -->\n";
        let settled = settle(page, &record());
        assert_eq!(settled.wrong.len(), 1, "{:?}", settled.wrong);
        assert!(settled.page.contains("| lstm | `00` |"), "{}", settled.page);
        assert!(wrong(&settled.page).is_empty());
        assert!(
            wrong("<!-- generated: nothing -->\n<!-- end -->\n")[0].contains("no block `nothing`")
        );
        assert!(
            wrong("<!-- generated: hashes -->\n")
                .iter()
                .any(|what| what.contains("no end"))
        );
    }
}
