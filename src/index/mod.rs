//! The immutable set of entries under keyed digests.

mod entry;

pub use entry::{Action, Category, Entry, Scope, Target};
