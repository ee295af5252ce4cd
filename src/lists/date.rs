//! Moments as lists write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// What a day without a time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Day {
    /// Its first moment.
    Begins,
    /// The moment after its last.
    Ends,
}

/// Seconds since the Unix epoch of an RFC 3339 time, a time without a zone (UTC), a day, or a number that is such
/// seconds already.
pub(crate) fn seconds(text: &str, day: Day) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    if let Ok(moment) = text.parse::<DateTime>() {
        let is_day = !text.contains(':');
        let moment = if is_day && day == Day::Ends { moment.checked_add(1.day()).ok()? } else { moment };
        return moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (input, expected) in [
            ("1970-01-01T00:00:10Z", Some(10)),
            ("1970-01-01T01:00:10+01:00", Some(10)),
            ("1970-01-01T00:00:10.999Z", Some(10)),
            ("1970-01-02", Some(86_400)),
            ("1970-01-02 00:00:10", Some(86_410)),
            ("1767225600", Some(1_767_225_600)),
            ("", None),
            ("soon", None),
            ("1970-13-01", None),
            ("1970-01-01T25:00:00Z", None),
        ] {
            assert_eq!(seconds(input, Day::Begins), expected, "{input}");
        }
        assert_eq!(seconds("1970-01-02", Day::Ends), Some(2 * 86_400));
        assert_eq!(seconds("1970-01-02 00:00:10", Day::Ends), Some(86_410));
    }
}
