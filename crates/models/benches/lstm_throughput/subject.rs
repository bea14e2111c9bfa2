//! What is measured, ready to run again and again.

use std::hint::black_box;

use burn::module::Module;
use burn::nn;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::relu};
use burn_optim::{AdamConfig as StockAdamConfig, GradientsParams, ModuleOptimizer};
use recurrent_kernels::{
    Cell, Direction, Input, Options, Precision, Shape, Upstream, Weights, forward,
    forward_recorded, reference,
};
use recurrent_models::{Network, NetworkKind, Preset, SequenceClassifier};
use recurrent_training::adam::{Adam, AdamConfig};
use recurrent_training::{Encoded, Objective};
use serde::Deserialize;

/// Training or inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// A whole step on a batch that is on the device: forward, backward, Adam.
    Train,
    /// Logits of a batch that is on the device.
    Infer,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Infer => "infer",
        }
    }
}

/// Who runs what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Case {
    /// `kernels`, `recurrent` or `burn`.
    pub(crate) subject: String,
    /// `simple_rnn` or `lstm`; `recurrent` takes any name.
    pub(crate) network: String,
    pub(crate) mode: Mode,
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) hidden: usize,
    /// Where `recurrent` and `burn` run; Flex if not said.
    #[serde(default)]
    pub(crate) backend: Backend,
    /// How often to run before waiting for the device.
    #[serde(default = "once")]
    pub(crate) runs: usize,
}

pub(crate) fn once() -> usize {
    1
}

/// Where something runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Backend {
    #[default]
    Flex,
    LibtorchCpu,
    /// The recurrent layer, too.
    LibtorchCpuAten,
    LibtorchCuda,
}

impl Backend {
    #[cfg(feature = "libtorch")]
    fn device(self) -> Device {
        use recurrent_models::recurrence::libtorch::{Processor, device, use_aten_on_cpu};
        use_aten_on_cpu(self == Self::LibtorchCpuAten);
        match self {
            Self::Flex => Device::flex(),
            Self::LibtorchCpu | Self::LibtorchCpuAten => device(Processor::Cpu),
            Self::LibtorchCuda => device(Processor::Cuda),
        }
    }

    #[cfg(not(feature = "libtorch"))]
    fn device(self) -> Device {
        assert_eq!(self, Self::Flex, "this build has no libtorch");
        Device::flex()
    }
}

impl Case {
    pub(crate) fn same_size(&self, other: &Self) -> bool {
        (self.batch, self.time, self.hidden) == (other.batch, other.time, other.hidden)
    }
}

const VOCABULARY: usize = 1001;
const WIDTH: usize = 128;
const HEAD: usize = 64;

/// Token ids with frequencies that fall off as those of words do, the same in every program.
fn ids(count: usize) -> Vec<i32> {
    (0..count)
        .map(|i| 1000f64.powf((i * 7919 % 10_007) as f64 / 10_007.0) as i32)
        .collect()
}

fn labels(count: usize) -> Vec<f32> {
    (0..count).map(|row| (row % 2) as f32).collect()
}

/// Something that can be run.
pub(crate) enum Subject {
    Kernels(Box<Kernels>),
    Recurrent(Box<Recurrent>),
    Burn(Box<Stock>),
}

impl Subject {
    pub(crate) fn new(case: &Case) -> Result<Self, String> {
        let kind: NetworkKind = case.network.parse().map_err(|error| format!("{error}"))?;
        Ok(match case.subject.as_str() {
            "kernels" => Self::Kernels(Box::new(Kernels::new(case, kind))),
            "recurrent" => Self::Recurrent(Box::new(Recurrent::new(case, kind))),
            "burn" => Self::Burn(Box::new(Stock::new(case))),
            other => return Err(format!("there is no subject {other}")),
        })
    }

    pub(crate) fn run(&mut self) {
        match self {
            Self::Kernels(subject) => subject.run(),
            Self::Recurrent(subject) => subject.run(),
            Self::Burn(subject) => subject.run(),
        }
    }

    pub(crate) fn flop(&self) -> Option<f64> {
        match self {
            Self::Kernels(subject) => Some(subject.flop()),
            _ => None,
        }
    }
}

/// Embedding and recurrent layer on slices.
pub(crate) struct Kernels {
    shape: Shape,
    mode: Mode,
    options: Options,
    features: Vec<f32>,
    kernel: Vec<f32>,
    recurrent_kernel: Vec<f32>,
    bias: Vec<f32>,
    index: Vec<u32>,
    upstream: Vec<f32>,
}

impl Kernels {
    fn new(case: &Case, kind: NetworkKind) -> Self {
        let cell = match kind {
            NetworkKind::Recurrent(kind) => kind.cell,
            NetworkKind::Dense => Cell::Lstm,
        };
        let shape = Shape {
            cell,
            direction: Direction::Forward,
            rows: case.batch,
            time: case.time,
            inputs: WIDTH,
            units: case.hidden,
        };
        let width = cell.gates() * case.hidden;
        let numbers = |count: usize, scale: f32| -> Vec<f32> {
            (0..count)
                .map(|i| ((i * 7919 % 10_007) as f32 / 10_007.0 - 0.5) * scale)
                .collect()
        };
        Self {
            shape,
            mode: case.mode,
            options: Options {
                // As the layers choose.
                precision: match cell {
                    Cell::SimpleRnn => Precision::DoubleSweep,
                    Cell::Lstm | Cell::Gru => Precision::Own,
                },
                ..Options::default()
            },
            features: numbers(VOCABULARY * WIDTH, 0.1),
            kernel: numbers(WIDTH * width, 0.2),
            recurrent_kernel: numbers(case.hidden * width, 0.2),
            bias: numbers(cell.biases() * width, 0.1),
            index: ids(case.batch * case.time)
                .iter()
                .map(|id| *id as u32)
                .collect(),
            upstream: numbers(case.batch * case.hidden, 0.01),
        }
    }

    fn weights(&self) -> Weights<'_, f32> {
        Weights {
            kernel: &self.kernel,
            recurrent_kernel: &self.recurrent_kernel,
            bias: &self.bias,
        }
    }

    fn run(&mut self) {
        let input = Input::tokens(&self.features, &self.index);
        match self.mode {
            Mode::Infer => {
                black_box(forward(&self.shape, &self.weights(), &input, &self.options).unwrap());
            }
            Mode::Train => {
                let (_, tape) =
                    forward_recorded(&self.shape, &self.weights(), &input, &self.options).unwrap();
                black_box(tape.backward(&Upstream::last(&self.upstream)).unwrap());
            }
        }
    }

    /// The products' operations: projection and recurrence, and twice as many in the backward pass.
    fn flop(&self) -> f64 {
        let mut used = self.index.clone();
        used.sort_unstable();
        used.dedup();
        let Shape {
            cell,
            rows,
            time,
            inputs,
            units,
            ..
        } = self.shape;
        let forward = 2 * cell.gates() * units * (used.len() * inputs + rows * time * units);
        let passes = match self.mode {
            Mode::Train => 3,
            Mode::Infer => 1,
        };
        (passes * forward) as f64
    }
}

/// A network of this project.
pub(crate) struct Recurrent {
    backend: Backend,
    runs: usize,
    mode: Mode,
    network: Option<Network>,
    adam: Adam,
    data: Encoded,
}

impl Recurrent {
    fn new(case: &Case, kind: NetworkKind) -> Self {
        let device = case.backend.device();
        let preset = Preset {
            embeddings: VOCABULARY,
            embedding_width: WIDTH,
            units: case.hidden,
            hidden: HEAD,
            time: case.time,
            ..Preset::notebook(kind)
        };
        let network = match case.mode {
            Mode::Train => preset.config().init(0, &device.clone().autodiff()),
            Mode::Infer => preset.config().init(0, &device),
        };
        Self {
            backend: case.backend,
            runs: case.runs,
            mode: case.mode,
            network: Some(network),
            adam: Adam::new(AdamConfig::default()),
            data: Encoded::new(
                ids(case.batch * case.time),
                case.time,
                labels(case.batch),
                &device,
            )
            .unwrap(),
        }
    }

    fn run(&mut self) {
        // Another subject of this process may have chosen another.
        let device = self.backend.device();
        (0..self.runs).for_each(|_| self.once());
        device.sync().unwrap();
    }

    fn once(&mut self) {
        let network = self.network.take().unwrap();
        let (ids, labels) = self.data.range(0..self.data.rows());
        self.network = Some(match self.mode {
            Mode::Infer => {
                black_box(network.forward(ids).into_data());
                network
            }
            Mode::Train => {
                let logits = network.forward(ids.autodiff());
                let loss = Objective::default().loss(logits, labels.autodiff());
                let mut gradients = loss.backward();
                self.adam.step(network, &mut gradients)
            }
        });
    }
}

/// The same network of burn's own layers.
#[derive(Module, Debug)]
pub(crate) struct StockNetwork {
    embedding: nn::Embedding,
    lstm: nn::Lstm,
    hidden: nn::Linear,
    output: nn::Linear,
}

impl StockNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let (_, state) = self.lstm.forward(self.embedding.forward(ids), None);
        self.output.forward(relu(self.hidden.forward(state.hidden)))
    }
}

/// It with burn's own Adam.
pub(crate) struct Stock {
    mode: Mode,
    network: Option<StockNetwork>,
    adam: ModuleOptimizer,
    data: Encoded,
}

impl Stock {
    fn new(case: &Case) -> Self {
        let device = case.backend.device();
        let on = match case.mode {
            Mode::Train => device.clone().autodiff(),
            Mode::Infer => device.clone(),
        };
        Self {
            mode: case.mode,
            network: Some(StockNetwork {
                embedding: nn::EmbeddingConfig::new(VOCABULARY, WIDTH).init(&on),
                lstm: nn::LstmConfig::new(WIDTH, case.hidden, true).init(&on),
                hidden: nn::LinearConfig::new(case.hidden, HEAD).init(&on),
                output: nn::LinearConfig::new(HEAD, 1).init(&on),
            }),
            adam: StockAdamConfig::new().init(),
            data: Encoded::new(
                ids(case.batch * case.time),
                case.time,
                labels(case.batch),
                &device,
            )
            .unwrap(),
        }
    }

    fn run(&mut self) {
        let network = self.network.take().unwrap();
        let (ids, labels) = self.data.range(0..self.data.rows());
        self.network = Some(match self.mode {
            Mode::Infer => {
                black_box(network.forward(ids).into_data());
                network
            }
            Mode::Train => {
                let logits = network.forward(ids.autodiff()).unsqueeze_dim(2);
                let loss = Objective::default().loss(logits, labels.autodiff());
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                self.adam.step(1e-3, network, gradients)
            }
        });
    }
}

/// The kernels against their scalar reference, and a network's training against itself: its loss
/// falls. A subject that computes something else is not worth timing.
pub(crate) fn check_answers() {
    for network in ["simple_rnn", "lstm"] {
        let case = Case {
            subject: "kernels".to_owned(),
            network: network.to_owned(),
            mode: Mode::Train,
            batch: 5,
            time: 20,
            hidden: 64,
            backend: Backend::Flex,
            runs: 1,
        };
        let kernels = Kernels::new(&case, network.parse().unwrap());
        let input = Input::tokens(&kernels.features, &kernels.index);
        let fast = forward(&kernels.shape, &kernels.weights(), &input, &kernels.options).unwrap();
        let slow = reference::run(&kernels.shape, &kernels.weights(), &input).output;
        for (a, b) in fast.hidden.iter().zip(&slow.hidden) {
            assert!((a - b).abs() < 1e-5, "{network}: {a} {b}");
        }
        let mut recurrent = Recurrent::new(&case, network.parse().unwrap());
        let loss = |recurrent: &Recurrent| -> f32 {
            let (ids, labels) = recurrent.data.range(0..recurrent.data.rows());
            let logits = recurrent.network.as_ref().unwrap().valid().forward(ids);
            Objective::default().loss(logits, labels).into_scalar()
        };
        let before = loss(&recurrent);
        (0..20).for_each(|_| recurrent.run());
        let after = loss(&recurrent);
        assert!(after < 0.9 * before, "{network}: loss {before} to {after}");
    }
    let device = Device::flex();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids(40), [2, 20]), &device);
    let stock = StockNetwork {
        embedding: nn::EmbeddingConfig::new(VOCABULARY, WIDTH).init(&device),
        lstm: nn::LstmConfig::new(WIDTH, 64, true).init(&device),
        hidden: nn::LinearConfig::new(64, HEAD).init(&device),
        output: nn::LinearConfig::new(HEAD, 1).init(&device),
    };
    assert_eq!(stock.forward(ids).dims(), [2, 1]);
}
