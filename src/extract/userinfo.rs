//! The part of an authority before `@`, which hides the real host.

use super::class::{byte_at, char_at, ends_link, is_label_byte};
use super::refang::Refang;

/// Remembers the last stretch looked through, so that repeated schemes cost nothing more.
#[derive(Debug, Default)]
pub(super) struct Userinfo {
    from: usize,
    end: usize,
    /// The last at sign of the stretch and where the host behind it begins.
    last: Option<(usize, usize)>,
}

impl Userinfo {
    /// Where the host of the authority at `at` begins; a disguised at sign is rewritten.
    pub(super) fn skip(&mut self, text: &str, at: usize, refang: &mut Refang<'_>) -> usize {
        if at < self.from || at >= self.end {
            self.look(text, at);
        }
        let Some((sign, host)) = self.last.filter(|&(sign, _)| sign >= at) else {
            return at;
        };
        if host > sign + 1 {
            refang.replace(sign..host, "@");
        }
        host
    }

    fn look(&mut self, text: &str, from: usize) {
        *self = Self { from, end: from, last: None };
        loop {
            // Names and dots, which almost all hosts are made of, at a glance.
            let rest = text.as_bytes().get(self.end..).unwrap_or_default();
            self.end += rest.iter().take_while(|&&byte| is_label_byte(byte) || byte == b'.').count();
            let Some(c) = char_at(text, self.end) else {
                return;
            };
            let next = self.end + c.len_utf8();
            match c {
                '/' | '?' | '#' | '\\' | ']' | ')' | '}' => return,
                _ if ends_link(c) => return,
                '@' => self.last = Some((self.end, next)),
                '[' | '(' | '{' => {
                    if let Some(host) = disguised(text, self.end) {
                        self.last = Some((self.end, host));
                        self.end = host;
                        continue;
                    }
                }
                _ => {}
            }
            self.end = next;
        }
    }
}

/// `[at]` or `[@]` at `at`: its end.
pub(super) fn disguised(text: &str, at: usize) -> Option<usize> {
    let close = match byte_at(text, at) {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => return None,
    };
    let rest = text.get(at + 1..)?;
    let len = if rest.starts_with('@') { 1 } else { 2 };
    let is_sign = rest.starts_with('@') || rest.get(..2)?.eq_ignore_ascii_case("at");
    (is_sign && byte_at(text, at + 1 + len) == close).then_some(at + 2 + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: usize) {
        let mut refang = Refang::new(text, 0);
        assert_eq!(Userinfo::default().skip(text, 0, &mut refang), expected, "{text}");
    }

    #[test]
    fn hosts_behind_userinfo() {
        check("user@name.test/", 5);
        check("user:word@name.test/", 10);
        check("a@b@name.test", 4);
        check("user[at]name.test", 8);
        check("name.test/@user", 0);
        check("name.test user@x", 0);
        check("name.test", 0);
    }
}
