//! Bars: how long the same work takes different programs.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{FONT, PAPER, SMALL, TEXT, TITLED, series};
use super::{Canvas, TITLE, reason, svg};
use crate::ReportError;
use crate::text::cut;

/// Bars that are compared with each other: the first of a group is ours, and stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// What is measured, with its unit.
    pub title: String,
    /// Where, when, and with what: lines below the title.
    pub note: Vec<String>,
    /// Each piece of work, with the names and values of those who did it.
    pub groups: Vec<(String, Vec<(String, f64)>)>,
}

/// Pixels of a bar with the space below it, of a group's name, and of the title or a line of the note.
const ROW: i32 = 20;
const NAME: i32 = 26;
const LINE: i32 = 18;

/// Pixels for the names of bars, and for the values behind them.
const LEFT: i32 = 110;
const RIGHT: i32 = 70;

/// Characters of a line of the note.
const LONGEST: usize = 110;

/// Characters of a name.
const CHARACTERS: usize = 14;

impl Bars {
    /// The chart, `width` pixels wide. Each group has a scale of its own: its longest bar fills the width.
    ///
    /// # Errors
    /// [`ReportError::Chart`] if the drawing library fails.
    pub fn draw(&self, width: u32) -> Result<String, ReportError> {
        let rows: usize = self.groups.iter().map(|(_, bars)| bars.len()).sum();
        let head = 10 + LINE * (1 + self.note.len() as i32);
        let height = head + NAME * self.groups.len() as i32 + ROW * rows as i32 + 8;
        let described: Vec<String> = self
            .groups
            .iter()
            .map(|(work, bars)| {
                let bars = bars
                    .iter()
                    .map(|(name, value)| format!("{name} {value:.1}"));
                format!("{work}: {}", bars.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let description = format!("{}. {}.", self.note.join(", "), described.join("; "));
        let size = (width.max(300), height as u32);
        svg(&self.title, &description, size, |canvas| {
            canvas.fill(&PAPER.color()).map_err(reason)?;
            self.head(canvas)?;
            let mut y = head;
            for (work, bars) in &self.groups {
                text(canvas, work, (12, y + NAME / 2), HPos::Left, true)?;
                y += NAME;
                group(canvas, bars, y, size.0 as i32)?;
                y += ROW * bars.len() as i32;
            }
            Ok(Vec::new())
        })
    }

    fn head(&self, canvas: &Canvas<'_>) -> Result<(), String> {
        let dark = TEXT.color();
        let style = (FONT, TITLED, FontStyle::Bold, &dark)
            .into_text_style(canvas)
            .pos(Pos::new(HPos::Left, VPos::Center));
        let title = cut(&self.title, TITLE);
        canvas.draw_text(&title, &style, (12, 16)).map_err(reason)?;
        for (place, line) in self.note.iter().enumerate() {
            let y = 16 + LINE * (1 + place as i32);
            text(canvas, &cut(line, LONGEST), (12, y), HPos::Left, false)?;
        }
        Ok(())
    }
}

/// The bars of a piece of work, from `y` downwards.
fn group(canvas: &Canvas<'_>, bars: &[(String, f64)], y: i32, width: i32) -> Result<(), String> {
    let longest = bars.iter().map(|(_, value)| *value);
    let longest = longest.fold(0.0, f64::max);
    for (place, (name, value)) in bars.iter().enumerate() {
        let top = y + ROW * place as i32;
        let share = match value / longest {
            share if share.is_finite() => share.clamp(0.0, 1.0),
            _ => 0.0,
        };
        let end = LEFT + (share * f64::from(width - LEFT - RIGHT)).round() as i32;
        let ink = series(if place == 0 { 2 } else { 0 });
        let bar = Rectangle::new(
            [(LEFT, top + 3), (end.max(LEFT + 1), top + ROW - 3)],
            ink.color().filled(),
        );
        canvas.draw(&bar).map_err(reason)?;
        let middle = top + ROW / 2;
        let name = cut(name, CHARACTERS);
        text(canvas, &name, (LEFT - 8, middle), HPos::Right, place == 0)?;
        let value = format!("{value:.1}");
        text(canvas, &value, (end + 6, middle), HPos::Left, place == 0)?;
    }
    Ok(())
}

fn text(
    canvas: &Canvas<'_>,
    text: &str,
    at: (i32, i32),
    side: HPos,
    bold: bool,
) -> Result<(), String> {
    let dark = TEXT.color();
    let weight = match bold {
        true => FontStyle::Bold,
        false => FontStyle::Normal,
    };
    let style = (FONT, SMALL, weight, &dark)
        .into_text_style(canvas)
        .pos(Pos::new(side, VPos::Center));
    canvas.draw_text(text, &style, at).map_err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values_and_named() {
        let bars = Bars {
            title: "Milliseconds".to_owned(),
            note: vec!["here".to_owned()],
            groups: vec![(
                "a step".to_owned(),
                vec![("ours".to_owned(), 2.5), ("theirs".to_owned(), 10.0)],
            )],
        };
        let svg = bars.draw(500).unwrap();
        let widths: Vec<f64> = svg
            .split("<rect ")
            .skip(2)
            .map(|rect| {
                let width = rect.split("width=\"").nth(1).unwrap();
                width.split('"').next().unwrap().parse().unwrap()
            })
            .collect();
        assert_eq!(widths, [80.0, 320.0]);
        for word in ["ours", "theirs", "2.5", "10.0", "a step", "here"] {
            assert!(svg.contains(word), "{word}");
        }
    }

    #[test]
    fn values_that_are_no_lengths_are_drawn_as_none() {
        for value in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
            let bars = Bars {
                title: String::new(),
                note: Vec::new(),
                groups: vec![("w".to_owned(), vec![("a".to_owned(), value)])],
            };
            assert!(bars.draw(1).unwrap().starts_with("<svg"), "{value}");
        }
    }
}
