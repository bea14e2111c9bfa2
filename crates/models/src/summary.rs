//! A network's table of layers, as Keras prints it.

use std::fmt::Write;

use crate::recurrence::Cell;
use crate::{NetworkConfig, NetworkKind};

const WIDTH: usize = 65;

/// The summary of a network: layer (type), output shape, parameters, and the totals, in the form of
/// Keras' `model.summary()`.
pub fn summary(config: &NetworkConfig) -> String {
    let &NetworkConfig {
        embeddings,
        embedding_width,
        units,
        hidden,
        time,
        ..
    } = config;
    let each = |last: usize| format!("(None, {time}, {last})");
    let once = |last: usize| format!("(None, {last})");
    let dense = |inputs: usize, units: usize| (inputs + 1) * units;
    let mut rows = vec![(
        "embedding (Embedding)".to_owned(),
        each(embedding_width),
        embeddings * embedding_width,
    )];
    match config.network {
        NetworkKind::Dense => rows.extend([
            (
                "dense_in (Dense)".to_owned(),
                each(units),
                dense(embedding_width, units),
            ),
            (
                "hidden (Dense)".to_owned(),
                each(hidden),
                dense(units, hidden),
            ),
            ("output (Dense)".to_owned(), each(1), dense(hidden, 1)),
        ]),
        NetworkKind::Recurrent(kind) => {
            let width = kind.width(units);
            let layer_type = match (kind.bidirectional, kind.cell) {
                (true, _) => "Bidirectional",
                (false, Cell::SimpleRnn) => "SimpleRNN",
                (false, Cell::Lstm) => "LSTM",
                (false, Cell::Gru) => "GRU",
            };
            let ways = width / units.max(1);
            let parameters = |inputs: usize| {
                ways * kind.cell.gates() * units * (inputs + units + kind.cell.biases())
            };
            if kind.stacked {
                rows.push((
                    format!("recurrent_0 ({layer_type})"),
                    each(width),
                    parameters(embedding_width),
                ));
                rows.push((
                    format!("recurrent_1 ({layer_type})"),
                    once(width),
                    parameters(width),
                ));
            } else {
                rows.push((
                    format!("recurrent ({layer_type})"),
                    once(width),
                    parameters(embedding_width),
                ));
            }
            rows.push((
                "hidden (Dense)".to_owned(),
                once(hidden),
                dense(width, hidden),
            ));
            rows.push(("output (Dense)".to_owned(), once(1), dense(hidden, 1)));
        }
    }
    let total: usize = rows.iter().map(|row| row.2).sum();
    let bytes = total * size_of::<f32>();

    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "Model: \"{}\"", config.network);
    let _ = writeln!(text, "{}", "_".repeat(WIDTH));
    let _ = writeln!(
        text,
        " {:<28}{:<26}{:<10}",
        "Layer (type)", "Output Shape", "Param #"
    );
    let _ = writeln!(text, "{}", "=".repeat(WIDTH));
    for (layer, shape, parameters) in rows {
        let _ = writeln!(text, " {layer:<28}{shape:<26}{parameters:<10}");
    }
    let _ = writeln!(text, "{}", "=".repeat(WIDTH));
    let size = format!("({})", readable(bytes));
    let count = thousands(total);
    let _ = writeln!(text, "Total params: {count} {size}");
    let _ = writeln!(text, "Trainable params: {count} {size}");
    let _ = writeln!(text, "Non-trainable params: 0 (0.00 Byte)");
    let _ = write!(text, "{}", "_".repeat(WIDTH));
    text
}

/// Bytes in the largest unit of which there is at least one, as Keras rounds them.
fn readable(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["Byte", "KB", "MB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} GB")
}

/// `140609` as `140,609`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Module;
    use burn::tensor::Device;

    #[test]
    fn totals_are_those_of_the_built_network() {
        for kind in NetworkKind::all() {
            let config = NetworkConfig::notebook(kind);
            let built = config.init(0, &Device::flex()).num_params();
            let line = format!("Total params: {} ", thousands(built));
            assert!(summary(&config).contains(&line), "{}", summary(&config));
        }
    }

    #[test]
    fn composed_networks_read_as_in_keras() {
        let kind = "stacked_bigru_masked".parse().unwrap();
        let text = summary(&NetworkConfig::notebook(kind));
        assert!(text.contains(" recurrent_0 (Bidirectional) (None, 100, 128)          74496"));
        assert!(text.contains(" recurrent_1 (Bidirectional) (None, 128)               74496"));
        assert!(text.contains("Total params: 285,441 (1.09 MB)"), "{text}");
    }

    #[test]
    fn the_lstm_reads_as_in_keras() {
        let text = summary(&NetworkConfig::notebook(NetworkKind::LSTM));
        assert!(text.contains(" recurrent (LSTM)            (None, 64)                49408"));
        assert!(text.contains("Total params: 181,761 (710.00 KB)"));
    }
}
