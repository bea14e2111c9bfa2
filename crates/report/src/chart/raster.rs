//! SVG to PNG, with a font of its own: it looks the same on a machine that has none.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::ReportError;

/// Pixels of a chart, `scale` to a unit of the SVG, on white.
///
/// # Errors
/// [`ReportError::Chart`] for text that is no SVG, or has no size.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: String| ReportError::Chart {
        chart: "a picture".to_owned(),
        reason,
    };
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = usvg::Options {
        fontdb: Arc::new(fonts),
        font_family: "DejaVu Sans".to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size();
    let pixels = |length: u32| (length as f32 * scale).ceil() as u32;
    let mut picture = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| failed("it has no size".to_owned()))?;
    picture.fill(resvg::tiny_skia::Color::WHITE);
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut picture.as_mut(),
    );
    picture
        .encode_png()
        .map_err(|error| failed(error.to_string()))
}
