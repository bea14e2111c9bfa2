//! What a program calls: a recurrent layer forward and backward, and dense products.
//!
//! [`Real`] carries an entry point for each, which takes operands that have been checked, so that the kernels are
//! compiled in this crate and not in every crate that calls them.

use crate::checked::{CheckedLayer, CheckedProduct, CheckedUpstream};
use crate::error::KernelError;
use crate::isa::Isa;
use crate::pass;
use crate::pool::{Buffer, Number};
use crate::recording::Tape;
use crate::types::{
    Gradients, Input, Matrix, Options, Output, Shape, Transposed, Upstream, Weights,
};

/// A number the kernels compute with: `f32` or `f64`.
pub trait Real: Number {
    /// Runs a layer, with a tape if it is to be recorded.
    #[doc(hidden)]
    fn run_layer(checked: &CheckedLayer<'_, Self>) -> (Output<Self>, Option<Tape<Self>>);
    /// Runs a tape backward.
    #[doc(hidden)]
    fn run_back(checked: &CheckedUpstream<'_, Self>) -> Gradients<Self>;
    /// Multiplies matrices.
    #[doc(hidden)]
    fn run_product(checked: &CheckedProduct<'_, Self>) -> Buffer<Self>;
}

macro_rules! real {
    ($real:ident) => {
        impl Real for $real {
            fn run_layer(checked: &CheckedLayer<'_, Self>) -> (Output<Self>, Option<Tape<Self>>) {
                pass::run_layer(checked)
            }
            fn run_back(checked: &CheckedUpstream<'_, Self>) -> Gradients<Self> {
                pass::run_back(checked)
            }
            fn run_product(checked: &CheckedProduct<'_, Self>) -> Buffer<Self> {
                pass::run_product(checked)
            }
        }
    };
}

real!(f32);
real!(f64);

/// Runs a layer for its output alone; records nothing.
///
/// # Errors
/// [`KernelError`] where an operand's length or an index does not fit the shape, or where the shape asks for
/// more memory than one buffer can have.
pub fn forward<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
) -> Result<Output<E>, KernelError> {
    let checked = CheckedLayer::new(shape, weights, input, options, false)?;
    Ok(E::run_layer(&checked).0)
}

/// Runs a layer and records what its gradients will need.
///
/// # Errors
/// As [`forward`].
pub fn forward_recorded<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
) -> Result<(Output<E>, Tape<E>), KernelError> {
    let checked = CheckedLayer::new(shape, weights, input, options, true)?;
    match E::run_layer(&checked) {
        (output, Some(tape)) => Ok((output, tape)),
        (_, None) => unreachable!("a recorded run has a tape"),
    }
}

impl<E: Real> Tape<E> {
    /// Back-propagation through time. The tape stays as it is.
    ///
    /// # Errors
    /// [`KernelError::Length`] where a gradient has not the shape of what it is the gradient of;
    /// [`KernelError::NotAllStates`] where it is that of all states, and the run gave the last alone.
    pub fn backward(&self, upstream: &Upstream<'_, E>) -> Result<Gradients<E>, KernelError> {
        Ok(E::run_back(&CheckedUpstream::new(self, upstream)?))
    }
}

/// The product of two matrices, `[M, N]` row by row, each element summed over the depth K in ascending order by fused
/// multiply-adds. The result has the same bits on every instruction set and for any number of threads.
///
/// # Errors
/// [`KernelError::Length`] where the depths of the sides differ; [`KernelError::Memory`] where the result, or a side
/// with the padding it is given, has more bytes than an allocation can have.
///
/// ```
/// use recurrent_kernels::{Isa, Matrix, Transposed, matmul};
/// # fn main() -> Result<(), recurrent_kernels::KernelError> {
/// let a = Matrix::new(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// let b = Matrix::new(&[1.0f32, 0.0, -1.0], 1, 3)?;
/// assert_eq!(matmul(Isa::best(), a, b, Transposed::Right)?[..], [-2.0, -2.0]);
/// # Ok(())
/// # }
/// ```
pub fn matmul<E: Real>(
    isa: Isa,
    left: Matrix<'_, E>,
    right: Matrix<'_, E>,
    transposed: Transposed,
) -> Result<Buffer<E>, KernelError> {
    let checked = CheckedProduct::new(isa, left, right, transposed, None)?;
    Ok(E::run_product(&checked))
}

/// A dense layer: `A · B + bias`, the bias `[N]` being what each chain of additions begins with.
///
/// # Errors
/// As [`matmul`]; [`KernelError::Length`] where the bias has not N elements.
pub fn dense<E: Real>(
    isa: Isa,
    inputs: Matrix<'_, E>,
    kernel: Matrix<'_, E>,
    bias: &[E],
) -> Result<Buffer<E>, KernelError> {
    let checked = CheckedProduct::new(isa, inputs, kernel, Transposed::Neither, Some(bias))?;
    Ok(E::run_product(&checked))
}
