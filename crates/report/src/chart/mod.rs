//! Charts as SVG, and SVG as pictures.
//!
//! [`Lines`] draws everything that has axes, [`confusion`] the matrices; [`png`] turns either into
//! pixels. Numbers are computed elsewhere ([`crate::measures`]).

mod bars;
mod legend;
mod lines;
mod matrix;
mod path;
mod raster;
mod scenes;
pub mod style;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::*;

use crate::ReportError;
use crate::text::{cut, plain};

pub use bars::Bars;
pub(crate) use lines::NARROW;
pub use lines::{Axis, Band, Line, Lines, Scale};
pub use matrix::{Confused, confusion};
pub use raster::png;
pub(crate) use scenes::held_out;
pub use scenes::{Followed, accuracy, beliefs, calibration, curves, gradients, loss};

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// Characters of a chart's title.
const TITLE: usize = 80;

/// Characters of a chart's description.
const DESCRIPTION: usize = 4000;

/// What every chart has behind its title and description, and what it can be known by.
pub(crate) const MARK: &str = "<style>@media (prefers-color-scheme: dark){";

/// What a point says where it is pointed at.
pub(crate) struct Tip {
    at: (i32, i32),
    text: String,
}

impl Tip {
    /// An invisible circle around the point, with its text.
    fn svg(&self) -> String {
        let ((x, y), text) = (self.at, escape(&self.text));
        format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"7\" fill=\"none\" pointer-events=\"all\"><title>{text}</title></circle>\n"
        )
    }
}

/// Draws a chart of `size` pixels and gives it its title and description, for those who cannot see it.
fn svg(
    title: &str,
    description: &str,
    size: (u32, u32),
    draw: impl FnOnce(&Canvas<'_>) -> Result<Vec<Tip>, String>,
) -> Result<String, ReportError> {
    let mut text = String::new();
    let tips = {
        let canvas = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&canvas)
            .and_then(|tips| canvas.present().map_err(reason).map(|()| tips))
            .map_err(|reason| ReportError::Chart {
                chart: title.to_owned(),
                reason,
            })?
    };
    if let Some(end) = text.rfind("</svg>") {
        let points: String = tips.iter().map(Tip::svg).collect();
        text.insert_str(end, &points);
    }
    Ok(named(&plain(&text), title, description))
}

fn reason(error: DrawError<'_>) -> String {
    error.to_string()
}

/// Puts what a reader without eyes needs, and the dark theme, behind the opening tag.
fn named(text: &str, title: &str, description: &str) -> String {
    let Some(start) = text.find("<svg") else {
        return text.to_owned();
    };
    let Some(end) = text[start..].find('>').map(|place| start + place) else {
        return text.to_owned();
    };
    let (title, description) = (cut(title, TITLE), cut(description, DESCRIPTION));
    let label = escape(&format!("{title}. {description}"));
    format!(
        "{} role=\"img\" aria-label=\"{label}\"><title>{}</title><desc>{}</desc>\
         {MARK}{}}}</style>{}",
        &text[start..end],
        escape(&title),
        escape(&description),
        style::dark_rules("svg "),
        &text[end + 1..],
    )
}

fn escape(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
