//! Damage: what a disk, a cable, a bad program or a bad person does to a file.
//!
//! Each function draws what it does from a generator and says in words what it did, for the report of a failure.

pub(crate) mod bytes;
pub(crate) mod cbor;
pub(crate) mod json;
pub(crate) mod safetensors;
pub(crate) mod tar;
pub(crate) mod zip;
