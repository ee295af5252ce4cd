//! When a post was written, as platforms say it.

use jiff::civil::Date;

use crate::lists::date::{self, Day};

/// Seconds since the Unix epoch of an RFC 3339 time, a time or day without a zone (UTC), or a number of seconds,
/// milliseconds or microseconds since then.
pub fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(dated) = compact(text) {
        return seconds(&dated);
    }
    if let Ok(number) = text.parse::<f64>() {
        return scaled(number);
    }
    date::seconds(text.strip_suffix(" UTC").unwrap_or(text), Day::Begins)
}

/// `2026`, `20260115`, `202601151200`, `20260115120000`: as numbers of seconds since 1970 these would be of no use.
fn compact(text: &str) -> Option<String> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_dated = is_digits && matches!(text.len(), 4 | 8 | 12 | 14) && matches!(text.get(..2), Some("19" | "20"));
    let part = |from: usize, usual: &str| text.get(from..from + 2).unwrap_or(usual).to_owned();
    let date = || Some(format!("{}-{}-{}", text.get(..4)?, part(4, "01"), part(6, "01")));
    let date = date().filter(|date| is_dated && date.parse::<Date>().is_ok())?;
    Some(format!("{date}T{}:{}:{}", part(8, "00"), part(10, "00"), part(12, "00")))
}

/// Numbers that would be thousands of years away in seconds are milliseconds, and so on.
fn scaled(number: f64) -> Option<i64> {
    let seconds = match number.abs() {
        size if size < 1e11 => number,
        size if size < 1e14 => number / 1e3,
        size if size < 1e17 => number / 1e6,
        size if size < 1e20 => number / 1e9,
        _ => return None,
    };
    Some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("1970-01-01T00:00:10Z", Some(10)),
            ("1970-01-01T01:00:10+01:00", Some(10)),
            ("1970-01-01T00:00:10.5Z", Some(10)),
            ("1970-01-01 00:00:10", Some(10)),
            ("1970-01-01 00:00:10 UTC", Some(10)),
            ("1970-01-02", Some(86_400)),
            ("1970", Some(0)),
            ("19700102", Some(86_400)),
            ("197001020000", Some(86_400)),
            ("19700102000010", Some(86_410)),
            ("19709902", Some(19_709_902)),
            ("1767225600", Some(1_767_225_600)),
            ("1767225600123", Some(1_767_225_600)),
            ("1767225600123456", Some(1_767_225_600)),
            ("", None),
            ("soon", None),
            ("nan", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
