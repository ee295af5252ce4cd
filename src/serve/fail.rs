//! What a door does when the system, not a link, is at fault.

use serde::{Deserialize, Serialize};

/// What becomes of posts that cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailPolicy {
    /// They are refused: 503, to be tried again.
    #[default]
    Closed,
    /// They pass, marked for the platform, counted, and logged by their id.
    Open,
    /// They are kept back: not published, may be reviewed.
    Hold,
}

/// Why posts cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A list that is required is missing, or no list has an entry.
    NoIndex,
    /// The check itself did not end.
    Internal,
}

impl Failure {
    pub(super) const ALL: [Self; 2] = [Self::NoIndex, Self::Internal];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoIndex => "no_index",
            Self::Internal => "internal",
        }
    }
}
