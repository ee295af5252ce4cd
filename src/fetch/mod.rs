//! The only way out to the network: asks shorteners where their links lead, and nobody else.

mod shorteners;

pub use shorteners::{Kind, SHORTENERS_MAX, Shorteners, ShortenersError};
