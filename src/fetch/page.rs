//! What browsers make of a page: its charset, and where it sends its reader by itself:
//! `<meta http-equiv="refresh" content="0;url=/there">`.

use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::onward::refreshed;

/// A longer tag is none of those.
const TAG_MAX_BYTES: usize = 4_096;

/// The charset that an answer names, UTF-8 if it names none; a byte order mark in the page is stronger (WHATWG Encoding,
/// "decode"). Tags that name one are not read: links are the same bytes in all charsets that can be named there.
pub(super) fn charset(headers: &HeaderMap) -> &'static Encoding {
    let named = || {
        let (_, named) = headers.get(CONTENT_TYPE)?.to_str().ok()?.split_once("charset=")?;
        Encoding::for_label(
            named.split(';').next()?.trim_matches(|c: char| c == '"' || c.is_ascii_whitespace()).as_bytes(),
        )
    };
    named().unwrap_or(UTF_8)
}

/// The target, as written, of the first tag that has one.
pub(super) fn refresh(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find("<meta") {
        let start = from + found;
        let end = lower.get(start..)?.find('>').map_or(lower.len(), |length| start + length);
        if end - start <= TAG_MAX_BYTES && lower.get(start..end)?.contains("refresh") {
            let target = content(page.get(start..end)?, lower.get(start..end)?);
            if target.is_some() {
                return target;
            }
        }
        from = end.max(start + 1);
    }
    None
}

fn content(tag: &str, lower: &str) -> Option<String> {
    let at = lower.find("content")? + "content".len();
    let value = tag.get(at..)?.trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split_ascii_whitespace().next()?,
    };
    refreshed(&htmlize::unescape(value)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_the_one_that_is_named() {
        for (content_type, expected) in [
            ("text/html; charset=utf-16le", encoding_rs::UTF_16LE),
            ("text/html;charset=\"ISO-8859-1\"; x=y", encoding_rs::WINDOWS_1252),
            ("text/html; charset=none-such", UTF_8),
            ("text/html", UTF_8),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(charset(&headers), expected, "{content_type}");
        }
        let marked = [0xFF, 0xFE, b'<', 0, b'a', 0];
        assert_eq!(charset(&HeaderMap::new()).decode(&marked).0, "<a");
    }

    #[test]
    fn pages_that_send_on() {
        for (page, expected) in [
            (r#"<META HTTP-EQUIV="Refresh" CONTENT="0;URL=/Go?a=1&amp;b=2">"#, Some("/Go?a=1&b=2")),
            (
                "<meta charset=utf-8><meta content='3; url=https://a.example/' http-equiv=refresh>",
                Some("https://a.example/"),
            ),
            ("<meta http-equiv=refresh content=0;url=/x>", Some("/x")),
            ("<meta name=description content=refresh>", Some("refresh")),
            ("<meta http-equiv=refresh content=5>", None),
            ("<meta charset=utf-8>", None),
            ("<meta http-equiv=refresh", None),
            ("", None),
        ] {
            assert_eq!(refresh(page).as_deref(), expected, "{page}");
        }
    }
}
