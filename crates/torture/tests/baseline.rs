//! The campaign judges nothing where what is undamaged fails already, and says so.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used, reason = "see above")]
#![cfg(unix)]

use std::process::Command;

fn torture(program: &str, more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_torture"));
    command.args(["--program", program, "--quick"]).args(more);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), errors)
}

#[test]
fn a_command_that_always_fails_is_not_judged() {
    let (status, errors) = torture("/bin/false", &[]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(
        errors.contains("the undamaged case fails already"),
        "{errors}"
    );
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let (status, errors) = torture("/no/such/command", &[]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("/no/such/command"), "{errors}");
}

#[test]
fn a_campaign_that_is_not_there_is_refused() {
    let (status, errors) = torture("/bin/false", &["--only", "weather"]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("archives"), "{errors}");
}
