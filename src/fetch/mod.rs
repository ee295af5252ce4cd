//! The only way out to the network: asks shorteners and redirectors where their links lead.
//!
//! ```text
//! link ─► asked? ─► guard ─► known? ─► client ─► hop ─► looked up ─┬─ listed: the chain ends, nothing is requested
//!         table     address   cache    limits                      └─ asked? …
//! ```
//!
//! 1. Only hosts of a table are asked, unless the operator wants otherwise.
//! 2. Every place is looked up by whoever follows *before* it is asked; one that any list has something on never is.
//! 3. Only addresses of the public internet are dialled ([`Guard`]): literals are judged on the URL, names by every address of
//!    their answer, and the peer once more when it is connected.
//! 4. Every answer is bounded in time and size; why a chain ended is a value ([`Stop`]).
//!
//! It keeps no pages and no cookies, sends no referrer and no credentials, runs no scripts, and shows nobody where a link leads.

mod asked;
mod cache;
mod chain;
mod client;
mod error;
mod follower;
mod guard;
mod hop;
mod host;
mod lifetime;
mod page;
mod resolver;
mod shared;
mod shorteners;
mod special;
mod tls;
mod trial;

pub use asked::{Asked, Follow};
pub use chain::{Chain, Passed, Place, Stop};
pub use client::{ClientError, ClientOptions};
pub use error::FetchError;
pub use follower::{Follower, FollowerError, FollowerOptions, Second, Visitor};
pub use guard::{Guard, Refused};
pub use lifetime::Lifetimes;
pub use shared::{SharedError, SharedOptions};
pub use shorteners::{Kind, SHORTENERS_MAX, Shorteners, ShortenersError};
pub(crate) use special::special;
pub use tls::AuthoritiesError;
#[cfg(feature = "test-hooks")]
pub use trial::Dialled;
