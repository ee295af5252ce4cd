//! Canonical URL → host forms × path forms → keyed digests.

mod digest;
mod host;
mod path;
pub mod safe_browsing;

pub use digest::{Digest, DigestKey};
pub use host::{HostForm, Relation, TopLevel, masked};
pub use path::{PathForm, Reach, parts};
