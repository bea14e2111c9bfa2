//! Charts as SVG, and SVG as pictures.
//!
//! [`Lines`] draws everything that has axes, [`confusion`] the matrices; [`png`] turns either into
//! pixels. Numbers are computed elsewhere ([`crate::calibration`] and its neighbours).

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

pub use lines::{Axis, Band, Line, Lines, Scale};
pub use matrix::confusion;
pub use raster::png;
pub use scenes::{accuracy, beliefs, calibration, curves, gradients, loss};

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// Characters of a chart's title.
const TITLE: usize = 80;

/// Characters of a chart's description.
const DESCRIPTION: usize = 4000;

/// What every chart has behind its title and description, and what it can be known by.
pub(crate) const MARK: &str = "<style>@media (prefers-color-scheme: dark){";

/// Draws a chart of `size` pixels and gives it its title and description, for those who cannot see it.
fn svg(
    title: &str,
    description: &str,
    size: (u32, u32),
    draw: impl FnOnce(&Canvas<'_>) -> Result<(), String>,
) -> Result<String, ReportError> {
    let mut text = String::new();
    {
        let canvas = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&canvas)
            .and_then(|()| canvas.present().map_err(reason))
            .map_err(|reason| ReportError::Chart {
                chart: title.to_owned(),
                reason,
            })?;
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
