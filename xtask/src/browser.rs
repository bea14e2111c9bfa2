//! What the browser tests need: Chromium with its driver, and axe-core, which checks accessibility.
//!
//! Looked for everywhere, installed only by `ci`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt;
use crate::cargo;
use crate::error::Error;

/// Names axe-core's script to the tests.
pub(crate) const AXE_VARIABLE: &str = "RECURRENT_AXE";
/// Makes it an error to be without a browser.
const REQUIRED_VARIABLE: &str = "RECURRENT_BROWSER";

const AXE: &str = "axe-core@4.14.1";
const AXE_FOLDER: &str = "target/tools/axe-core";

/// What there is for the browser tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Browser {
    driver: bool,
    axe: Option<PathBuf>,
    required: bool,
}

impl Browser {
    /// Looks on the path and where [`Browser::provide`] puts things.
    pub(crate) fn find(root: &Path) -> Self {
        let named = std::env::var_os(AXE_VARIABLE).map(PathBuf::from);
        let axe = root.join(AXE_FOLDER).join("package/axe.min.js");
        Self {
            driver: cargo::runs("chromedriver") || std::env::var_os("CHROMEDRIVER").is_some(),
            axe: named.or_else(|| axe.is_file().then_some(axe)),
            required: false,
        }
    }

    /// Installs what is missing: Debian's packages of Chromium, and axe-core through npm; afterwards the tests
    /// may not do without.
    pub(crate) fn provide(root: &Path) -> Result<Self, Error> {
        let found = Self::find(root);
        if !found.driver {
            apt::install(&["chromium", "chromium-driver"])?;
        }
        if found.axe.is_none() {
            let folder = root.join(AXE_FOLDER);
            std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
            cargo::must(
                Command::new("npm")
                    .args(["pack", "--silent", AXE])
                    .current_dir(&folder),
            )?;
            let archive = AXE.replace('@', "-") + ".tgz";
            cargo::must(
                Command::new("tar")
                    .args(["-xzf", &archive])
                    .current_dir(&folder),
            )?;
        }
        Ok(Self {
            required: true,
            ..Self::find(root)
        })
    }

    /// Passes all of it on to the tests.
    pub(crate) fn set(&self, command: &mut Command) {
        if let Some(axe) = &self.axe {
            command.env(AXE_VARIABLE, axe);
        }
        if self.required {
            command.env(REQUIRED_VARIABLE, "required");
        }
    }

    /// A line: what the tests will have.
    pub(crate) fn before_tests(&self) -> String {
        let there = |there| if there { "found" } else { "not found" };
        format!(
            "browser: chromedriver {}, axe-core {}",
            there(self.driver),
            there(self.axe.is_some())
        )
    }

    /// What the tests did not have; empty when they had all.
    pub(crate) fn after_tests(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.driver {
            lines.push("Without chromedriver the tests in the browser are ignored. Install Debian's chromium-driver or the like.".to_owned());
        }
        if self.axe.is_none() {
            lines.push(format!("Without axe-core the tests of accessibility are ignored. Name its axe.min.js in {AXE_VARIABLE}."));
        }
        lines
    }
}
