//! `application/x-www-form-urlencoded`, as the URL standard reads it, and as older programs do.

use std::borrow::Cow;

use super::{Place, Text, Visit};

/// Visits every name and value.
///
/// Some programs also end a pair at `;`. Such a pair is whole in the value that it is part of, and what follows the `;`
/// is visited once more by itself.
pub(super) fn pairs(body: &[u8], visit: &mut Visit<'_>) {
    for pair in body.split(|&byte| byte == b'&') {
        one(pair, visit);
        let mut halves = pair.split(|&byte| byte == b';');
        if halves.next().is_some_and(|first| first.len() < pair.len()) {
            halves.for_each(|half| one(half, visit));
        }
    }
}

fn one(pair: &[u8], visit: &mut Visit<'_>) {
    let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
    let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, b""));
    let name = decoded(name);
    if !name.is_empty() {
        visit(Text { place: Place::Name, text: &name });
    }
    let value = decoded(value.strip_prefix(b"=").unwrap_or(value));
    if !value.is_empty() {
        visit(Text { place: Place::Field(&name), text: &value });
    }
}

/// `+` is a space and `%41` is a byte; bytes that are no UTF-8 become U+FFFD.
fn decoded(text: &[u8]) -> Cow<'_, str> {
    if memchr::memchr2(b'+', b'%', text).is_none() {
        return String::from_utf8_lossy(text);
    }
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (body, expected) in [
            ("a=b", "(name)=a|a=b"),
            ("status=see+https%3A%2F%2Fx.example", "(name)=status|status=see https://x.example"),
            ("%61%5b%5d=%62", "(name)=a[]|a[]=b"),
            ("a=b&a=c", "(name)=a|a=b|(name)=a|a=c"),
            ("a=b=c", "(name)=a|a=b=c"),
            ("text", "(name)=text"),
            ("=b&&", "=b"),
            ("a=b;c=d", "(name)=a|a=b;c=d|(name)=c|c=d"),
            ("a=%zz%4", "(name)=a|a=%zz%4"),
            ("", ""),
        ] {
            let mut found = Vec::new();
            pairs(body.as_bytes(), &mut |text| found.push(format!("{}={}", text.place, text.text)));
            assert_eq!(found.join("|"), expected, "{body}");
        }
    }
}
