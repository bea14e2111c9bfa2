//! The functions that the recorded cases name, where they gave Keras a callable.

use crate::Functions;

/// The functions that recorded cases name as `callable:NAME`: `br_then_default`, `ascii_upper`, `identity`
/// standardize, `split_comma` and `split_pipe` split and keep empty parts.
#[must_use]
pub fn reference_functions() -> Functions {
    Functions::new()
        .standardize("br_then_default", |text, out| {
            let mut rest = &*text.to_ascii_lowercase();
            while let Some((&byte, after)) = rest.split_first() {
                if let Some(after) = rest.strip_prefix(b"<br />") {
                    out.push(b' ');
                    rest = after;
                    continue;
                }
                if !byte.is_ascii_punctuation() {
                    out.push(byte);
                }
                rest = after;
            }
        })
        .standardize("ascii_upper", |text, out| {
            out.extend(text.iter().map(u8::to_ascii_uppercase));
        })
        .standardize("identity", |text, out| out.extend_from_slice(text))
        .split("split_comma", |text, token| {
            text.split(|&byte| byte == b',').for_each(token);
        })
        .split("split_pipe", |text, token| {
            text.split(|&byte| byte == b'|').for_each(token);
        })
}
