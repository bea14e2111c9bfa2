//! The files of a run, and whether they are of one run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recurrent_files::{quoted, read_text_at_most};
use recurrent_runs::{EpochRecord, Evaluation, ModelFile, RunInfo, check_history, networks};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ReportError;

/// A run's folder, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// How it was made.
    pub info: RunInfo,
    /// All epochs of all networks, in the order of training.
    pub history: Vec<EpochRecord>,
    /// What the trained networks say of the test split, by name; a network trained before
    /// evaluations were kept has none.
    pub evaluations: BTreeMap<String, Evaluation>,
    /// Evaluations that are there and of no use, and why, as whole sentences.
    pub left_out: Vec<String>,
}

/// The most bytes of a run's description.
const INFO_LIMIT: u64 = 1 << 20;

/// The most bytes of a history.
const HISTORY_LIMIT: u64 = 1 << 26;

/// The most bytes of an evaluation: one of a million reviews has some 15 MB.
const EVALUATION_LIMIT: u64 = 1 << 30;

const INFO: &str = "a run's description";
const HISTORY: &str = "a history of epochs";
const EVALUATION: &str = "an evaluation";

impl Run {
    /// Reads the files of a run. An evaluation that is of another run, or of weights that are not finite, is left out,
    /// and [`Run::left_out`] says so.
    ///
    /// # Errors
    /// [`ReportError::NoRun`] for a folder without `run.json`; [`ReportError::File`] and [`ReportError::Content`] name
    /// the file; [`ReportError::Mixed`] if the history is not what `run.json` asks for; [`ReportError::Empty`] if no
    /// epoch was finished.
    pub fn load(folder: &Path) -> Result<Self, ReportError> {
        let path = folder.join("run.json");
        let info: RunInfo = match read(&path, INFO_LIMIT, INFO) {
            Err(ReportError::File(error)) if folder.is_dir() && error.is_not_found() => {
                return Err(no_run(folder));
            }
            Err(ReportError::File(_)) if folder.is_file() => {
                return Err(ReportError::NoRun {
                    path: folder.to_owned(),
                    advice: "it is a file: name the folder it is in".to_owned(),
                });
            }
            result => result?,
        };
        info.check().map_err(ReportError::invalid(&path, INFO))?;
        let path = folder.join("history.json");
        let history: Vec<EpochRecord> = match read(&path, HISTORY_LIMIT, HISTORY) {
            Err(ReportError::File(error)) if error.is_not_found() => Vec::new(),
            result => result?,
        };
        check_history(&history).map_err(ReportError::invalid(&path, HISTORY))?;
        if history.is_empty() {
            return Err(ReportError::Empty {
                path: folder.to_owned(),
            });
        }
        if let Some(reason) = not_asked_for(&info, &history) {
            return Err(ReportError::Mixed { path, reason });
        }
        let mut run = Self {
            folder: folder.to_owned(),
            info,
            history,
            evaluations: BTreeMap::new(),
            left_out: Vec::new(),
        };
        run.load_evaluations()?;
        Ok(run)
    }

    fn load_evaluations(&mut self) -> Result<(), ReportError> {
        let names: Vec<String> = self.networks().into_iter().map(str::to_owned).collect();
        for network in names {
            let folder = self.network_folder(&network);
            let path = folder.join("evaluation.json");
            let evaluation: Evaluation = match read(&path, EVALUATION_LIMIT, EVALUATION) {
                Err(ReportError::File(error)) if error.is_not_found() => continue,
                result => result?,
            };
            let reason = if evaluation.is_finite() {
                evaluation
                    .check()
                    .map_err(ReportError::invalid(&path, EVALUATION))?;
                self.misfit(&network, &evaluation, Manifest::read(&folder))
            } else {
                Some(
                    "its numbers are not finite, as those of a network whose training came to that"
                        .to_owned(),
                )
            };
            match reason {
                None => {
                    self.evaluations.insert(network, evaluation);
                }
                Some(reason) => self
                    .left_out
                    .push(format!("{} is left out: {reason}.", path.display())),
            }
        }
        Ok(())
    }

    /// Why an evaluation cannot be of this run.
    fn misfit(&self, network: &str, evaluation: &Evaluation, manifest: Manifest) -> Option<String> {
        if evaluation.network != network {
            return Some(format!("it is of {}", quoted(&evaluation.network)));
        }
        let differ = |one: &str, other: &str| !one.is_empty() && !other.is_empty() && one != other;
        if differ(&evaluation.run, &self.info.identity()) {
            return Some("it is of a run with other settings than run.json has".to_owned());
        }
        if differ(&evaluation.model, &manifest.checksum) {
            return Some("it is of another model than the one beside it".to_owned());
        }
        if differ(&manifest.dataset_sha256, &self.info.dataset_sha256) {
            return Some("the model beside it was trained on another data set".to_owned());
        }
        if let Some(other) = self.evaluations.values().next() {
            if other.classes != evaluation.classes {
                return Some(format!(
                    "its classes are not those of {}",
                    quoted(&other.network)
                ));
            }
            if other.labels != evaluation.labels {
                return Some(format!(
                    "it is of another test split than that of {}",
                    quoted(&other.network)
                ));
            }
        }
        let last = self.epochs(network).last()?.test_accuracy;
        // The dense network's accuracy counts tokens, its evaluation texts. A model by itself is that of its best epoch.
        let is_model = self.network_folder(network) == self.folder;
        if network == "dense" || is_model || evaluation.labels.is_empty() {
            return None;
        }
        let texts = evaluation.labels.len() as f64;
        let labels = evaluation.labels.iter().enumerate();
        let right = labels
            .filter(|(text, label)| evaluation.predicted(*text) == Some(**label as usize))
            .count() as f64;
        // A probability at one half may be rounded to the other side.
        let off = (right - last * texts).abs();
        (off > f64::max(1.5, 0.01 * texts)).then(|| {
            format!(
                "it has an accuracy of {:.4}, and the last epoch {last:.4}",
                right / texts
            )
        })
    }

    /// Where a network's model is: in a folder of its own, or, of a model that `recurrent train` left, in the run's.
    fn network_folder(&self, network: &str) -> PathBuf {
        let own = self.folder.join(network);
        let is_model = |folder: &Path| folder.join("config.json").is_file();
        match !is_model(&own) && is_model(&self.folder) {
            true => self.folder.clone(),
            false => own,
        }
    }

    /// The networks, in the order of training.
    pub fn networks(&self) -> Vec<&str> {
        networks(&self.history)
    }

    /// The epochs of one network.
    pub fn epochs<'a>(&'a self, network: &'a str) -> impl Iterator<Item = &'a EpochRecord> {
        self.history
            .iter()
            .filter(move |record| record.network == network)
    }
}

/// What of a model's `config.json` says whether an evaluation is its own; empty where that cannot be read, which is
/// not the report's to judge.
#[derive(Default)]
struct Manifest {
    checksum: String,
    dataset_sha256: String,
}

impl Manifest {
    fn read(folder: &Path) -> Self {
        let text = read_text_at_most(&folder.join("config.json"), INFO_LIMIT).ok();
        let file = text
            .and_then(|text| serde_json::from_str::<ModelFile<IgnoredAny, IgnoredAny>>(&text).ok());
        file.map_or_else(Self::default, |file| Self {
            checksum: file.checksum,
            dataset_sha256: file.dataset_sha256,
        })
    }
}

/// What a history has that its `run.json` does not ask for: it is an earlier run's.
fn not_asked_for(info: &RunInfo, history: &[EpochRecord]) -> Option<String> {
    let asked = |network: &String| info.networks.is_empty() || info.networks.contains(network);
    if let Some(record) = history.iter().find(|record| !asked(&record.network)) {
        return Some(format!(
            "it has epochs of {}, which run.json does not name",
            quoted(&record.network)
        ));
    }
    let epochs = history.iter().map(|record| record.epoch).max()?;
    (info.epochs > 0 && epochs > info.epochs).then(|| {
        format!(
            "it has {epochs} epochs, and run.json asks for {}",
            info.epochs
        )
    })
}

/// What a folder without `run.json` is, as far as that can be seen.
fn no_run(folder: &Path) -> ReportError {
    let is_model = folder.join("config.json").is_file();
    let parent = folder
        .canonicalize()
        .ok()
        .and_then(|folder| folder.parent().map(Path::to_owned))
        .filter(|parent| parent.join("run.json").is_file());
    let advice = match (is_model, parent) {
        (true, Some(_)) => format!(
            "it is one network's: name the run's, {}",
            folder.parent().map_or_else(String::new, |parent| {
                let parent = if parent.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    parent
                };
                parent.display().to_string()
            })
        ),
        (true, None) => {
            "it is a model's, without the run.json that `recurrent train` and `recurrent reproduce` leave with \
             theirs"
            .to_owned()
        }
        (false, _) => "name one that `recurrent train` or `recurrent reproduce` wrote".to_owned(),
    };
    ReportError::NoRun {
        path: folder.to_owned(),
        advice,
    }
}

/// Reads an `evaluation.json`.
///
/// # Errors
/// [`ReportError::File`] and [`ReportError::Content`] name the file.
pub fn load_evaluation(path: &Path) -> Result<Evaluation, ReportError> {
    let evaluation: Evaluation = read(path, EVALUATION_LIMIT, EVALUATION)?;
    evaluation
        .check()
        .map_err(ReportError::invalid(path, EVALUATION))?;
    Ok(evaluation)
}

fn read<T: DeserializeOwned>(
    path: &Path,
    limit: u64,
    what: &'static str,
) -> Result<T, ReportError> {
    let text = read_text_at_most(path, limit)?;
    let failed = |reason: &str| ReportError::content(path, what, reason);
    let mut json = serde_json::Deserializer::from_str(&text);
    // With the way to the field that is wrong.
    let value = serde_path_to_error::deserialize(&mut json);
    let value = value.map_err(|error| failed(&error.to_string()))?;
    json.end().map_err(|error| failed(&error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;
    use crate::testing::run;

    /// A run's folder, one file of which was changed.
    fn folder(file: &str, change: impl FnOnce(&mut Value)) -> TempDir {
        let run = run(0);
        let folder = tempfile::tempdir().unwrap();
        let mut files = [
            ("run.json", serde_json::to_value(&run.info).unwrap()),
            ("history.json", serde_json::to_value(&run.history).unwrap()),
            (
                "lstm/evaluation.json",
                serde_json::to_value(&run.evaluations["lstm"]).unwrap(),
            ),
        ];
        fs::create_dir(folder.path().join("lstm")).unwrap();
        if let Some((_, value)) = files.iter_mut().find(|(name, _)| *name == file) {
            change(value);
        }
        for (name, value) in files {
            fs::write(folder.path().join(name), value.to_string()).unwrap();
        }
        folder
    }

    fn refused(folder: &Path) -> String {
        let text = Run::load(folder).unwrap_err().to_string();
        assert!(text.len() < 800, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        text
    }

    #[test]
    fn a_folder_is_read_whole() {
        let folder = folder("", |_| ());
        let expected = Run {
            folder: folder.path().to_owned(),
            ..run(0)
        };
        assert_eq!(Run::load(folder.path()).unwrap(), expected);
    }

    #[test]
    fn nonsense_is_refused_and_named() {
        type Case = (&'static str, &'static str, fn(&mut Value));
        let cases: [Case; 12] = [
            ("history.json", "-5", |h| {
                h[0]["test_accuracy"] = json!(-5.0)
            }),
            ("history.json", "1000000000", |h| {
                h[1]["epoch"] = json!(1_000_000_000)
            }),
            ("history.json", "train_loss", |h| {
                h[1]["train_loss"] = json!(1e308)
            }),
            ("history.json", "[1].test_accuracy", |h| {
                h[1]["test_accuracy"] = Value::Null
            }),
            ("history.json", "u{1b}", |h| {
                h[0]["network"] = json!("\0\u{1b}")
            }),
            ("history.json", "..", |h| h[0]["network"] = json!("../lstm")),
            ("history.json", "aaaa", |h| {
                h[0]["network"] = json!("a".repeat(100_000))
            }),
            ("history.json", "trained twice", |h| {
                h[1]["epoch"] = json!(1)
            }),
            ("history.json", "two runs", |h| {
                h[1]["network"] = json!("gru")
            }),
            ("run.json", "two runs", |r| r["epochs"] = json!(1)),
            ("run.json", "update", |r| r["version"] = json!(99)),
            ("lstm/evaluation.json", "-3", |e| {
                e["scores"][1][0] = json!(-3.0)
            }),
        ];
        for (file, named, change) in cases {
            let folder = folder(file, |value| {
                change(value);
                if named == "two runs" && file == "history.json" {
                    value[1]["epoch"] = json!(1);
                }
            });
            let text = refused(folder.path());
            assert!(text.contains(named), "{named}: {text}");
        }
    }

    #[test]
    fn json_that_is_none_names_its_field_and_is_not_repeated() {
        let folder = folder("", |_| ());
        let path = folder.path().join("history.json");
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.replacen("1.5", "NaN", 1)).unwrap();
        let text = refused(folder.path());
        assert!(text.contains("[0].seconds"), "{text}");
        let long = format!("\"\u{7f}{}\"", "x".repeat(100_000));
        fs::write(&path, whole.replacen("1.5", &long, 1)).unwrap();
        assert!(refused(folder.path()).contains("history.json"));
        fs::write(&path, format!("{whole} and more")).unwrap();
        assert!(refused(folder.path()).contains("trailing"));
    }

    #[test]
    fn a_loss_of_null_costs_no_report() {
        let folder = folder("history.json", |h| h[1]["test_loss"] = Value::Null);
        let run = Run::load(folder.path()).unwrap();
        assert!(run.history[1].test_loss.is_nan());
    }

    #[test]
    fn evaluations_of_another_run_are_left_out_with_the_reason() {
        type Case = (&'static str, fn(&mut Value));
        let cases: [Case; 4] = [
            ("other settings", |e| e["run"] = json!("data x, seed 7")),
            ("of \"gru\"", |e| e["network"] = json!("gru")),
            ("accuracy", |e| e["labels"] = json!([1, 1, 0, 0])),
            ("not finite", |e| e["scores"][1][1] = Value::Null),
        ];
        for (named, change) in cases {
            let folder = folder("lstm/evaluation.json", |e| {
                change(e);
                if named == "accuracy" {
                    e["scores"] = json!([[0.9, 0.8, 0.1, 0.2], [0.1, 0.2, 0.9, 0.8]]);
                }
            });
            let run = Run::load(folder.path()).unwrap();
            assert!(run.evaluations.is_empty());
            assert!(run.left_out[0].contains(named), "{:?}", run.left_out);
        }
        let folder = folder("lstm/evaluation.json", |e| {
            e["model"] = json!("ab".repeat(32))
        });
        let config = |sum: &str, data: &str| {
            let text = json!({
                "format": "recurrent-model", "version": 3, "network": {}, "max_tokens": 40, "classes": [],
                "cleaned": true, "dataset": "ok", "sample": false, "parts": {},
                "checksum": sum.repeat(32), "dataset_sha256": data.repeat(32),
            });
            fs::write(folder.path().join("lstm/config.json"), text.to_string()).unwrap();
            Run::load(folder.path()).unwrap().left_out
        };
        assert!(config("ab", "ab").is_empty());
        assert!(config("cd", "ab")[0].contains("another model"));
        assert!(config("ab", "cd")[0].contains("another data set"));
    }

    #[test]
    fn what_is_no_runs_folder_is_said_to_be_what_it_is() {
        let run = folder("", |_| ());
        let model = run.path().join("lstm");
        fs::write(model.join("config.json"), "{}").unwrap();
        let text = refused(&model);
        assert!(
            text.contains(&format!("name the run's, {}", run.path().display())),
            "{text}"
        );
        let text = refused(&run.path().join("run.json"));
        assert!(text.contains("it is a file"), "{text}");
        assert!(refused(&run.path().join("nowhere")).contains("check the path"));
        fs::remove_file(run.path().join("run.json")).unwrap();
        assert!(refused(run.path()).contains("no run.json"));
        assert!(refused(&model).contains("without the run.json"));
        let run = folder("", |_| ());
        fs::remove_file(run.path().join("history.json")).unwrap();
        assert!(refused(run.path()).contains("no epoch"));
    }
}
