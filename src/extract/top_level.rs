//! The top-level names that a link without a scheme must end in.

use foldhash::HashSet;
use unicode_normalization::UnicodeNormalization as _;

/// Names that no registry sells and that links use all the same.
const RESERVED: [&str; 5] = ["example", "test", "invalid", "localhost", "onion"];

/// Longest top-level name looked up, in bytes; longer ones cannot exist.
const NAME_MAX_BYTES: usize = 72;

/// The known top-level names, in Unicode and in punycode.
#[derive(Debug, Clone)]
pub struct TopLevels {
    names: HashSet<Box<str>>,
    /// The first characters of names beyond ASCII, in order.
    beginnings: Vec<char>,
    /// The lengths of names beyond ASCII in bytes, a bit each: most labels have another.
    lengths: u128,
}

impl TopLevels {
    /// Reads the text of a Public Suffix List and keeps the last label of each rule.
    pub fn parse(psl_text: &str) -> Self {
        let mut names: HashSet<Box<str>> = RESERVED.iter().map(|&name| name.into()).collect();
        for line in psl_text.lines() {
            let rule = line.split_whitespace().next().unwrap_or("");
            if rule.is_empty() || rule.starts_with("//") {
                continue;
            }
            let last = rule.rsplit('.').next().unwrap_or(rule).trim_start_matches('!');
            if last.is_empty() || last == "*" {
                continue;
            }
            let unicode = idna::domain_to_unicode(last).0;
            if let Ok(ascii) = idna::domain_to_ascii(last) {
                names.insert(ascii.into());
            }
            names.insert(unicode.into());
        }
        let wide = || names.iter().filter(|name| !name.is_ascii());
        let lengths = wide().fold(0, |lengths, name| lengths | 1 << name.len().min(NAME_MAX_BYTES));
        let mut beginnings: Vec<char> = wide().filter_map(|name| name.chars().next()).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        Self { names, beginnings, lengths }
    }

    /// Whether `label`, in any case, is a known top-level name.
    pub fn contains(&self, label: &str) -> bool {
        if label.len() < 2 || label.len() > NAME_MAX_BYTES {
            return false;
        }
        let mut buffer = [0_u8; NAME_MAX_BYTES];
        if label.is_ascii() {
            let Some(lower) = buffer.get_mut(..label.len()) else {
                return false;
            };
            lower.copy_from_slice(label.as_bytes());
            lower.make_ascii_lowercase();
            return std::str::from_utf8(lower).is_ok_and(|name| self.names.contains(name));
        }
        let name = if label.contains(is_letter_like) {
            // Letters in circles and the like: browsers read plain ones.
            written(label.nfkc().flat_map(char::to_lowercase), &mut buffer)
        } else if self.lengths >> label.len() & 1 == 1 {
            written(label.chars().flat_map(char::to_lowercase), &mut buffer)
        } else {
            None // The two cases of a letter have the same length in all scripts that such names are written in.
        };
        name.is_some_and(|name| self.names.contains(name))
    }

    /// Whether a known name beyond ASCII begins with `c`.
    pub(super) fn may_begin(&self, c: char) -> bool {
        if is_letter_like(c) {
            return true;
        }
        c.to_lowercase().next().is_some_and(|lower| self.beginnings.binary_search(&lower).is_ok())
    }

    /// The longest beginning of `label` that is a known name beyond ASCII, in bytes.
    pub(super) fn longest_beginning(&self, label: &str) -> Option<usize> {
        label.chars().next().filter(|&first| self.may_begin(first))?;
        let ends = label.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.take_while(|&end| end <= NAME_MAX_BYTES)
            .filter(|&end| label.get(..end).is_some_and(|name| !name.is_ascii() && self.contains(name)))
            .last()
    }
}

/// The characters as text in `buffer`: names are asked for in every post, and no post should cost memory for that.
fn written(name: impl Iterator<Item = char>, buffer: &mut [u8; NAME_MAX_BYTES]) -> Option<&str> {
    let mut len = 0;
    for c in name {
        len += c.encode_utf8(buffer.get_mut(len..len + c.len_utf8())?).len();
    }
    std::str::from_utf8(buffer.get(..len)?).ok()
}

/// A symbol that stands for an ASCII letter and becomes one in a host.
pub(super) fn is_letter_like(c: char) -> bool {
    matches!(c, '\u{1D2C}'..='\u{1D6A}' | '\u{2070}'..='\u{209C}' | '\u{2100}'..='\u{214F}'
        | '\u{2460}'..='\u{24FF}' | '\u{1D400}'..='\u{1D7FF}' | '\u{1F110}'..='\u{1F14F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_last_labels_in_both_spellings() {
        let names = TopLevels::parse("// note\ncom\nco.uk\n*.ck\n!www.ck\nрф\n");
        for known in ["com", "COM", "uk", "ck", "рф", "РФ", "xn--p1ai", "example", "onion", "ⓒⓞⓜ", "𝐜𝐨𝐦"]
        {
            assert!(names.contains(known), "{known}");
        }
        for unknown in ["co", "www", "*", "", "note", "c", "рфф"] {
            assert!(!names.contains(unknown), "{unknown}");
        }
        for symbol in ('\u{1D00}'..='\u{2500}').chain('\u{1D400}'..='\u{1F1FF}').filter(|&c| is_letter_like(c)) {
            assert!(!names.contains(&format!("{symbol}uh")), "{symbol}");
        }
        assert_eq!(names.longest_beginning("рфабв"), Some(4));
        assert_eq!(names.longest_beginning("абв"), None);
    }
}
