//! How wrappers write the URL that they carry.

use std::borrow::Cow;

use data_encoding::{Encoding, Specification};

use super::cid::cid_v1;

/// One step of decoding, named in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::canonical) enum Codec {
    /// Percent escapes, one round.
    Percent,
    /// Base64 in either alphabet, with or without padding.
    Base64,
    /// Two hexadecimal digits for each byte.
    Hex,
    /// Letters turned by thirteen places.
    Rot13,
    /// A host as one label: `-` stands for a dot and `--` for a hyphen.
    DashedHost,
    /// An IPFS content identifier of version 0 or 1, to version 1 in base32.
    Cid,
    /// Proofpoint version 2: `-` stands for `%` and `_` for `/`.
    ProofpointV2,
    /// Proofpoint version 3: `__URL__;REPLACED!`, where stars stand for what was replaced.
    ProofpointV3,
}

impl Codec {
    /// The text behind the code, if it is one.
    pub(in crate::canonical) fn decode(self, text: &str) -> Option<String> {
        match self {
            Self::Percent => Some(percent_once(text).into_owned()),
            Self::Base64 => base64(text),
            Self::Hex => {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
                String::from_utf8(bytes.ok()?).ok()
            }
            Self::Rot13 => Some(text.chars().map(rot13).collect()),
            Self::DashedHost => Some(dashed_host(text)),
            Self::Cid => cid_v1(text),
            Self::ProofpointV2 => Some(percent_once(&text.replace('-', "%").replace('_', "/")).into_owned()),
            Self::ProofpointV3 => proofpoint_v3(text),
        }
    }
}

/// Undoes one round of percent escapes for ASCII.
///
/// Other bytes stay escaped: the text stays valid, and canonicalisation reads both spellings alike.
pub(in crate::canonical) fn percent_once(text: &str) -> Cow<'_, str> {
    unescape(text, |_| true)
}

/// Undoes escapes of the characters that never need one, which changes no meaning of a path or a name.
pub(in crate::canonical) fn percent_unreserved(text: &str) -> Cow<'_, str> {
    unescape(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@' | b'+'))
}

fn unescape(text: &str, wanted: fn(u8) -> bool) -> Cow<'_, str> {
    let Some((first, _)) = text.split_once('%') else {
        return Cow::Borrowed(text);
    };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(first);
    let mut rest = text.get(first.len()..).unwrap_or_default();
    while let Some(escape) = rest.strip_prefix('%') {
        let decoded = ascii_byte(escape).filter(|byte| wanted(*byte));
        plain.push(decoded.map_or('%', char::from));
        let after = decoded.map_or(escape, |_| escape.get(2..).unwrap_or_default());
        let next = memchr::memchr(b'%', after.as_bytes()).unwrap_or(after.len());
        plain.push_str(after.get(..next).unwrap_or_default());
        rest = after.get(next..).unwrap_or_default();
    }
    Cow::Owned(plain)
}

fn ascii_byte(escape: &str) -> Option<u8> {
    let &[high, low, ..] = escape.as_bytes() else {
        return None;
    };
    let byte = char::from(high).to_digit(16)? << 4 | char::from(low).to_digit(16)?;
    u8::try_from(byte).ok().filter(u8::is_ascii)
}

fn base64(text: &str) -> Option<String> {
    let standard: String = text
        .trim_end_matches('=')
        .chars()
        .map(|letter| match letter {
            // A form turns a plus sign into a space.
            '-' | ' ' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let bytes = lenient_base64()?.decode(standard.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

/// Trailing bits are ignored, as the decoders of redirecting servers do.
fn lenient_base64() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

fn rot13(letter: char) -> char {
    match letter {
        'a'..='m' | 'A'..='M' => char::from(letter as u8 + 13),
        'n'..='z' | 'N'..='Z' => char::from(letter as u8 - 13),
        other => other,
    }
}

/// The sub-domain form of the AMP cache and of translation proxies: Unicode first, then dashes, and `0-…-0` around names
/// that would look like punycode otherwise.
fn dashed_host(label: &str) -> String {
    let unicode = idna::domain_to_unicode(label).0;
    let bare = unicode.strip_prefix("0-").and_then(|inner| inner.strip_suffix("-0")).unwrap_or(&unicode);
    let mut host = String::with_capacity(bare.len());
    let mut letters = bare.chars().peekable();
    while let Some(letter) = letters.next() {
        host.push(match letter {
            '-' if letters.next_if_eq(&'-').is_some() => '-',
            '-' => '.',
            other => other,
        });
    }
    host
}

/// `__URL__;REPLACED!…`: a star takes one letter of the decoded `REPLACED`, two stars and a letter take a run of bytes.
fn proofpoint_v3(text: &str) -> Option<String> {
    let (url, rest) = text.strip_prefix("__")?.rsplit_once("__;")?;
    let replaced = base64(rest.split('!').next()?)?;
    let mut replaced = replaced.chars();
    let mut plain = String::with_capacity(url.len());
    let mut letters = url.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '*' {
            plain.push(letter);
            continue;
        }
        let run_bytes = match letters.next_if_eq(&'*') {
            Some(_) => run_length(letters.next()?)?,
            None => 1,
        };
        let end = plain.len() + run_bytes;
        while plain.len() < end {
            let Some(letter) = replaced.next() else { break };
            plain.push(letter);
        }
    }
    Some(plain)
}

/// Runs start at two bytes, written in the order of the URL-safe base64 alphabet.
fn run_length(letter: char) -> Option<usize> {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".find(letter).map(|place| place + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs() {
        let check = |codec: Codec, text, expected: Option<&str>| {
            assert_eq!(codec.decode(text).as_deref(), expected, "{codec:?} {text}");
        };
        check(Codec::Percent, "a%2Fb%zz%", Some("a/b%zz%"));
        check(Codec::Percent, "%C3%A9%2561", Some("%C3%A9%61"));
        check(Codec::Base64, "aHR0cDovL2EudGVzdC8_eA", Some("http://a.test/?x"));
        check(Codec::Base64, "aHR0cDovL2EudGVzdC8/eA==", Some("http://a.test/?x"));
        check(Codec::Base64, "no base64!", None);
        check(Codec::Hex, "687474703A", Some("http:"));
        check(Codec::Hex, "68747", None);
        check(Codec::Rot13, "uggc://N.grfg", Some("http://A.test"));
        check(Codec::DashedHost, "www-my--site-example", Some("www.my-site.example"));
        check(Codec::DashedHost, "0-ab--cd-example-0", Some("ab-cd.example"));
        check(Codec::ProofpointV2, "https-3A__a.test_b-5Fc", Some("https://a.test/b_c"));
        check(Codec::ProofpointV3, "__https://a.test/*x**A__;Iyst!!b!c$", Some("https://a.test/#x+-"));
        check(Codec::ProofpointV3, "https://a.test/", None);
    }

    #[test]
    fn unreserved_letters_only() {
        assert_eq!(percent_unreserved("/%6Aoin%2Fchat%"), "/join%2Fchat%");
        assert!(matches!(percent_unreserved("/plain"), Cow::Borrowed(_)));
    }
}
