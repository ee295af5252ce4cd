//! How long an answer may be kept, by its own words (RFC 9111) and within bounds.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, EXPIRES};

/// Bounds and defaults of lifetimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// However short an answer says.
    pub min: Duration,
    /// However long an answer says.
    pub max: Duration,
    /// Of a redirect that says nothing, unless it is permanent: then the longest.
    pub redirect: Duration,
    /// Of an answer that leads nowhere.
    pub negative: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            min: Duration::from_mins(1),
            max: Duration::from_hours(24),
            redirect: Duration::from_hours(1),
            negative: Duration::from_mins(2),
        }
    }
}

impl Lifetimes {
    /// The lifetime of an answer with that status and head at `now`, in seconds since the Unix epoch.
    pub(super) fn of(&self, status: u16, headers: &HeaderMap, now: i64) -> Duration {
        let default = match status {
            301 | 308 => self.max,
            300..=399 => self.redirect,
            _ => return self.negative,
        };
        told(headers, now).unwrap_or(default).clamp(self.min, self.max)
    }
}

fn told(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let control = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = control.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase());
    let seconds = directives.find_map(|one| match &*one {
        "no-store" | "no-cache" | "private" => Some(0),
        one => one.strip_prefix("max-age=")?.trim_matches('"').parse().ok(),
    });
    seconds.map(Duration::from_secs).or_else(|| {
        let expires = headers.get(EXPIRES)?.to_str().ok()?;
        // Anything that is no date means that it is over (RFC 9111, section 5.3).
        let until = jiff::fmt::rfc2822::parse(expires).map_or(now, |moment| moment.timestamp().as_second());
        Some(Duration::from_secs(u64::try_from(until - now).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_follow_the_answer_within_bounds() {
        let lifetimes = Lifetimes::default();
        for (status, name, value, expected) in [
            (301, "x", "", 86_400),
            (302, "x", "", 3_600),
            (302, "cache-control", "public, max-age=600", 600),
            (302, "cache-control", "max-age=5", 60),
            (302, "cache-control", "max-age=99999999999", 86_400),
            (301, "cache-control", "private, max-age=90", 60),
            (302, "cache-control", "no-store", 60),
            (302, "expires", "Thu, 01 Jan 1970 00:20:00 GMT", 1_200),
            (302, "expires", "0", 60),
            (200, "cache-control", "max-age=600", 120),
            (404, "x", "", 120),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::HeaderName::from_static(name), value.parse().unwrap());
            assert_eq!(lifetimes.of(status, &headers, 0).as_secs(), expected, "{status} {name}: {value}");
        }
    }
}
