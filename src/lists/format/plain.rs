//! Names, URLs, addresses and networks, one per line.

use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::line::{has, is_space};
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

use super::hosts;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, line);
}

/// Reads one line that is not blank.
pub(super) fn line(intake: &mut Intake<'_>, text: &str) -> Outcome {
    if text.starts_with(['#', ';', '!']) || text.starts_with("//") {
        return Ok(Line::Ignored(Ignored::Comment));
    }
    let text = without_comment(text);
    if has(text, is_space) {
        // Lists that were put together from several sources have both kinds of line.
        return if hosts::is_hosts_line(text) { hosts::line(intake, text) } else { Err(Refusal::Malformed) };
    }
    if text.starts_with('/') {
        return Err(match text {
            "/" => Refusal::TooWide,
            _ if is_regex(text) => Refusal::Regex,
            _ => Refusal::NotAUrl,
        });
    }
    let found = value::plain(text, intake)?;
    intake.give_bare(found);
    Ok(Line::Taken)
}

/// Whether the text is `/…/` or `/…/flags`.
pub(super) fn is_regex(text: &str) -> bool {
    let inner = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    inner.is_some_and(|(_, flags)| flags.bytes().all(|byte| byte.is_ascii_lowercase()) && flags.len() < 8)
}

/// The line up to a comment: a mark after white space, since a URL can hold the mark itself.
pub(super) fn without_comment(text: &str) -> &str {
    let bytes = text.as_bytes();
    let after_space = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        before.is_some_and(u8::is_ascii_whitespace)
    };
    let comment = memchr::memchr2_iter(b'#', b';', bytes).find(after_space);
    comment.and_then(|at| text.get(..at)).map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(input: &str, expected: Result<&str, &str>) {
        let found = seen(input, Format::Plain);
        let expected = expected.map_or_else(Seen::refused, Seen::entry);
        assert_eq!(found, expected, "{input}");
    }

    #[test]
    fn what_lines_mean() {
        for (input, expected) in [
            ("bad.example", "domain bad.example"),
            ("Bad.EXAMPLE.", "domain bad.example"),
            ("bad.example # why", "domain bad.example"),
            ("bad.example\t; why", "domain bad.example"),
            ("*.bad.example", "subdomains bad.example"),
            (".bad.example", "subdomains bad.example"),
            ("bücher.example", "domain xn--bcher-kva.example"),
            ("_a.bad.example", "domain _a.bad.example"),
            ("bad.example:8443", "domain bad.example"),
            ("intranet", "domain intranet"),
            ("192.0.2.1", "ip 192.0.2.1"),
            ("[2001:db8::2]", "ip 2001:db8::2"),
            ("198.51.100.7/24", "cidr 198.51.100.0/24"),
            ("2001:db8::/128", "ip 2001:db8::"),
            ("::ffff:198.51.100.0/120", "cidr 198.51.100.0/24"),
            ("http://bad.example", "url bad.example/"),
            ("https://bad.example/a/b.html#part", "url bad.example/a/b.html"),
            ("bad.example/a?x=1", "url bad.example/a?x=1"),
            ("bad.example/a/?x=1", "url bad.example/a/?x=1"),
            ("bad.example/a/", "url_prefix bad.example/a/"),
            ("http://192.0.2.1/a", "url 192.0.2.1/a"),
            ("http://user@bad.example:81/a", "url bad.example/a"),
            ("hxxp://bad[.]example/a", "url bad.example/a"),
            ("0.0.0.0 bad.example", "host bad.example"),
        ] {
            check(input, Ok(expected));
        }
    }

    #[test]
    fn what_is_refused() {
        for (input, reason) in [
            ("foo bar", "Malformed"),
            ("-", "NotAHost"),
            ("..", "TooWide"),
            (".", "TooWide"),
            ("*", "TooWide"),
            ("*.", "TooWide"),
            ("/", "TooWide"),
            ("com", "TooWide"),
            ("*.com", "TooWide"),
            ("test", "TooWide"),
            ("0.0.0.0/0", "TooWide"),
            ("10.0.0.0/7", "TooWide"),
            ("http://", "NotAUrl"),
            ("word/other", "NotAUrl"),
            ("mailto:a@bad.example", "NotAHost"),
            ("a@bad.example", "NotAHost"),
            ("tg://resolve?domain=x", "NotAUrl"),
            ("<html>", "NotAHost"),
            ("a.*.bad.example", "Wildcard"),
            ("http://*.bad.example/", "Wildcard"),
            ("/^bad[0-9]+\\.example$/", "Regex"),
            ("198.51.100.0/33", "NotAnAddress"),
            ("12345", "NotAHost"),
            ("bad.example\u{1}", "Control"),
        ] {
            check(input, Err(reason));
        }
        check(&format!("{}.example", "a".repeat(64)), Err("LabelTooLong"));
        check(&format!("http://{}.example/x", "a".repeat(64)), Err("LabelTooLong"));
        check(&"a".repeat(70_000), Err("TooLong"));
    }
}
