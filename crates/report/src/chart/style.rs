//! Colours and sizes of every chart.
//!
//! Each colour is a pair, for light and dark surroundings. Charts are drawn in the light one; a style
//! sheet inside the SVG, or on the page around it, puts the other one in its place where the reader
//! prefers dark. All have a contrast of at least 4.5 to 1 against their background, and the series
//! differ in lightness as well as in hue, so that they can be told apart without seeing hues.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour, light and dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    light: (u8, u8, u8),
    dark: (u8, u8, u8),
}

impl Ink {
    const fn new(light: (u8, u8, u8), dark: (u8, u8, u8)) -> Self {
        Self { light, dark }
    }

    pub(crate) fn color(self) -> RGBColor {
        RGBColor(self.light.0, self.light.1, self.light.2)
    }
}

/// Text and axes.
pub const TEXT: Ink = Ink::new((31, 35, 40), (230, 232, 235));
/// What may stand back: grid lines.
pub const GRID: Ink = Ink::new((222, 224, 227), (62, 66, 72));
/// Where nothing is drawn.
pub const PAPER: Ink = Ink::new((255, 255, 255), (22, 24, 27));

/// The series, in order; after the last one they begin anew. Neither is orange or blue: those are classes.
pub const SERIES: [Ink; 6] = [
    Ink::new((84, 84, 92), (170, 172, 180)),
    Ink::new((130, 40, 130), (226, 150, 226)),
    Ink::new((0, 112, 84), (66, 214, 168)),
    Ink::new((96, 84, 0), (222, 202, 70)),
    Ink::new((165, 28, 68), (255, 140, 165)),
    Ink::new((14, 100, 118), (110, 205, 222)),
];

/// The series at `place`.
pub fn series(place: usize) -> Ink {
    SERIES[place % SERIES.len()]
}

/// The networks of the notebook, whose colours are the same in every chart.
const KNOWN: [&str; 3] = ["dense", "simple_rnn", "lstm"];

/// The colour of a network among those that are drawn together.
pub fn ink(network: &str, drawn: &[&str]) -> Ink {
    if let Some(place) = KNOWN.iter().position(|known| *known == network) {
        return series(place);
    }
    let others = drawn.iter().filter(|name| !KNOWN.contains(name));
    let place = others.take_while(|name| **name != network).count();
    // Grey comes last: it is for what stands back.
    // What no known network needs comes last, so that it is only used up when all are there.
    let free = [2, 1, 3, 4, 5, 0]
        .into_iter()
        .filter(|place: &usize| KNOWN.get(*place).is_none_or(|known| !drawn.contains(known)));
    let free: Vec<usize> = free.collect();
    series(
        free.get(place % free.len().max(1))
            .copied()
            .unwrap_or(place),
    )
}

/// The font of SVGs and pictures.
pub(crate) const FONT: &str = "sans-serif";

/// Sizes of type: 12 pixels, and 13 for a title. plotters writes a size divided by 1.24 into an SVG.
pub(crate) const SMALL: f64 = 12.0 * 1.24;
pub(crate) const TITLED: f64 = 13.0 * 1.24;

/// Rules that turn a chart dark, to be put into a media query or behind an attribute.
pub fn dark_rules(prefix: &str) -> String {
    let mut rules = String::new();
    for ink in SERIES.iter().chain([&TEXT, &GRID, &PAPER]) {
        let ((r, g, b), (dr, dg, db)) = (ink.light, ink.dark);
        for attribute in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = write!(
                rules,
                "{prefix}[{attribute}=\"#{r:02X}{g:02X}{b:02X}\"]{{{attribute}:#{dr:02X}{dg:02X}{db:02X}}}"
            );
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2's relative luminance.
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let linear = |channel: u8| {
            let x = f64::from(channel) / 255.0;
            if x <= 0.04045 {
                x / 12.92
            } else {
                ((x + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_ink_can_be_read_on_its_paper() {
        for ink in SERIES.iter().chain([&TEXT]) {
            assert!(
                contrast(ink.light, PAPER.light) >= 4.5,
                "{ink:?} in the light"
            );
            assert!(contrast(ink.dark, PAPER.dark) >= 4.5, "{ink:?} in the dark");
        }
    }

    #[test]
    fn a_network_keeps_its_colour_and_shares_none() {
        assert_eq!(
            ink("lstm", &["lstm"]),
            ink("lstm", &["dense", "simple_rnn", "lstm"])
        );
        let drawn = ["gru", "dense", "bilstm", "lstm", "lstm (flex)"];
        for (place, name) in drawn.iter().enumerate() {
            for other in &drawn[..place] {
                assert_ne!(ink(name, &drawn), ink(other, &drawn), "{name} and {other}");
            }
        }
    }

    #[test]
    fn the_first_series_differ_without_hues() {
        for theme in [|ink: &Ink| ink.light, |ink: &Ink| ink.dark] {
            let shades: Vec<f64> = SERIES[..3]
                .iter()
                .map(|ink| luminance(theme(ink)))
                .collect();
            assert!(shades[0] != shades[1] && shades[1] != shades[2] && shades[0] != shades[2]);
        }
    }
}
