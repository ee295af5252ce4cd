//! The ids of checks and of events: 128 bits that nobody guesses, in one spelling each.

use std::fmt;
use std::str::FromStr;

use crate::index::{SealError, StateKey};

use super::{ListChange, OutboxError};

/// Without the letters that are read as others.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGIT_BITS: u32 = 5;
const ID_CHARS: usize = 26;
const EVENT_PURPOSE: &str = "linkgate 2026 id of the event of a check";
const CHANGE_PURPOSE: &str = "linkgate 2026 id of the event of a change of a list";

/// The id of a check that is finished later. Whoever knows it may ask for its result, if it is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(pub(super) u128);

impl CheckId {
    /// A new one.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn random() -> Result<Self, OutboxError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandom)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

/// The id of an event: the same for a check, or a change, whenever, and however often, it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub(super) u128);

impl EventId {
    /// Of the event of that check. Who has it does not know the check's own id.
    pub fn of(check: CheckId) -> Self {
        Self::half(blake3::derive_key(EVENT_PURPOSE, &check.0.to_be_bytes()))
    }

    /// Of the event of that change. Its moment is part of it: where what is kept of a list was lost, numbers begin anew.
    pub(super) fn of_change(key: &StateKey, change: &ListChange) -> Self {
        let fixed = [change.number.to_be_bytes(), change.at.to_be_bytes()].concat();
        let text = [&*fixed, change.list.as_bytes()].concat();
        Self::half(*blake3::keyed_hash(&key.derive(CHANGE_PURPOSE), &text).as_bytes())
    }

    fn half([half @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]: [u8; 32]) -> Self {
        Self(u128::from_be_bytes(half))
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, f)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, f)
    }
}

impl FromStr for CheckId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != ID_CHARS {
            return Err(NotAnId);
        }
        let append = |bits: u128, digit: u8| {
            let value = DIGITS.iter().position(|known| *known == digit)?;
            bits.checked_mul(1 << DIGIT_BITS)?.checked_add(value as u128)
        };
        text.bytes().try_fold(0, append).map(Self).ok_or(NotAnId)
    }
}

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id, which is 26 small letters and digits")]
pub struct NotAnId;

fn write(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digit = |place: u32| DIGITS.get((bits >> (place * DIGIT_BITS)) as usize % DIGITS.len()).copied();
    let text: String = (0..ID_CHARS as u32).rev().filter_map(digit).map(char::from).collect();
    f.write_str(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_one_spelling() {
        for (bits, text) in [
            (0, "00000000000000000000000000"),
            (31, "0000000000000000000000000z"),
            (32, "00000000000000000000000010"),
            (u128::MAX, "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ] {
            assert_eq!(CheckId(bits).to_string(), text);
            assert_eq!(text.parse(), Ok(CheckId(bits)));
        }
        for _ in 0..100 {
            let id = CheckId::random().unwrap();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in [
            "",
            "0000000000000000000000000",
            "000000000000000000000000000",
            "80000000000000000000000000",
            "0000000000000000000000000A",
            "0000000000000000000000000l",
            "0000000000000000000000000 ",
            "000000000000000000000000é",
        ] {
            assert_eq!(text.parse::<CheckId>(), Err(NotAnId), "{text:?}");
        }
    }

    #[test]
    fn ids_are_new_and_events_keep_theirs() {
        let (one, other) = (CheckId::random().unwrap(), CheckId::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(EventId::of(one), EventId::of(one));
        assert_ne!(EventId::of(one), EventId::of(other));
        assert_ne!(EventId::of(one).0, one.0);
    }

    #[test]
    fn a_change_has_one_id_that_follows_from_key_list_number_and_moment() {
        let of = |key: u8, list: &str, number: u64, at: i64| {
            let change = ListChange { list: list.into(), number, at, data: serde_json::Value::Null };
            EventId::of_change(&StateKey::new([key; 32]), &change)
        };
        let id = of(7, "partner", 1, 5);
        assert_eq!(id, of(7, "partner", 1, 5));
        for other in [of(8, "partner", 1, 5), of(7, "other", 1, 5), of(7, "partner", 2, 5), of(7, "partner", 1, 6)] {
            assert_ne!(id, other);
        }
    }
}
