//! A moving average of a module's weights, and weights that are kept aside.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use recurrent_models::weights::{HostTensor, TensorFile, WeightsError, to_host};

/// Every parameter of a module, flat, in the order in which it is walked; on a device that records nothing.
#[derive(Clone, Debug)]
pub(crate) struct Aside(Vec<Tensor<1>>);

impl Aside {
    /// Those of `module` now.
    pub(crate) fn of<M: Module>(module: &M) -> Self {
        struct Collect(Vec<Tensor<1>>);
        impl ModuleVisitor for Collect {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let tensor = param.val();
                let count = tensor.shape().num_elements();
                let tensor = match tensor.device().is_autodiff() {
                    true => tensor.inner(),
                    false => tensor,
                };
                self.0.push(tensor.reshape([count]));
            }
        }
        let mut collect = Collect(Vec::new());
        module.visit(&mut collect);
        Self(collect.0)
    }

    /// `a ← μ a + (1 − μ) w`.
    pub(crate) fn move_towards<M: Module>(&mut self, module: &M, momentum: f64) {
        let new = Self::of(module);
        for (average, weights) in self.0.iter_mut().zip(new.0) {
            let old = average.clone().mul_scalar(momentum as f32);
            *average = old + weights.mul_scalar((1.0 - momentum) as f32);
        }
    }

    /// `module` with these weights.
    pub(crate) fn put_into<M: Module>(&self, module: M) -> M {
        struct Put<'a>(std::slice::Iter<'a, Tensor<1>>);
        impl ModuleMapper for Put<'_> {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                let Some(kept) = self.0.next() else {
                    return param;
                };
                param.map(|tensor| {
                    let kept = kept.clone().reshape(tensor.shape());
                    match tensor.device().is_autodiff() {
                        true => kept.autodiff().require_grad(),
                        false => kept,
                    }
                })
            }
        }
        module.map(&mut Put(self.0.iter()))
    }

    /// As tensors `PREFIX/N`, N being the place of a parameter.
    pub(crate) fn state(&self, prefix: &str) -> BTreeMap<String, HostTensor> {
        let named = self.0.iter().enumerate();
        named
            .map(|(place, tensor)| (format!("{prefix}/{place}"), to_host(tensor.clone())))
            .collect()
    }

    /// What [`Self::state`] wrote, for parameters of `lengths` numbers each.
    ///
    /// # Errors
    /// [`WeightsError`] where a tensor is missing, of another length or type, or not finite.
    pub(crate) fn restore(
        prefix: &str,
        file: &TensorFile,
        lengths: &[usize],
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let device = device.clone().without_autodiff();
        let read = |(place, length): (usize, &usize)| {
            let host = file.finite(&format!("{prefix}/{place}"), &[*length])?;
            let data = TensorData::new(host.values, [*length]);
            Ok(Tensor::from_data(data, &device))
        };
        let tensors = lengths.iter().enumerate().map(read);
        Ok(Self(tensors.collect::<Result<_, WeightsError>>()?))
    }
}
