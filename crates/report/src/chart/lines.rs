//! Lines over axes, each named at its end instead of in a legend.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{FONT, GRID, Ink, PAPER, TEXT};
use super::{Canvas, TITLE, path, reason, svg};
use crate::ReportError;
use crate::text::cut;

/// Characters of a name at a line's end; with what differs among runs, these are longer than elsewhere.
const NAME: usize = 80;

/// Characters of a name that has room in every chart, wherever its line ends.
pub(super) const SHORT: usize = 18;

/// Characters of a word below a chart, where it is written on end.
const WORD: usize = 12;

/// How numbers lie on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, and only whole ones are written.
    Whole,
    /// By their exponent of ten. Values must be above zero; others are left out.
    Log10,
    /// One word a place, from 0.
    Words(Vec<String>),
}

/// An axis: what it measures, in what unit, from where to where.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with the unit.
    pub name: String,
    /// Its ends, in the values' own unit.
    pub range: (f64, f64),
    /// How numbers lie on it.
    pub scale: Scale,
}

impl Axis {
    /// A linear axis.
    pub fn linear(name: &str, range: (f64, f64)) -> Self {
        Self {
            name: name.to_owned(),
            range,
            scale: Scale::Linear,
        }
    }

    fn place(&self, value: f64) -> Option<f64> {
        match self.scale {
            Scale::Log10 if value <= 0.0 => None,
            Scale::Log10 => Some(value.log10()),
            _ => Some(value),
        }
        .filter(|value| value.is_finite())
    }

    /// The ends as places; never a point.
    fn ends(&self) -> (f64, f64) {
        let from = self.place(self.range.0).unwrap_or(0.0);
        let to = self.place(self.range.1).unwrap_or(1.0);
        if to > from {
            (from, to)
        } else {
            (from - 0.5, from + 0.5)
        }
    }

    fn label(&self, place: f64) -> String {
        match &self.scale {
            Scale::Linear if self.range.1 - self.range.0 > 5.0 => format!("{place:.0}"),
            Scale::Linear => trimmed(place),
            Scale::Whole if (place - place.round()).abs() > 1e-6 => String::new(),
            Scale::Whole => format!("{place:.0}"),
            Scale::Log10 => format!("{:.0e}", 10f64.powf(place)),
            Scale::Words(_) => String::new(),
        }
    }
}

/// Two decimals, less what says nothing.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What lies around a line: `(x, low, high)`.
pub type Band = Vec<(f64, f64, f64)>;

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name, written at its end; none for a line that needs none.
    pub name: Option<String>,
    /// Its colour.
    pub ink: Ink,
    /// Drawn in dashes.
    pub dashed: bool,
    /// Drawn with a point at each value.
    pub points: bool,
    /// Where it goes.
    pub values: Vec<(f64, f64)>,
    /// What lies around it.
    pub band: Option<Band>,
}

/// A chart of lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// What it shows.
    pub title: String,
    /// What one sees in it, in words.
    pub description: String,
    /// From left to right.
    pub x: Axis,
    /// From below.
    pub y: Axis,
    /// The lines; later ones lie on top.
    pub lines: Vec<Line>,
    /// In pixels.
    pub size: (u32, u32),
}

impl Lines {
    /// The chart alone.
    ///
    /// # Errors
    /// [`ReportError::Chart`] if the drawing library fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg(&self.title, &self.description, self.size, |canvas| {
            canvas.fill(&PAPER.color()).map_err(reason)?;
            self.draw(canvas)
        })
    }

    /// Draws onto a part of a picture.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), String> {
        let words = matches!(self.x.scale, Scale::Words(_));
        let longest = self.longest_name();
        let (from_x, to_x) = self.x.ends();
        let (from_y, to_y) = self.y.ends();
        let mut chart = ChartBuilder::on(canvas)
            .caption(cut(&self.title, TITLE), (FONT, 17, &TEXT.color()))
            .margin(12)
            .margin_right(24 + 7 * longest as u32)
            .x_label_area_size(if words { 76 } else { 46 })
            .y_label_area_size(58)
            .build_cartesian_2d(from_x..to_x, from_y..to_y)
            .map_err(reason)?;
        let text = (FONT, 13, &TEXT.color());
        let mut mesh = chart.configure_mesh();
        mesh.bold_line_style(GRID.color())
            .light_line_style(TRANSPARENT)
            .axis_style(TEXT.color())
            .label_style(text)
            .axis_desc_style(text)
            .x_desc(&self.x.name)
            .y_desc(&self.y.name)
            .y_labels(6);
        let x_label = |place: &f64| self.x.label(*place);
        let y_label = |place: &f64| self.y.label(*place);
        mesh.x_label_formatter(&x_label).y_label_formatter(&y_label);
        if words {
            // Written below, on end: the mesh would centre them on the axis.
            mesh.x_labels(0).disable_x_mesh();
        } else {
            mesh.x_labels(11);
        }
        mesh.draw().map_err(reason)?;

        for line in &self.lines {
            let slices = line.band.iter().flatten();
            let slices: Vec<_> = slices.map(|slice| self.slice(*slice)).collect();
            for band in path::bands(&slices) {
                let above = band.iter().map(|(x, _, high)| (*x, *high));
                let below = band.iter().rev().map(|(x, low, _)| (*x, *low));
                let outline: Vec<_> = above.chain(below).collect();
                chart
                    .draw_series([Polygon::new(outline, line.ink.color().mix(0.18))])
                    .map_err(reason)?;
            }
        }
        for line in &self.lines {
            let spots: Vec<_> = line.values.iter().map(|(x, y)| self.spot(*x, *y)).collect();
            let color = line.ink.color();
            let style = color.stroke_width(2);
            for piece in path::pieces(&spots) {
                // A point between two gaps is no line, and would not be seen.
                let points = line.points || piece.len() == 1;
                let values = piece.iter().copied();
                if line.dashed {
                    chart.draw_series(DashedLineSeries::new(values.clone(), 6, 4, style))
                } else {
                    chart.draw_series(LineSeries::new(values.clone(), style))
                }
                .map_err(reason)?;
                if points {
                    chart
                        .draw_series(values.map(|spot| Circle::new(spot, 3, color.filled())))
                        .map_err(reason)?;
                }
            }
        }

        let mut ends: Vec<(i32, i32, &Line)> = self
            .lines
            .iter()
            .filter(|line| line.name.is_some())
            .filter_map(|line| {
                let (x, y) = line
                    .values
                    .iter()
                    .rev()
                    .find_map(|(x, y)| self.spot(*x, *y))?;
                let (x, y) = chart.backend_coord(&(x, y));
                Some((x, y, line))
            })
            .collect();
        let (origin_x, origin_y) = canvas.get_base_pixel();
        if let Scale::Words(all) = &self.x.scale {
            let ink = TEXT.color();
            let style = (FONT, 12, &ink)
                .into_text_style(canvas)
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Right, VPos::Center));
            for (place, word) in all.iter().enumerate() {
                let (x, y) = chart.backend_coord(&(place as f64, from_y));
                let at = (x - origin_x, y - origin_y + 7);
                canvas
                    .draw_text(&cut(word, WORD), &style, at)
                    .map_err(reason)?;
            }
        }
        let (_, bottom) = chart.backend_coord(&(from_x, from_y));
        let (_, top) = chart.backend_coord(&(from_x, to_y));
        let mut places: Vec<i32> = ends.iter().map(|(_, y, _)| *y).collect();
        ends.sort_by_key(|(_, y, _)| *y);
        places.sort_unstable();
        spread(&mut places, 15, top, bottom);
        // Long names would lie over other lines where one ends early.
        let (right, _) = chart.backend_coord(&(to_x, from_y));
        let aligned = longest > SHORT;
        for ((x, _, line), y) in ends.iter().zip(places) {
            let x = if aligned { right } else { *x };
            let ink = line.ink.color();
            let style = (FONT, 13, &ink)
                .into_text_style(canvas)
                .pos(Pos::new(HPos::Left, VPos::Center));
            let name = cut(line.name.as_deref().unwrap_or_default(), NAME);
            canvas
                .draw_text(&name, &style, (x + 6 - origin_x, y - origin_y))
                .map_err(reason)?;
        }
        Ok(())
    }

    /// Characters of the longest name at a line's end.
    pub(crate) fn longest_name(&self) -> usize {
        let names = self.lines.iter().filter_map(|line| line.name.as_deref());
        let lengths = names.map(|name| cut(name, NAME).chars().count());
        lengths.max().unwrap_or(0)
    }

    /// What of a band can be drawn: on a logarithmic axis, what is too low for it reaches to its end.
    fn slice(&self, (x, low, high): (f64, f64, f64)) -> path::Slice {
        let (from, _) = self.y.ends();
        let place = |y: f64| {
            y.is_finite()
                .then(|| self.spot(x, y).map_or(from, |(_, y)| y))
        };
        Some((self.x.place(x)?, place(low)?, place(high)?))
    }

    fn spot(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (from, to) = self.y.ends();
        Some((self.x.place(x)?, self.y.place(y)?.clamp(from, to)))
    }
}

/// Moves sorted places apart until neighbours are `gap` apart, within the ends as far as that goes.
fn spread(places: &mut [i32], gap: i32, from: i32, to: i32) {
    let mut least = from;
    for place in places.iter_mut() {
        *place = (*place).max(least);
        least = *place + gap;
    }
    let mut most = to;
    for place in places.iter_mut().rev() {
        *place = (*place).min(most);
        most = *place - gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_moved_apart() {
        let mut places = [10, 12, 13, 80];
        spread(&mut places, 15, 0, 100);
        assert_eq!(places, [10, 25, 40, 80]);
        let mut places = [96, 98, 99];
        spread(&mut places, 15, 0, 100);
        assert_eq!(places, [70, 85, 100]);
    }
}
