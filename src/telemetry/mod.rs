//! What the running program tells about itself; for now the one clock that everybody shares.

pub mod clock;
