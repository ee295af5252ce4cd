//! What can go wrong on the way to a list. No variant holds anything of its address or of what was answered.

use std::error::Error;
use std::io;
use std::time::Duration;

use tokio_rustls::rustls;

use super::error::FetchError;
use super::guard::Refused;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// It is not asked.
    #[error("it is not asked")]
    Refused(#[from] Refused),
    /// The name has no address, or nobody says which.
    #[error("the name could not be resolved")]
    Unresolved,
    /// Nobody takes the connection.
    #[error("no connection")]
    Connect,
    /// The connection cannot be trusted, or the other side does not trust us.
    #[error("no connection that can be trusted; look at ca_file and at the client certificate")]
    Tls,
    /// It took longer than it may as a whole.
    #[error("not complete in time")]
    Timeout,
    /// Nothing came for a while, or too little.
    #[error("the answer came to a standstill")]
    Stalled,
    /// The server has nothing to give.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The server asks for patience.
    #[error("the server asks for patience: status {status}")]
    RetryLater {
        /// 429 or 503.
        status: u16,
        /// How long, if it says so.
        retry_after: Option<Duration>,
    },
    /// It leads elsewhere, more often than is followed.
    #[error("more than {} redirects", super::download::REDIRECTS_MAX)]
    RedirectTooMany,
    /// It leads to where others could read and change what is sent.
    #[error("a redirect to an address without encryption")]
    RedirectDowngrade,
    /// It leads nowhere, to several places, or to nothing that can be asked.
    #[error("a redirect that leads nowhere")]
    RedirectUnusable,
    /// Larger than allowed, as sent or unpacked.
    #[error("larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The end is missing, or nothing tells that it is there.
    #[error("the answer is cut off, or does not tell where it ends")]
    CutOff,
    /// It is packed in a way that cannot be undone.
    #[error("the answer cannot be unpacked")]
    Packing,
    /// What came back is not HTTP, or contradicts itself.
    #[error("the answer cannot be read")]
    Garbled,
    /// It is said to be what we have, and that was not asked, or is of another version. It is to be asked for as if nothing of it
    /// were known.
    #[error("the server says that nothing changed since something that we do not have")]
    NotModifiedUnasked,
}

impl DownloadError {
    /// The name under which it is counted and told.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused(Refused::Port) => "refused_port",
            Self::Refused(Refused::Name) => "refused_name",
            Self::Refused(_) => "refused_address",
            Self::Unresolved => "unresolved",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Stalled => "stalled",
            Self::Status(_) => "status",
            Self::RetryLater { .. } => "retry_later",
            Self::RedirectTooMany => "redirect_too_many",
            Self::RedirectDowngrade => "redirect_downgrade",
            Self::RedirectUnusable => "redirect_unusable",
            Self::TooLarge { .. } => "too_large",
            Self::CutOff => "cut_off",
            Self::Packing => "packing",
            Self::Garbled => "garbled",
            Self::NotModifiedUnasked => "not_modified_unasked",
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RetryLater { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// Whether there is no such thing at that address.
    pub fn is_absent(self) -> bool {
        matches!(self, Self::Status(404 | 410))
    }

    /// The cause behind an error of the client.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(known) = cause {
            match Self::named(known) {
                // What ends before it began was never a connection.
                Some(Self::CutOff) if error.is_connect() => return Self::Connect,
                Some(named) => return named,
                None => {}
            }
            cause = inner(known);
        }
        match error {
            error if error.is_timeout() => Self::Timeout,
            error if error.is_connect() => Self::Connect,
            _ => Self::Garbled,
        }
    }

    fn named(cause: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(own) = cause.downcast_ref::<FetchError>() {
            return Some(Self::from(*own));
        }
        if cause.is::<rustls::Error>() {
            return Some(Self::Tls);
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            return http.is_incomplete_message().then_some(Self::CutOff);
        }
        match cause.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Some(Self::CutOff),
            _ => None,
        }
    }
}

impl From<FetchError> for DownloadError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Refused(refused) => Self::Refused(refused),
            FetchError::Unresolved => Self::Unresolved,
            FetchError::Timeout => Self::Timeout,
            FetchError::Status(status) => Self::Status(status),
            FetchError::Garbled => Self::Garbled,
            FetchError::Connect | FetchError::LeftAlone | FetchError::Busy => Self::Connect,
        }
    }
}

/// What is behind an error; those of the system pass over what they hold.
fn inner<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|held| held as &(dyn Error + 'static)),
        None => error.source(),
    }
}
