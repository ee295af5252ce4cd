//! Posts that are published already: read, judged again, findings written.
//!
//! ```text
//! inputs ─► batches of records ─► judged by every core ─► findings, in the order of the posts
//!                                                    └──► counts, progress, checkpoint
//! ```
//!
//! Memory does not grow with the number of posts: batches are a few hundred KiB and only some are under way. The output
//! is the same, byte for byte, however many threads there are and however often a run was killed and went on.
//!
//! What it does not do: follow redirects, change posts, keep their text.

mod capture;
mod checkpoint;
mod delta;
mod error;
mod field;
mod finding;
mod flat;
mod flow;
mod input;
mod judge;
mod output;
mod post;
mod preset;
mod shard;
mod tally;
mod time;
mod walk;

use crate::check::{Checker, PatientChecker};

pub use checkpoint::{Checkpoint, OtherLists};
pub use delta::Change;
pub use error::RescanError;
pub use field::{Fields, Others, Pointer, PointerError, TextField};
pub use flow::{Event, Progress, run, sample};
pub use input::{Cursor, Found, Identity, Input, Kind, Mark, Place as InputPlace, find};
pub use output::{Output, Target};
pub use preset::Preset;
pub use shard::{Shard, ShardError};
pub use tally::{Bad, Place, Skipped, Tally};
pub use time::seconds;

/// A longer line, row or item is passed over.
pub const LINE_MAX_BYTES: usize = 8 << 20;

/// What is to be done.
pub struct Job<'j> {
    /// What is read, in this order.
    pub inputs: &'j [Input],
    /// Where the parts of a post stand.
    pub fields: &'j Fields,
    /// What posts are judged by.
    pub checker: &'j Checker,
    /// Follows links, if they are followed; then `checker` leaves them to be asked.
    pub following: Option<&'j PatientChecker>,
    /// What they were judged by before: only what changed since is told.
    pub before: Option<&'j Checker>,
    /// The time of judgement, in seconds since the Unix epoch.
    pub now: i64,
    /// Posts written before this time are left out.
    pub since: Option<i64>,
    /// Which share of the posts is judged.
    pub shard: Option<Shard>,
    /// Which posts are told.
    pub shown: Shown,
    /// What of their text is told.
    pub reveal: Reveal,
    /// How findings are written.
    pub form: Form,
}

/// Which posts are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Those with a listed link, or with an action above `allow`; unlisted links are left out.
    #[default]
    Findings,
    /// All, with every link.
    All,
}

/// What of the text of a post is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reveal {
    /// Nothing: where links stand, never what they are.
    #[default]
    Nothing,
    /// Links, as the post has them.
    Links,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One JSON object a post.
    #[default]
    Jsonl,
    /// A table with a row for each match.
    Csv,
}
