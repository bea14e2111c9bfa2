//! Confusion matrices, side by side.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recurrent_metrics::Report;

use super::style::{FONT, Ink, PAPER, SMALL, TEXT, ink};
use super::{Canvas, reason, svg};
use crate::ReportError;
use crate::text::cut;

/// A model's predictions, for its matrix.
#[derive(Clone, Copy, Debug)]
pub struct Confused<'a> {
    /// What the model is called.
    pub label: &'a str,
    /// Its classes.
    pub classes: &'a [String],
    /// Its measures.
    pub report: &'a Report,
}

/// Pixels of a line of a name.
const LINE: i32 = 17;

/// Characters of a line of a name.
const NAME: usize = 32;

/// Classes beyond which a matrix has no room for names, and beyond which it is not drawn.
const NAMED: usize = 24;
const DRAWN: usize = 60;

/// How a matrix of so many classes lies: pixels of a cell, of the classes' names, and what of it is written.
struct Shape {
    cell: i32,
    left: i32,
    above: i32,
    name: usize,
    counts: bool,
    shares: bool,
}

impl Shape {
    fn of(classes: usize, names: usize) -> Self {
        let shape = |cell, name: usize, counts, shares| {
            let name = names.min(name);
            let text = 14 + 7 * name as i32;
            Self {
                cell,
                left: text.max(40),
                above: if shares { 40 } else { text.max(30) + 18 },
                name,
                counts,
                shares,
            }
        };
        match classes {
            0..=2 => shape(86, 11, true, true),
            3..=5 => shape(62, 9, true, true),
            6..=12 => shape(40, 12, true, false),
            13..=NAMED => shape(20, 14, false, false),
            classes => shape((480 / classes as i32).max(2), 0, false, false),
        }
    }

    fn size(&self, classes: usize, name_lines: i32) -> (i32, i32) {
        let side = self.cell * classes as i32;
        let height = LINE * name_lines + self.above + side + 12;
        (self.left + side + 16, height)
    }
}

/// How often texts of each class (rows) are predicted to be of each (columns), one matrix a model, each with its name
/// above it, in rows of `width` pixels; the deeper a cell's colour, the larger its share of its row. Of more than 24
/// classes the cells have no words, of more than 60 there is no matrix.
///
/// # Errors
/// [`ReportError::Chart`] if the drawing library fails.
pub fn confusion(split: &str, models: &[Confused<'_>], width: u32) -> Result<String, ReportError> {
    let described: Vec<String> = models
        .iter()
        .map(|model| {
            let right: u64 = model
                .report
                .confusion
                .iter()
                .enumerate()
                .map(|(class, row)| row[class])
                .sum();
            format!("{}: {right} of {} right", model.label, model.report.texts)
        })
        .collect();
    let names: Vec<&str> = models.iter().map(|model| model.label).collect();
    let name_lines = names
        .iter()
        .map(|name| lines(name).len())
        .max()
        .unwrap_or(1) as i32;
    let shapes: Vec<(Shape, (i32, i32))> = models
        .iter()
        .map(|model| {
            let longest = model
                .classes
                .iter()
                .map(|class| class.chars().count())
                .max();
            let classes = model.report.confusion.len();
            let shape = Shape::of(classes, longest.unwrap_or(0));
            let classes = if classes > DRAWN { 0 } else { classes };
            let (width, height) = shape.size(classes, name_lines);
            (shape, (width.max(180), height))
        })
        .collect();
    // In rows, as many as fit.
    let (mut x, mut y, mut right, mut bottom) = (0, 0, 0, 0);
    let mut places = Vec::new();
    for (_, (wide, high)) in &shapes {
        if x > 0 && x + wide > width as i32 {
            (x, y) = (0, bottom);
        }
        places.push((x, y));
        x += wide;
        right = right.max(x);
        bottom = bottom.max(y + high);
    }
    let size = (right.max(180) as u32, bottom.max(40) as u32);
    let description = format!("The {split} texts. {}.", described.join("; "));
    svg("Confusion matrices", &description, size, |canvas| {
        canvas.fill(&PAPER.color()).map_err(reason)?;
        for ((model, (shape, _)), at) in models.iter().zip(&shapes).zip(places) {
            draw(
                canvas,
                model,
                shape,
                at,
                name_lines,
                ink(model.label, &names),
            )?;
        }
        Ok(Vec::new())
    })
}

/// A name in lines: what differs among runs stands below the network.
fn lines(name: &str) -> Vec<String> {
    const MOST: usize = 8;
    let parts = name.split(", ").take(MOST);
    parts.map(|part| cut(part, NAME).into_owned()).collect()
}

fn draw(
    canvas: &Canvas<'_>,
    model: &Confused<'_>,
    shape: &Shape,
    (x0, y0): (i32, i32),
    name_lines: i32,
    ink: Ink,
) -> Result<(), String> {
    let dark = TEXT.color();
    let style = |across: HPos| {
        (FONT, SMALL, &dark)
            .into_text_style(canvas)
            .pos(Pos::new(across, VPos::Center))
    };
    let write = |words: &str, across: HPos, at: (i32, i32)| {
        canvas.draw_text(words, &style(across), at).map_err(reason)
    };
    let classes = model.report.confusion.len();
    let (left, top) = (x0 + shape.left, y0 + LINE * name_lines + shape.above);
    for (place, line) in lines(model.label).iter().enumerate() {
        write(line, HPos::Left, (x0 + 12, y0 + 14 + LINE * place as i32))?;
    }
    if classes > DRAWN {
        return write(
            &format!("{classes} classes: too many to draw"),
            HPos::Left,
            (x0 + 12, top),
        );
    }
    let side = shape.cell * classes as i32;
    if classes <= NAMED {
        let heading = top - shape.above + 12;
        write("predicted", HPos::Center, (left + side / 2, heading))?;
    } else {
        write(
            "rows: class, columns: predicted",
            HPos::Left,
            (left, top - 12),
        )?;
    }
    for (label, row) in model.report.confusion.iter().enumerate() {
        let sum = row.iter().sum::<u64>().max(1);
        let y = top + shape.cell * label as i32;
        let middle = shape.cell / 2;
        if classes <= NAMED {
            let class = model.classes.get(label).map_or("", String::as_str);
            let class = cut(class, shape.name.max(1));
            write(&class, HPos::Right, (left - 6, y + middle))?;
            let x = left + shape.cell * label as i32 + middle;
            if shape.shares {
                write(&class, HPos::Center, (x, top - 8))?;
            } else {
                let upright = style(HPos::Left).transform(FontTransform::Rotate270);
                canvas
                    .draw_text(&class, &upright, (x, top - 5))
                    .map_err(reason)?;
            }
        }
        for (predicted, texts) in row.iter().enumerate() {
            let x = left + shape.cell * predicted as i32;
            let share = *texts as f64 / sum as f64;
            let gap = i32::from(shape.cell > 8);
            let cell = [
                (x + gap, y + gap),
                (x + shape.cell - gap, y + shape.cell - gap),
            ];
            // Never so deep that the numbers on it could not be read.
            let most = if shape.counts { 0.35 } else { 0.9 };
            let shade = ink.color().mix(0.04 + (most - 0.04) * share);
            canvas
                .draw(&Rectangle::new(cell, shade.filled()))
                .map_err(reason)?;
            if shape.shares {
                write(
                    &texts.to_string(),
                    HPos::Center,
                    (x + middle, y + middle - 8),
                )?;
                let share = format!("{:.1} %", 100.0 * share);
                write(&share, HPos::Center, (x + middle, y + middle + 9))?;
            } else if shape.counts && *texts > 0 {
                write(&texts.to_string(), HPos::Center, (x + middle, y + middle))?;
            }
        }
    }
    Ok(())
}
