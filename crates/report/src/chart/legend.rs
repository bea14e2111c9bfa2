//! A chart's head: its title, and below it which line is which.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::lines::Line;
use super::style::{FONT, SMALL, TEXT, TITLED};
use super::{Canvas, TITLE, reason};
use crate::text::cut;

/// Pixels of a title, and of a row of names.
const ROW: i32 = 18;

/// Pixels of the sign before a name, and behind a name.
const SIGN: i32 = 24;
const SPACE: i32 = 14;

/// Pixels that a character takes, no less than most do.
const CHARACTER: i32 = 7;

/// Where the names of lines stand: rows of them, each with its place from the left.
pub(super) struct Legend<'a> {
    rows: Vec<Vec<(i32, &'a Line, String)>>,
}

impl<'a> Legend<'a> {
    /// Names in as many rows as they need.
    pub(super) fn new(lines: &'a [Line], width: u32) -> Self {
        let width = width as i32 - 24;
        let most = ((width - SIGN) / CHARACTER).max(8) as usize;
        let mut rows: Vec<Vec<(i32, &Line, String)>> = Vec::new();
        let mut at = width;
        for line in lines {
            let Some(name) = &line.name else { continue };
            let name = cut(name, most).into_owned();
            let needed = SIGN + CHARACTER * name.chars().count() as i32;
            if at + needed > width {
                rows.push(Vec::new());
                at = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((at, line, name));
            }
            at += needed + SPACE;
        }
        Self { rows }
    }

    /// Pixels from the upper end of a picture to below the names.
    pub(super) fn height(&self) -> u32 {
        (12 + ROW * (1 + self.rows.len() as i32)) as u32
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>, title: &str) -> Result<(), String> {
        let dark = TEXT.color();
        let (width, _) = canvas.dim_in_pixel();
        let most = (width as usize / CHARACTER as usize).clamp(8, TITLE);
        let style = (FONT, TITLED, FontStyle::Bold, &dark)
            .into_text_style(canvas)
            .pos(Pos::new(HPos::Left, VPos::Center));
        canvas
            .draw_text(&cut(title, most), &style, (12, 16))
            .map_err(reason)?;
        for (place, row) in self.rows.iter().enumerate() {
            let y = 16 + ROW * (1 + place as i32);
            for (x, line, name) in row {
                let x = 12 + x;
                let ink = line.ink.color();
                let end = x + SIGN - 6;
                let stroke = ink.stroke_width(2);
                if line.dashed {
                    for from in [x, x + 8, x + 16] {
                        let dash =
                            PathElement::new(vec![(from, y), ((from + 5).min(end), y)], stroke);
                        canvas.draw(&dash).map_err(reason)?;
                    }
                } else {
                    let stroke = PathElement::new(vec![(x, y), (end, y)], stroke);
                    canvas.draw(&stroke).map_err(reason)?;
                }
                let style = (FONT, SMALL, &dark)
                    .into_text_style(canvas)
                    .pos(Pos::new(HPos::Left, VPos::Center));
                canvas
                    .draw_text(name, &style, (x + SIGN, y))
                    .map_err(reason)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::style::series;

    fn line(name: Option<&str>) -> Line {
        Line {
            name: name.map(str::to_owned),
            ink: series(0),
            dashed: false,
            points: false,
            values: Vec::new(),
            band: None,
        }
    }

    #[test]
    fn names_go_into_as_many_rows_as_they_need() {
        let long = "n".repeat(500);
        let lines = [
            line(Some("lstm")),
            line(None),
            line(Some("dense")),
            line(Some(&long)),
        ];
        let legend = Legend::new(&lines, 340);
        let rows: Vec<usize> = legend.rows.iter().map(Vec::len).collect();
        assert_eq!(rows, [2, 1]);
        assert!(legend.rows[1][0].2.chars().count() < 45);
        assert_eq!(Legend::new(&[], 340).height(), 30);
    }
}
