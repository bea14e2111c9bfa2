//! Keras' side of the border: its configurations, its vocabulary files, its layer with the order of calls
//! that it allows, and recorded cases to compare with. What is computed is computed elsewhere.
//!
//! [`Layer`] imports and exports a layer; [`check`](fn@check) runs recorded cases.
//!
//! ```
//! use recurrent_vectorizer::{Functions, VectorizerError, keras::Layer};
//!
//! # fn main() -> Result<(), VectorizerError> {
//! let config = r#"{"max_tokens": 1000, "output_mode": "count", "standardize": "lower"}"#;
//! let mut layer = Layer::from_config(config, None, &Functions::new())?;
//! layer.adapt(["The film was good.", "The film wasn't!"])?;
//! assert_eq!(layer.get_vocabulary(true)?[..3], ["[UNK]", "the", "film"]);
//! // What `TextVectorization.from_config` takes, vocabulary included.
//! assert!(layer.get_config()?.contains(r#""output_mode":"count""#));
//! # Ok(())
//! # }
//! ```

mod check;
mod config;
mod layer;
mod reference;

pub use check::{Checked, Verdict, check};
pub use config::Config;
pub use layer::Layer;
pub use reference::reference_functions;
