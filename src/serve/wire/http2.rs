//! Requests of HTTP/2: what their frames cannot make certain, held to the rules of HTTP/1.1 before anybody reads them.
//!
//! The parser has seen to frames, pseudo-header fields, connection-specific fields and the length of the body (RFC 9113,
//! 8.1 to 8.3). Method, target, host and what fields say are judged here by the same code as in HTTP/1.1, since that is
//! what a request becomes behind a proxy.

use http::HeaderMap;
use http::header::{COOKIE, HOST, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;

use super::field::{self, Kind};
use super::head::{Facts, check_method};
use super::target::{self, Form};
use super::{Limits, Violation};

/// Judges a head, and puts it as HTTP/1.1 has it: the host in its field, cookies in one line.
pub(in crate::serve) fn check(head: &mut Parts, limits: &Limits) -> Result<(), Violation> {
    check_method(head.method.as_str().as_bytes())?;
    check_target(head, limits)?;
    check_fields(&head.headers, limits)?;
    move_host(head)?;
    join_cookies(&mut head.headers)
}

fn check_target(head: &Parts, limits: &Limits) -> Result<(), Violation> {
    let is_web = |scheme: &str| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !head.uri.scheme_str().is_none_or(is_web) {
        return Err(Violation::TargetFormInvalid);
    }
    let path = head.uri.path_and_query().map_or("", PathAndQuery::as_str).as_bytes();
    if path.len() > limits.target_max_bytes {
        return Err(Violation::TargetTooLong);
    }
    match target::form(path)? {
        Form::Origin => Ok(()),
        Form::Asterisk if head.method == http::Method::OPTIONS => Ok(()),
        Form::Asterisk | Form::Absolute => Err(Violation::TargetFormInvalid),
    }
}

fn check_fields(headers: &HeaderMap, limits: &Limits) -> Result<(), Violation> {
    if headers.len() > limits.fields_max {
        return Err(Violation::TooManyFields);
    }
    let mut facts = Facts::default();
    for (name, value) in headers {
        let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
        if field::is_ambiguous(name) {
            return Err(Violation::FieldNameAmbiguous);
        }
        // RFC 9113, 8.2.1: in HTTP/1.1 such whitespace is no part of the value.
        if value.trim_ascii().len() != value.len() {
            return Err(Violation::FieldValueInvalid);
        }
        facts.take(Kind::of(name), value)?;
    }
    Ok(())
}

/// RFC 9113, 8.3.1: `:authority` and Host may both be there, and must then be the same.
fn move_host(head: &mut Parts) -> Result<(), Violation> {
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    match (head.headers.get(HOST), authority) {
        (Some(host), Some(authority)) if !host.as_bytes().eq_ignore_ascii_case(authority) => {
            Err(Violation::HostDiffers)
        }
        (Some(_), _) => Ok(()),
        (None, Some(authority)) if target::is_authority(authority) => {
            let host = HeaderValue::from_bytes(authority).map_err(|_| Violation::HostInvalid)?;
            head.headers.insert(HOST, host);
            Ok(())
        }
        (None, Some(_)) => Err(Violation::HostInvalid),
        (None, None) => Err(Violation::HostMissing),
    }
}

/// RFC 9113, 8.2.3: crumbs that came apart for the sake of compression.
fn join_cookies(headers: &mut HeaderMap) -> Result<(), Violation> {
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        let cookie = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])).map_err(|_| Violation::FieldValueInvalid)?;
        headers.insert(COOKIE, cookie);
    }
    Ok(())
}
