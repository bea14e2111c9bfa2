//! Empty: what matters of this package is its manifest.
