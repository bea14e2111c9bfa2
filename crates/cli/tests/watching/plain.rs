//! Models as plain arguments, and files in and out.

use std::fs;

use super::common::{fail, recurrent, succeed};
use super::models::{TEXT, model, trained};
use super::predict::with_lstm;

/// The folder of a run stands for all its models; a model need not be called one.
#[test]
fn all_models_of_a_run_are_asked() {
    let each = succeed(recurrent().arg("predict").arg(trained()).arg(TEXT));
    assert_eq!(each.lines().count(), 3, "{each}");
    let one = succeed(recurrent().arg("predict").arg(model("lstm")).arg(TEXT));
    assert_eq!(one, succeed(with_lstm("predict").arg(TEXT)));
    assert!(each.contains(one.trim()), "{each}");
    let stderr = fail(
        &mut {
            let mut command = recurrent();
            command.arg("predict");
            command
        },
        1,
    );
    assert!(stderr.contains("no model is named"), "{stderr}");
}

/// A file is written again with what is said of each row.
#[test]
fn a_table_keeps_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.csv");
    fs::write(
        &input,
        "id,text\r\n1,\"good, \"\"really\"\" good\"\r\n2,\r\n3,bad\r\n",
    )
    .unwrap();
    let out = folder.path().join("out.csv");
    let mut command = recurrent();
    command
        .arg("predict")
        .arg(model("lstm"))
        .arg("--input")
        .arg(&input);
    let mut to_file = recurrent();
    to_file
        .arg("predict")
        .arg(model("lstm"))
        .arg("--input")
        .arg(&input);
    succeed(to_file.arg("--out").arg(&out).arg("--probabilities"));
    let written = fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(
        lines[0],
        "id,text,prediction,probability,probability_neg,probability_pos"
    );
    assert!(
        lines[1].starts_with("1,\"good, \"\"really\"\" good\","),
        "{written}"
    );
    assert_eq!(lines[2], "2,,,,,");
    assert_eq!(lines.len(), 4);
    let printed = succeed(&mut command);
    assert_eq!(printed.lines().count(), 4);
    let stderr = fail(command.arg("a text"), 1);
    assert!(stderr.contains("--input"), "{stderr}");
}
