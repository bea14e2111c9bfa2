//! The recurrent layer on libtorch: ATen's own (`aten`), which is cuDNN's on a GPU, or on a CPU the fused
//! kernels.
//!
//! burn-tch is deprecated upstream; all that knows it in this crate is here and in `head::libtorch`, so that it
//! can be lifted out whole.

#![allow(
    deprecated,
    reason = "burn-tch is; docs/backends.md says what replaces it"
)]

pub(super) mod aten;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::flex::FlexTensor;
use burn::backend::libtorch::TchTensor;
use burn::backend::ops::FloatTensorOps as _;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Flex, LibTorch, LibTorchDevice, TensorMetadata};
use burn::tensor::{DType, Device, Element, Shape, TensorData};
use tch::Kind;

use super::{Layer, Operands, RecordedBackend, RecurrentBackend, Tape};

/// Whether a CPU, too, is to run ATen's layers.
static ATEN_ON_CPU: AtomicBool = AtomicBool::new(false);

/// Has CPUs compute as GPUs do, with ATen's recurrent layers and without the kernels, from now on and in
/// this whole process (or no longer), but not in the midst of a training, whose optimizer has its moments where the
/// kernels are. For tests: the kernels are faster at every shape that was measured.
pub fn use_aten_on_cpu(aten: bool) {
    ATEN_ON_CPU.store(aten, Ordering::Relaxed);
    // Beside the kernels, which have threads of their own, ATen's work is too small to share: its threads
    // would wait for each other, spinning, longer than they compute.
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    tch::set_num_threads(if aten { all as i32 } else { 1 });
}

/// What libtorch computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// The CPU.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
}

/// burn's device for a processor.
///
/// # Panics
/// For CUDA, where [`about`] says that there is none.
pub fn device(processor: Processor) -> Device {
    match processor {
        Processor::Cpu => {
            use_aten_on_cpu(ATEN_ON_CPU.load(Ordering::Relaxed));
            Device::libtorch()
        }
        Processor::Cuda => Device::libtorch_cuda(0),
    }
}

/// What the linked libtorch says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Whether code for CUDA is in it: not in a build for CPUs, nor where the linker left it out.
    pub cuda_linked: bool,
    /// Whether it sees a GPU that it can use.
    pub cuda_usable: bool,
    /// Whether cuDNN is there.
    pub cudnn: bool,
    /// How many GPUs it sees.
    pub gpus: usize,
    /// Threads that it uses.
    pub threads: usize,
}

/// Asks the linked libtorch.
pub fn about() -> About {
    About {
        cuda_linked: tch::utils::has_cudart(),
        cuda_usable: tch::Cuda::is_available(),
        cudnn: tch::Cuda::cudnn_is_available(),
        gpus: usize::try_from(tch::Cuda::device_count()).unwrap_or_default(),
        threads: usize::try_from(tch::get_num_threads()).unwrap_or_default(),
    }
}

/// Whether the kernels compute for a device of libtorch, on copies of its tensors.
pub(super) fn has_kernels(device: LibTorchDevice) -> bool {
    device == LibTorchDevice::Cpu && !ATEN_ON_CPU.load(Ordering::Relaxed)
}

impl RecurrentBackend for LibTorch {
    fn recurrent_layer(
        features: FloatTensor<Self>,
        ids: IntTensor<Self>,
        kernel: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self> {
        let operands = Operands {
            features,
            ids,
            kernel,
            recurrent_kernel,
            bias,
        };
        Self::run(operands, layer, false).0
    }
}

impl RecordedBackend for LibTorch {
    fn run(
        operands: Operands<Self>,
        layer: Layer,
        record: bool,
    ) -> (TchTensor, Option<Tape<Self>>) {
        if has_kernels(operands.features.device()) {
            by_kernels(operands, layer, record)
        } else {
            aten::run(operands, layer, record)
        }
    }

    fn back(tape: Tape<Self>, gradient: TchTensor) -> [TchTensor; 4] {
        match tape {
            Tape::Aten(graph) => graph.back(gradient),
            Tape::Kernel(tape) => {
                Flex::back(Tape::Kernel(tape), floats_to_flex(gradient)).map(from_flex)
            }
            Tape::Operands(operands, layer) => {
                super::steps::back::<Self>(operands, layer, gradient)
            }
        }
    }
}

/// The kernels on copies of the tensors. tch has no safe view of a tensor's memory; the copies are a
/// megabyte where a training step reads and writes a hundred.
pub(super) fn by_kernels(
    operands: Operands<LibTorch>,
    layer: Layer,
    record: bool,
) -> (TchTensor, Option<Tape<LibTorch>>) {
    let operands = Operands::<Flex> {
        features: floats_to_flex(operands.features),
        ids: to_flex::<i64>(&operands.ids.tensor.to_kind(Kind::Int64)),
        kernel: floats_to_flex(operands.kernel),
        recurrent_kernel: floats_to_flex(operands.recurrent_kernel),
        bias: floats_to_flex(operands.bias),
    };
    let (output, tape) = Flex::run(operands, layer, record);
    let tape = tape.map(|tape| match tape {
        Tape::Kernel(tape) => Tape::Kernel(tape),
        _ => unreachable!("the tapes of Flex are the kernels'"),
    });
    (from_flex(output), tape)
}

fn floats_to_flex(tensor: TchTensor) -> FlexTensor {
    match tensor.dtype() {
        DType::F64 => to_flex::<f64>(&tensor.tensor),
        _ => to_flex::<f32>(&tensor.tensor),
    }
}

fn to_flex<E: Element + tch::kind::Element + Default + Copy>(tensor: &tch::Tensor) -> FlexTensor {
    let shape = Shape::from(tensor.size());
    let count = tensor.numel();
    let mut values = vec![E::default(); count];
    tensor.contiguous().copy_data(&mut values, count);
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn from_flex(tensor: FlexTensor) -> TchTensor {
    LibTorch::float_from_data(tensor.into_data(), &LibTorchDevice::Cpu)
}
