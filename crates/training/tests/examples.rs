//! The examples that the book shows: each trains through one of the three traits, and learns.

#[path = "../examples/own_corpus.rs"]
mod own_corpus;
#[path = "../examples/own_network.rs"]
mod own_network;
#[path = "../examples/own_tokenizer.rs"]
mod own_tokenizer;

#[test]
fn a_corpus_of_ones_own() {
    own_corpus::main().unwrap();
    let last = own_corpus::train().unwrap();
    assert!(last.test_accuracy > 0.9, "{last:?}");
}

#[test]
fn a_tokenizer_of_ones_own() {
    own_tokenizer::main().unwrap();
    let last = own_tokenizer::train().unwrap();
    assert!(last.test_accuracy > 0.95, "{last:?}");
}

#[test]
fn a_network_of_ones_own() {
    own_network::main().unwrap();
    let last = own_network::train().unwrap();
    assert!(last.test_accuracy > 0.95, "{last:?}");
}
