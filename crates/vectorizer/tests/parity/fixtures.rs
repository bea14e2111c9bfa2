//! The small recorded cases: one JSON file each, and a list of those in which Keras fails.

use recurrent_vectorizer::keras::{Verdict, check, reference_functions};

use crate::{cases, results};

#[test]
fn agrees_with_every_recorded_case() {
    let files = results();
    assert_eq!(files.len(), 115);
    for file in files {
        let case = std::fs::read_to_string(&file).unwrap();
        for checked in check(&case, &reference_functions()).unwrap() {
            assert_eq!(checked.verdict, Verdict::Equal, "{}", checked.name);
        }
    }
}

#[test]
fn fails_where_keras_fails() {
    let cases = std::fs::read_to_string(cases().join("errors.json")).unwrap();
    let checked = check(&cases, &reference_functions()).unwrap();
    assert_eq!(checked.len(), 31);
    let mut earlier = Vec::new();
    for case in checked {
        match case.verdict {
            Verdict::Equal => {}
            Verdict::EqualButEarlier { .. } => earlier.push(case.name),
            Verdict::Different { first } => panic!("{}: {first}", case.name),
        }
    }
    // What Keras accepts and stumbles over later is refused when it is said.
    assert_eq!(
        earlier,
        ["osl_negative_fails_at_call", "adapt_all_blank_then_call"]
    );
}

/// The comparison can tell: each of these changes one thing that Keras recorded.
#[test]
fn a_changed_record_is_noticed() {
    let case = r#"{"name": "c", "config": {"output_mode": "tf_idf", "sparse": true},
        "adapt": ["a b", "a"], "input_rank": 1, "vocabulary": ["[UNK]", "a", "b"],
        "idf_weights": [0.6019864082336426, 0.5108256340026855, 0.6931471824645996],
        "inputs": ["a a", "x"], "outputs": [[0.0, 1.021651268005371, 0.0], [0.6019864082336426, 0.0, 0.0]],
        "kind": "sparse", "output_shape": [2, 3],
        "sparse": {"indices": [[0, 1], [1, 0]], "values": [1.021651268005371, 0.6019864082336426],
                   "dense_shape": [2, 3]}}"#;
    let verdict = |case: &str| {
        let checked = check(case, &reference_functions()).unwrap();
        checked[0].verdict.clone()
    };
    assert_eq!(verdict(case), Verdict::Equal);
    for (ours, theirs, what) in [
        (
            r#"["[UNK]", "a", "b"]"#,
            r#"["[UNK]", "b", "a"]"#,
            "vocabulary[1]",
        ),
        (r#""a", "b"],"#, r#""a", "b", "c"],"#, "vocabulary: 3 long"),
        ("[0.6019864082336426, 0.5", "[0.7, 0.5", "idf_weights[0]"),
        ("[[0.0, 1.02", "[[0.5, 1.02", "row 0[0]"),
        (
            "0.6019864082336426, 0.0, 0.0]]",
            "0.6019864082336426, 0.0]]",
            "row 1: 3 long",
        ),
        ("[0, 1], [1, 0]", "[0, 1], [1, 1]", "sparse indices[1]"),
        ("\"values\": [1.0", "\"values\": [2.0", "sparse values[0]"),
        ("\"kind\": \"sparse\"", "\"kind\": \"dense\"", "kind"),
        (
            "\"output_shape\": [2",
            "\"output_shape\": [3",
            "output_shape",
        ),
        ("\"a b\", \"a\"]", "\"!\"]", "cannot learn"),
    ] {
        assert!(case.contains(ours), "{ours}");
        let Verdict::Different { first } = verdict(&case.replacen(ours, theirs, 1)) else {
            panic!("{theirs} is not noticed");
        };
        assert!(first.starts_with(what), "{first}");
    }
    let failing = r#"{"name": "e", "config": {}, "steps": [["adapt", ["a"]], ["call", ["a"]]],
        "error": {"type": "ValueError", "at": "step 1 (call)"}}"#;
    let Verdict::Different { first } = verdict(failing) else {
        panic!("an error that does not come is not noticed");
    };
    assert_eq!(first, "no error here, one at step 1 (call) in Keras");
}
