//! The names of weights: from the fields that lead to one, and as Keras writes them.

/// The fields on the way to a parameter. The variants of an enum are no part of its name; what a
/// bidirectional layer holds is named by its direction and its cell (`forward_lstm/lstm_cell`).
#[derive(Default)]
pub(super) struct FieldPath(Vec<String>);

impl FieldPath {
    pub(super) fn enter(&mut self, name: &str, container_type: &str) {
        if container_type.starts_with("Enum:") {
            return;
        }
        let cell = name.strip_suffix("_cell");
        if let (Some(above @ ("forward" | "backward")), Some(cell)) =
            (self.0.last().map(String::as_str), cell)
        {
            let named = format!("{above}_{cell}");
            self.0.pop();
            self.0.push(named);
        }
        self.0.push(name.to_owned());
    }

    pub(super) fn exit(&mut self, container_type: &str) {
        if !container_type.starts_with("Enum:") {
            self.0.pop();
        }
    }

    pub(super) fn name(&self) -> String {
        self.0.join("/")
    }
}

/// A name without the number that Keras gives to the layers inside the second bidirectional layer of
/// a network, and to those of the next ones (`recurrent_1/forward_gru_1/…`).
pub(super) fn unnumbered(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('/')
        .map(|part| match part.rsplit_once('_') {
            Some((layer, number))
                if (part.starts_with("forward_") || part.starts_with("backward_"))
                    && number.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                layer
            }
            _ => part,
        })
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_inner_layers_are_mask() {
        for (stored, name) in [
            (
                "init/recurrent_1/forward_gru_1/gru_cell/bias",
                "init/recurrent_1/forward_gru/gru_cell/bias",
            ),
            (
                "recurrent/backward_simple_rnn/x",
                "recurrent/backward_simple_rnn/x",
            ),
            (
                "recurrent_0/lstm_cell/kernel",
                "recurrent_0/lstm_cell/kernel",
            ),
        ] {
            assert_eq!(unnumbered(stored), name);
        }
    }
}
