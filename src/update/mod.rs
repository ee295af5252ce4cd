//! Keeps lists up to date: asks each source when it is due, or when somebody looks, looks at what comes, and hands it to the store.
//!
//! ```text
//! due ─► download ─► signature, digest ─► unpack ─► store: live │ waits │ refused ─► noted, told
//!                 └─► unchanged ──────────────────────────────────────────────────► noted
//! ```
//!
//! Whatever goes wrong, the version that answers stays. The next attempt comes later each time, at a random moment.

mod at_hand;
mod once;
mod prompt;
mod run;
mod wrong;

use crate::fetch::{BackOff, Downloader};
use crate::store::{Failure, Listing, Notes, Taken};

pub use at_hand::{at_hand, beside, prove};
pub use once::once;
pub use prompt::{Prompts, Refreshed};
pub use run::run;

/// A list that is downloaded.
#[derive(Clone)]
pub struct Subscription {
    /// What it is.
    pub listing: Listing,
    /// From where it comes.
    pub downloader: Downloader,
    /// When it is asked again.
    pub back_off: BackOff,
    /// Digest of its settings: asked in another way, nothing is known of its source.
    pub asked_as: String,
}

/// What asking a source came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The source has nothing newer.
    Unchanged,
    /// There was a version, and it is no fault.
    Taken(Taken),
    /// The version that answers stays.
    Failed(Failure),
}

/// What the address or path of a list ends in beside it: of its digest …
const DIGEST: &str = ".sha256";
/// … and of its signature.
const SIGNATURE: &str = ".minisig";

impl Outcome {
    /// A stable name for metrics and logs.
    pub fn code(&self) -> &str {
        match self {
            Self::Unchanged | Self::Taken(Taken::Same) => "unchanged",
            Self::Taken(Taken::Live) => "live",
            Self::Taken(Taken::Refused) => Notes::REFUSED,
            Self::Taken(Taken::Waits { code }) => code,
            Self::Failed(failure) => &failure.code,
        }
    }
}
