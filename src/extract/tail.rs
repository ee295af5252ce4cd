//! What follows a host: path, query and fragment, and where the link ends.

use super::class::{
    byte_at, byte_before, char_at, char_before, ends_link, is_in, is_invisible, is_joiner, is_label_byte,
    is_other_script, is_sentence_mark, is_unspaced, table,
};
use super::disguise::{disguise_at, is_written};
use super::ending;
use super::top_level::TopLevels;

/// How far behind the first plausible end the second is looked for, in bytes.
const OTHER_MAX_BYTES: usize = 2_048;

/// How far a bracket or a quoted word is looked for, in bytes.
const NEAR_MAX_BYTES: usize = 64;

/// How far the name of a host is looked at behind a separator, in bytes.
const NAME_MAX_BYTES: usize = 128;

/// Bytes that say nothing of where a link ends.
const PLAIN: [bool; 256] = table(b"abcdefgijklmnopqrstuvwxyzABCDEFGIJKLMNOPQRSTUVWXYZ0123456789/.-_=%#~!$*:@^");

/// Where a link ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The end meant first.
    pub(super) end: usize,
    /// The other plausible end.
    pub(super) other: Option<usize>,
    /// Something inside is disguised and has to be rewritten.
    pub(super) is_disguised: bool,
    /// Invisible characters stand inside.
    pub(super) zero_width: bool,
}

/// Reads tails.
struct Reader<'t, 'n> {
    text: &'t str,
    names: &'n TopLevels,
    /// Start of the link.
    start: usize,
    from: usize,
    tail: Tail,
    /// Brackets open so far, and where the first of them stands.
    open: [(usize, usize); 3],
    quotes: usize,
    /// A closing bracket was taken although none was open.
    is_unbalanced: bool,
    /// Where a script without spaces begins.
    unspaced: Option<usize>,
    /// The separator behind which another link may begin.
    joined: Option<usize>,
    has_query: bool,
}

/// Reads the tail at `from` of a link that begins at `start`.
pub(super) fn read(text: &str, names: &TopLevels, start: usize, from: usize) -> Tail {
    let first = byte_at(text, from);
    let tail = Tail { end: from, ..Tail::default() };
    if !matches!(first, b'/' | b'?' | b'#' | b'\\') && !starts_folded(text, from) {
        return tail;
    }
    let mut reader = Reader {
        text,
        names,
        start,
        from,
        tail,
        open: [(0, 0); 3],
        quotes: 0,
        is_unbalanced: false,
        unspaced: None,
        joined: None,
        has_query: false,
    };
    let mut pos = from + plain_run(text, from);
    while let Some(next) = reader.step(pos) {
        pos = if reader.joined.is_none() { next + plain_run(text, next) } else { next };
        // What is cut off is read again.
        if reader.joined.is_some_and(|at| pos - at > OTHER_MAX_BYTES) {
            break;
        }
    }
    reader.finish(pos)
}

/// How many bytes stand at `at` that are part of a tail whatever stands around them.
fn plain_run(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.iter().take_while(|&&byte| is_in(&PLAIN, byte)).count()
}

fn starts_folded(text: &str, from: usize) -> bool {
    matches!(char_at(text, from), Some('\u{FF0F}')) || disguise_at(text, from).is_some_and(|found| found.0 == "/")
}

impl Reader<'_, '_> {
    /// The end of the next piece, or `None` where the link ends.
    fn step(&mut self, pos: usize) -> Option<usize> {
        let byte = byte_at(self.text, pos);
        match byte {
            b'a'..=b'g' | b'i'..=b'z' | b'A'..=b'G' | b'I'..=b'Z' | b'0'..=b'9' => Some(pos + 1),
            b'h' | b'H' => self.letter_h(pos),
            b'(' | b'[' | b'{' => self.opener(pos, byte),
            b')' | b']' | b'}' => self.closer(pos, byte),
            b'\'' => self.apostrophe(pos),
            b'"' => self.quote(pos),
            b',' | b';' | b'|' | b'+' => self.separator(pos),
            b'\\' => self.backslash(pos),
            b'?' => {
                self.has_query = true;
                Some(pos + 1)
            }
            b'&' => {
                // Without a query it may belong to what the link is a part of.
                if !self.has_query || ending::is_entity(self.text, pos) {
                    self.tail.other.get_or_insert(pos);
                }
                Some(pos + 1)
            }
            b'!'..=b'~' => (!matches!(byte, b'<' | b'>' | b'`')).then_some(pos + 1),
            0..=0x7F => None,
            _ => self.wide(pos),
        }
    }

    /// A second link may begin here without any space: `…/xhttps://…`.
    fn letter_h(&mut self, pos: usize) -> Option<usize> {
        if starts_link(self.text, pos) {
            let before = char_before(self.text, pos)?;
            if is_unspaced(before) {
                return None;
            }
            // What a path or a parameter holds is part of it: `/http://`, `?u=http://`.
            if !matches!(before, '/' | '=' | '?' | '&' | '#' | '%' | ':') {
                self.tail.other.get_or_insert(pos);
            }
        }
        Some(pos + 1)
    }

    fn separator(&mut self, pos: usize) -> Option<usize> {
        let byte = byte_at(self.text, pos);
        let is_link = starts_link(self.text, pos + 1);
        if is_link && byte != b'+' {
            return None;
        }
        if is_link || byte == b'|' {
            self.tail.other.get_or_insert(pos);
        }
        if self.joined.is_none() && self.starts_host(pos + 1) {
            self.joined = Some(pos);
        }
        Some(pos + 1)
    }

    /// Whether a host with something behind it, or `www.`, stands at `at`.
    fn starts_host(&self, at: usize) -> bool {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let len = rest.iter().take(NAME_MAX_BYTES).take_while(|&&byte| byte == b'.' || is_label_byte(byte)).count();
        let Some((first, others)) = self.text.get(at..at + len).and_then(|name| name.split_once('.')) else {
            return false;
        };
        let last = others.rsplit('.').next().unwrap_or(others);
        let is_www = first.eq_ignore_ascii_case("www") && !others.is_empty();
        is_www || (!first.is_empty() && matches!(rest.get(len), Some(b'/' | b'?' | b':')) && self.names.contains(last))
    }

    fn backslash(&mut self, pos: usize) -> Option<usize> {
        let next = byte_at(self.text, pos + 1);
        // JSON writes slashes so.
        if next == b'/' {
            return Some(pos + 1);
        }
        if pos > self.from {
            self.tail.other.get_or_insert(pos);
        }
        (is_label_byte(next) || next == b'+').then_some(pos + 1)
    }

    fn opener(&mut self, pos: usize, byte: u8) -> Option<usize> {
        if let Some((_, end)) = disguise_at(self.text, pos) {
            self.tail.is_disguised = true;
            return Some(end);
        }
        // `[/url]` closes what a forum's markup opened before the link.
        if byte == b'[' && byte_at(self.text, pos + 1) == b'/' {
            return None;
        }
        let (count, first) = self.open.get_mut(bracket(byte))?;
        if *count == 0 {
            *first = pos;
        }
        *count += 1;
        Some(pos + 1)
    }

    fn closer(&mut self, pos: usize, byte: u8) -> Option<usize> {
        let (count, _) = self.open.get_mut(bracket(byte))?;
        if *count > 0 {
            *count -= 1;
            return Some(pos + 1);
        }
        let next = byte_at(self.text, pos + 1);
        let goes_on = is_label_byte(next) || matches!(next, b'+' | b'=' | b'/' | b'&' | b'%' | b'~');
        if !goes_on || self.is_unbalanced || is_enclosed(self.text, self.start, byte) {
            return None;
        }
        self.is_unbalanced = true;
        self.tail.other.get_or_insert(pos);
        Some(pos + 1)
    }

    /// The apostrophe that was opened before the link ends it, unless a word goes on.
    fn apostrophe(&mut self, pos: usize) -> Option<usize> {
        if byte_before(self.text, self.start) == b'\'' && byte_at(self.text, pos + 1) >= 0x80 {
            return None;
        }
        self.quotes += 1;
        Some(pos + 1)
    }

    /// A double quote belongs to the link only around a single word.
    fn quote(&mut self, pos: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(pos + 1..)?;
        let word = rest.iter().take(NEAR_MAX_BYTES).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let close = pos + 1 + word;
        let is_word = word > 0 && byte_at(self.text, close) == b'"' && is_label_byte(byte_before(self.text, pos));
        if !is_word || byte_before(self.text, self.start) == b'"' {
            return None;
        }
        self.tail.other.get_or_insert(pos);
        Some(close + 1)
    }

    fn wide(&mut self, pos: usize) -> Option<usize> {
        let c = char_at(self.text, pos)?;
        let end = pos + c.len_utf8();
        if is_invisible(c) {
            char_at(self.text, end).filter(|&after| is_invisible(after) || !ends_link(after))?;
            if !is_written(self.text, pos, c) {
                self.tail.is_disguised = true;
                self.tail.zero_width |= !is_joiner(c);
                self.tail.other.get_or_insert(pos);
            }
            return Some(end);
        }
        if matches!(c, '\u{FF0F}' | '\u{FF0E}' | '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}')
            && pos == self.from
        {
            self.tail.is_disguised = true;
            return Some(end);
        }
        if ends_link(c) || (is_sentence_mark(c) && starts_link(self.text, end)) {
            return None;
        }
        if is_sentence_mark(c) || self.changes_script(pos, c) {
            self.tail.other.get_or_insert(pos);
        }
        if is_unspaced(c) && self.unspaced.is_none() && byte_before(self.text, pos).is_ascii() {
            self.unspaced = Some(pos);
        }
        Some(end)
    }

    /// Prose in another script that runs straight on: `/p/3на`.
    fn changes_script(&self, pos: usize, c: char) -> bool {
        is_other_script(c) && byte_before(self.text, pos).is_ascii_alphanumeric()
    }

    /// Leaves out what belongs to the prose around.
    fn finish(mut self, pos: usize) -> Tail {
        let mut end = pos;
        if let Some(at) = self.joined {
            (end, self.tail.other) = (at, Some(self.trim(pos)));
        } else if !self.is_unbalanced {
            let first_open = self.open.iter().filter(|(count, _)| *count > 0).map(|&(_, at)| at).min();
            if let Some(at) = first_open {
                let whole = self.trim(end);
                // What is cut off is read again, so a long rest stays with the link.
                let is_far = whole.saturating_sub(at) > OTHER_MAX_BYTES;
                (end, self.tail.other) = if is_far { (end, Some(at)) } else { (at, Some(whole)) };
            }
        }
        if let Some(at) = self.unspaced.filter(|&at| at < end && self.joined.is_none()) {
            let is_prose = char_at(self.text, pos).is_some_and(|c| !c.is_ascii() && ends_link(c) && !c.is_whitespace());
            let whole = self.trim(end);
            let is_near = whole.saturating_sub(at) <= OTHER_MAX_BYTES;
            (end, self.tail.other) = if is_prose && is_near { (at, Some(whole)) } else { (end, Some(at)) };
        }
        end = self.trim(end);
        if let Some(at) = ending::possessive(self.text, self.from, end) {
            self.tail.other = Some(end);
            end = at;
        } else if self.tail.other.is_none() {
            self.tail.other = ending::doubtful(self.text, self.from, end);
        }
        let other = self.tail.other.map(|other| if other < end { self.bare(other) } else { other });
        let other = other.filter(|&other| other != end && other >= self.from);
        Tail { end, other, ..self.tail }
    }

    /// The end without signs that join it to what follows.
    fn bare(&self, end: usize) -> usize {
        let end = self.trim(end);
        ending::sign(self.text, self.from, end).unwrap_or(end)
    }

    fn trim(&self, end: usize) -> usize {
        ending::trim(self.text, self.from, end, self.quotes)
    }
}

fn bracket(byte: u8) -> usize {
    match byte {
        b'(' | b')' => 0,
        b'[' | b']' => 1,
        _ => 2,
    }
}

/// Whether `http://` or `https://` begins at `at`.
fn starts_link(text: &str, at: usize) -> bool {
    let head = text.as_bytes().get(at..).unwrap_or_default();
    let starts = |scheme: &[u8]| head.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts(b"http://") || starts(b"https://")
}

/// Whether a bracket before the link waits for this closing one.
fn is_enclosed(text: &str, start: usize, closer: u8) -> bool {
    let (open, from) = (closer_of(closer), start.saturating_sub(NEAR_MAX_BYTES));
    let before = text.as_bytes().get(from..start).unwrap_or_default();
    let mut pairs = 0_usize;
    for &byte in before.iter().rev() {
        if byte == closer {
            pairs += 1;
        } else if byte == open {
            if pairs == 0 {
                return true;
            }
            pairs -= 1;
        } else if byte == b'\n' {
            return false;
        }
    }
    false
}

fn closer_of(closer: u8) -> u8 {
    match closer {
        b')' => b'(',
        b']' => b'[',
        _ => b'{',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str, other: Option<&str>) {
        let from = text.find(".x").map_or(0, |at| at + 2);
        let start = text.find("h.x").unwrap_or(0);
        let tail = read(text, &TopLevels::parse("com"), start, from);
        assert_eq!(&text[from..tail.end], expected, "{text}");
        assert_eq!(tail.other.map(|end| &text[from..end]), other, "{text}: other");
    }

    #[test]
    fn ends() {
        check("h.x/a b", "/a", None);
        check("h.x/a.", "/a", None);
        check("h.x.", "", None);
        check("h.x/a(b)", "/a(b)", Some("/a"));
        check("(h.x/a)", "/a", None);
        check("(h.x/a(b)).", "/a(b)", Some("/a"));
        check("h.x/3[1], b", "/3[1]", Some("/3"));
        check("h.x/a_(b)", "/a_(b)", None);
        check("h.x/a_ b", "/a_", Some("/a"));
        check("h.x/a-> b", "/a-", Some("/a"));
        check("h.x/a=> b", "/a", None);
        check("h.x/a~", "/a~", Some("/a"));
        check("h.x/a[.] Then", "/a", None);
    }

    #[test]
    fn what_is_glued_to_a_link() {
        check("h.x/a,y.com/b", "/a", Some("/a,y.com/b"));
        check("h.x/a;www.y", "/a", Some("/a;www.y"));
        check("h.x/a|y.com:80", "/a", Some("/a|y.com:80"));
        check("h.x/a,y.com", "/a,y.com", None);
        check("h.x/a,b.html/c", "/a,b.html/c", None);
        check("h.x/a+http://y", "/a+http://y", Some("/a"));
        check("h.x/a.http://y", "/a.http://y", Some("/a"));
        check("h.x/http://y", "/http://y", None);
        check("h.x/a-http://y", "/a-http://y", Some("/a"));
        check("h.x\\/a\\/b", "\\/a\\/b", None);
        check("h.x/a&nbsp;b", "/a&nbsp;b", Some("/a"));
        check("h.x/a&#39; b", "/a", None);
        check("h.x/?a&lt=b", "/?a&lt=b", None);
        check("h.x/a.Join", "/a.Join", Some("/a"));
        check("h.x/a.html", "/a.html", None);
        check("h.x/a,then", "/a,then", Some("/a"));
        check("h.x/a!then", "/a!then", Some("/a"));
        check("h.x/a,1", "/a,1", None);
        check("h.x/a%20 b", "/a%20", Some("/a"));
        check("h.x/a%22%29", "/a%22%29", Some("/a"));
        check("h.x/a%2F", "/a%2F", None);
        check("h.x/a&x=1", "/a&x=1", Some("/a"));
        check("h.x/a?b&x=1", "/a?b&x=1", None);
        check("h.x/a€", "/a€", Some("/a"));
        check("h.x/a￥", "/a￥", Some("/a"));
        check("h.x/a=", "/a=", Some("/a"));
        check("h.x/a™", "/a™", Some("/a"));
        check("h.x/a‼\u{FE0F}", "/a‼", Some("/a"));
        check("h.x/a)o", "/a)o", Some("/a"));
        check("(h.x/a)o", "/a", None);
        check("h.x/a[/url]", "/a", None);
        check("h.x/a[/]b", "/a[/]b", None);
        check("h.x/a[b]", "/a[b]", Some("/a"));
        check("h.x/a_(b", "/a_", Some("/a_(b"));
        check("h.x/a's way", "/a", Some("/a's"));
        check("h.x/a'b'", "/a'b'", None);
        check("'h.x/a'", "/a", None);
        check("h.x/\"a\"", "/", None);
        check("h.x/a?b&amp;", "/a?b", None);
        check("h.x/a,http://y", "/a", None);
        check("h.x/ahttp://y", "/ahttp://y", Some("/a"));
        check("h.x/?u=http://y", "/?u=http://y", None);
        check("h.x/a、b", "/a", None);
        check("h.x/日本", "/日本", Some("/"));
        check("h.x/日本。", "/", Some("/日本"));
        check("h.x/слово", "/слово", None);
        check("h.x/3слово", "/3слово", Some("/3"));
        check("h.x/Käse", "/Käse", None);
        check("h.x/a؟ب", "/a؟ب", Some("/a"));
        check("h.x/a، ب", "/a", None);
        check("h.x/a؟", "/a", None);
        check("h.x/a। ", "/a", None);
        check("h.x/a· ", "/a", None);
        check("h.x/a←と", "/a", None);
        check("h.x/a،http://y", "/a", None);
        check("h.x/a'da", "/a'da", Some("/a"));
        check("h.x/a’nın", "/a’nın", Some("/a"));
        check("'h.x/a'를", "/a", None);
        check("h.x/a\u{200B}b", "/a\u{200B}b", Some("/a"));
        check("h.x/#", "/#", None);
        check("h.x?", "", None);
        check("h.x/a...", "/a", None);
        check("h.x:80", "", None);
    }
}
