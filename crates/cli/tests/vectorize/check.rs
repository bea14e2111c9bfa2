//! `recurrent vectorize check`: what it prints of a case, and how it exits.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::shell::{self, Folder, recurrent, succeed};

#[test]
fn recorded_cases_are_equal_different_or_broken() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("cases")).unwrap();
    let case = |name: &str, ids: Value| {
        json!({
            "name": name, "group": "int", "config": {"output_sequence_length": 2},
            "adapt": ["a b", "b"], "input_rank": 1, "vocabulary": ["", "[UNK]", "b", "a"],
            "idf_weights": null, "inputs": ["a", "c b a"], "outputs": ids,
            "kind": "dense", "dtype": "int64", "output_shape": [2, 2], "sparse": null,
        })
    };
    folder.write(
        "cases/1.json",
        case("one", json!([[3, 0], [1, 2]])).to_string(),
    );
    folder.write("cases/notes.txt", "passed over");
    let errors = json!([
        {"name": "same place", "config": {"max_tokens": 1}, "steps": [],
         "error": {"type": "ValueError", "at": "constructor", "message": ""}},
        {"name": "sooner", "config": {"ngrams": [0]}, "steps": [["adapt", ["a"]]],
         "error": {"type": "ValueError", "at": "step 0 (adapt)", "message": ""}},
    ]);
    folder.write("cases/2.json", errors.to_string());
    let stdout = succeed(&mut folder.run(&["check", "cases"]));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines[..2], ["one: equal", "same place: equal"]);
    assert!(
        lines[2].starts_with("sooner: equal (fails earlier: constructor: "),
        "{stdout}"
    );
    assert_eq!(lines[3], "3 equal, 0 different");

    folder.write("two.json", case("two", json!([[3, 0], [1, 9]])).to_string());
    let (output, stdout, _) = shell::run(&mut folder.run(&["check", "two.json", "cases/1.json"]));
    assert_eq!(output.status.code(), Some(1));
    let expected =
        "two: DIFFERENT: row 1[1]: 2 here, 9 in Keras\none: equal\n1 equal, 1 different\n";
    assert_eq!(stdout, expected);
    let quiet = ["check", "--quiet", "two.json", "cases"];
    let (_, stdout, _) = shell::run(&mut folder.run(&quiet));
    assert_eq!(stdout.lines().count(), 2, "{stdout}");

    folder.write("broken.json", "{\"name\": ");
    folder.write("other.json", "{\"name\": \"x\"}");
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (file, expected) in [
        ("broken.json", "broken.json is no file of recorded cases"),
        ("other.json", "has no object `config`"),
        ("no.json", "no.json"),
        ("empty", "no .json files"),
    ] {
        let mut check = folder.run(&["check", file, "two.json"]);
        let (output, stdout, stderr) = shell::run(&mut check);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(stderr.contains(expected), "{stderr}");
        assert!(
            stdout.ends_with("0 equal, 1 different, 1 file unreadable\n"),
            "{stdout}"
        );
    }
}

#[test]
fn the_recorded_cases_are_equal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectorizer/tests/parity/cases");
    let mut check = recurrent();
    check.args(["vectorize", "check"]);
    let stdout = succeed(check.args([folder.join("results"), folder.join("errors.json")]));
    assert!(stdout.ends_with("146 equal, 0 different\n"), "{stdout}");
}
