//! Lines over axes.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::legend::Legend;
use super::style::{FONT, GRID, Ink, PAPER, SMALL, TEXT};
use super::{Canvas, Tip, path, reason, svg};
use crate::ReportError;
use crate::text::cut;

/// Characters of a word below a chart, where it is written on end.
const WORD: usize = 12;

/// Pixels between words below a chart, at least: where there is less room, they are left out.
const BETWEEN_WORDS: u32 = 15;

/// The most points that say by themselves what they are.
const TIPS: usize = 1500;

/// The width of a chart for a narrow page, in pixels.
pub(crate) const NARROW: u32 = 340;

/// How numbers lie on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, and only whole ones are written.
    Whole,
    /// By their exponent of ten. Values must be above zero; others are left out.
    Log10,
    /// One word a place, from 1.
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
            Scale::Log10 if (place - place.round()).abs() > 1e-6 => String::new(),
            Scale::Log10 => power(place.round() as i32),
            Scale::Words(_) => String::new(),
        }
    }
}

/// A power of ten: 10⁻³.
fn power(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => digit.to_digit(10).map_or(digit, |digit| {
            ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize]
        }),
    };
    let exponent: String = exponent.to_string().chars().map(raised).collect();
    format!("10{exponent}")
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
    /// Its name in the legend; none for a line that needs none.
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
    /// What it shows, in words.
    pub description: String,
    /// From left to right.
    pub x: Axis,
    /// From below.
    pub y: Axis,
    /// The lines; later ones lie on top.
    pub lines: Vec<Line>,
    /// What the values are at each place from the left, such as words: shown where a line is pointed at. Empty where
    /// nothing is.
    pub places: Vec<String>,
    /// In pixels, without title and legend.
    pub size: (u32, u32),
}

impl Lines {
    /// The same chart for a narrow page.
    #[must_use]
    pub fn narrow(&self) -> Self {
        let (width, height) = self.size;
        Self {
            size: (width.min(NARROW), height),
            ..self.clone()
        }
    }

    /// With title and legend, in pixels.
    pub(crate) fn whole_size(&self) -> (u32, u32) {
        let (width, height) = self.size;
        (width, height + Legend::new(&self.lines, width).height())
    }

    /// The chart alone.
    ///
    /// # Errors
    /// [`ReportError::Chart`] if the drawing library fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg(
            &self.title,
            &self.description,
            self.whole_size(),
            |canvas| {
                canvas.fill(&PAPER.color()).map_err(reason)?;
                self.draw(canvas)
            },
        )
    }

    /// Draws onto a part of a picture; what its points say by themselves.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<Vec<Tip>, String> {
        let (width, _) = canvas.dim_in_pixel();
        let legend = Legend::new(&self.lines, width);
        let (head, canvas) = canvas.split_vertically(legend.height());
        legend.draw(&head, &self.title)?;
        let canvas = &canvas;
        let words = match &self.x.scale {
            Scale::Words(words) => {
                let room = width.saturating_sub(100) / words.len().max(1) as u32;
                (room >= BETWEEN_WORDS).then_some(words)
            }
            _ => None,
        };
        let (from_x, to_x) = self.x.ends();
        let (from_y, to_y) = self.y.ends();
        let mut chart = ChartBuilder::on(canvas)
            .margin(4)
            .margin_right(16)
            .x_label_area_size(if words.is_some() { 96 } else { 46 })
            .y_label_area_size(58)
            .build_cartesian_2d(from_x..to_x, from_y..to_y)
            .map_err(reason)?;
        let text = (FONT, SMALL, &TEXT.color());
        let mut mesh = chart.configure_mesh();
        mesh.bold_line_style(GRID.color())
            .light_line_style(TRANSPARENT)
            .axis_style(TEXT.color())
            .label_style(text)
            .axis_desc_style(text)
            .x_desc(&self.x.name)
            .y_desc(&self.y.name)
            .y_labels(match self.y.scale {
                // One label a power of ten, or a few.
                Scale::Log10 => ((to_y - from_y).ceil() as usize + 1).clamp(2, 12),
                _ => 6,
            });
        let x_label = |place: &f64| self.x.label(*place);
        let y_label = |place: &f64| self.y.label(*place);
        mesh.x_label_formatter(&x_label).y_label_formatter(&y_label);
        match self.x.scale {
            // Written below, on end: the mesh would centre them on the axis.
            Scale::Words(_) => mesh.x_labels(0).disable_x_mesh(),
            // No more lines than there are numbers.
            Scale::Whole => mesh.x_labels(((to_x - from_x).round() as usize + 1).clamp(2, 11)),
            _ => mesh.x_labels((width as usize / 60).clamp(4, 11)),
        };
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

        let (origin_x, origin_y) = canvas.get_base_pixel();
        if let Some(all) = words {
            let ink = TEXT.color();
            let style = (FONT, SMALL, &ink)
                .into_text_style(canvas)
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Right, VPos::Center));
            for (place, word) in all.iter().enumerate() {
                let (x, y) = chart.backend_coord(&(place as f64 + 1.0, from_y));
                let at = (x - origin_x, y - origin_y + 7);
                canvas
                    .draw_text(&cut(word, WORD), &style, at)
                    .map_err(reason)?;
            }
        }
        let mut tips = Vec::new();
        for line in self.lines.iter().filter(|line| line.name.is_some()) {
            for (place, (x, y)) in line.values.iter().enumerate() {
                let (Some(what), Some(spot)) = (self.places.get(place), self.spot(*x, *y)) else {
                    continue;
                };
                let name = line.name.as_deref().unwrap_or_default();
                tips.push(Tip {
                    at: chart.backend_coord(&spot),
                    text: format!("{}: {} {y:.2}", cut(what, 2 * WORD), cut(name, 24)),
                });
            }
        }
        tips.truncate(TIPS);
        Ok(tips)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_written_as_such() {
        let axis = Axis {
            name: String::new(),
            range: (1e-12, 1.0),
            scale: Scale::Log10,
        };
        let labels = [-12.0, -0.5, 0.0].map(|place| axis.label(place));
        assert_eq!(labels, ["10⁻¹²", "", "10⁰"]);
    }
}
