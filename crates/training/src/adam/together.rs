//! A step over all parameters at once: for devices on which the start of an operation costs more than what
//! it does to a parameter of a network of this size.

use burn::backend::Dispatch;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use super::step::AdamBackend as _;
use super::update::AdamStep;
use super::{Before, Moments};

/// Moves every parameter that has a gradient, by one step over one tensor of them all. Parameters and
/// moments come out as parts of the result.
pub(super) fn step<M: Module>(
    module: M,
    gradients: &mut Gradients,
    moments: &mut Vec<Moments>,
    step: AdamStep,
    before: Before,
) -> M {
    let mut collect = Collect {
        gradients,
        moments,
        found: Vec::new(),
    };
    module.visit(&mut collect);
    let found = collect.found;
    let mut moved: Vec<Option<Tensor<1>>> = found.iter().map(|_| None).collect();
    let found: Vec<(usize, Found)> = found
        .into_iter()
        .enumerate()
        .filter_map(|(place, found)| Some((place, found?)))
        .collect();
    if !found.is_empty() {
        let whole = |of: &dyn Fn(&(usize, Found)) -> Tensor<1>| {
            Tensor::cat(found.iter().map(of).collect(), 0).into_dispatch()
        };
        let (parameters, means, squares) = Dispatch::adam_step(
            whole(&|(_, found)| before.parameter(found.parameter.clone())),
            whole(&|(_, found)| before.gradient(found.gradient.clone())),
            whole(&|(place, _)| moments[*place].mean.clone()),
            whole(&|(place, _)| moments[*place].square.clone()),
            step,
        );
        let [parameters, means, squares] =
            [parameters, means, squares].map(Tensor::<1>::from_dispatch);
        let mut start = 0;
        for (place, found) in &found {
            let count = found.parameter.dims()[0];
            let part = |whole: &Tensor<1>| whole.clone().narrow(0, start, count);
            moved[*place] = Some(part(&parameters));
            moments[*place] = Moments {
                mean: part(&means),
                square: part(&squares),
            };
            start += count;
        }
    }
    module.map(&mut Replace(moved.into_iter()))
}

/// A parameter and its gradient, flat.
struct Found {
    parameter: Tensor<1>,
    gradient: Tensor<1>,
}

/// Finds what has a gradient, and gives moments to what has none.
struct Collect<'a> {
    gradients: &'a mut Gradients,
    moments: &'a mut Vec<Moments>,
    found: Vec<Option<Found>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let count = tensor.shape().num_elements();
        if self.moments.len() <= self.found.len() {
            let device = tensor.device().without_autodiff();
            self.moments.push(Moments::zeros(count, &device));
        }
        let gradient = tensor.grad_remove(self.gradients);
        self.found.push(gradient.map(|gradient| Found {
            parameter: tensor.inner().reshape([count]),
            gradient: gradient.reshape([count]),
        }));
    }
}

/// Puts the moved parameters in the old ones' places.
struct Replace<I>(I);

impl<I: Iterator<Item = Option<Tensor<1>>>> ModuleMapper for Replace<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.next().flatten() {
            Some(moved) => {
                param.map(|tensor| moved.reshape(tensor.shape()).autodiff().require_grad())
            }
            None => param,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, TensorData};
    use recurrent_models::{Network, NetworkKind, Preset, SequenceClassifier, weights};

    use super::super::{Adam, AdamConfig, StepOptions};
    use super::*;

    fn network() -> Network {
        let preset = Preset {
            embeddings: 9,
            embedding_width: 3,
            units: 5,
            hidden: 4,
            time: 2,
            ..Preset::notebook(NetworkKind::LSTM)
        };
        preset.config().init(3, &Device::flex().autodiff())
    }

    /// Gradients of all parameters, or of the hidden layer's two alone.
    fn gradients(network: &Network, all: bool) -> Gradients {
        let device = Device::flex().autodiff();
        let output = if all {
            let ids = TensorData::new(vec![1, 2, 5, 8], [2, 2]);
            let logits = network.forward(Tensor::<2, Int>::from_data(ids, &device));
            logits.reshape([2, 1])
        } else {
            let mut network = network.clone();
            let hidden = network.dense_mut("hidden").unwrap();
            hidden.forward(Tensor::ones([2, 5], &device))
        };
        (output.clone() * output).sum().backward()
    }

    #[test]
    fn one_step_over_all_is_a_step_over_each() {
        for all in [true, false] {
            let mut adam = Adam::new(AdamConfig::default());
            let mut each = network();
            let mut one = network();
            let mut moments = Vec::new();
            let how = StepOptions {
                rate: 0.5,
                weight_decay: 0.1,
                clip_norm: None,
            };
            let before = Before {
                scale: None,
                decay: Some([0.1, f64::from(AdamConfig::default().learning_rate) * 0.5]),
            };
            for step_number in 1..=3 {
                let mut of_each = gradients(&each, all);
                each = adam.step_with(each, &mut of_each, how);
                let mut of_one = gradients(&one, all);
                let numbers = AdamConfig::default().step(step_number, how.rate);
                one = step(one, &mut of_one, &mut moments, numbers, before);
            }
            assert_eq!(weights::collect(&one), weights::collect(&each));
            let untouched = weights::collect(&network());
            let moved = weights::collect(&one);
            let same = moved
                .iter()
                .filter(|(name, tensor)| untouched[*name] == **tensor);
            assert_eq!(same.count(), if all { 0 } else { 6 });
            for (one, each) in moments.iter().zip(&adam.moments) {
                for (a, b) in [(&one.mean, &each.mean), (&one.square, &each.square)] {
                    assert_eq!(weights::to_host(a.clone()), weights::to_host(b.clone()));
                }
            }
        }
    }
}
