//! The commands that show what networks do: `report`, `trace` and `serve`. A browser looks at them in `browser`.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

mod alike;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/models.rs"]
mod models;
mod plain;
mod predict;
mod report;
mod serve;
#[path = "../common/server.rs"]
mod server;
mod trace;
