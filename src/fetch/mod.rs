//! The only way out to the network: asks shorteners and redirectors where their links lead, and servers of the operator's choice
//! for lists and for the whole hashes behind prefixes.
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
//! It keeps no pages and no cookies, sends no referrer, runs no scripts, and shows nobody where a link leads.
//!
//! A [`Downloader`] gets one file of a server that the operator names: whole, within limits, or a typed reason why not
//! ([`DownloadError`]). Only such a server sees the secrets that are for it; whoever it redirects to does not. Inner networks are
//! asked where the options of that one file say so. [`FullHashes`] asks likewise. Neither knows what it is for, nor when to ask
//! again, which a [`BackOff`] tells.

mod asked;
mod back_off;
mod cache;
mod chain;
mod client;
mod dial;
mod download;
mod download_error;
mod error;
mod follower;
mod full_hash;
mod full_hash_shape;
mod guard;
mod hop;
mod host;
mod lifetime;
mod onward;
mod page;
mod reach;
mod resolver;
mod shared;
mod shorteners;
mod special;
mod tls;
mod token;
mod trial;
mod validators;
mod whole;

pub use asked::{Asked, Follow};
pub use back_off::{BackOff, retry_after};
pub use chain::{Chain, Passed, Place, Stop};
pub use client::ClientOptions;
pub use dial::ClientError;
pub use download::{BESIDE_MAX_BYTES, DownloadOptions, Downloaded, Downloader, REDIRECTS_MAX};
pub use download_error::DownloadError;
pub use error::FetchError;
pub use follower::{Follower, FollowerError, FollowerOptions, Second, Visitor};
pub use full_hash::{FullHashError, FullHashOptions, FullHashes, PREFIX_MAX_BYTES, PREFIX_MIN_BYTES};
pub use full_hash_shape::Shape;
pub use guard::{Guard, Refused};
pub use lifetime::Lifetimes;
pub use reach::Reach;
pub use shared::{SharedError, SharedOptions};
pub use shorteners::{Kind, SHORTENERS_MAX, Shorteners, ShortenersError};
pub(crate) use special::special;
pub use tls::{AuthoritiesError, Identity};
pub use token::{TOKEN_MAX_BYTES, Token, TokenError};
#[cfg(feature = "test-hooks")]
pub use trial::Dialled;
pub use validators::{VALIDATOR_MAX_BYTES, Validators};
