//! IP addresses as hosts, in every spelling that browsers accept.

use std::net::Ipv6Addr;

/// Longest bracketed address looked at, in bytes.
const BRACKETED_MAX_BYTES: usize = 80;

/// One byte more than the longest four numbers with commas.
const COMMAS_MAX_BYTES: usize = 17;

/// Bracket, four digits and a colon.
const GROUP_MAX_BYTES: usize = 6;

/// Fewest digits of an address written as one decimal number; shorter ones are years and counts.
const SINGLE_DIGITS_MIN: usize = 8;

/// How an IPv4 address was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ipv4 {
    /// Four decimal numbers.
    Dotted,
    /// Fewer parts, octal or hexadecimal: only browsers read it so.
    Odd,
}

/// Reads `host` as browsers do; `None` if it is no IPv4 address.
pub(super) fn ipv4(host: &str) -> Option<Ipv4> {
    let parts = host.split('.').count();
    if parts > 4 {
        return None;
    }
    let mut dotted = parts == 4;
    for (index, part) in host.split('.').enumerate() {
        let value = number(part)?;
        let is_last = index + 1 == parts;
        // The last part fills all bytes that the others leave.
        let limit = if is_last { 1_u64 << (8 * (5 - parts)) } else { 256 };
        if value >= limit {
            return None;
        }
        dotted &= part.len() <= 3 && (part == "0" || !part.starts_with('0'));
    }
    Some(if dotted { Ipv4::Dotted } else { Ipv4::Odd })
}

/// A decimal, octal or hexadecimal number that fits an address.
fn number(part: &str) -> Option<u64> {
    let hex = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
    let (digits, radix) = match hex {
        Some(digits) => (digits, 16),
        None if part.len() > 1 && part.starts_with('0') => (part, 8),
        None => (part, 10),
    };
    if digits.is_empty() {
        return hex.map(|_| 0);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > 11 {
        return None;
    }
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, radix).ok() }
}

/// Four numbers joined by commas at `at`, with dots instead, and their end.
pub(super) fn with_commas(text: &str, at: usize) -> Option<(String, usize)> {
    let rest = text.get(at..at.saturating_add(COMMAS_MAX_BYTES)).or_else(|| text.get(at..))?;
    let len = rest.bytes().take(COMMAS_MAX_BYTES).take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let numbers = rest.get(..len)?.trim_end_matches(',');
    let is_end = len < COMMAS_MAX_BYTES && !rest.get(len..)?.starts_with(['.', '-', '_', '%']);
    // Amounts have commas too, so nothing is allocated for three numbers.
    if !is_end || numbers.split(',').count() != 4 {
        return None;
    }
    let address = numbers.replace(',', ".");
    (ipv4(&address) == Some(Ipv4::Dotted)).then_some((address, at + numbers.len()))
}

/// Whether browsers read a host with this last label as an IPv4 address or not at all.
pub(super) fn is_numeric(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
        || label
            .strip_prefix("0x")
            .or_else(|| label.strip_prefix("0X"))
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a lone number is long enough to be meant as an address.
pub(super) fn is_single(number: &str) -> bool {
    let is_hex = number.starts_with("0x") || number.starts_with("0X");
    number.len() >= SINGLE_DIGITS_MIN
        && (is_hex || number.bytes().all(|byte| byte.is_ascii_digit()))
        && ipv4(number).is_some()
}

/// The end of a bracketed IPv6 address that begins at `at`.
pub(super) fn ipv6_at(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let window = rest.get(..BRACKETED_MAX_BYTES.min(rest.len()))?;
    let [b'[', b':' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] = window else {
        return None;
    };
    if !window.iter().take(GROUP_MAX_BYTES).any(|&byte| byte == b':') {
        return None;
    }
    let close = memchr::memchr(b']', window)?;
    let inside = std::str::from_utf8(window.get(1..close)?).ok()?;
    let address = inside.split('%').next().unwrap_or(inside);
    address.parse::<Ipv6Addr>().ok().map(|_| at + close + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_addresses() {
        for host in ["192.0.2.1", "0.0.0.0", "255.255.255.255"] {
            assert_eq!(ipv4(host), Some(Ipv4::Dotted), "{host}");
        }
        for host in ["3221225985", "0xC0000201", "030000001001", "192.0.513", "0XC0.00.0x2.1", "192.513", "0x"] {
            assert_eq!(ipv4(host), Some(Ipv4::Odd), "{host}");
        }
        for host in ["", "1.2.3.4.5", "256.0.0.1", "1.2.3.256", "08.0.0.1", "4294967296", "1..2", "a.b", "12-7.0.0.1"] {
            assert_eq!(ipv4(host), None, "{host}");
        }
    }

    #[test]
    fn bracketed() {
        assert_eq!(ipv6_at("[::1]:1", 0), Some(5));
        assert_eq!(ipv6_at("[2001:db8::192.0.2.1]", 0), Some(21));
        assert_eq!(ipv6_at("[::1", 0), None);
        assert_eq!(ipv6_at("[dad]", 0), None);
        assert_eq!(ipv6_at("[1]", 0), None);
    }

    #[test]
    fn commas() {
        assert_eq!(with_commas("192,0,2,1 x", 0), Some(("192.0.2.1".to_owned(), 9)));
        assert_eq!(with_commas("1,2,3,4", 0), Some(("1.2.3.4".to_owned(), 7)));
        for text in ["1,2,3", "1,2,3,4,5", "1,234,567,890", "1,2,3,4.5", "12,50", "1,,2,3"] {
            assert_eq!(with_commas(text, 0), None, "{text}");
        }
    }
}
