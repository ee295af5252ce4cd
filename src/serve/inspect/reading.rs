//! The other readings of a text: what a back end, or a browser, may make of it.
//!
//! Text inside text (JSON in a JSON string, a form in a form, `&#58;`, `%3A`, a line end that browsers drop from links) is
//! taken apart round by round. Such a reading only ever adds listed links; it never makes a post undetermined.

use std::borrow::Cow;

/// Rounds of taking apart; what is packed deeper, no back end unpacks.
const ROUNDS_MAX: usize = 3;

/// Calls `read` with every other reading of `text`.
pub(super) fn others(text: &str, mut read: impl FnMut(&str)) {
    if reads_one_way(text) {
        return;
    }
    let mut current = Cow::Borrowed(text);
    for _ in 0..ROUNDS_MAX {
        if let Some(joined) = joined(&current) {
            read(&joined);
        }
        match apart(&current) {
            Some(next) => {
                read(&next);
                current = Cow::Owned(next);
            }
            None => return,
        }
    }
}

/// Whether there is nothing in a text to take apart, as in almost every post.
#[expect(clippy::needless_bitwise_bool, reason = "without an early end it is done 16 bytes at a time")]
fn reads_one_way(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_control() | (byte == b'%') | (byte == b'\\') | (byte == b'&');
    !text.bytes().fold(false, |found, byte| found | is_sign(byte))
}

/// Without the control characters inside words: the URL standard drops tabs and line ends from URLs.
fn joined(text: &str) -> Option<String> {
    let is_control = |c: char| c.is_ascii_control();
    text.contains(is_control).then(|| text.split(is_control).collect())
}

/// With percent escapes, backslash escapes and character references decoded once; nothing if there are none.
fn apart(text: &str) -> Option<String> {
    memchr::memchr3(b'%', b'\\', b'&', text.as_bytes())?;
    let unescaped = unescaped(text);
    let entities = htmlize::unescape(&*unescaped);
    let plain = percent_encoding::percent_decode_str(&entities).decode_utf8_lossy();
    (*plain != *text).then(|| plain.into_owned())
}

/// `\/`, `\u003a`, `\x3a` and the rest as JSON, JavaScript and Ruby read them.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let coded = |prefix: &str, digits: usize| {
            let code = after.strip_prefix(prefix)?.get(..digits)?;
            let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            Some((c, after.get(prefix.len() + digits..)?))
        };
        if let Some((c, after)) = coded("u", 4).or_else(|| coded("x", 2)) {
            out.push(c);
            rest = after;
            continue;
        }
        let mut chars = after.chars();
        match chars.next() {
            Some('n' | 'r' | 't' | 'b' | 'f') => out.push('\n'),
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        for (text, expected) in [
            ("plain text, https://fine.example/", ""),
            ("100 % & more", ""),
            ("https%3A%2F%2Fx.example", "https://x.example"),
            ("https%253A%252F%252Fx.example", "https%3A%2F%2Fx.example|https://x.example"),
            (r"https:\/\/x.example", "https://x.example"),
            (r"\u0068ttps:\x2f/x", "https://x"),
            (r#"{\"a\":\"https:\\/\\/x\"}"#, r#"{"a":"https:\/\/x"}|{"a":"https://x"}"#),
            ("https&#58;//x&period;example", "https://x.example"),
            ("https://li\tst\r\ned", "https://listed"),
            (r"https://li\tst", "https://li\nst|https://list"),
            ("\\", ""),
        ] {
            let mut found = Vec::new();
            others(text, |reading| found.push(reading.to_owned()));
            assert_eq!(found.join("|"), expected, "{text}");
        }
    }
}
