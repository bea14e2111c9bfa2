//! What a linear model says, inside a network.

use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{BodyLayer, NamedLayer, Network};
use crate::layers::Folds;

impl Network {
    /// Puts in what linear models that were fitted to the training texts say: to be done before a training, which reads the
    /// texts of each fold by the table of the fold. Everybody else reads by the mean. Nothing where the network has no such
    /// layer.
    pub fn set_evidence(&mut self, fitted: &Folds) {
        for named in &mut self.layers {
            if let BodyLayer::Evidence { table, folds, .. } = &mut named.layer {
                let shape = table.embeddings.val().dims();
                let device = table.embeddings.val().device();
                let mean = TensorData::new(fitted.mean(), shape);
                table.embeddings = Param::from_tensor(Tensor::from_data(mean, &device));
                *folds = Some(fitted.clone());
            }
        }
    }

    /// The logits `[B, positions, C]` with what a linear model says of the texts added.
    pub(crate) fn with_evidence(
        &self,
        logits: Tensor<3>,
        ids: Tensor<2, Int>,
        in_training: bool,
    ) -> Tensor<3> {
        match self.evidence(ids, in_training, &logits.device()) {
            Some(linear) => logits + linear.unsqueeze_dim(1),
            None => logits,
        }
    }

    /// What a linear model says of the texts `[B, C]`, where a layer has one.
    fn evidence(
        &self,
        ids: Tensor<2, Int>,
        in_training: bool,
        device: &Device,
    ) -> Option<Tensor<2>> {
        self.layers.iter().find_map(|named| match &named.layer {
            BodyLayer::Evidence {
                table,
                widths,
                folds,
            } => {
                let folds = folds.as_ref().filter(|_| in_training);
                Some(table.logits(ids.clone(), widths, folds, device))
            }
            _ => None,
        })
    }

    /// Whether what a linear model says is added to the logits.
    pub(crate) fn has_evidence(&self) -> bool {
        let is = |named: &NamedLayer| matches!(named.layer, BodyLayer::Evidence { .. });
        self.layers.iter().any(is)
    }
}
