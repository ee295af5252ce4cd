//! Where an answer says to go on, as browsers read its head.

use http::header::LOCATION;
use http::{HeaderMap, HeaderName};

use super::error::FetchError;

/// Not in the registry of fields, but known to every browser.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Where an answer says to go on. Two that differ lead nowhere, as in browsers.
pub(super) fn location(status: u16, headers: &HeaderMap) -> Result<Option<String>, FetchError> {
    if let Some(redirect) = redirect(status, headers)? {
        return Ok(Some(redirect));
    }
    Ok(headers.get(REFRESH).and_then(|value| refreshed(&written(value.as_bytes())).map(str::to_owned)))
}

/// Where a redirect leads; `None` if it is none, or does not say where.
pub(super) fn redirect(status: u16, headers: &HeaderMap) -> Result<Option<String>, FetchError> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let mut all = headers.get_all(LOCATION).iter();
    let first = all.next();
    if all.any(|other| Some(other) != first) {
        return Err(FetchError::Garbled);
    }
    Ok(first.map(|value| written(value.as_bytes())))
}

/// Bytes that are no UTF-8 escaped one by one, as browsers ask for them.
fn written(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

/// The URL in `5; url=https://a.example/`, as the HTML standard reads it ("shared declarative refresh steps").
pub(super) fn refreshed(value: &str) -> Option<&str> {
    let rest = value.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start().trim_start_matches([';', ',']).trim_start();
    let is_named = rest.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("url"));
    let named = if is_named { rest.get(3..).and_then(|rest| rest.trim_start().strip_prefix('=')) } else { None };
    let url = named.map_or(rest, str::trim_start);
    let unquoted = match url.chars().next() {
        Some(quote @ ('"' | '\'')) => url.get(1..).and_then(|rest| rest.split(quote).next()),
        _ => Some(url),
    };
    unquoted.map(str::trim).filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_is_read_as_browsers_do() {
        for (value, expected) in [
            ("0; url=https://a.example/", Some("https://a.example/")),
            ("5;URL='/b'; x", Some("/b")),
            ("3, https://a.example/", Some("https://a.example/")),
            ("0.5;url = \"c\"", Some("c")),
            ("0;url", Some("url")),
            ("5", None),
            ("0; url=", None),
        ] {
            assert_eq!(refreshed(value), expected, "{value}");
        }
    }
}
