//! Links in plain text: steps from anchor to anchor and reads a link around each.

use super::address::{self, Ipv4};
use super::anchor::next_anchor;
use super::class::{
    byte_at, byte_before, char_at, char_before, is_bracket, is_dot, is_invisible, is_label_byte, is_label_char,
    is_unspaced,
};
use super::dot::{Dot, dot_at, goes_on, hyphen_at, word_at};
use super::host::{Host, HostReader, Lead, Miss, Reading};
use super::label;
use super::link::{Draft, Rest};
use super::prose;
use super::refang::Refang;
use super::schemed::is_encoded_slash;
use super::sink::Sink;
use super::userinfo::{self, Userinfo};
use super::{LinkKind, Rules, Schemeless};

/// Most brackets, spaces and escapes between a label and the anchor behind it.
const GAP_MAX: usize = 6;

/// A walk over one text.
pub(super) struct Scanner<'t, 'r, 's> {
    pub(super) text: &'t str,
    pub(super) rules: &'r Rules,
    pub(super) sink: &'s mut Sink<'t>,
    /// Where the next anchor is looked for.
    pos: usize,
    /// What lies before belongs to a link or was read in vain.
    pub(super) floor: usize,
    pub(super) userinfo: Userinfo,
    /// Bytes of encoded text decoded in vain.
    pub(super) spent: usize,
    /// Whether the text joins words by dots, once somebody has asked.
    joins_words: Option<bool>,
    /// Whether plain links are read the short way.
    pub(super) has_short_way: bool,
}

/// Finds the links of `text`.
pub(super) fn scan<'t>(text: &'t str, rules: &Rules, sink: &mut Sink<'t>) {
    Scanner::new(text, rules, sink).run();
}

/// The same without the short way of plain links, to compare.
#[cfg(test)]
pub(super) fn scan_the_long_way<'t>(text: &'t str, rules: &Rules, sink: &mut Sink<'t>) {
    Scanner { has_short_way: false, ..Scanner::new(text, rules, sink) }.run();
}

impl<'t, 'r, 's> Scanner<'t, 'r, 's> {
    fn new(text: &'t str, rules: &'r Rules, sink: &'s mut Sink<'t>) -> Self {
        let userinfo = Userinfo::default();
        Self { text, rules, sink, pos: 0, floor: 0, userinfo, spent: 0, joins_words: None, has_short_way: true }
    }

    fn run(mut self) {
        while let Some(at) = next_anchor(self.text, self.pos) {
            if self.sink.is_full() {
                return;
            }
            self.pos = at + 1;
            self.at_anchor(at);
        }
    }
}

impl<'t> Scanner<'t, '_, '_> {
    fn at_anchor(&mut self, at: usize) {
        let next = byte_at(self.text, at + 1);
        match byte_at(self.text, at) {
            b':' => self.at_colon(at),
            b'/' if next == b'/' => self.at_slashes(at),
            b'/' => self.at_number(at),
            b'[' => self.at_bracket(at),
            b',' => self.at_comma(at),
            b'%' if next == b'3' || self.text.get(at + 1..at + 4) == Some("253") => self.at_encoded_colon(at),
            b'd' | b'D' if word_at(self.text, at).is_none() => {}
            0x80.. => self.at_wide(at),
            _ => self.at_dot(at),
        }
    }

    fn at_wide(&mut self, at: usize) {
        match char_at(self.text, at) {
            Some('\u{FF1A}') => self.at_colon(at),
            Some(c) if is_dot(c) => self.at_dot(at),
            _ => {}
        }
    }

    fn at_bracket(&mut self, at: usize) {
        let Some(end) = address::ipv6_at(self.text, at) else {
            return self.at_dot(at);
        };
        let next = byte_at(self.text, end);
        let has_port = next == b':' && byte_at(self.text, end + 1).is_ascii_digit();
        if (next == b'/' || has_port) && self.rules.options.schemeless == Schemeless::All {
            let rest = Rest::read(self.text, end);
            let draft = Draft::literal(self.text, at..end, LinkKind::Schemeless);
            self.emit(draft, rest);
        }
    }

    /// A dot, in any spelling, may join two labels here.
    fn at_dot(&mut self, at: usize) {
        if self.is_sentence_end(at) {
            return;
        }
        let Some(end) = self.joint(at) else {
            return;
        };
        let start = label::start_of(self.text, end, self.floor);
        if start < end {
            self.bare(start, end);
        }
    }

    /// The end of the label that something at the anchor joins to another.
    fn joint(&self, at: usize) -> Option<usize> {
        let end = self.label_end(at)?;
        let is_joint =
            || dot_at(self.text, end).is_some_and(|found| found.end > at) || hyphen_at(self.text, end).is_some();
        is_joint().then_some(end)
    }

    /// The frequent dots that cannot join labels, told apart at a glance.
    fn is_sentence_end(&self, at: usize) -> bool {
        let next = byte_at(self.text, at + 1);
        match byte_at(self.text, at) {
            b'.' if matches!(next, b' ' | b'\n' | 0) => {
                let is_spaced = matches!(byte_before(self.text, at), b' ' | b']' | b')' | b'}' | b'>' | 0x80..);
                !is_spaced && !goes_on(self.text, at + 2, &self.rules.names)
            }
            b'.' if byte_before(self.text, at) == b' ' && is_label_byte(next) => {
                !goes_on(self.text, at + 1, &self.rules.names)
            }
            b'.' => next == b'.',
            0x80.. => {
                let behind = char_at(self.text, at).map_or(at + 1, |c| at + c.len_utf8());
                char_at(self.text, behind).is_none_or(|c| match c {
                    ' ' => char_at(self.text, behind + 1).is_none_or(is_label_char),
                    _ => c < ' ' || (is_unspaced(c) && !self.rules.names.may_begin(c)),
                })
            }
            b'(' | b'[' | b'{' | b'<' if next.is_ascii_alphabetic() => word_at(self.text, at + 1).is_none(),
            _ => false,
        }
    }

    /// The end of the label before the anchor.
    fn label_end(&self, at: usize) -> Option<usize> {
        if is_label_byte(byte_before(self.text, at)) && at > self.floor {
            let is_dash =
                matches!(byte_before(self.text, at), b'_' | b'-') && byte_at(self.text, at).is_ascii_alphabetic();
            return Some(if is_dash { at - 1 } else { at });
        }
        let mut end = at;
        let mut steps = 0;
        while end > self.floor {
            let c = char_before(self.text, end)?;
            match c {
                ' ' | '\u{A0}' | '^' | '\\' if steps < GAP_MAX => steps += 1,
                _ if is_bracket(c) && steps < GAP_MAX => {
                    steps += 1;
                }
                _ if is_invisible(c) => {}
                _ => return (is_label_char(c) && end < self.text.len()).then_some(end),
            }
            end -= c.len_utf8();
        }
        None
    }

    /// A host without a scheme.
    fn bare(&mut self, from: usize, label_end: usize) {
        let start = self.bare_start(from, label_end);
        if start >= label_end {
            return;
        }
        let lead = Lead::Bare;
        let reader = HostReader::new(self.text, &self.rules.names, lead, Refang::new(self.text, start), start);
        let host = match reader.read() {
            Ok(host) => host,
            Err(miss) => return self.miss(miss),
        };
        let rest = Rest::read(self.text, host.reading.mark.at);
        if !self.is_bare_link(start, &host, rest) {
            let (last_start, _) = host.reading.last;
            return self.miss(Miss { last_start, end: host.reading.mark.at });
        }
        let reading = host.reading;
        if is_encoded_slash(self.text, reading.mark.at) && self.encoded(start, 1) {
            return;
        }
        let weak = self.is_weak(start, &reading, rest);
        let is_odd_address = reading.address == Some(Ipv4::Odd) && reading.labels < 4;
        let kind = LinkKind::Schemeless;
        self.emit(Draft { span_start: start, host, kind, weak: weak || is_odd_address }, rest);
    }

    /// Whether prose or code produces such a link by itself.
    fn is_weak(&mut self, start: usize, reading: &Reading, rest: Rest) -> bool {
        if rest.is_path {
            let is_part = matches!(byte_before(self.text, start), b'/' | b'\\' | b'@');
            return is_part
                || reading.dots.has(Dot::Gapped)
                || prose::is_place_in_file(self.text, reading, rest)
                || prose::is_network(self.text, reading, rest);
        }
        let has_www = self.text.get(start..start + 4).is_some_and(|head| head.eq_ignore_ascii_case("www."));
        if has_www && !reading.cut_short {
            return false;
        }
        let is_mail = byte_before(self.text, start) == b' ' && follows_at_sign(self.text, start - 1);
        is_mail
            || prose::is_weak(self.text, start, reading)
            || (prose::is_word_pair(self.text, reading) && self.joins_words())
    }

    fn joins_words(&mut self) -> bool {
        *self.joins_words.get_or_insert_with(|| prose::joins_words(self.text, &self.rules.names))
    }

    /// Prose without spaces, dashes and emphasis before a name are not part of it.
    fn bare_start(&self, from: usize, label_end: usize) -> usize {
        let mut start = from;
        while start < label_end
            && (matches!(byte_at(self.text, start), b'-' | b'_') || char_at(self.text, start).is_some_and(is_invisible))
        {
            start += char_at(self.text, start).map_or(1, char::len_utf8);
        }
        label::ascii_tail(self.text, start, label_end).unwrap_or(start)
    }

    /// What stands around a bare host says whether it is a link at all.
    fn is_bare_link(&self, start: usize, host: &Host<'t>, rest: Rest) -> bool {
        let reading = &host.reading;
        let end = reading.mark.at;
        let hidden = reading.dots.are_hidden() || reading.disguised;
        if !(hidden || self.is_schemeless_wanted(start)) || is_email(self.text, start, end, rest) {
            return false;
        }
        let before = byte_before(self.text, start);
        let before_that = byte_before(self.text, start.saturating_sub(1));
        let third = byte_before(self.text, start.saturating_sub(2));
        // Behind three dots prose may go on with a host.
        let is_path = matches!((before_that, before), (b'/', b'.') | (b'.', b'/'))
            || (third != b'.' && before_that == b'.' && before == b'.');
        let is_run = byte_at(self.text, end) == b'.'
            && byte_at(self.text, end + 1) == b'.'
            && is_label_byte(byte_at(self.text, end + 2));
        if is_path || is_run {
            return false;
        }
        match reading.address {
            None => true,
            Some(Ipv4::Dotted) => rest.is_path || rest.has_port || hidden || self.rules.options.bare_ip,
            Some(Ipv4::Odd) => self.is_odd_address(reading, rest, start),
        }
    }

    fn is_odd_address(&self, reading: &Reading, rest: Rest, start: usize) -> bool {
        let host = self.text.get(start..reading.mark.at).unwrap_or("");
        let is_clear = reading.labels == 4 || host.contains(['x', 'X']);
        rest.is_path && (is_clear || byte_at(self.text, rest.end + 1).is_ascii_alphabetic())
    }

    fn is_schemeless_wanted(&self, start: usize) -> bool {
        match self.rules.options.schemeless {
            Schemeless::All => true,
            Schemeless::None => false,
            Schemeless::WwwOnly => {
                self.text.get(start..start + 4).is_some_and(|head| head.eq_ignore_ascii_case("www."))
            }
        }
    }

    /// `192,0,2,1`: an address with its dots disguised, or just numbers.
    fn at_comma(&mut self, at: usize) {
        let start = label::start_of(self.text, at, self.floor);
        let Some((address, end)) = address::with_commas(self.text, start) else {
            return;
        };
        if matches!(byte_before(self.text, start), b',' | b'.' | b'$') {
            return;
        }
        let mut refang = Refang::new(self.text, start);
        refang.replace(start..end, address);
        let draft = Draft { weak: true, ..Draft::introduced(refang, start..end) };
        self.emit(draft, Rest::read(self.text, end));
    }

    /// A number with a path or port may be an address in one piece.
    fn at_number(&mut self, at: usize) {
        let before = byte_before(self.text, at);
        if at <= self.floor || !before.is_ascii_hexdigit() {
            return;
        }
        let mut start = label::start_of(self.text, at, self.floor);
        let mut end = at;
        if byte_before(self.text, start) == b':' && before.is_ascii_digit() && start > self.floor {
            end = start - 1;
            start = label::start_of(self.text, end, self.floor);
        }
        let number = self.text.get(start..end).unwrap_or("");
        let is_alone = !matches!(byte_before(self.text, start), b'/' | b'.' | b'@' | b'=' | b'-' | b':' | b'%');
        if is_alone && address::is_single(number) && self.rules.options.schemeless == Schemeless::All {
            let is_decimal = !number.starts_with('0');
            let draft = Draft { weak: is_decimal, ..Draft::literal(self.text, start..end, LinkKind::Schemeless) };
            self.emit(draft, Rest::read(self.text, end));
        }
    }

    pub(super) fn emit(&mut self, draft: Draft<'t>, rest: Rest) {
        let end = draft.finish(self.text, &self.rules.names, rest, self.sink);
        self.skip_to(end);
    }

    /// Goes on behind labels that are no link, but lets the last one begin something else.
    fn miss(&mut self, miss: Miss) {
        self.pos = self.pos.max(miss.end);
        self.floor = self.floor.max(miss.last_start);
    }

    pub(super) fn skip_to(&mut self, end: usize) {
        self.pos = self.pos.max(end);
        self.floor = self.floor.max(end);
    }
}

/// Whether a host can begin at `at`.
pub(super) fn is_label_start(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(|c| is_label_char(c) && c != '-')
}

/// Longest rest of a mailbox name looked through for its at sign, in bytes.
const MAILBOX_MAX_BYTES: usize = 64;

/// Part of an e-mail address, or a mention.
fn is_email(text: &str, start: usize, end: usize, rest: Rest) -> bool {
    let behind = text.as_bytes().get(end..).unwrap_or_default();
    let more = if byte_at(text, end) == b'+' {
        behind
            .iter()
            .take(MAILBOX_MAX_BYTES)
            .take_while(|&&byte| is_label_byte(byte) || matches!(byte, b'+' | b'.'))
            .count()
    } else {
        0
    };
    let sign = end + more;
    let is_mailbox = byte_at(text, sign) == b'@' && char_at(text, sign + 1).is_some_and(is_label_char);
    if is_mailbox || userinfo::disguised(text, end).is_some() {
        return true;
    }
    let is_disguised = follows_at_sign(text, start);
    // `user@host:/path` is how files are copied.
    let is_copy = byte_at(text, end) == b':' && byte_at(text, end + 1) == b'/';
    is_disguised || (byte_before(text, start) == b'@' && (!rest.is_path || is_copy))
}

/// Whether `[at]` or `(@)` ends at `end`.
fn follows_at_sign(text: &str, end: usize) -> bool {
    (3..=4).any(|len| end.checked_sub(len).is_some_and(|at| userinfo::disguised(text, at) == Some(end)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Options, TopLevels};
    use super::*;

    proptest! {
        #[test]
        fn dots_told_at_a_glance_join_nothing(text in r"[a-zあé\[( .\u{200b}-]{0,6}(。|．|·|\.\.)( |\n|[a-zéд%\[(\u{200b} .-]){0,6}") {
            let rules = Rules { options: Options::default(), names: TopLevels::parse("com\n") };
            let mut sink = Sink::new(20, 20);
            let scanner = Scanner::new(&text, &rules, &mut sink);
            for (at, c) in text.char_indices().filter(|&(_, c)| c == '.' || is_dot(c)) {
                let behind = &text[at + c.len_utf8()..];
                let is_told = (c == '.' && behind.starts_with('.')) || (c != '.' && behind.starts_with([' ', '\n']));
                if is_told && scanner.is_sentence_end(at) {
                    prop_assert_eq!(scanner.joint(at), None, "{} at {}", text, at);
                }
            }
        }
    }
}
