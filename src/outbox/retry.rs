//! When a delivery that failed is tried again.

const WAIT_MIN_S: i64 = 1;
const WAIT_MAX_S: i64 = 3_600;

/// Seconds until the next attempt, after so many that failed: as long as the other side asks, else twice as long each time.
/// A part of it is by chance, so that events that failed together do not come back together.
pub(super) fn wait_s(attempts: u32, asked_s: Option<i64>, chance: u32) -> i64 {
    if let Some(asked) = asked_s {
        return asked.clamp(WAIT_MIN_S, WAIT_MAX_S);
    }
    let longest = WAIT_MIN_S.checked_shl(attempts.min(30)).unwrap_or(WAIT_MAX_S).min(WAIT_MAX_S);
    let shortest = (longest / 2).max(WAIT_MIN_S);
    shortest + i64::from(chance) % (longest - shortest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_may_say_when_within_bounds() {
        for (asked, expected) in [(-60, 1), (0, 1), (120, 120), (3_600, 3_600), (3_601, 3_600), (i64::MAX, 3_600)] {
            assert_eq!(wait_s(9, Some(asked), 5), expected, "{asked}");
        }
    }

    #[test]
    fn waits_double_up_to_an_hour() {
        for (attempts, shortest, longest) in
            [(0, 1, 1), (1, 1, 2), (2, 2, 4), (5, 16, 32), (11, 1_024, 2_048), (12, 1_800, 3_600), (99, 1_800, 3_600)]
        {
            let waits: Vec<i64> = (0..5_000).map(|chance| wait_s(attempts, None, chance)).collect();
            assert_eq!(waits.iter().min(), Some(&shortest), "{attempts}");
            assert_eq!(waits.iter().max(), Some(&longest), "{attempts}");
        }
    }
}
