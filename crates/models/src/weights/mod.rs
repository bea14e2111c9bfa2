//! Weights in and out as safetensors, under Keras' names (`recurrent/lstm_cell/kernel`).
//!
//! The name of a weight is the path of fields that leads to it. Loading is strict: every weight
//! must be there, once, in its shape and finite; what else a file holds is not looked at. What is written here has a
//! checksum over everything in it, and is held against that when it is read.

mod file;
mod names;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::initializers::trainable;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use names::FieldPath;
use recurrent_files::quoted;

pub use file::{Notes, TensorFile, to_bytes, write};

/// What can go wrong with a file of tensors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] recurrent_files::FileError),
    /// The file is not in the safetensors format, or cut short.
    #[error("{} is not a whole safetensors file: {reason}; write it again", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The reader's reason.
        reason: String,
    },
    /// A tensor is missing.
    #[error(
        "{} has no tensor {}, of the {held} that it holds; it was made for another network, or is damaged",
        .path.display(), quoted(name)
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor looked for.
        name: String,
        /// How many tensors the file holds.
        held: usize,
    },
    /// A tensor has another shape or element type than asked for.
    #[error(
        "{}: tensor {} is {found}, but {expected} is needed; it was made for another network",
        .path.display(), quoted(name)
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is needed.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Two tensors could be meant by one name.
    #[error(
        "{}: {} and {} are both names of one weight; take one of them out",
        .path.display(), quoted(first), quoted(second)
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A weight is infinite or not a number.
    #[error(
        "{}: tensor {} has {value} at place {place}, and a network computes nothing with that; train it again",
        .path.display(), quoted(name)
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Place of the first such number, from 0, row by row.
        place: usize,
        /// The number.
        value: f32,
    },
    /// The file is not as it was written.
    #[error(
        "{} is damaged: its checksum does not fit what it holds; restore it, or write it again",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// A tensor on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Elements, row by row.
    pub values: Vec<f32>,
}

/// The parameters of `module` by name.
pub fn collect<M: Module>(module: &M) -> BTreeMap<String, HostTensor> {
    collect_from(module, None)
}

/// How many numbers each parameter of `module` has, in the order in which a module is walked.
pub fn lengths<M: Module>(module: &M) -> Vec<usize> {
    struct Lengths(Vec<usize>);
    impl ModuleVisitor for Lengths {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().shape().num_elements());
        }
    }
    let mut lengths = Lengths(Vec::new());
    module.visit(&mut lengths);
    lengths.0
}

/// The gradients of the parameters of `module` by name; a parameter that has none is left out.
pub fn collect_gradients<M: Module>(
    module: &M,
    gradients: &Gradients,
) -> BTreeMap<String, HostTensor> {
    collect_from(module, Some(gradients))
}

fn collect_from<M: Module>(
    module: &M,
    gradients: Option<&Gradients>,
) -> BTreeMap<String, HostTensor> {
    struct Collect<'a> {
        path: FieldPath,
        gradients: Option<&'a Gradients>,
        found: BTreeMap<String, HostTensor>,
    }
    impl ModuleVisitor for Collect<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, container_type: &str) {
            self.path.exit(container_type);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = match self.gradients {
                Some(gradients) => param.val().grad(gradients),
                None => Some(param.val()),
            };
            if let Some(tensor) = tensor {
                self.found.insert(self.path.name(), to_host(tensor));
            }
        }
    }
    let mut collect = Collect {
        path: FieldPath::default(),
        gradients,
        found: BTreeMap::new(),
    };
    module.visit(&mut collect);
    collect.found
}

/// A tensor's elements on the host.
pub fn to_host<const D: usize>(tensor: Tensor<D>) -> HostTensor {
    HostTensor {
        shape: tensor.dims().to_vec(),
        values: tensor.into_data().iter::<f32>().collect(),
    }
}

/// `module` with the parameters of `file`, each under `prefix` followed by its name.
///
/// # Errors
/// [`WeightsError::Missing`], [`WeightsError::Mismatch`], [`WeightsError::Ambiguous`] and
/// [`WeightsError::NotFinite`]; the module is then dropped.
pub fn load<M: Module>(module: M, file: &TensorFile, prefix: &str) -> Result<M, WeightsError> {
    struct Load<'a> {
        path: FieldPath,
        file: &'a TensorFile,
        prefix: &'a str,
        error: Option<WeightsError>,
    }
    impl Load<'_> {
        fn tensor(&self, expected: &[usize]) -> Result<HostTensor, WeightsError> {
            let name = format!("{}{}", self.prefix, self.path.name());
            self.file.finite(&name, expected)
        }
    }
    impl ModuleMapper for Load<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }
        fn exit_module(&mut self, _name: &str, container_type: &str) {
            self.path.exit(container_type);
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let current = param.val();
            match self.tensor(&current.dims()) {
                Ok(read) => {
                    let data = TensorData::new(read.values, current.dims());
                    let tensor = trainable(Tensor::from_data(data, &current.device()));
                    param.map(|_| tensor)
                }
                Err(error) => {
                    self.error.get_or_insert(error);
                    param
                }
            }
        }
    }
    let mut load = Load {
        path: FieldPath::default(),
        file,
        prefix,
        error: None,
    };
    let module = module.map(&mut load);
    match load.error {
        Some(error) => Err(error),
        None => Ok(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NetworkKind, Preset};
    use burn::tensor::Device;

    #[test]
    fn weights_survive_a_round_trip_and_have_keras_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let config = Preset::notebook(NetworkKind::LSTM).config();
        let saved = collect(&config.init(1, &Device::flex()));
        let names: Vec<&str> = saved.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "embedding/embeddings",
                "hidden/bias",
                "hidden/kernel",
                "output/bias",
                "output/kernel",
                "recurrent/lstm_cell/bias",
                "recurrent/lstm_cell/kernel",
                "recurrent/lstm_cell/recurrent_kernel",
            ]
        );
        write(&path, &saved, &Notes::new()).unwrap();
        let file = TensorFile::read(&path).unwrap();
        let other = config.init(2, &Device::flex());
        assert_ne!(collect(&other), saved);
        assert_eq!(collect(&load(other, &file, "").unwrap()), saved);
    }

    #[test]
    fn composed_networks_have_keras_names() {
        for (name, expected) in [
            (
                "bilstm",
                "recurrent/backward_lstm/lstm_cell/recurrent_kernel",
            ),
            ("stacked_lstm", "recurrent_1/lstm_cell/kernel"),
            ("gru", "recurrent/gru_cell/bias"),
            (
                "stacked_bisimple_rnn",
                "recurrent_0/forward_simple_rnn/simple_rnn_cell/bias",
            ),
        ] {
            let config = Preset::notebook(name.parse().unwrap()).config();
            let held = collect(&config.init(1, &Device::flex()));
            assert!(held.contains_key(expected), "{name}: {:?}", held.keys());
        }
    }

    #[test]
    fn another_networks_weights_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let lstm = Preset::notebook(NetworkKind::LSTM)
            .config()
            .init(1, &Device::flex());
        write(&path, &collect(&lstm), &Notes::new()).unwrap();
        let file = TensorFile::read(&path).unwrap();
        let rnn = Preset::notebook(NetworkKind::SIMPLE_RNN)
            .config()
            .init(1, &Device::flex());
        let error = load(rnn, &file, "").unwrap_err();
        assert!(
            matches!(error, WeightsError::Missing { ref name, .. }
            if name == "recurrent/simple_rnn_cell/kernel"),
            "{error}"
        );
        let narrow = Preset {
            units: 8,
            ..Preset::notebook(NetworkKind::LSTM)
        };
        let error = load(narrow.config().init(1, &Device::flex()), &file, "").unwrap_err();
        assert!(matches!(error, WeightsError::Mismatch { .. }), "{error}");
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let dense = Preset::notebook(NetworkKind::Dense)
            .config()
            .init(1, &Device::flex());
        write(&path, &collect(&dense), &Notes::new()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(
            TensorFile::read(&path),
            Err(WeightsError::Format { .. })
        ));
    }
}
