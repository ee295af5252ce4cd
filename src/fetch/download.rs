//! Downloads: a file from the server that the operator names, whole and no larger than allowed, or a typed reason why not.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::canonical::RequestUrl;
use crate::telemetry::clock;

use super::back_off::retry_after;
use super::dial::ClientError;
use super::download_error::DownloadError;
use super::lifetime;
use super::onward;
use super::reach::{Message, Party, Reach, Way};
use super::token::Token;
use super::validators::Validators;
use super::whole::{self, Limits};

/// What is downloaded, and how.
#[derive(Debug, Clone)]
pub struct DownloadOptions {
    /// Where it is. Its port is asked besides 443 and 80.
    pub url: RequestUrl,
    /// Shown to the server that `url` names, and to nobody it sends us to.
    pub token: Option<Token>,
    /// How its server is reached.
    pub reach: Reach,
    /// Less than that, on average, is a standstill.
    pub rate_min_bytes_per_s: u64,
    /// Size as it is sent.
    pub sent_max_bytes: u64,
    /// Size without the packing of the way.
    pub unpacked_max_bytes: u64,
    /// Within these an answer may say how long it stays fresh.
    pub fresh: RangeInclusive<Duration>,
}

impl DownloadOptions {
    /// The usual ones.
    pub fn new(url: RequestUrl) -> Self {
        Self {
            url,
            token: None,
            reach: Reach::default(),
            rate_min_bytes_per_s: 1 << 10,
            sent_max_bytes: 256 << 20,
            unpacked_max_bytes: 1 << 30,
            fresh: Duration::from_mins(1)..=Duration::from_hours(24),
        }
    }
}

/// What a download came to.
#[derive(Clone, PartialEq, Eq)]
pub enum Downloaded {
    /// It is what we have.
    Unchanged {
        /// How long it stays so, if the server says it.
        fresh_for: Option<Duration>,
        /// By what to ask the next time.
        validators: Validators,
    },
    /// It is new.
    Body {
        /// All of it, without the packing of the way; a file that is packed itself is as it was published.
        bytes: Vec<u8>,
        /// By what to ask the next time.
        validators: Validators,
        /// How long it stays so, if the server says it.
        fresh_for: Option<Duration>,
    },
}

/// Without what it holds, which may be a list.
impl fmt::Debug for Downloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged { .. } => f.write_str("Unchanged"),
            Self::Body { bytes, .. } => write!(f, "Body({} bytes)", bytes.len()),
        }
    }
}

/// Redirects for one download.
pub const REDIRECTS_MAX: usize = 5;
/// Size of a file beside a list: a signature, a digest.
pub const BESIDE_MAX_BYTES: u64 = 64 << 10;

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Downloads one file again and again. Clones share it; it belongs to the runtime in which it was made.
#[derive(Clone)]
pub struct Downloader {
    way: Way,
    options: DownloadOptions,
}

impl Downloader {
    /// Reads the files of certificates.
    ///
    /// # Errors
    /// If one of them cannot be used, or a token would be sent in clear.
    pub fn new(options: DownloadOptions) -> Result<Self, ClientError> {
        if options.token.is_some() && !options.url.is_encrypted() {
            return Err(ClientError::TokenInClear);
        }
        let way = Way::to(&options.url, options.reach.clone())?;
        Ok(Self { way, options })
    }

    /// The file, unless it is the version that `known` names.
    ///
    /// # Errors
    /// If it does not come whole, from where it may come, in time.
    pub async fn get(&self, known: &Validators) -> Result<Downloaded, DownloadError> {
        let caps = (self.options.sent_max_bytes, self.options.unpacked_max_bytes);
        self.way.in_time(self.follow(self.options.url.clone(), known, caps)).await
    }

    /// The small file beside it, at its address with `ending`: `.minisig`, `.sha256`. `None` if there is none.
    ///
    /// # Errors
    /// As [`Downloader::get`].
    pub async fn beside(&self, ending: &str) -> Result<Option<Vec<u8>>, DownloadError> {
        let (url, caps) = (self.options.url.beside(ending), (BESIDE_MAX_BYTES, BESIDE_MAX_BYTES));
        match self.way.in_time(self.follow(url, &Validators::default(), caps)).await {
            Ok(Downloaded::Body { bytes, .. }) => Ok(Some(bytes)),
            Ok(Downloaded::Unchanged { .. }) => Err(DownloadError::NotModifiedUnasked),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn follow(
        &self,
        mut url: RequestUrl,
        known: &Validators,
        caps: (u64, u64),
    ) -> Result<Downloaded, DownloadError> {
        let mut party = Party::Named;
        for _ in 0..=REDIRECTS_MAX {
            let message = Message { fields: self.fields(party, known), body: None };
            let response = self.way.send(&url, party, message).await?;
            let status = response.status();
            let location = onward::redirect(status.as_u16(), response.headers());
            let Some(location) = location.map_err(|_| DownloadError::RedirectUnusable)? else {
                return self.read(response, known, caps).await;
            };
            url = url.join(&location).map_err(|_| DownloadError::RedirectUnusable)?;
            if !url.is_encrypted() {
                return Err(DownloadError::RedirectDowngrade);
            }
            // Whoever was sent away once is trusted with nothing more, even where that leads back.
            if !url.is_same_origin(&self.options.url) {
                party = Party::Other;
            }
        }
        Err(DownloadError::RedirectTooMany)
    }

    fn fields(&self, party: Party, known: &Validators) -> HeaderMap {
        let mut fields = HeaderMap::from_iter([(ACCEPT, ANYTHING), (ACCEPT_ENCODING, GZIP)]);
        known.ask(&mut fields);
        let token = self.options.token.as_ref().filter(|_| party == Party::Named);
        fields.extend(token.and_then(Token::bearer).map(|token| (AUTHORIZATION, token)));
        fields
    }

    async fn read(
        &self,
        response: reqwest::Response,
        known: &Validators,
        (sent_max_bytes, unpacked_max_bytes): (u64, u64),
    ) -> Result<Downloaded, DownloadError> {
        let fields = response.headers();
        let fresh_for = self.fresh_for(fields);
        match response.status() {
            StatusCode::NOT_MODIFIED if known.is_empty() => Err(DownloadError::NotModifiedUnasked),
            StatusCode::NOT_MODIFIED => match known.confirmed(fields) {
                Some(validators) => Ok(Downloaded::Unchanged { fresh_for, validators }),
                None => Err(DownloadError::NotModifiedUnasked),
            },
            StatusCode::OK => {
                let validators = Validators::of(fields);
                let limits = Limits {
                    sent_max_bytes,
                    unpacked_max_bytes,
                    idle_timeout: self.way.reach().idle_timeout,
                    rate_min_bytes_per_s: self.options.rate_min_bytes_per_s,
                };
                Ok(Downloaded::Body { bytes: whole::read(response, limits).await?, validators, fresh_for })
            }
            status => Err(refusal(status, fields)),
        }
    }

    fn fresh_for(&self, fields: &HeaderMap) -> Option<Duration> {
        let (min, max) = (*self.options.fresh.start(), *self.options.fresh.end());
        lifetime::fresh_for(fields, clock::now()).map(|told| told.min(max).max(min))
    }
}

/// What a status says that comes with no body of use.
pub(super) fn refusal(status: StatusCode, fields: &HeaderMap) -> DownloadError {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let told = fields.get(RETRY_AFTER).and_then(|told| retry_after(told.to_str().ok()?, clock::now()));
            let retry_after = told.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
            DownloadError::RetryLater { status: status.as_u16(), retry_after }
        }
        status if status.is_redirection() => DownloadError::RedirectUnusable,
        status => DownloadError::Status(status.as_u16()),
    }
}
