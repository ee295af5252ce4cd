//! Who is let in: holders of keys, or, where there are no keys, programs on this machine that no web page speaks through.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode};
use url::form_urlencoded;

use crate::check::{Checker, Report, Snapshot};
use crate::serve::answer::Problem;
use crate::serve::budget::Spent;
use crate::serve::key::{Key, Scope};
use crate::telemetry::clock;

use super::{Api, Task};

const NO_KEY: Problem = Problem::new(
    StatusCode::UNAUTHORIZED,
    "no_key",
    "send a key: `Authorization: Bearer …`; `linkgate keys new` makes one",
);
const BAD_KEY: Problem = Problem::new(StatusCode::UNAUTHORIZED, "bad_key", "nobody has this key");
const KEY_EXPIRED: Problem =
    Problem::new(StatusCode::UNAUTHORIZED, "key_expired", "the last day of this key is over; ask for another");
const SCOPE: Problem = Problem::new(StatusCode::FORBIDDEN, "scope", "this key may not be used for that");
const KEYS_ONLY: Problem =
    Problem::new(StatusCode::FORBIDDEN, "keys_only", "this is offered to holders of keys, and none is configured");
const BROWSER: Problem = Problem::new(StatusCode::FORBIDDEN, "origin", "web pages may not ask");
const WRONG_HOST: Problem =
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", "use a loopback name, or name the host in [api] hosts");
const TOO_MANY: Problem =
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "requests_per_minute", "the key's budget is spent");
const TOO_MANY_LINKS: Problem = Problem::new(
    StatusCode::TOO_MANY_REQUESTS,
    "links_per_day",
    "the key has asked for more links today than its budget allows",
);
const TOO_MANY_HITS: Problem = Problem::new(
    StatusCode::TOO_MANY_REQUESTS,
    "hits_per_day",
    "the key has hit more entries today than its budget allows",
);

impl From<Spent> for Problem {
    fn from(spent: Spent) -> Self {
        let (problem, seconds) = match spent {
            Spent::Requests => (TOO_MANY, "1"),
            Spent::Links => (TOO_MANY_LINKS, "3600"),
            Spent::Hits => (TOO_MANY_HITS, "3600"),
        };
        problem.with(RETRY_AFTER, HeaderValue::from_static(seconds))
    }
}

/// Names that `Host` may have where there are no keys, besides those of this machine alone.
#[derive(Debug, Clone, Default)]
pub struct Hosts(pub Vec<String>);

impl Hosts {
    /// Whether a request names one of them, and no other: in its field, or where HTTP/2 has it.
    fn are_named_by(&self, head: &Parts) -> bool {
        let field = head.headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
        let named = [field, head.uri.authority().map(Authority::as_str)];
        let mut named = named.iter().flatten().peekable();
        named.peek().is_some() && named.all(|host| self.has(host))
    }

    fn has(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        let is_loopback = name.eq_ignore_ascii_case("localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        is_loopback || self.0.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Who asks, and what answers them.
#[derive(Clone)]
pub(super) enum Asker {
    /// Somebody on this machine.
    Neighbour(Checker),
    Holder(Arc<Key>),
}

impl Asker {
    pub(super) fn checker(&self) -> &Checker {
        match self {
            Self::Neighbour(checker) => checker,
            Self::Holder(key) => &key.checker,
        }
    }

    pub(super) fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Neighbour(_) => scope == Scope::Check,
            Self::Holder(key) => key.may(scope),
        }
    }

    /// The name of their key.
    pub(super) fn key_name(&self) -> &str {
        match self {
            Self::Neighbour(_) => "",
            Self::Holder(key) => &key.name,
        }
    }

    /// Under what name what is told later is kept: no other key's, and nothing that opens anything.
    pub(super) fn owner(&self) -> String {
        match self {
            Self::Neighbour(_) => String::new(),
            Self::Holder(key) => data_encoding::HEXLOWER.encode(&key.sha256),
        }
    }

    /// Counts what a report has cost. Who is refused must not be told the report.
    pub(super) fn spend(&self, report: &Report, looked_up: u64, now: i64) -> Result<(), Problem> {
        match self {
            Self::Neighbour(_) => Ok(()),
            Self::Holder(key) => Ok(key.account.spend(report, looked_up, now)?),
        }
    }

    /// Counts one more request.
    pub(super) fn spend_request(&self, now: i64) -> Result<(), Problem> {
        match self {
            Self::Neighbour(_) => Ok(()),
            Self::Holder(key) => Ok(key.account.spend_request(now)?),
        }
    }
}

impl Api {
    /// What an owner is judged by; nothing if there is no such key any more.
    pub(in crate::serve) fn snapshot_of(&self, owner: &str) -> Option<Arc<Snapshot>> {
        let Ok(digest) = data_encoding::HEXLOWER.decode(owner.as_bytes()) else {
            return Some(self.checker.snapshot());
        };
        match <[u8; 32]>::try_from(digest) {
            Ok(sha256) => self.keys.by_digest(&sha256).map(|key| key.checker.snapshot()),
            Err(_) => Some(self.checker.snapshot()),
        }
    }

    /// Lets in whoever may do that.
    pub(super) fn admit(&self, head: &Parts, task: Task) -> Result<Asker, Problem> {
        let scope = task.scope();
        if self.keys.is_empty() {
            self.admit_neighbour(head)?;
            return if scope == Scope::Check { Ok(Asker::Neighbour(self.checker.clone())) } else { Err(KEYS_ONLY) };
        }
        let given = given(head, task).ok_or_else(|| challenge(NO_KEY))?;
        let key = self.keys.given(&given).ok_or_else(|| challenge(BAD_KEY))?;
        let asker = usable(key, scope)?;
        asker.spend_request(clock::now())?;
        Ok(asker)
    }

    /// The same asker after what may have been a reload, for whoever asks for long.
    pub(super) fn again(&self, asker: &Asker, scope: Scope) -> Result<Asker, Problem> {
        match asker {
            Asker::Neighbour(_) if self.keys.is_empty() => Ok(Asker::Neighbour(self.checker.clone())),
            Asker::Neighbour(_) => Err(NO_KEY),
            Asker::Holder(key) => usable(self.keys.by_digest(&key.sha256).ok_or(BAD_KEY)?, scope),
        }
    }

    /// Where there are no keys: lets in whoever is on this machine, unless a web page of elsewhere asks through a browser.
    pub(super) fn admit_neighbour(&self, head: &Parts) -> Result<(), Problem> {
        if self.keys.is_empty() { self.admit_program_here(head) } else { Ok(()) }
    }

    /// Lets in programs that reach this machine under a name of its own.
    pub(super) fn admit_program_here(&self, head: &Parts) -> Result<(), Problem> {
        admit_program(head)?;
        if self.hosts.are_named_by(head) { Ok(()) } else { Err(WRONG_HOST) }
    }
}

/// Lets in whatever no web page speaks through.
pub(super) fn admit_program(head: &Parts) -> Result<(), Problem> {
    if is_web_page(&head.headers) { Err(BROWSER) } else { Ok(()) }
}

fn usable(key: &Arc<Key>, scope: Scope) -> Result<Asker, Problem> {
    match () {
        () if key.has_ended(clock::now()) => Err(challenge(KEY_EXPIRED)),
        () if !key.may(scope) => Err(SCOPE),
        () => Ok(Asker::Holder(Arc::clone(key))),
    }
}

fn challenge(problem: Problem) -> Problem {
    problem.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// Whether a browser says that a page of elsewhere asks: `Origin`, or, for what pages embed, `Sec-Fetch-Site`.
fn is_web_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    headers.contains_key(ORIGIN) || matches!(site, Some(b"cross-site" | b"same-site"))
}

/// The key that came with a request; none if there are two.
fn given(head: &Parts, task: Task) -> Option<Cow<'_, [u8]>> {
    let mut fields = head.headers.get_all(AUTHORIZATION).iter();
    match (fields.next(), fields.next()) {
        (Some(field), None) => bearer(field).map(Cow::Borrowed),
        (None, _) if task.is_of_google() => {
            let mut keys = form_urlencoded::parse(head.uri.query()?.as_bytes()).filter(|(name, _)| name == "key");
            let key = keys.next().filter(|_| keys.next().is_none())?.1;
            Some(Cow::Owned(key.into_owned().into_bytes()))
        }
        _ => None,
    }
}

/// The token of RFC 6750.
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine() {
        let hosts = Hosts(vec!["gate.internal".into()]);
        for (host, expected) in [
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("127.0.0.1:8080", true),
            ("127.1.2.3", true),
            ("[::1]:8080", true),
            ("gate.internal:80", true),
            ("rebound.example:8080", false),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            let named = |target: &str, field: Option<&str>| {
                let request = http::Request::get(target);
                let request = if let Some(field) = field { request.header(HOST, field) } else { request };
                hosts.are_named_by(&request.body(()).unwrap().into_parts().0)
            };
            assert_eq!(named("/", Some(host)), expected, "{host}");
            if !host.is_empty() {
                let target = format!("http://{host}/");
                assert_eq!(named(&target, None), expected, "{host}");
                assert_eq!(named(&target, Some("localhost")), expected, "{host}");
                assert!(!named(&target, Some("rebound.example")), "{host}");
            }
            assert!(!named("/", None));
        }
    }
}
