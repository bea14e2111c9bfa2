//! Confusion matrices, side by side.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{FONT, Ink, PAPER, TEXT, ink};
use super::{Canvas, reason, svg};
use crate::ReportError;
use crate::stats::{Confusion, confusion as count};
use recurrent_runs::Evaluation;

/// Width of a matrix, and height of all, in pixels.
const SIZE: (u32, u32) = (250, 250);

/// How often texts of each class (rows) are taken for each (columns), one matrix a network; the deeper
/// a cell's colour, the larger its share of its row.
///
/// # Errors
/// [`ReportError::Chart`] if the drawing library fails.
pub fn confusion(evaluations: &[&Evaluation]) -> Result<String, ReportError> {
    let described: Vec<String> = evaluations
        .iter()
        .map(|evaluation| {
            let right = {
                let counts = count(evaluation);
                counts[0][0] + counts[1][1]
            };
            format!(
                "{}: {right} of {} right",
                evaluation.network,
                evaluation.labels.len()
            )
        })
        .collect();
    let size = (SIZE.0 * evaluations.len().max(1) as u32, SIZE.1);
    let description = format!("Test split. {}.", described.join("; "));
    svg("Confusion matrices", &description, size, |canvas| {
        canvas.fill(&PAPER.color()).map_err(reason)?;
        let areas = canvas.split_evenly((1, evaluations.len().max(1)));
        let names: Vec<&str> = evaluations.iter().map(|e| e.network.as_str()).collect();
        for (area, evaluation) in areas.iter().zip(evaluations) {
            let ink = ink(&evaluation.network, &names);
            draw(area, evaluation, &count(evaluation), ink)?;
        }
        Ok(())
    })
}

fn draw(
    area: &Canvas<'_>,
    evaluation: &Evaluation,
    counts: &Confusion,
    ink: Ink,
) -> Result<(), String> {
    const LEFT: i32 = 62;
    const TOP: i32 = 62;
    const CELL: i32 = 86;
    let dark = TEXT.color();
    let text = |size: i32| {
        (FONT, size, &dark)
            .into_text_style(area)
            .pos(Pos::new(HPos::Center, VPos::Center))
    };
    let write = |words: &str, size: i32, at: (i32, i32)| {
        area.draw_text(words, &text(size), at).map_err(reason)
    };
    write(&evaluation.network, 16, (LEFT + CELL, 16))?;
    for (label, row) in counts.iter().enumerate() {
        let sum = row.iter().sum::<usize>().max(1);
        let y = TOP + CELL * label as i32;
        let class = evaluation.classes.get(label).map_or("", String::as_str);
        write(class, 13, (LEFT / 2 + 6, y + CELL / 2))?;
        write(
            &format!("taken for {class}"),
            12,
            (LEFT + CELL * label as i32 + CELL / 2, TOP - 14),
        )?;
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
