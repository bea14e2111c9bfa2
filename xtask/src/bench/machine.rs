//! The machine sheet: what a figure was measured on.

use serde::Serialize;

/// What there is to know of this machine and of what is compared on it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Year, month, day.
    pub(crate) date: String,
    /// The processor's name.
    pub(crate) cpu: String,
    /// Threads used.
    pub(crate) threads: usize,
    /// Instruction sets of interest that the processor has.
    pub(crate) features: Vec<String>,
    /// Kernel and system.
    pub(crate) system: String,
    /// `rustc --version`.
    pub(crate) rustc: String,
    /// `git describe`, where git answers.
    pub(crate) commit: String,
    /// The peers' versions.
    pub(crate) peers: Vec<String>,
}

/// Of the processor's many features, those that decide which code runs.
const FEATURES: [&str; 5] = ["avx2", "fma", "avx512f", "avx512_bf16", "asimd"];

impl Machine {
    /// Looks around.
    pub(crate) fn look() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |names: &[&str]| {
            info.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| names.contains(&name.trim()))
                .map(|(_, value)| value.trim().to_owned())
                .unwrap_or_default()
        };
        let flags = field(&["flags", "Features"]);
        let has = |feature: &&&str| flags.split_whitespace().any(|flag| flag == **feature);
        Self {
            date: said("date", &["-u", "+%Y-%m-%d"]),
            cpu: field(&["model name", "CPU part"]),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            features: FEATURES
                .iter()
                .filter(has)
                .map(|feature| (*feature).to_owned())
                .collect(),
            system: said("uname", &["-sr"]),
            rustc: said("rustc", &["--version"]),
            commit: said("git", &["describe", "--always", "--dirty"]),
            peers: Vec::new(),
        }
    }

    /// As lines of text.
    pub(crate) fn sheet(&self) -> String {
        format!(
            "{}, {} threads, {} ({})\n{}, {}, {}; {}",
            self.cpu,
            self.threads,
            self.features.join(" "),
            self.date,
            self.system,
            self.rustc,
            self.commit,
            self.peers.join(", ")
        )
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    std::process::Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
