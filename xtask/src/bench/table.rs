//! The vectorizer benchmark's table. Measures nothing.

use super::vectorizer::{OURS, Row};

pub(super) const HEADER: &str = "work            subject       threads  text MB  MB/s max  MB/s med  recurrent ÷ it  peak MB  answer";

pub(super) const LEGEND: &str = "MB are 10⁶ bytes. Rates of the fastest and of the median run; ratios on as many threads, fastest to\n\
    fastest and median to median. The peak is what memory grew by in the first fit of the whole text.";

/// The lines of one piece of work.
pub(super) fn lines(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| {
            let ours = rows
                .iter()
                .find(|ours| ours.subject == OURS && ours.threads == row.threads);
            let ratio = ours.map_or_else(String::new, |ours| {
                format!(
                    "{:.1} {:.1}",
                    ours.mb_per_second / row.mb_per_second,
                    ours.mb_per_second_median / row.mb_per_second_median
                )
            });
            let peak = row
                .peak_mb
                .map_or_else(|| "-".to_owned(), |peak| format!("{peak:.0}"));
            format!(
                "{:<15} {:<13} {:>7} {:>8.1} {:>9.1} {:>9.1}  {:>14}  {:>7}  {}\n",
                row.work,
                row.subject,
                row.threads,
                row.text_mb,
                row.mb_per_second,
                row.mb_per_second_median,
                ratio,
                peak,
                answer(row)
            )
        })
        .collect()
}

fn answer(row: &Row) -> String {
    let of = match (row.work, row.subject) {
        ("transform" | "transform_whole", "scikit-learn") => "entries",
        ("transform" | "transform_whole", _) => "ids",
        _ => "terms",
    };
    let words = if row.words_of_ours {
        ""
    } else {
        ", other words"
    };
    let ours = if row.count == row.count_of_ours {
        String::new()
    } else {
        format!(" (ours {})", row.count_of_ours)
    };
    format!("{} {of}{ours}{words}", row.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(subject: &'static str, threads: usize, rate: f64, peak_mb: Option<f64>) -> Row {
        Row {
            subject,
            work: "fit",
            threads,
            mb_per_second: rate,
            mb_per_second_median: rate / 2.0,
            text_mb: 32.6,
            peak_mb,
            count: 19_998,
            count_of_ours: 19_998,
            words_of_ours: subject == OURS,
        }
    }

    #[test]
    fn ratios_are_between_equal_numbers_of_threads() {
        let rows = [
            row(OURS, 1, 250.0, Some(20.4)),
            row(OURS, 2, 480.0, None),
            row("polars", 2, 96.0, None),
        ];
        let text = lines(&rows);
        let text: Vec<&str> = text.lines().collect();
        assert!(
            text[0].contains("1.0 1.0       20  19998 terms"),
            "{}",
            text[0]
        );
        assert!(
            text[2].contains("5.0 5.0        -  19998 terms, other words"),
            "{}",
            text[2]
        );
    }

    #[test]
    fn another_answer_is_shown_beside_ours() {
        let theirs = Row {
            count: 107_619,
            work: "transform",
            ..row("scikit-learn", 1, 10.0, None)
        };
        assert_eq!(answer(&theirs), "107619 entries (ours 19998), other words");
    }

    #[test]
    fn columns_stand_under_their_titles() {
        let line = lines(&[row(OURS, 1, 250.0, Some(20.4))]);
        let end = |text: &str, part: &str| {
            let at = text.find(part).unwrap();
            text[..at + part.len()].chars().count()
        };
        assert_eq!(end(HEADER, "MB/s max"), end(&line, "250.0"));
        assert_eq!(end(HEADER, "÷ it"), end(&line, "1.0 1.0"));
        assert_eq!(end(HEADER, "peak MB"), end(&line, " 20"));
    }
}
