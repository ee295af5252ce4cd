//! linkgate keeps links to child sexual abuse material out of social platforms: it checks the outbound links of posts
//! against the lists shared by child-protection organisations.
//!
//! Data flows one way; each module imports only those declared before it.
//!
//! ```text
//! post text ─► extract ─► canonical ─► expression ─► index ─► verdict ─► action
//! ```
//!
//! ```
//! use std::sync::Arc;
//!
//! use linkgate::canonical::{TableTexts, Tables};
//! use linkgate::check::{Checker, Post, Snapshot};
//! use linkgate::extract::{Extractor, Options, TopLevels};
//! use linkgate::index::{Builder, Keys, List, StateKey};
//! use linkgate::lists::{self, Format};
//! use linkgate::verdict::{Action, Policy};
//!
//! // A list, compiled under a key that nobody else knows.
//! let tables = Arc::new(Tables::shipped()?);
//! let mut builder = Builder::new(Keys::derive(&StateKey::new([7; 32])), Arc::clone(&tables));
//! let list = builder.list(List::new("partner", "2026-01-01"))?;
//! let mut full = Ok(());
//! lists::read(b"listed.example\n", Format::Plain, &lists::Options::default(), &tables, &mut |entry| {
//!     full = builder.add(list, &entry);
//! })?;
//! full?;
//!
//! // A checker that everybody shares.
//! let extractor = Extractor::new(Options::default(), TopLevels::parse(TableTexts::shipped().suffixes));
//! let checker = Checker::new(extractor, Snapshot::new(tables, vec![Arc::new(builder.finish())], Policy::default()));
//!
//! let post = Post { text: "meet me at hxxps://listed[.]example/a", ..Post::default() };
//! let report = checker.check(&post, 1_800_000_000);
//! assert_eq!(report.action, Action::Reject);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: it never requests a listed page, judges no person, and brings no list of its own.
//!
//! The pages: [where things are](docs::architecture), [the life of a post](docs::life_of_a_post),
//! [what matches what](docs::matching), [where links lead](docs::redirects), [list formats](docs::list_formats),
//! [lists that keep themselves up to date](docs::lists),
//! [posts that are published already](docs::rescan), [the check API](docs::api), [running the doors](docs::operating).

pub mod telemetry;
pub mod extract;
pub mod canonical;
pub mod expression;
pub mod index;
pub mod verdict;
pub mod fetch;
pub mod outbox;
pub mod audit;
pub mod sample;
pub mod lists;
pub mod store;
pub mod update;
pub mod check;
pub mod serve;
pub mod rescan;
pub mod config;
pub mod cli;

/// The manual.
pub mod docs {
    #[doc = include_str!("docs/architecture.md")]
    pub mod architecture {}
    #[doc = include_str!("docs/life-of-a-post.md")]
    pub mod life_of_a_post {}
    #[doc = include_str!("docs/matching.md")]
    pub mod matching {}
    #[doc = include_str!("docs/redirects.md")]
    pub mod redirects {}
    #[doc = include_str!("docs/list-formats.md")]
    pub mod list_formats {}
    #[doc = include_str!("docs/lists.md")]
    pub mod lists {}
    #[doc = include_str!("docs/rescan.md")]
    pub mod rescan {}
    #[doc = include_str!("docs/api.md")]
    pub mod api {}
    #[doc = include_str!("docs/operating.md")]
    pub mod operating {}
}
