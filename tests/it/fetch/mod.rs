//! The way out, from outside: in a little internet where every address answers and every dial is written down.

mod asked;
mod faults;
#[cfg(feature = "redis")]
mod redis;
mod shortener;
mod vectors;
mod world;

pub(crate) use world::{Visit, World};
