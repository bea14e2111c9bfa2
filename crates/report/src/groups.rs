//! Which runs are repetitions: those that differ in their seed alone. Everything else that differs is a label.

use recurrent_runs::EpochRecord;

use crate::ReportError;
use crate::run::Run;
use crate::text::{LABEL, cut};

/// A network over runs that differ in their seed alone: what a mean may be taken of.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The network's name.
    pub network: &'a str,
    /// Its name, and what else differs among the runs shown: `lstm, 40 tokens`.
    pub label: String,
    /// The runs, in the order they were given; each has at least one epoch of the network.
    pub runs: Vec<&'a Run>,
}

impl<'a> Group<'a> {
    /// The epochs of each run.
    pub fn epochs(&self) -> Vec<Vec<&'a EpochRecord>> {
        let of = |run: &&'a Run| run.epochs(self.network).collect();
        self.runs.iter().map(of).collect()
    }

    /// How many epochs all of its runs have: as far as a mean goes.
    pub fn common_epochs(&self) -> usize {
        self.epochs().iter().map(Vec::len).min().unwrap_or(0)
    }
}

/// Something that changes what comes out of a run.
struct Setting {
    /// What is compared; none where a run did not note it.
    value: fn(&Run, &str) -> Option<String>,
    /// The value in words.
    words: fn(&Run, &str) -> String,
}

/// What a label says wherever it differs.
const SAID: [Setting; 5] = [
    Setting {
        value: |run, _| {
            let (name, sum) = (&run.info.dataset, &run.info.dataset_sha256);
            Some(if sum.is_empty() { name } else { sum }.clone())
        },
        words: |run, _| format!("data set {}", cut(&run.info.dataset, 24)),
    },
    Setting {
        value: |run, _| number(run.info.max_tokens),
        words: |run, _| format!("{} tokens", or_unknown(number(run.info.max_tokens))),
    },
    Setting {
        value: |run, _| number(run.info.length),
        words: |run, _| format!("length {}", or_unknown(number(run.info.length))),
    },
    Setting {
        value: |run, _| number(run.info.epochs),
        words: |run, _| match run.info.epochs {
            0 => "epochs unknown".to_owned(),
            1 => "1 epoch".to_owned(),
            epochs => format!("{epochs} epochs"),
        },
    },
    Setting {
        value: |run, _| noted(&run.info.backend),
        words: |run, _| cut(&or_unknown(noted(&run.info.backend)), 24).into_owned(),
    },
];

/// What a label says only where the others do not tell two groups apart.
const UNSAID: [Setting; 8] = [
    Setting {
        value: |run, _| noted(&run.info.dataset_sha256),
        words: |run, _| format!("SHA-256 {}", short(noted(&run.info.dataset_sha256))),
    },
    Setting {
        value: |run, _| noted(&run.info.recurrent),
        words: |run, _| format!("recurrent {}", short(noted(&run.info.recurrent))),
    },
    Setting {
        value: |run, _| noted(&run.info.burn),
        words: |run, _| format!("burn {}", short(noted(&run.info.burn))),
    },
    Setting {
        value: |run, _| run.info.commit.clone(),
        words: |run, _| format!("commit {}", short(run.info.commit.clone())),
    },
    Setting {
        value: |run, _| noted(&run.info.vectorizer_sha256),
        words: |run, _| format!("vectorizer {}", short(noted(&run.info.vectorizer_sha256))),
    },
    Setting {
        // Where all settings are noted, what is left is the vocabulary of the texts that the seed chose.
        value: |run, network| match run.info.config_sha256.is_empty() {
            true => Some(run.evaluations.get(network)?.parameters.to_string()),
            false => None,
        },
        words: |run, network| match run.evaluations.get(network) {
            Some(evaluation) => format!("{} parameters", evaluation.parameters),
            None => "parameters unknown".to_owned(),
        },
    },
    Setting {
        value: |run, _| noted(&run.info.config_sha256),
        words: |run, _| format!("settings {}", short(noted(&run.info.config_sha256))),
    },
    INSTRUCTIONS,
];

/// The kernels' instruction set, which changes the rounding and nothing else: it tells runs of one seed apart, and
/// is no reason to keep seeds of two machines from being averaged.
const INSTRUCTIONS: Setting = Setting {
    value: |run, _| noted(&run.info.isa),
    words: |run, _| cut(&or_unknown(noted(&run.info.isa)), 24).into_owned(),
};

/// The data set's name. Equal data under two names are one data set, and seeds of both are averaged; runs of one seed
/// are told apart by it.
const NAME: Setting = Setting {
    value: |run, _| noted(&run.info.dataset),
    words: |run, _| format!("data set {}", cut(&run.info.dataset, 24)),
};

fn number(value: usize) -> Option<String> {
    (value > 0).then(|| value.to_string())
}

fn noted(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn or_unknown(value: Option<String>) -> String {
    value.unwrap_or_else(|| "unknown".to_owned())
}

fn short(value: Option<String>) -> String {
    or_unknown(value).chars().take(8).collect()
}

/// The networks of runs, each once for every combination of settings that differ, in the order of the networks and
/// then of the runs.
pub fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for network in runs.iter().flat_map(Run::networks) {
        if !names.contains(&network) {
            names.push(network);
        }
    }
    let said: Vec<&Setting> = SAID
        .iter()
        .filter(|setting| {
            let mut words = runs.iter().map(|run| (setting.words)(run, ""));
            let first = words.next();
            words.any(|other| Some(other) != first)
        })
        .collect();
    let mut groups = Vec::new();
    for network in names {
        let of_network: Vec<&Run> = runs
            .iter()
            .filter(|run| run.epochs(network).next().is_some())
            .collect();
        let mut found = split(network, &of_network, false);
        if found.iter().any(|group| shares_a_seed(&group.runs)) {
            found = split(network, &of_network, true);
        }
        label(&mut found, &said);
        groups.extend(found);
    }
    groups
}

/// Groups of runs of a network that agree in every setting, and, if `all`, in what changes at most the rounding, too.
fn split<'a>(network: &'a str, runs: &[&'a Run], all: bool) -> Vec<Group<'a>> {
    let mut keys: Vec<Vec<Option<String>>> = vec![Vec::new(); runs.len()];
    let settings = SAID.iter().chain(&UNSAID[..UNSAID.len() - 1]);
    let more = [&INSTRUCTIONS, &NAME];
    for setting in settings.chain(more.into_iter().filter(|_| all)) {
        let values: Vec<_> = runs
            .iter()
            .map(|run| (setting.value)(run, network))
            .collect();
        // What a run did not note is no difference, unless the others differ in it.
        let mut noted = values.iter().flatten();
        let first = noted.next();
        if noted.any(|other| Some(other) != first) {
            for (key, value) in keys.iter_mut().zip(values) {
                key.push(value);
            }
        }
    }
    let mut found: Vec<(&Vec<Option<String>>, Group<'a>)> = Vec::new();
    for (key, run) in keys.iter().zip(runs) {
        match found.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.runs.push(run),
            None => found.push((
                key,
                Group {
                    network,
                    label: String::new(),
                    runs: vec![run],
                },
            )),
        }
    }
    found.into_iter().map(|(_, group)| group).collect()
}

fn shares_a_seed(runs: &[&Run]) -> bool {
    let mut seeds: Vec<u64> = runs.iter().map(|run| run.info.seed).collect();
    seeds.sort_unstable();
    seeds.windows(2).any(|pair| pair[0] == pair[1])
}

/// Names groups of one network: by what is said, and by more where that is not enough.
fn label(groups: &mut [Group<'_>], said: &[&Setting]) {
    for group in groups.iter_mut() {
        group.label = cut(group.network, LABEL).into_owned();
        if let Some(run) = group.runs.first() {
            for setting in said {
                group.label += &format!(", {}", (setting.words)(run, group.network));
            }
        }
    }
    for setting in &UNSAID {
        let words: Vec<String> = groups
            .iter()
            .map(|group| match group.runs.first() {
                Some(run) => (setting.words)(run, group.network),
                None => String::new(),
            })
            .collect();
        let differs = |place: usize, groups: &[Group<'_>]| {
            (0..groups.len()).any(|other| {
                groups[other].label == groups[place].label && words[other] != words[place]
            })
        };
        let wanted: Vec<usize> = (0..groups.len())
            .filter(|place| differs(*place, groups))
            .collect();
        for place in wanted {
            groups[place].label += &format!(", {}", words[place]);
        }
    }
}

/// Refuses runs that are given twice: a mean of them would have a spread of 0 and mean nothing.
///
/// # Errors
/// [`ReportError::Twice`] for one folder under two names, or two runs of the same settings, seed and figures;
/// [`ReportError::Unlike`] for the same settings and seed with other figures.
pub(crate) fn check(runs: &[Run]) -> Result<(), ReportError> {
    let folders: Vec<_> = runs
        .iter()
        .map(|run| std::fs::canonicalize(&run.folder).unwrap_or_else(|_| run.folder.clone()))
        .collect();
    for (place, folder) in folders.iter().enumerate() {
        if let Some(before) = folders[..place].iter().position(|other| other == folder) {
            return Err(ReportError::Twice {
                first: runs[before].folder.clone(),
                second: runs[place].folder.clone(),
                reason: "it is one folder".to_owned(),
            });
        }
    }
    for group in groups(runs) {
        for (place, run) in group.runs.iter().enumerate() {
            let same_seed = |other: &&&Run| other.info.seed == run.info.seed;
            let Some(before) = group.runs[..place].iter().find(same_seed) else {
                continue;
            };
            let (first, second) = (before.folder.clone(), run.folder.clone());
            let seed = run.info.seed;
            return Err(if same_figures(before, run, group.network) {
                let reason =
                    format!("they have the same settings, seed {seed} and the same figures");
                ReportError::Twice {
                    first,
                    second,
                    reason,
                }
            } else {
                ReportError::Unlike {
                    first,
                    second,
                    seed,
                    network: group.network.to_owned(),
                }
            });
        }
    }
    Ok(())
}

/// Whether a network has the same figures in both runs, as far as both go; how long it took is not asked.
fn same_figures(one: &Run, other: &Run, network: &str) -> bool {
    let figures = |record: &EpochRecord| {
        [
            record.train_loss,
            record.train_accuracy,
            record.test_loss,
            record.test_accuracy,
        ]
        .map(f64::to_bits)
    };
    one.epochs(network)
        .zip(other.epochs(network))
        .all(|(one, other)| figures(one) == figures(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{evaluation, run};

    fn labels(runs: &[Run]) -> Vec<(String, usize)> {
        let named = groups(runs).into_iter();
        named.map(|group| (group.label, group.runs.len())).collect()
    }

    #[test]
    fn seeds_are_one_group_and_machines_do_not_matter() {
        let mut runs = [run(0), run(1), run(2)];
        runs[1].info.threads = 64;
        runs[1].info.cpu = "another".to_owned();
        runs[2].info.isa = "avx512".to_owned();
        assert_eq!(labels(&runs), [("lstm".to_owned(), 3)]);
        check(&runs).unwrap();
    }

    #[test]
    fn equal_data_under_two_names_is_averaged_over_seeds_and_stands_side_by_side_otherwise() {
        let mut runs = [run(0), run(1)];
        runs[1].info.dataset = "copy".to_owned();
        assert_eq!(labels(&runs).len(), 1);
        runs[1].info.seed = 0;
        let apart = [("lstm, data set ok", 1), ("lstm, data set copy", 1)];
        assert_eq!(
            labels(&runs),
            apart.map(|(label, runs)| (label.to_owned(), runs))
        );
        check(&runs).unwrap();
    }

    #[test]
    fn whatever_changes_results_keeps_runs_apart_and_names_them() {
        type Change = fn(&mut Run);
        let changes: [(&str, &str, Change); 13] = [
            ("data set ok", "data set other", |run| {
                run.info.dataset = "other".to_owned();
                run.info.dataset_sha256 = "ff".repeat(32);
            }),
            ("SHA-256 abababab", "SHA-256 ffffffff", |run| {
                run.info.dataset_sha256 = "ff".repeat(32);
            }),
            ("data set ok", "data set other", |run| {
                run.info.dataset = "other".to_owned();
                run.info.dataset_sha256 = String::new();
            }),
            ("40 tokens", "10 tokens", |run| run.info.max_tokens = 10),
            ("length 12", "length 24", |run| run.info.length = 24),
            ("2 epochs", "4 epochs", |run| run.info.epochs = 4),
            ("flex", "libtorch-cpu", |run| {
                run.info.backend = "libtorch-cpu".to_owned();
            }),
            ("recurrent 0.1.0", "recurrent 0.2.0", |run| {
                run.info.recurrent = "0.2.0".to_owned();
            }),
            ("burn 0.22.1", "burn 0.23.0", |run| {
                run.info.burn = "0.23.0".to_owned();
            }),
            ("commit 1234abcd", "commit 99", |run| {
                run.info.commit = Some("99".to_owned());
            }),
            ("vectorizer cdcdcdcd", "vectorizer ffffffff", |run| {
                run.info.vectorizer_sha256 = "ff".repeat(32);
            }),
            ("100 parameters", "200 parameters", |run| {
                run.evaluations.get_mut("lstm").unwrap().parameters = 200;
            }),
            ("avx2", "avx512", |run| {
                run.info.seed = 0;
                run.info.isa = "avx512".to_owned();
            }),
        ];
        for (before, after, change) in changes {
            let mut runs = [run(0), run(1)];
            change(&mut runs[1]);
            let expected = [before, after].map(|what| (format!("lstm, {what}"), 1));
            assert_eq!(labels(&runs), expected);
            check(&runs).unwrap();
        }
    }

    #[test]
    fn what_tells_enough_is_not_said_twice() {
        // More tokens make other vectorizers and more parameters, which nobody needs to read.
        let mut runs = [run(0), run(0), run(1)];
        runs[1].info.max_tokens = 10;
        runs[1].info.vectorizer_sha256 = "ff".repeat(32);
        runs[1].evaluations.insert(
            "lstm".to_owned(),
            recurrent_runs::Evaluation {
                parameters: 7,
                ..evaluation("lstm")
            },
        );
        let expected = [
            ("lstm, 40 tokens".to_owned(), 2),
            ("lstm, 10 tokens".to_owned(), 1),
        ];
        assert_eq!(labels(&runs), expected);
    }

    #[test]
    fn what_was_not_noted_is_no_difference_until_others_differ() {
        let mut runs = [run(0), run(1), run(2)];
        runs[1].info.vectorizer_sha256 = String::new();
        runs[2].info.commit = None;
        assert_eq!(labels(&runs), [("lstm".to_owned(), 3)]);
        runs[0].info.commit = Some("99".to_owned());
        let expected = ["commit 99", "commit 1234abcd", "commit unknown"];
        assert_eq!(
            labels(&runs),
            expected.map(|what| (format!("lstm, {what}"), 1))
        );
    }

    #[test]
    fn a_run_given_twice_is_refused_and_both_are_named() {
        let message = |runs: &[Run]| check(runs).unwrap_err().to_string();
        let mut again = run(0);
        again.folder = "copy".into();
        again.history[0].seconds = 7.0;
        let text = message(&[run(0), again.clone()]);
        assert!(
            text.contains("runs/seed-0") && text.contains("copy"),
            "{text}"
        );
        assert!(text.contains("same figures"), "{text}");
        again.history[1].test_loss = 0.1;
        let text = message(&[run(0), again.clone()]);
        assert!(
            text.contains("copy") && text.contains("other figures"),
            "{text}"
        );
        let text = message(&[run(0), run(0)]);
        assert!(text.contains("one folder"), "{text}");
        // One network here and another there can be of one seed.
        for record in &mut again.history {
            record.network = "dense".to_owned();
        }
        check(&[run(0), again]).unwrap();
    }

    #[test]
    fn a_mean_goes_as_far_as_the_shortest_run() {
        let mut runs = [run(0), run(1)];
        runs[1].history.truncate(1);
        assert_eq!(groups(&runs)[0].common_epochs(), 1);
    }
}
