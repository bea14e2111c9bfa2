//! Figures in a page, and the invisible marks that say where they come from.
//!
//! `0.7856<!-- lstm.seed0.test_accuracy -->` is a figure of docs/results.json, rounded to as many digits as are printed;
//! `72.5 %<!-- measured.share -->` the same in percent (`72.5%`, `72.5 percent` likewise). A number between 0 and 1 with two to
//! four decimals that has no mark, and a percentage with decimals, is taken for a result that lacks its source;
//! `<!-- not a result -->` says that it is none. A mark that stands behind no number marks nothing, and is wrong. What stands
//! between `<!-- generated: NAME -->` and `<!-- end -->` is written by this program (`tables`). Code blocks are passed over, but
//! for one behind `<!-- output of seed 0 -->`, whose numbers with four decimals must be figures of that run, of the network that
//! the line or the last line before it names.

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
    let mut network = None;
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
        if line.trim() == OUTPUT {
            is_output = true;
            network = None;
            settled.page += line;
            continue;
        }
        if in_code {
            settled.page += line;
            if is_output {
                network = network_of(line).or(network);
                let of = network.map_or(String::new(), |network| format!(" of {network}"));
                let unknown =
                    numbers(line).filter(|printed| !record.is_of_seed_0(network, printed));
                settled.wrong.extend(unknown.map(|printed| {
                    format!("line {}: {printed} is no figure{of} of seed 0", number + 1)
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
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '.'));
    words.map(|word| word.trim_end_matches('.')).filter(|word| {
        let decimals = word.strip_prefix("0.");
        decimals.is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|c| c.is_ascii_digit()))
    })
}

/// The network that a line of output names.
fn network_of(line: &str) -> Option<&'static str> {
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.find_map(|word| {
        tables::NETWORKS
            .into_iter()
            .find(|network| *network == word)
    })
}

/// The signs and words for percent, with the space before them.
const PERCENT: [&str; 6] = [" %", "%", "\u{a0}%", "\u{202f}%", " percent", " per cent"];

/// The sign or word for percent that a text begins with.
fn percent_of(text: &str) -> Option<&'static str> {
    PERCENT.into_iter().find(|sign| text.starts_with(sign))
}

/// The marks of a line that stand behind no number.
fn dangling(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("<!-- ").filter_map(|(place, _)| {
        let (before, comment) = line.split_at(place);
        let name = mark_of(comment)?;
        let is_mark = name == NOT_A_RESULT || (name.contains('.') && !name.contains(' '));
        let is_number = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
        let behind_number = is_number(before)
            || PERCENT
                .iter()
                .any(|sign| before.strip_suffix(sign).is_some_and(is_number));
        (is_mark && !behind_number).then_some(name)
    })
}

/// What the comment says that a text begins with, where it may be a mark.
fn mark_of(text: &str) -> Option<&str> {
    let (mark, _) = text.strip_prefix("<!-- ")?.split_once(" -->")?;
    Some(mark)
}

/// The name of the block that begins with this line.
fn generated(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("<!-- generated: ")?;
    name.strip_suffix(" -->")
}

/// One line outside code.
fn line_of(line: &str, number: usize, record: &Record, settled: &mut Settled) {
    settled.wrong.extend(
        dangling(line)
            .map(|name| format!("line {number}: the mark `{name}` stands behind no number")),
    );
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[start..]
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
            .unwrap_or(rest.len() - start);
        let printed = rest[start..start + length].trim_end_matches(['.', ',']);
        let end = start + printed.len();
        let before = &rest[..start];
        let after = &rest[end..];
        let sign = percent_of(after);
        let behind = &after[sign.map_or(0, str::len)..];
        let mark = mark_of(behind);
        settled.page += before;
        // A version, as 0.22.1, has none.
        let decimals = printed
            .split_once('.')
            .filter(|(_, decimals)| decimals.bytes().all(|c| c.is_ascii_digit()))
            .map_or(0, |(_, decimals)| decimals.len());
        match mark {
            Some(NOT_A_RESULT) => settled.page += printed,
            Some(name) => match record.figure(name) {
                Some(value) => {
                    let value = if sign.is_some() { 100.0 * value } else { value };
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
                let share = (2..=4).contains(&decimals) && printed.starts_with("0.");
                if alone && (share || decimals > 0 && sign.is_some()) {
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
    fn a_result_is_seen_however_it_is_written() {
        for page in [
            "It got 0.79.\n",
            "It got 0.786, no more.\n",
            "(0.7856)\n",
            "72.4 % of them\n",
            "72.4% of them\n",
            "72.4 percent of them\n",
        ] {
            assert_eq!(wrong(page).len(), 1, "{page}: {:?}", wrong(page));
        }
        for page in ["0.5 and 24 % and 1.25 and 10.5 s\n", "version 0.22.1\n"] {
            assert!(wrong(page).is_empty(), "{page}: {:?}", wrong(page));
        }
    }

    #[test]
    fn percent_may_be_a_word() {
        for sign in PERCENT {
            let page = |number: &str| format!("{number}{sign}<!-- lstm.seed0.test_accuracy -->\n");
            assert!(wrong(&page("70")).is_empty(), "{sign}");
            assert_eq!(wrong(&page("71")).len(), 1, "{sign}");
            assert_eq!(settle(&page("71"), &record()).page, page("70"));
        }
    }

    #[test]
    fn a_mark_stands_behind_a_number() {
        for page in [
            "**0.7**<!-- lstm.seed0.test_accuracy -->\n",
            "0.7 <!-- lstm.seed0.test_accuracy -->\n",
            "about 0.7\n<!-- lstm.seed0.test_accuracy -->\n",
            "nothing<!-- not a result -->\n",
        ] {
            assert!(
                wrong(page).iter().any(|what| what.contains("no number")),
                "{page}: {:?}",
                wrong(page)
            );
        }
        assert!(wrong("<!-- a remark of 2026. -->\n").is_empty());
    }

    #[test]
    fn output_is_that_of_its_network() {
        let mut record = record();
        let mut other = record.recurrent["lstm"].clone();
        other[0].epochs[1].test_accuracy = 0.6123;
        record.recurrent.insert("dense".to_owned(), other);
        let wrong = |code: &str| {
            let page = format!("<!-- output of seed 0 -->\n```text\n{code}```\n");
            settle(&page, &record).wrong
        };
        assert!(wrong("Model: \"dense\"\nEpoch 2\naccuracy: 0.6123\n").is_empty());
        assert_eq!(
            wrong("Model: \"dense\"\nModel: \"lstm\"\naccuracy: 0.6123, 0.9000\n"),
            ["line 5: 0.6123 is no figure of lstm of seed 0"]
        );
        assert!(wrong("dense 140609 0.6123\n").is_empty());
        assert_eq!(wrong("lstm 181761 (0.6123), 0.1111.\n").len(), 2);
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
        assert!(
            settled
                .page
                .contains("| lstm | `weights.safetensors` | `00` |"),
            "{}",
            settled.page
        );
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
