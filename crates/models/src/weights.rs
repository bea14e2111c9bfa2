//! Weights in and out as safetensors, under Keras' names (`recurrent/lstm_cell/kernel`).
//!
//! The name of a weight is the path of fields that leads to it. Loading is strict: every weight
//! must be there, in its shape; what else a file holds is not looked at.

mod names;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::initializers::trainable;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use names::{FieldPath, unnumbered};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

/// What can go wrong with a file of tensors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error("{path}: {source}; check that the path exists and that you may access it")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not in the safetensors format, or cut short.
    #[error("{path} is not a whole safetensors file: {reason}; write it again")]
    Format {
        /// The file.
        path: PathBuf,
        /// The reader's reason.
        reason: String,
    },
    /// A tensor is missing.
    #[error("{path} has no tensor \"{name}\"; it holds {held} tensors, made for another network?")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor looked for.
        name: String,
        /// How many tensors the file holds.
        held: usize,
    },
    /// A tensor has another shape or element type than asked for.
    #[error("{path}: tensor \"{name}\" is {found}, but {expected} is needed")]
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
}

/// A tensor on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Elements, row by row.
    pub values: Vec<f32>,
}

/// A safetensors file, read whole.
#[derive(Clone, Debug)]
pub struct TensorFile {
    path: PathBuf,
    metadata: HashMap<String, String>,
    bytes: Vec<u8>,
}

impl TensorFile {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// [`WeightsError::Io`] and [`WeightsError::Format`].
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let bytes = std::fs::read(path).map_err(|source| WeightsError::Io {
            path: path.to_owned(),
            source,
        })?;
        let format = |error: safetensors::SafeTensorError| WeightsError::Format {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        SafeTensors::deserialize(&bytes).map_err(format)?;
        Ok(Self {
            path: path.to_owned(),
            metadata,
            bytes,
        })
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own notes, by name.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }

    /// Whether there is a tensor `name`.
    pub fn contains(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.bytes).is_ok_and(|file| {
            file.names()
                .into_iter()
                .any(|stored| unnumbered(stored) == name)
        })
    }

    /// A tensor of 32-bit floats.
    ///
    /// # Errors
    /// [`WeightsError::Missing`], and [`WeightsError::Mismatch`] for another element type.
    pub fn f32(&self, name: &str) -> Result<HostTensor, WeightsError> {
        let (shape, values) = self.elements(name, Dtype::F32, f32::from_le_bytes)?;
        Ok(HostTensor { shape, values })
    }

    /// A tensor of 64-bit floats: shape and elements.
    ///
    /// # Errors
    /// As [`Self::f32`].
    pub fn f64(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>), WeightsError> {
        self.elements(name, Dtype::F64, f64::from_le_bytes)
    }

    /// A tensor of 32-bit integers: shape and elements.
    ///
    /// # Errors
    /// As [`Self::f32`].
    pub fn i32(&self, name: &str) -> Result<(Vec<usize>, Vec<i32>), WeightsError> {
        self.elements(name, Dtype::I32, i32::from_le_bytes)
    }

    fn elements<T, const N: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        read: fn([u8; N]) -> T,
    ) -> Result<(Vec<usize>, Vec<T>), WeightsError> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(|error| WeightsError::Format {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        let stored = file
            .names()
            .into_iter()
            .find(|stored| unnumbered(stored) == name);
        let view = file
            .tensor(stored.unwrap_or(name))
            .map_err(|_| WeightsError::Missing {
                path: self.path.clone(),
                name: name.to_owned(),
                held: file.len(),
            })?;
        if view.dtype() != dtype {
            return Err(WeightsError::Mismatch {
                path: self.path.clone(),
                name: name.to_owned(),
                expected: format!("{dtype:?}"),
                found: format!("{:?}", view.dtype()),
            });
        }
        let (chunks, _) = view.data().as_chunks::<N>();
        let values = chunks.iter().map(|chunk| read(*chunk)).collect();
        Ok((view.shape().to_vec(), values))
    }
}

/// Writes tensors to `path` with notes, through a temporary file beside it.
///
/// # Errors
/// [`WeightsError::Io`]; nothing half-written stays.
pub fn write(
    path: &Path,
    tensors: &BTreeMap<String, HostTensor>,
    metadata: HashMap<String, String>,
) -> Result<(), WeightsError> {
    let io = |source| WeightsError::Io {
        path: path.to_owned(),
        source,
    };
    let format = |error: safetensors::SafeTensorError| WeightsError::Format {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let bytes: Vec<(&String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| (name, to_bytes(&tensor.values)))
        .collect();
    let views = bytes
        .iter()
        .zip(tensors.values())
        .map(|((name, bytes), tensor)| {
            TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(format)?;
    let metadata = (!metadata.is_empty()).then_some(metadata);
    let whole = serialize(views, metadata).map_err(format)?;

    let mut file = recurrent_files::replace(path).map_err(io)?;
    file.write_all(&whole).map_err(io)?;
    file.commit().map_err(io)
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The parameters of `module` by name.
pub fn collect<M: Module>(module: &M) -> BTreeMap<String, HostTensor> {
    collect_from(module, None)
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
/// [`WeightsError::Missing`] and [`WeightsError::Mismatch`]; the module is then dropped.
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
            let tensor = self.file.f32(&name)?;
            if tensor.shape != expected {
                return Err(WeightsError::Mismatch {
                    path: self.file.path().to_owned(),
                    name,
                    expected: format!("{expected:?}"),
                    found: format!("{:?}", tensor.shape),
                });
            }
            Ok(tensor)
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
    use crate::{NetworkConfig, NetworkKind};
    use burn::tensor::Device;

    #[test]
    fn weights_survive_a_round_trip_and_have_keras_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let config = NetworkConfig::notebook(NetworkKind::LSTM);
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
        write(&path, &saved, HashMap::new()).unwrap();
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
            let config = NetworkConfig::notebook(name.parse().unwrap());
            let held = collect(&config.init(1, &Device::flex()));
            assert!(held.contains_key(expected), "{name}: {:?}", held.keys());
        }
    }

    #[test]
    fn another_networks_weights_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let lstm = NetworkConfig::notebook(NetworkKind::LSTM).init(1, &Device::flex());
        write(&path, &collect(&lstm), HashMap::new()).unwrap();
        let file = TensorFile::read(&path).unwrap();
        let rnn = NetworkConfig::notebook(NetworkKind::SIMPLE_RNN).init(1, &Device::flex());
        let error = load(rnn, &file, "").unwrap_err();
        assert!(
            matches!(error, WeightsError::Missing { ref name, .. }
            if name == "recurrent/simple_rnn_cell/kernel"),
            "{error}"
        );
        let narrow = NetworkConfig {
            units: 8,
            ..NetworkConfig::notebook(NetworkKind::LSTM)
        };
        let error = load(narrow.init(1, &Device::flex()), &file, "").unwrap_err();
        assert!(matches!(error, WeightsError::Mismatch { .. }), "{error}");
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let dense = NetworkConfig::notebook(NetworkKind::Dense).init(1, &Device::flex());
        write(&path, &collect(&dense), HashMap::new()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(
            TensorFile::read(&path),
            Err(WeightsError::Format { .. })
        ));
    }
}
