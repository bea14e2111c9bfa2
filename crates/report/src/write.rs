//! A report on disk: all of it, or what was there before.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use recurrent_files::{FileError, Replacement, replace};

use crate::run::Run;
use crate::{ReportError, chart, groups, page};

/// Pixels of a PNG for one unit of its SVG.
const PNG_SCALE: f32 = 2.0;

/// The name of the page in its folder.
pub const PAGE: &str = "report.html";

/// Bytes of an SVG in which it shows whether it is a chart of ours.
const HEAD: u64 = 1 << 16;

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
/// Everything is drawn before the first file appears, and the page appears last. Pictures of an earlier
/// report in `out` that this one does not have are removed.
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
    let page = out.join(PAGE);
    let pictures: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    files.push((page.clone(), drawn.html.into_bytes()));
    std::fs::create_dir_all(out).map_err(FileError::write(out))?;
    write_all(files)?;
    for path in outdated(out, &pictures) {
        // Nothing depends on it; where it cannot be removed, it stays.
        let _ = std::fs::remove_file(path);
    }
    Ok(Written {
        page,
        pictures,
        notes: drawn.notes,
    })
}

/// Writes `report.html` alone into `out`, with its charts in it: the page, and what a reader must know of the figures.
/// Pictures of an earlier report there are removed.
///
/// # Errors
/// As [`write()`].
pub fn write_page(runs: &[Run], out: &Path) -> Result<(PathBuf, Vec<String>), ReportError> {
    groups::check(runs)?;
    let drawn = page::draw(runs)?;
    let page = out.join(PAGE);
    recurrent_files::write(&page, drawn.html.as_bytes())?;
    for path in outdated(out, &[]) {
        // As above.
        let _ = std::fs::remove_file(path);
    }
    Ok((page, drawn.notes))
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

/// Pictures in `out` that an earlier report left and that are not among `pictures`: named as ours are, and drawn here.
fn outdated(out: &Path, pictures: &[PathBuf]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(out).into_iter().flatten().flatten();
    let charts = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_stem().and_then(|name| name.to_str());
        path.extension().is_some_and(|end| end == "svg")
            && name.is_some_and(is_ours)
            && !pictures.contains(path)
            && is_chart(path)
    });
    charts
        .flat_map(|path| [path.with_extension("png"), path])
        .collect()
}

/// Whether a report has pictures of that name.
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

/// Whether a file is an SVG that was drawn here.
fn is_chart(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = std::fs::File::open(path) else {
        return false;
    };
    file.take(HEAD).read_to_end(&mut head).is_ok()
        && String::from_utf8_lossy(&head).contains(chart::MARK)
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::testing::{evaluation, run};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_that_fails_leaves_nothing_new() {
        let out = tempfile::tempdir().unwrap();
        // A folder stands where the page or a picture should go, the last one written included.
        for name in [PAGE, "words-1.png", "curves.svg"] {
            fs::create_dir_all(out.path().join(name).join("full")).unwrap();
            let error = write(&[run(0)], out.path()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(names(out.path()), [name]);
            fs::remove_dir_all(out.path().join(name)).unwrap();
        }
        let error = write(&[run(0), run(0)], &out.path().join("new")).unwrap_err();
        assert!(matches!(error, ReportError::Twice { .. }), "{error}");
        assert!(!out.path().join("new").exists());
    }

    #[test]
    fn pictures_of_an_earlier_report_go_and_those_of_others_stay() {
        let out = tempfile::tempdir().unwrap();
        let mut full = run(0);
        let traces = &mut full.evaluations.get_mut("lstm").unwrap().traces;
        let mut other = traces[0].clone();
        other.path = "pos/2_9.txt".to_owned();
        traces.push(other);
        let before = write(&[full], out.path()).unwrap();
        assert_eq!(names(out.path()).len(), before.pictures.len() + 1);
        let own = ["words-7.svg", "words-8.png", "gradient.txt"];
        for name in own {
            fs::write(out.path().join(name), "<svg>drawn by somebody</svg>").unwrap();
        }
        let bare = recurrent_runs::Evaluation {
            traces: Vec::new(),
            gradient: None,
            ..evaluation("lstm")
        };
        let mut run = run(0);
        run.evaluations = [("lstm".to_owned(), bare)].into();
        let after = write(&[run], out.path()).unwrap();
        let left = names(out.path());
        assert_eq!(left.len(), after.pictures.len() + 1 + own.len());
        assert!(
            !left
                .iter()
                .any(|name| name.starts_with("words-1") || name == "gradient.svg")
        );
    }
}
