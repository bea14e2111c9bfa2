//! A report on disk: all of it, or what was there before.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use recurrent_files::{FileError, Replacement, read_text_at_most, replace};

use crate::run::Run;
use crate::{ReportError, chart, groups, page};

/// Pixels of a PNG for one unit of its SVG.
const PNG_SCALE: f32 = 2.0;

/// What a page says of its pictures, between quotation marks, so that the next one can take away those it no longer has.
const PICTURES: &str = "<meta name=\"recurrent-pictures\" content=\"";

/// The most bytes of an earlier page that is looked at.
const PAGE_LIMIT: u64 = 1 << 28;

/// What [`write()`] left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The pictures, SVG and PNG.
    pub pictures: Vec<PathBuf>,
    /// What a reader must know of the figures, as whole sentences; they stand on the page, too.
    pub notes: Vec<String>,
}

/// Writes `report.html` and its pictures into `out`, which is made if it is not there: of one run, or of several.
/// Runs that differ in their seed alone become a mean with its spread; whatever else differs stands side by side, with
/// what differs as its name. Verdicts on single texts are those of the first run of each kind.
///
/// Everything is drawn before the first file appears, and the page appears last. Pictures that an earlier page in
/// `out` names and this one does not are removed.
///
/// # Errors
/// [`ReportError::Empty`] without runs; [`ReportError::Twice`] and [`ReportError::Unlike`] for runs of one seed and
/// the same settings; [`ReportError::File`] where a file cannot be written: then no picture is new in `out`.
pub fn write(runs: &[Run], out: &Path) -> Result<Written, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::Empty {
            path: out.to_owned(),
        });
    }
    groups::check(runs)?;
    let drawn = page::draw(runs)?;
    let mut files = Vec::new();
    for (name, svg) in &drawn.pictures {
        files.extend(pictures(out, name, svg)?);
    }
    let page = out.join("report.html");
    let pictures: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    let outdated = outdated(&page, &pictures);
    files.push((page.clone(), drawn.html.into_bytes()));
    std::fs::create_dir_all(out).map_err(FileError::write(out))?;
    write_all(files)?;
    for path in outdated {
        // Nothing depends on it; where it cannot be removed, it stays.
        let _ = std::fs::remove_file(path);
    }
    Ok(Written {
        page,
        pictures,
        notes: drawn.notes,
    })
}

/// A chart's two files, with what is to be in them.
fn pictures(folder: &Path, name: &str, svg: &str) -> Result<[(PathBuf, Vec<u8>); 2], ReportError> {
    let path = |end: &str| folder.join(format!("{name}.{end}"));
    let pixels = chart::png(svg, PNG_SCALE)?;
    Ok([
        (path("svg"), svg.as_bytes().to_vec()),
        (path("png"), pixels),
    ])
}

/// Writes files in this order, all or none: what a disk has no space for is known before the first takes its name.
fn write_all(files: Vec<(PathBuf, Vec<u8>)>) -> Result<(), FileError> {
    let mut ready: Vec<(PathBuf, Replacement)> = Vec::new();
    for (path, content) in files {
        let mut file = replace(&path)?;
        file.write_all(&content).map_err(file.failed())?;
        ready.push((path, file));
    }
    let mut new = Vec::new();
    for (path, file) in ready {
        let is_new = !path.exists();
        if let Err(error) = file.commit() {
            for path in new {
                let _ = std::fs::remove_file(path);
            }
            return Err(error);
        }
        if is_new {
            new.push(path);
        }
    }
    Ok(())
}

/// Pictures of the page that is there and not of the new one. Only a page of ours names its pictures, and only names
/// that ours have are taken.
fn outdated(page: &Path, pictures: &[PathBuf]) -> Vec<PathBuf> {
    let Ok(text) = read_text_at_most(page, PAGE_LIMIT) else {
        return Vec::new();
    };
    let names = text
        .split_once(PICTURES)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("", |(names, _)| names);
    names
        .split(' ')
        .filter(|name| is_ours(name))
        .flat_map(|name| ["svg", "png"].map(|end| page.with_file_name(format!("{name}.{end}"))))
        .filter(|path| !pictures.contains(path))
        .collect()
}

fn is_ours(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "loss",
        "accuracy",
        "curves",
        "confusion",
        "calibration",
        "gradient",
    ];
    let number = name.strip_prefix("words-");
    NAMES.contains(&name) || number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Writes a chart into `folder`, as `NAME.svg` and `NAME.png`, and says where they are: both, or neither.
///
/// # Errors
/// [`ReportError::File`], and what was there before stays; [`ReportError::Chart`] for what is no SVG.
pub fn save_chart(folder: &Path, name: &str, svg: &str) -> Result<[PathBuf; 2], ReportError> {
    let files = pictures(folder, name, svg)?;
    let paths = files.each_ref().map(|(path, _)| path.clone());
    write_all(files.into())?;
    Ok(paths)
}
