//! Hosts in one spelling, and the IPv4 addresses that hide in IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use unicode_security::MixedScript;

use super::escape::{self, Part};
use super::url::HostKind;

/// A host in canonical spelling.
pub(super) struct Folded {
    pub(super) text: String,
    pub(super) kind: HostKind,
}

/// Folds a host that the `url` crate accepted.
///
/// The standard keeps leading, doubled and trailing dots; resolvers and Safe Browsing do not. What is left can be an
/// address that the dots hid (`192.0.2.1..`), so it is read again.
pub(super) fn fold(host: &url::Host<&str>) -> Option<Folded> {
    match host {
        url::Host::Ipv4(_) => Some(Folded { text: host.to_string(), kind: HostKind::Ipv4 }),
        url::Host::Ipv6(_) => Some(Folded { text: host.to_string(), kind: HostKind::Ipv6 }),
        url::Host::Domain(name) => {
            let text = without_spare_dots(name);
            if text.is_empty() {
                return None;
            }
            if ends_in_number(&text) {
                let url::Host::Ipv4(address) = url::Host::parse(&text).ok()? else { return None };
                return Some(Folded { text: address.to_string(), kind: HostKind::Ipv4 });
            }
            Some(Folded { text, kind: HostKind::Name })
        }
    }
}

fn without_spare_dots(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for label in name.split('.').filter(|label| !label.is_empty()) {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(label);
    }
    out
}

/// A host that the `url` crate refuses although browsers accept it: ASCII, with an `xn--` label that does not decode.
///
/// Source: the URL standard as changed in June 2026 (whatwg/url#914).
pub(super) fn odd_punycode(raw: &str) -> Option<Folded> {
    let text = String::from_utf8(percent_encoding::percent_decode_str(raw).collect()).ok()?;
    let text = without_spare_dots(&odd_punycode_text(&text)?);
    Some(Folded { text, kind: HostKind::Name })
}

/// The same, of a host without percent escapes and with its dots as they are.
pub(super) fn odd_punycode_text(host: &str) -> Option<String> {
    let text = host.to_ascii_lowercase();
    let odd = text.is_ascii() && text.split('.').any(|label| label.starts_with("xn--"));
    (odd && !text.bytes().any(is_forbidden) && !ends_in_number(&text)).then_some(text)
}

/// A host that browsers refuse, in the spelling that Safe Browsing compares.
pub(super) fn refused(raw: &str) -> Option<Folded> {
    let mut bytes = escape::unescape_until_stable(raw.as_bytes()).into_owned();
    bytes.make_ascii_lowercase();
    let mut text = String::with_capacity(bytes.len());
    escape::escape_into(&bytes, Part::Host, &mut text);
    let text = without_spare_dots(&text);
    // Without its dots and escapes the host may be one that browsers take: another place than the one written.
    let still_refused = url::Host::parse(&text).is_err();
    let has_marks = text.contains(['/', '\\', '?', '@', ':', '[', ']']);
    let usable = still_refused && !text.is_empty() && !ends_in_number(&text) && !has_marks;
    usable.then_some(Folded { text, kind: HostKind::Refused })
}

/// Forbidden domain code points of the URL standard, for ASCII.
fn is_forbidden(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f || br"#%/:<>?@[\]^|".contains(&byte)
}

/// The standard's "ends in a number checker": such a host is an IPv4 address or nothing.
fn ends_in_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty()
        && (last.bytes().all(|byte| byte.is_ascii_digit())
            || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())))
}

/// Whether a label of the host, read as Unicode, mixes scripts that no language mixes (UTS 39, single-script).
pub(super) fn mixes_scripts(host: &str) -> bool {
    let unicode = |label: &str| idna::punycode::decode_to_string(label.strip_prefix("xn--")?);
    host.contains("xn--")
        && host.split('.').filter_map(unicode).any(|label| !is_latin(&label) && !label.is_single_script())
}

/// Whether every letter is of the first blocks, which are Latin throughout: spares the look-up of each script.
fn is_latin(label: &str) -> bool {
    label.chars().all(|letter| letter < '\u{250}')
}

/// The IPv4 address inside an IPv6 one: mapped, 6to4 or NAT64 (RFC 4291, 3056, 6052, 8215).
pub fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    let ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
    | [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
    | [0, 0x64, 0xff, 0x9b, 0, 1, _, _, _, _, _, _, a, b, c, d]
    | [0x20, 0x02, a, b, c, d, ..]) = bytes
    else {
        return None;
    };
    Some(Ipv4Addr::new(a, b, c, d))
}

/// The IPv4 address that an address literal stands for, if it is not one itself.
pub fn embedded(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => embedded_ipv4(address).map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_addresses() {
        for (input, expected) in [
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("64:ff9b::192.0.2.1", Some("192.0.2.1")),
            ("64:ff9b:1::192.0.2.1", Some("192.0.2.1")),
            ("64:ff9b:1:2:3:4:c000:201", Some("192.0.2.1")),
            ("64:ff9b:2::192.0.2.1", None),
            ("2002:c000:201::", Some("192.0.2.1")),
            ("::192.0.2.1", None),
            ("2001:db8::1", None),
        ] {
            let found = embedded_ipv4(input.parse().unwrap());
            assert_eq!(found.map(|address| address.to_string()).as_deref(), expected, "{input}");
        }
    }

    #[test]
    fn hosts_that_end_in_a_number() {
        for (input, expected) in
            [("a.1", true), ("a.0x", true), ("1.2.3.4.", true), ("a.b1", false), ("a.1b", false), ("a", false)]
        {
            assert_eq!(ends_in_number(input), expected, "{input}");
        }
    }
}
