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

/// The policy of a door, and of each kind of failure that has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailPolicies {
    /// For every failure that has none of its own.
    pub default: FailPolicy,
    /// A list that is required is missing, or no list has an entry.
    pub no_index: Option<FailPolicy>,
    /// There is more to check than there is time for.
    pub overload: Option<FailPolicy>,
    /// The check itself did not end.
    pub internal: Option<FailPolicy>,
}

impl From<FailPolicy> for FailPolicies {
    fn from(default: FailPolicy) -> Self {
        Self { default, ..Self::default() }
    }
}

impl FailPolicies {
    pub(super) fn of(self, failure: Failure) -> FailPolicy {
        let own = match failure {
            Failure::NoIndex => self.no_index,
            Failure::Overload => self.overload,
            Failure::Internal => self.internal,
        };
        own.unwrap_or(self.default)
    }
}

/// Among the extensions of a request that passed although it could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unchecked {
    /// Why: `no_index`, `overload` or `internal`.
    pub reason: &'static str,
}

/// Why posts cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    NoIndex,
    Overload,
    Internal,
}

impl Failure {
    pub(super) const ALL: [Self; 2] = [Self::NoIndex, Self::Internal];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoIndex => "no_index",
            Self::Overload => "overload",
            Self::Internal => "internal",
        }
    }
}
