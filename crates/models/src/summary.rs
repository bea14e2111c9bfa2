//! A network's table of layers, as Keras prints it.

use std::fmt::Write;

use crate::NetworkConfig;

const WIDTH: usize = 65;

/// The summary of a network: layer (type), output shape, parameters, and the totals, in the form of
/// Keras' `model.summary()`.
pub fn summary(config: &NetworkConfig) -> String {
    let rows: Vec<(String, String, u64)> = config
        .shapes()
        .into_iter()
        .map(|layer| {
            let shape = match layer.steps {
                true => format!("(None, {}, {})", config.time, layer.width),
                false => format!("(None, {})", layer.width),
            };
            let name = format!("{} ({})", layer.name, layer.layer_type);
            (name, shape, layer.parameters.unwrap_or(u64::MAX))
        })
        .collect();
    let total = config.parameters().unwrap_or(u64::MAX);
    let bytes = total.saturating_mul(size_of::<f32>() as u64);

    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "Model: \"{}\"", config.name);
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
fn readable(bytes: u64) -> String {
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
fn thousands(number: u64) -> String {
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
    use crate::{NetworkKind, Preset};
    use burn::module::Module;
    use burn::tensor::Device;

    #[test]
    fn totals_are_those_of_the_built_network() {
        for kind in NetworkKind::all() {
            let config = Preset::notebook(kind).config();
            let built = config.init(0, &Device::flex()).num_params();
            let line = format!("Total params: {} ", thousands(built as u64));
            assert!(summary(&config).contains(&line), "{}", summary(&config));
        }
    }

    #[test]
    fn composed_networks_read_as_in_keras() {
        let kind = "stacked_bigru_masked".parse().unwrap();
        let text = summary(&Preset::notebook(kind).config());
        assert!(text.contains(" recurrent_0 (Bidirectional) (None, 100, 128)          74496"));
        assert!(text.contains(" recurrent_1 (Bidirectional) (None, 128)               74496"));
        assert!(text.contains("Total params: 285,441 (1.09 MB)"), "{text}");
    }

    #[test]
    fn the_lstm_reads_as_in_keras() {
        let text = summary(&Preset::notebook(NetworkKind::LSTM).config());
        assert!(text.contains(" recurrent (LSTM)            (None, 64)                49408"));
        assert!(text.contains("Total params: 181,761 (710.00 KB)"));
    }
}
