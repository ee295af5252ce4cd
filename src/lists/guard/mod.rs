//! What must never go live by itself: entries that hit strangers, and updates that are not what they should be.
//!
//! ```text
//! body ─► read_guarded ─┬─► entry: accepted │ refused, counted by line │ held until a human approves its id
//!                       └─► facts ─► Guards::update: accept │ reject │ quarantine
//! ```
//!
//! Rejected is what nobody could mean, and no approval helps: such an entry is dropped, such an update is thrown away.
//! Held is what somebody might mean, so that a human decides. One entry that is held never delays the others.
//!
//! Nothing here reads a file, a clock or the network: tables come as texts, and what only others know (signatures, what
//! was checked lately, whether the test entry was found) comes as facts.

mod code;
mod entry;
mod inspect;
mod known;
mod options;
mod read;
mod update;
mod version;

pub use code::{Hold, Outcome, UpdateCode};
pub use entry::EntryRuling;
pub use inspect::{GuardInputError, Judged, judge};
pub use known::{GuardTexts, Guards};
pub use options::GuardOptions;
pub use read::{GuardedList, GuardedRead, Held, read_guarded};
pub use update::{Presence, Replay, Signature, UpdateFacts, UpdateRuling};

pub(super) use read::{Door, Passage};

#[cfg(test)]
mod tests;
