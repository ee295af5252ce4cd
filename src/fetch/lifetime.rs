//! How long an answer may be kept, by its own words (RFC 9111) and within bounds.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, EXPIRES};

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
        told(headers, now, Keeper::Many).unwrap_or(default).clamp(self.min, self.max)
    }
}

/// How long an answer stays fresh for whoever asked for it, by its own words.
pub(super) fn fresh_for(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let whole = told(headers, now, Keeper::One)?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or_default();
    Some(whole.saturating_sub(Duration::from_secs(age)))
}

/// For whom an answer is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// For all that may ask for the same.
    Many,
    /// For whoever asked.
    One,
}

fn told(headers: &HeaderMap, now: i64, keeper: Keeper) -> Option<Duration> {
    let control = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = control.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase());
    let seconds = directives.find_map(|one| match &*one {
        "no-store" | "no-cache" => Some(0),
        "private" if keeper == Keeper::Many => Some(0),
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

    #[test]
    fn what_is_for_one_may_be_private() {
        for (fields, expected) in [
            (&[("cache-control", "private, max-age=600")][..], Some(600)),
            (&[("cache-control", "max-age=600"), ("age", "200")], Some(400)),
            (&[("cache-control", "max-age=600"), ("age", "900")], Some(0)),
            (&[("cache-control", "no-cache")], Some(0)),
            (&[("expires", "Thu, 01 Jan 1970 00:20:00 GMT")], Some(1_200)),
            (&[("age", "5")], None),
        ] {
            let line =
                |&(name, value): &(&'static str, &str)| (http::HeaderName::from_static(name), value.parse().unwrap());
            let headers: HeaderMap = fields.iter().map(line).collect();
            assert_eq!(fresh_for(&headers, 0).map(|told| told.as_secs()), expected, "{fields:?}");
        }
    }
}
