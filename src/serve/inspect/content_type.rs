//! What a body says it is: RFC 9110, section 8.3, read strictly.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::Refused;

/// A media type as far as reading a body depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) enum ContentType {
    /// `application/json`, `text/json` and everything that ends with `+json`.
    Json,
    /// JSON values one after the other.
    JsonLines,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/…` with its boundary.
    Multipart(String),
    /// `text/…`
    Text,
    /// `image/…`, `video/…`, `audio/…`
    Media,
    /// Anything else, or nothing.
    Unknown,
}

/// RFC 2046, section 5.1.1.
const BOUNDARY_MAX_BYTES: usize = 70;

impl ContentType {
    /// The type that the header fields give a body.
    pub(in crate::serve) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let mut fields = headers.get_all(CONTENT_TYPE).iter();
        match (fields.next(), fields.next()) {
            (None, _) => Ok(Self::Unknown),
            (Some(one), None) => Self::parse(one.to_str().map_err(|_| Refused::ContentType)?),
            // Which of them a back end believes cannot be told.
            (Some(_), Some(_)) => Err(Refused::ContentType),
        }
    }

    pub(super) fn parse(value: &str) -> Result<Self, Refused> {
        let (essence, rest) = value.split_once(';').unwrap_or((value, ""));
        let essence = essence.trim().to_ascii_lowercase();
        if essence.is_empty() {
            return Ok(Self::Unknown);
        }
        let (kind, subtype) = essence.split_once('/').ok_or(Refused::ContentType)?;
        if !is_token(kind) || !is_token(subtype) {
            return Err(Refused::ContentType);
        }
        let parameters = parameters(rest)?;
        let parameter = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        if let Some(charset) = parameter("charset")
            && !["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
        {
            return Err(Refused::Charset);
        }
        Ok(match (kind, subtype) {
            ("multipart", _) => Self::Multipart(boundary(parameter("boundary"))?),
            (_, "x-ndjson" | "ndjson" | "jsonl" | "json-seq") => Self::JsonLines,
            (_, "json") => Self::Json,
            _ if subtype.ends_with("+json") => Self::Json,
            ("application", "x-www-form-urlencoded") => Self::Form,
            ("text", _) => Self::Text,
            ("image" | "video" | "audio", _) => Self::Media,
            _ => Self::Unknown,
        })
    }
}

fn boundary(value: Option<&str>) -> Result<String, Refused> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    value
        .filter(|value| (1..=BOUNDARY_MAX_BYTES).contains(&value.len()))
        .filter(|value| value.bytes().all(is_allowed) && !value.ends_with(' '))
        .map(str::to_owned)
        .ok_or(Refused::Multipart)
}

/// Parameters, each at most once: two boundaries, or one half quoted, are read differently by different programs.
pub(super) fn parameters(text: &str) -> Result<Vec<(String, Cow<'_, str>)>, Refused> {
    let mut found: Vec<(String, Cow<'_, str>)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or(Refused::ContentType)?;
        let name = name.trim().to_ascii_lowercase();
        let after = after.trim_start();
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted).ok_or(Refused::ContentType)?
        } else {
            let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
            (Cow::Borrowed(value.trim()), after)
        };
        if !is_token(&name) || found.iter().any(|(known, _)| *known == name) {
            return Err(Refused::ContentType);
        }
        found.push((name, value));
        let after = after.trim_start();
        match after.strip_prefix(';') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => break,
            None => return Err(Refused::ContentType),
        }
    }
    Ok(found)
}

/// The text of a quoted string and what comes after its closing quote.
fn unquoted(quoted: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Cow::Owned(text), quoted.get(at + 1..)?)),
            '\\' => text.push(chars.next()?.1),
            c => text.push(c),
        }
    }
    None
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        let multipart = |boundary: &str| Ok(ContentType::Multipart(boundary.to_owned()));
        for (value, expected) in [
            ("application/json", Ok(ContentType::Json)),
            ("Application/JSON; charset=UTF-8", Ok(ContentType::Json)),
            ("application/activity+json", Ok(ContentType::Json)),
            ("application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"", Ok(ContentType::Json)),
            ("application/x-www-form-urlencoded", Ok(ContentType::Form)),
            ("text/plain;charset=us-ascii", Ok(ContentType::Text)),
            ("image/png", Ok(ContentType::Media)),
            ("application/octet-stream", Ok(ContentType::Unknown)),
            ("", Ok(ContentType::Unknown)),
            ("multipart/form-data; boundary=X", multipart("X")),
            ("multipart/form-data; boundary=\"a b\"; charset=utf-8", multipart("a b")),
            ("multipart/form-data; boundary=a;", multipart("a")),
            ("multipart/form-data", Err(Refused::Multipart)),
            ("multipart/form-data; boundary=", Err(Refused::Multipart)),
            ("multipart/form-data; boundary=\"a\\\"b\"", Err(Refused::Multipart)),
            ("multipart/form-data; boundary=a; boundary=b", Err(Refused::ContentType)),
            ("multipart/form-data; boundary=\"a\"b", Err(Refused::ContentType)),
            ("application/json; charset=utf-7", Err(Refused::Charset)),
            ("application/json; charset=utf-16", Err(Refused::Charset)),
            ("application/json, text/plain", Err(Refused::ContentType)),
            ("json", Err(Refused::ContentType)),
            ("application/json; charset", Err(Refused::ContentType)),
        ] {
            assert_eq!(ContentType::parse(value), expected, "{value}");
        }
    }
}
