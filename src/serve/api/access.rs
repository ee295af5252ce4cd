//! Who is let in: holders of keys, or, where there are no keys, programs on this machine that no web page speaks through.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, StatusCode};

use crate::check::{Checker, Report};
use crate::serve::answer::Problem;
use crate::serve::key::{Scope, Spent, Tenant};
use crate::telemetry::clock;

use super::Api;

const NO_KEY: Problem = Problem::new(
    StatusCode::UNAUTHORIZED,
    "no_key",
    "send a key: `Authorization: Bearer …`; `linkgate keys new` makes one",
);
const BAD_KEY: Problem = Problem::new(StatusCode::UNAUTHORIZED, "bad_key", "nobody has this key");
const SCOPE: Problem = Problem::new(StatusCode::FORBIDDEN, "scope", "this key may not be used for that");
const KEYS_ONLY: Problem =
    Problem::new(StatusCode::FORBIDDEN, "keys_only", "this is offered to holders of keys, and none is configured");
const BROWSER: Problem = Problem::new(StatusCode::FORBIDDEN, "origin", "web pages may not ask");
const WRONG_HOST: Problem =
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", "use a loopback name, or name the host in [api] hosts");
const TOO_MANY: Problem =
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "requests_per_minute", "the key's budget is spent");
const TOO_MANY_HITS: Problem = Problem::new(
    StatusCode::TOO_MANY_REQUESTS,
    "hits_per_day",
    "the key has hit more entries today than its budget allows",
);

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
    Tenant(Arc<Tenant>),
}

impl Asker {
    pub(super) fn checker(&self) -> &Checker {
        match self {
            Self::Neighbour(checker) => checker,
            Self::Tenant(tenant) => &tenant.checker,
        }
    }

    pub(super) fn spend(&self, report: &Report, now: i64) {
        if let Self::Tenant(tenant) = self {
            tenant.spend_hits(report, now);
        }
    }
}

impl Api {
    /// Lets in whoever may do something of that scope.
    pub(super) fn admit(&self, head: &Parts, scope: Scope) -> Result<Asker, Problem> {
        if self.keys.is_empty() {
            self.admit_neighbour(head)?;
            return if scope == Scope::Check { Ok(Asker::Neighbour(self.checker.clone())) } else { Err(KEYS_ONLY) };
        }
        let mut given = head.headers.get_all(AUTHORIZATION).iter();
        let bearer = given.next().filter(|_| given.next().is_none()).and_then(bearer);
        let challenge = |problem: Problem| problem.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        let tenant = self.keys.tenant(bearer.ok_or_else(|| challenge(NO_KEY))?).ok_or_else(|| challenge(BAD_KEY))?;
        if !tenant.may(scope) {
            return Err(SCOPE);
        }
        let later = |problem: Problem, seconds| problem.with(RETRY_AFTER, HeaderValue::from_static(seconds));
        match tenant.spend_request(clock::now()) {
            Spent::Within => Ok(Asker::Tenant(Arc::clone(tenant))),
            Spent::Requests => Err(later(TOO_MANY, "1")),
            Spent::Hits => Err(later(TOO_MANY_HITS, "3600")),
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
    if head.headers.contains_key(ORIGIN) { Err(BROWSER) } else { Ok(()) }
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
