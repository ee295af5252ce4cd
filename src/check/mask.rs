//! Links as a moderator may see them: enough to tell one from another, not enough to follow.

use std::borrow::Cow;
use std::net::IpAddr;

use unicode_width::UnicodeWidthChar as _;

use crate::canonical::{self, HostKind, Suffixes};

/// `https://www.listed.example/a/b` → `w…d.example/…`: first and last letter of what stands before the public suffix; of an
/// address the first number.
pub fn masked(link: &str, suffixes: &Suffixes) -> String {
    let Some(url) = canonical::canonical(link).filter(|url| url.host_kind() != HostKind::Refused) else {
        return "…".to_owned();
    };
    let more = if url.path() == "/" && url.query().is_none() { "/" } else { "/…" };
    if let Some(address) = url.address() {
        return format!("{}{more}", masked_address(address));
    }
    let host = url.host();
    let suffix = suffixes.suffix(host).unwrap_or("");
    let name = host.strip_suffix(suffix).map_or(host, |name| name.trim_end_matches('.'));
    let dot = if suffix.is_empty() { "" } else { "." };
    // In punycode every name would begin alike and end in a checksum.
    let (name, suffix) = (in_unicode(name), in_unicode(suffix));
    let ends = (name.chars().next(), name.chars().next_back());
    match ends {
        (Some(first), Some(last)) if name.chars().count() > 2 => {
            let [first, last] = [first, last].map(shown);
            format!("{first}…{last}{dot}{suffix}{more}")
        }
        _ => format!("…{dot}{suffix}{more}"),
    }
}

/// The first number of an address, however the link spells it: not enough to reach it.
fn masked_address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{}.…", address.octets()[0]),
        IpAddr::V6(address) => match address.segments()[0] {
            0 => "[…]".to_owned(),
            first => format!("[{first:x}:…]"),
        },
    }
}

/// A name as its owner writes it, if it has such a form.
fn in_unicode(name: &str) -> Cow<'_, str> {
    if !name.contains("xn--") {
        return name.into();
    }
    let (unicode, valid) = idna::domain_to_unicode(name);
    if valid.is_ok() { unicode.into() } else { name.into() }
}

/// A letter or digit that stands for itself; a mark that needs the letter before it does not.
fn shown(letter: char) -> String {
    if letter.is_alphanumeric() && letter.width().is_some_and(|width| width > 0) {
        letter.into()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Tables;

    #[test]
    fn links_are_masked() {
        let tables = Tables::shipped().unwrap();
        for (input, expected) in [
            ("https://listed.example/a", "l…d.example/…"),
            ("listed.example", "l…d.example/"),
            ("http://www.listed.example/?q", "w…d.example/…"),
            ("http://ab.example/", "….example/"),
            ("http://192.0.2.1/x", "192.…/…"),
            ("http://0xC0000201/", "192.…/"),
            ("http://3221225985/", "192.…/"),
            ("http://[2001:db8::1]/", "[2001:…]/"),
            ("http://[::ffff:192.0.2.1]/", "[…]/"),
            ("http://[::1]/", "[…]/"),
            ("http://veröffentlicht.example/", "v…t.example/"),
            ("http://xn--verffentlicht-kmb.example/a", "v…t.example/…"),
            ("http://www.xn--verffentlicht-kmb.example/", "w…t.example/"),
            ("http://実例です.example/", "実…す.example/"),
            ("http://xn--a.example/", "x…a.example/"),
            ("http://hi.実例.example/", "h…例.example/"),
            ("http://a b/", "…"),
            ("http://localhost/", "l…t/"),
        ] {
            assert_eq!(masked(input, tables.suffixes()), expected, "{input}");
        }
    }
}
