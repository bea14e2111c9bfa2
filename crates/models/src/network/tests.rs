//! Every named network, text by text and together.

use burn::tensor::TensorData;

use super::*;
use crate::{NetworkKind, Preset};

fn logits(network: &Network, ids: &[[i32; 4]]) -> Vec<f32> {
    let ids = Tensor::from_data(
        TensorData::new(ids.concat(), [ids.len(), 4]),
        &Device::flex(),
    );
    network.forward(ids).into_data().try_to_vec().unwrap()
}

fn small(kind: NetworkKind) -> Network {
    let preset = Preset {
        embeddings: 8,
        time: 4,
        ..Preset::notebook(kind)
    };
    preset.config().init(5, &Device::flex())
}

#[test]
fn texts_together_and_apart_agree() {
    let ids = [[1, 2, 3, 0], [7, 1, 0, 0], [5, 6, 7, 7]];
    for kind in NetworkKind::all() {
        let network = small(kind);
        let together = logits(&network, &ids);
        let apart: Vec<f32> = ids
            .iter()
            .flat_map(|row| logits(&network, &[*row]))
            .collect();
        for (a, b) in together.iter().zip(&apart) {
            assert_eq!(a, b, "{kind}");
        }
    }
}

/// Where padding stands, before, between or after, makes no difference to a masked network, and
/// does to one that is not.
#[test]
fn masked_networks_pass_over_padding() {
    let ids = [[3, 5, 0, 0], [0, 3, 0, 5], [3, 0, 0, 5], [0, 0, 3, 5]];
    for kind in NetworkKind::all() {
        let NetworkKind::Recurrent(recurrent) = kind else {
            continue;
        };
        let values = logits(&small(kind), &ids);
        let same = values.iter().all(|value| (value - values[0]).abs() < 1e-6);
        assert_eq!(same, recurrent.masked, "{kind}: {values:?}");
    }
}
