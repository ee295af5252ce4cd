//! What can go wrong when a host is asked. No variant holds anything of the host or its answer.

use super::guard::Refused;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It is not asked.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The name has no address, or nobody says which.
    #[error("the name could not be resolved")]
    Unresolved,
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// No connection, or none that can be trusted.
    #[error("no connection")]
    Connect,
    /// What came back is not HTTP, or contradicts itself.
    #[error("the answer cannot be read")]
    Garbled,
    /// The host asks for patience, or has trouble of its own.
    #[error("the host has trouble: status {0}")]
    Status(u16),
    /// The host failed again and again, and is left alone for a while.
    #[error("the host is left alone for a while")]
    LeftAlone,
    /// More is under way than is allowed at once.
    #[error("too much is under way")]
    Busy,
}

impl FetchError {
    /// The name under which it is counted.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unresolved => "unresolved",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Garbled => "garbled",
            Self::Status(_) => "status",
            Self::LeftAlone => "left_alone",
            Self::Busy => "busy",
        }
    }

    /// Whether the host itself is to blame, so that it is spared after a while of that.
    pub(super) fn is_the_hosts_fault(self) -> bool {
        matches!(self, Self::Timeout | Self::Connect | Self::Garbled | Self::Status(_))
    }

    /// The cause behind an error of the client.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(cause) = source {
            if let Some(own) = cause.downcast_ref::<Self>() {
                return *own;
            }
            source = cause.source();
        }
        match error {
            error if error.is_timeout() => Self::Timeout,
            error if error.is_connect() => Self::Connect,
            _ => Self::Garbled,
        }
    }
}
