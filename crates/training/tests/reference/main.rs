//! The networks against the large training runs of the real Keras: a hundred steps at the notebook's size, and that
//! mistakes are found there as well.
//!
//! The runs are too large for the repository: where `RECURRENT_REFERENCE` does not name them, these tests are ignored.

// What clippy.toml allows in tests does not reach these, which another harness runs.
#![allow(clippy::unwrap_used, reason = "see above")]

#[path = "../replay/following.rs"]
mod following;

use std::process::ExitCode;

use outside::Outside;
use recurrent_models::weights::TensorFile;

fn main() -> ExitCode {
    type Mistake = (&'static str, fn(&TensorFile));
    let mistakes: [Mistake; 3] = [
        ("burns_epsilon_is_found", following::burns_epsilon_is_found),
        (
            "swapped_gates_are_found",
            following::swapped_gates_are_found,
        ),
        (
            "a_missing_forget_bias_is_found",
            following::a_missing_forget_bias_is_found,
        ),
    ];
    let trial = |name: String, network: &'static str, test: fn(&TensorFile)| {
        outside::trial(name, &[&Outside::reference()], move || {
            test(&recorded(network));
        })
    };
    let follows = following::NETWORKS.map(|network| {
        let name = format!("{network}_follows_keras_for_a_hundred_steps");
        trial(name, network, following::follows_keras)
    });
    let mistakes = mistakes.map(|(name, test)| trial(format!("{name}_at_full_size"), "lstm", test));
    outside::run(follows.into_iter().chain(mistakes).collect())
}

fn recorded(network: &str) -> TensorFile {
    let reference = Outside::reference();
    let folder = reference.place().unwrap().join("training");
    TensorFile::read(&folder.join(format!("{network}.safetensors"))).unwrap()
}
