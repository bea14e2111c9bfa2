//! Confusion matrices, side by side.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{FONT, Ink, PAPER, TEXT, ink};
use super::{Canvas, reason, svg};
use crate::ReportError;
use crate::stats::{Confusion, confusion as count};
use crate::text::cut;
use recurrent_runs::Evaluation;

/// Pixels of a matrix with what is written around it, without its name.
const SIZE: (u32, u32) = (280, 238);

/// Pixels of a line of a name.
const LINE: i32 = 17;

/// Matrices in a row.
const IN_A_ROW: usize = 4;

/// Characters of a line of a name, and of a class.
const LENGTHS: (usize, usize) = (32, 11);

/// How often texts of each class (rows) are taken for each (columns), one matrix an evaluation, each with its name
/// above it; the deeper a cell's colour, the larger its share of its row.
///
/// # Errors
/// [`ReportError::Chart`] if the drawing library fails.
pub fn confusion(evaluations: &[(&str, &Evaluation)]) -> Result<String, ReportError> {
    let described: Vec<String> = evaluations
        .iter()
        .map(|(name, evaluation)| {
            let counts = count(evaluation);
            let right = counts[0][0] + counts[1][1];
            format!("{name}: {right} of {} right", evaluation.labels.len())
        })
        .collect();
    let names: Vec<&str> = evaluations.iter().map(|(name, _)| *name).collect();
    let lines = names
        .iter()
        .map(|name| lines(name).len())
        .max()
        .unwrap_or(1);
    let columns = evaluations.len().clamp(1, IN_A_ROW);
    let rows = evaluations.len().div_ceil(IN_A_ROW).max(1);
    let height = SIZE.1 + (LINE as u32) * lines as u32;
    let size = (SIZE.0 * columns as u32, height * rows as u32);
    let description = format!("Test split. {}.", described.join("; "));
    svg("Confusion matrices", &description, size, |canvas| {
        canvas.fill(&PAPER.color()).map_err(reason)?;
        let areas = canvas.split_evenly((rows, columns));
        for (area, (name, evaluation)) in areas.iter().zip(evaluations) {
            let ink = ink(name, &names);
            draw(
                area,
                name,
                lines as i32,
                evaluation,
                &count(evaluation),
                ink,
            )?;
        }
        Ok(())
    })
}

/// A name in lines: what differs among runs stands below the network.
fn lines(name: &str) -> Vec<String> {
    const MOST: usize = 8;
    let parts = name.split(", ").take(MOST);
    parts
        .map(|part| cut(part, LENGTHS.0).into_owned())
        .collect()
}

fn draw(
    area: &Canvas<'_>,
    name: &str,
    name_lines: i32,
    evaluation: &Evaluation,
    counts: &Confusion,
    ink: Ink,
) -> Result<(), String> {
    const LEFT: i32 = 92;
    const CELL: i32 = 86;
    let top = 46 + LINE * name_lines;
    let dark = TEXT.color();
    let text = |size: i32| {
        (FONT, size, &dark)
            .into_text_style(area)
            .pos(Pos::new(HPos::Center, VPos::Center))
    };
    let write = |words: &str, size: i32, at: (i32, i32)| {
        area.draw_text(words, &text(size), at).map_err(reason)
    };
    for (place, line) in lines(name).iter().enumerate() {
        let size = if place == 0 { 16 } else { 12 };
        write(line, size, (LEFT + CELL, 14 + LINE * place as i32))?;
    }
    for (label, row) in counts.iter().enumerate() {
        let sum = row.iter().sum::<usize>().max(1);
        let y = top + CELL * label as i32;
        let class = evaluation.classes.get(label).map_or("", String::as_str);
        let class = cut(class, LENGTHS.1);
        write(&class, 12, (LEFT / 2, y + CELL / 2))?;
        let x = LEFT + CELL * label as i32 + CELL / 2;
        write("taken for", 12, (x, top - 27))?;
        write(&class, 12, (x, top - 12))?;
        for (verdict, texts) in row.iter().enumerate() {
            let x = LEFT + CELL * verdict as i32;
            let share = *texts as f64 / sum as f64;
            let cell = [(x + 1, y + 1), (x + CELL - 1, y + CELL - 1)];
            // Never so deep that the numbers on it could not be read.
            let shade = ink.color().mix(0.05 + 0.3 * share);
            area.draw(&Rectangle::new(cell, shade.filled()))
                .map_err(reason)?;
            write(&texts.to_string(), 16, (x + CELL / 2, y + CELL / 2 - 9))?;
            write(
                &format!("{:.1} %", 100.0 * share),
                12,
                (x + CELL / 2, y + CELL / 2 + 13),
            )?;
        }
    }
    Ok(())
}
