//! Who must never depend on whom.

/// What one of our packages must keep away from. A name ending in `*` stands for every name that begins so.
pub(super) struct Rule {
    pub(super) package: &'static str,
    /// Not even through others.
    pub(super) never: &'static [&'static str],
    /// Not in its own manifest; others may bring it.
    pub(super) never_directly: &'static [&'static str],
    /// In its own manifest only as optional, and off by default.
    pub(super) only_optional: &'static [&'static str],
}

/// The column "must never depend on". Every package of the workspace stands here, even one that may use anything.
pub(super) const RULES: &[Rule] = &[
    Rule {
        package: "recurrent-corpus",
        never: &[
            "burn*",
            "outside",
            "polars*",
            "recurrent",
            "recurrent-cli",
            "recurrent-data",
            "recurrent-kernels",
            "recurrent-models",
            "recurrent-report",
            "recurrent-runs",
            "recurrent-training",
            "recurrent-vectorizer",
            "regex",
            "tar",
            "zip",
        ],
        never_directly: &[],
        only_optional: &["arrow*", "parquet"],
    },
    Rule {
        package: "recurrent-data",
        never: &["recurrent-vectorizer", "burn*"],
        never_directly: &[],
        only_optional: &["polars*"],
    },
    Rule {
        package: "recurrent-files",
        never: &["burn*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-vectorizer",
        never: &["recurrent-data", "burn*"],
        never_directly: &[],
        only_optional: &["arrow*", "parquet*", "polars*", "rayon", "serde"],
    },
    Rule {
        package: "recurrent-kernels",
        never: &["burn*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-linear",
        never: &["burn*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-metrics",
        never: &["burn*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-models",
        never: &["recurrent-data", "recurrent-vectorizer"],
        never_directly: &["zip", "tar"],
        only_optional: &["burn-tch", "tch"],
    },
    Rule {
        package: "recurrent-training",
        never: &["burn-tch", "tch"],
        // Through recurrent-data, archives may come along unseen.
        never_directly: &["zip", "tar", "clap", "indicatif"],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-report",
        never: &[
            "burn*",
            "recurrent",
            "recurrent-data",
            "recurrent-kernels",
            "recurrent-models",
            "recurrent-training",
            "recurrent-vectorizer",
        ],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-runs",
        never: &["burn*", "recurrent*", "serde_json"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent",
        never: &["clap", "indicatif", "recurrent-cli", "recurrent-data"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "recurrent-cli",
        never: &[],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        // A harness for tests knows nothing of what they test.
        package: "outside",
        never: &["burn*", "polars*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        // It drives the command from outside; what it calls of ours is only what reads files.
        package: "torture",
        never: &["burn*", "polars*", "recurrent-cli"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        // It names features. The command gets a little by them that only polars needs (HTTP/2); nothing large may come so.
        package: "unified",
        never: &["burn*", "outside", "polars*", "recurrent*"],
        never_directly: &[],
        only_optional: &[],
    },
    Rule {
        package: "xtask",
        // Of the workspace the metrics alone, which build in no time.
        never: &[
            "burn*",
            "polars*",
            "recurrent",
            "recurrent-cli",
            "recurrent-corpus",
            "recurrent-data",
            "recurrent-files",
            "recurrent-kernels",
            "recurrent-linear",
            "recurrent-models",
            "recurrent-report",
            "recurrent-runs",
            "recurrent-training",
            "recurrent-vectorizer",
        ],
        never_directly: &[],
        only_optional: &[],
    },
];
