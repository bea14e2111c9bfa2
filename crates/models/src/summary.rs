//! A network's table of layers, as Keras prints it.

use std::fmt::Write;

use crate::{NetworkConfig, NetworkKind};

const WIDTH: usize = 65;

/// The summary of a network: layer (type), output shape, parameters, and the totals, in the form of
/// Keras' `model.summary()`.
pub fn summary(config: &NetworkConfig) -> String {
    let &NetworkConfig {
        embeddings,
        embedding_width: width,
        units,
        hidden,
        time,
        ..
    } = config;
    let each = matches!(config.network, NetworkKind::Dense);
    let shape = |last: usize| {
        if each {
            format!("(None, {time}, {last})")
        } else {
            format!("(None, {last})")
        }
    };
    let recurrent = |gates: usize| gates * units * (width + units + 1);
    let body = match config.network {
        NetworkKind::Dense => ("dense_in (Dense)", (width + 1) * units),
        NetworkKind::SimpleRnn => ("recurrent (SimpleRNN)", recurrent(1)),
        NetworkKind::Lstm => ("recurrent (LSTM)", recurrent(4)),
    };
    let rows = [
        (
            "embedding (Embedding)",
            format!("(None, {time}, {width})"),
            embeddings * width,
        ),
        (body.0, shape(units), body.1),
        ("hidden (Dense)", shape(hidden), (units + 1) * hidden),
        ("output (Dense)", shape(1), hidden + 1),
    ];
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
    let size = format!("({:.2} KB)", bytes as f64 / 1024.0);
    let count = thousands(total);
    let _ = writeln!(text, "Total params: {count} {size}");
    let _ = writeln!(text, "Trainable params: {count} {size}");
    let _ = writeln!(text, "Non-trainable params: 0 (0.00 Byte)");
    let _ = write!(text, "{}", "_".repeat(WIDTH));
    text
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
        for kind in NetworkKind::ALL {
            let config = NetworkConfig::notebook(kind);
            let built = config.init(0, &Device::flex()).num_params();
            let line = format!("Total params: {} ", thousands(built));
            assert!(summary(&config).contains(&line), "{}", summary(&config));
        }
    }

    #[test]
    fn the_lstm_reads_as_in_keras() {
        let text = summary(&NetworkConfig::notebook(NetworkKind::Lstm));
        assert!(text.contains(" recurrent (LSTM)            (None, 64)                49408"));
        assert!(text.contains("Total params: 181,761 (710.00 KB)"));
    }
}
