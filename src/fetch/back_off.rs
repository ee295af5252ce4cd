//! When something is asked again: later each time it failed, as late as the other side wants, never all at the same moment.

use std::time::Duration;

use jiff::fmt::rfc2822;

/// When a server is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// How often it is asked while all is well.
    pub every: Duration,
    /// However little has passed, it is not asked again before.
    pub min: Duration,
    /// Up to how long the first failure is waited for; twice as long after each further one.
    pub first: Duration,
    /// However many failed, and however late the server says, it is asked again after that.
    pub max: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self {
            every: Duration::from_hours(12),
            min: Duration::from_secs(10),
            first: Duration::from_mins(1),
            max: Duration::from_hours(24),
        }
    }
}

/// Times of success are spread over this part of them.
const SPREAD: u32 = 10;

impl BackOff {
    /// How long to wait after so many failures in a row; `asked` is what the server wants at least. `chance` is a random number.
    ///
    /// Any time up to the longest is as likely (full jitter): those who failed together do not come back together.
    pub fn after_failure(&self, failures: u32, asked: Option<Duration>, chance: u64) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.first.saturating_mul(doubled).min(self.max);
        let own = share(longest, chance).max(self.min.min(self.max));
        match asked {
            // Nobody may hold us off for ever, and many were told the same moment.
            Some(asked) => asked.min(self.max).saturating_add(share(self.first, chance)).max(own),
            None => own,
        }
    }

    /// How long to wait after success; `fresh_for` is how long the server says that nothing changes. `chance` is a random number.
    pub fn after_success(&self, fresh_for: Option<Duration>, chance: u64) -> Duration {
        let told = fresh_for.unwrap_or_default().min(self.max);
        let wait = self.every.max(told).max(self.min);
        wait.saturating_add(share(wait / SPREAD, chance))
    }
}

/// The part of `whole` that `chance` is of all numbers.
fn share(whole: Duration, chance: u64) -> Duration {
    let nanos = (whole.as_nanos().saturating_mul(u128::from(chance))) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Seconds that a `Retry-After` asks for, which is a number or a date; `now` is in seconds since the Unix epoch.
pub fn retry_after(told: &str, now: i64) -> Option<i64> {
    let told = told.trim();
    if !told.is_empty() && told.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(told.parse().unwrap_or(i64::MAX));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(told).ok()?;
    Some(at.as_second().saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn the_other_side_may_say_when() {
        for (told, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Fri, 15 Jan 2027 08:01:00 GMT", Some(60)),
            ("Fri, 15 Jan 2027 07:59:00 GMT", Some(-60)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(told, 1_800_000_000), expected, "{told:?}");
        }
    }

    #[test]
    fn waits_double_and_any_part_of_them_is_as_likely() {
        let back_off = BackOff { every: S(600), min: S(2), first: S(8), max: S(100) };
        for (failures, longest_s) in [(0, 8), (1, 8), (2, 16), (3, 32), (4, 64), (5, 100), (40, 100), (u32::MAX, 100)] {
            let wait = |chance| back_off.after_failure(failures, None, chance);
            assert_eq!(wait(0), S(2), "{failures}");
            assert_eq!(wait(1 << 63), S(longest_s) / 2, "{failures}");
            assert!(wait(u64::MAX) <= S(longest_s) && wait(u64::MAX) > S(longest_s - 1), "{failures}");
        }
    }

    #[test]
    fn the_server_is_heeded_within_bounds() {
        let back_off = BackOff { every: S(600), min: S(2), first: S(8), max: S(1_000) };
        for (asked, shortest, longest) in [(0, 2, 8), (60, 60, 68), (1_000, 1_000, 1_008), (u64::MAX, 1_000, 1_008)] {
            let wait = |chance| back_off.after_failure(1, Some(S(asked)), chance);
            assert_eq!(wait(0), S(shortest), "{asked}");
            assert!(wait(u64::MAX) <= S(longest), "{asked}");
        }
        for (fresh_for, shortest, longest) in
            [(None, 600, 660), (Some(5), 600, 660), (Some(900), 900, 990), (Some(u64::MAX), 1_000, 1_100)]
        {
            let wait = |chance| back_off.after_success(fresh_for.map(S), chance);
            assert_eq!(wait(0), S(shortest), "{fresh_for:?}");
            assert!(wait(u64::MAX) <= S(longest) && wait(u64::MAX) > S(longest - 1), "{fresh_for:?}");
        }
        let hasty = BackOff { every: S(0), ..back_off };
        assert_eq!(hasty.after_success(None, 0), S(2));
    }
}
