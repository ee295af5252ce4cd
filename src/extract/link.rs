//! From a host and what follows it to a link with its readings.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use super::class::{byte_at, byte_before, is_invisible, is_label_byte};
use super::disguise;
use super::host::{Host, Reading};
use super::refang::{Mark, Refang};
use super::sink::Sink;
use super::tail::{self, Tail};
use super::top_level::{TopLevels, is_letter_like};
use super::{Link, LinkKind, Written};

/// Most digits of a port.
const PORT_DIGITS_MAX: usize = 5;

/// Hosts whose paths are letters and digits only, so that prose behind them is easy to tell.
const PLAIN_PATHS: [&str; 1] = ["t.co"];

/// What stands right behind a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// Where path, query or fragment may begin.
    pub(super) end: usize,
    pub(super) is_path: bool,
    pub(super) has_port: bool,
    /// Invisible characters stand before path or port.
    pub(super) has_gap: bool,
}

impl Rest {
    /// Reads a closing dot and a port.
    pub(super) fn read(text: &str, host_end: usize) -> Self {
        let mut end = gap_end(text, host_end);
        let has_gap = end > host_end;
        if byte_at(text, end) == b'.' && matches!(byte_at(text, end + 1), b'/' | b':' | b'?' | b'#') {
            end += 1;
        }
        let port = port_at(text, end);
        let next = port.unwrap_or(end);
        let is_path = match byte_at(text, next) {
            b'/' => true,
            b'?' | b'#' => is_label_byte(byte_at(text, next + 1)) || byte_at(text, next + 1) == b'/',
            _ => disguise::disguise_at(text, next).is_some_and(|(sign, _)| sign == "/"),
        };
        let has_port = port.is_some();
        if !(is_path || has_port) {
            return Self { end: host_end, is_path, has_port, has_gap: false };
        }
        Self { end: next, is_path, has_port, has_gap }
    }
}

/// The end of a run of invisible characters, if path or port follow.
fn gap_end(text: &str, at: usize) -> usize {
    if byte_at(text, at) < 0x80 {
        return at;
    }
    let rest = text.get(at..).unwrap_or("");
    let len = rest.find(|c| !is_invisible(c)).unwrap_or(0);
    if matches!(byte_at(text, at + len), b'/' | b':' | b'?' | b'#' | b'.') { at + len } else { at }
}

fn port_at(text: &str, at: usize) -> Option<usize> {
    let colon = match byte_at(text, at) {
        b':' => at + 1,
        _ => disguise::disguise_at(text, at).filter(|found| found.0 == ":")?.1,
    };
    let digits = text.as_bytes().get(colon..)?.iter().take(PORT_DIGITS_MAX + 1);
    let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
    // An empty port is the scheme's own.
    let is_empty = count == 0 && byte_at(text, colon) == b'/' && byte_at(text, colon + 1) != b'/';
    (is_empty || (1..=PORT_DIGITS_MAX).contains(&count)).then_some(colon + count)
}

/// A link whose host is known and whose end is not yet.
#[derive(Debug)]
pub(super) struct Draft<'t> {
    pub(super) span_start: usize,
    pub(super) host: Host<'t>,
    pub(super) kind: LinkKind,
    pub(super) weak: bool,
}

impl<'t> Draft<'t> {
    /// A link whose beginning is taken as it stands.
    pub(super) fn literal(text: &'t str, range: Range<usize>, kind: LinkKind) -> Self {
        let refang = Refang::new(text, range.start);
        Self { kind, ..Self::introduced(refang, range) }
    }

    /// A link whose beginning, up to the end of `range`, was read without labels.
    pub(super) fn introduced(refang: Refang<'t>, range: Range<usize>) -> Self {
        let reading = Reading::literal(refang.mark(range.end));
        let host = Host { refang, reading, other: None };
        Self { span_start: range.start, host, kind: LinkKind::Schemed, weak: false }
    }

    /// Finds the end, hands the link over, and says where to go on.
    pub(super) fn finish(self, text: &'t str, names: &TopLevels, rest: Rest, sink: &mut Sink<'t>) -> usize {
        let reading = self.host.reading;
        let mut tail = tail::read(text, names, self.span_start, rest.end);
        narrow(text, &self.host, &mut tail, rest.end);
        let first = Whole { mark: reading.mark, end: tail.end, is_disguised: tail.is_disguised || rest.has_gap };
        let url = self.render(text, first);
        let other_reading = match self.host.other {
            Some(other) => {
                let rest = Rest::read(text, other.mark.at);
                let tail = tail::read(text, names, self.span_start, rest.end);
                Some(Whole { mark: other.mark, end: tail.end, is_disguised: tail.is_disguised })
            }
            None => tail.other.map(|end| Whole { end, ..first }),
        };
        let other_reading = other_reading.map(|whole| self.render(text, whole)).or_else(|| plain_letters(&url));
        let other_reading = other_reading.filter(|other| *other != url);
        let is_rewritten = matches!(url, Cow::Owned(_));
        let zero_width = reading.zero_width || tail.zero_width || rest.has_gap;
        let defanged = reading.dots.are_hidden() || reading.disguised || (is_rewritten && !zero_width);
        let kind = if defanged { LinkKind::Defanged } else { self.kind };
        let written = Written { defanged, zero_width, ..Written::default() };
        let span = Some(self.span_start..tail.end);
        sink.push(Link { span, url, other_reading, kind, written, weak: self.weak });
        tail.end
    }

    fn render(&self, text: &'t str, whole: Whole) -> Cow<'t, str> {
        let host = &self.host.refang;
        if !whole.is_disguised && !Refang::is_changed(whole.mark) && host.starts_at(self.span_start) {
            return Cow::Borrowed(text.get(self.span_start..whole.end).unwrap_or(""));
        }
        let mut url = host.until(whole.mark).into_owned();
        let mut refang = Refang::new(text, whole.mark.at);
        disguise::refang(text, whole.mark.at, whole.end, &mut refang);
        let end = refang.mark(whole.end);
        url.push_str(&refang.until(end));
        Cow::Owned(url)
    }
}

/// The link with full-width, circled and other dressed-up letters as plain ones, if it has any.
fn plain_letters(url: &str) -> Option<Cow<'static, str>> {
    let is_dressed = |c: char| is_letter_like(c) || matches!(c, '\u{FF01}'..='\u{FF5E}');
    (!url.is_ascii() && url.contains(is_dressed)).then(|| url.nfkc().collect::<String>().into())
}

/// One way to read a whole link.
#[derive(Clone, Copy)]
struct Whole {
    mark: Mark,
    end: usize,
    is_disguised: bool,
}

/// Ends the path early where the host is known to have plain ones.
fn narrow(text: &str, host: &Host<'_>, tail: &mut Tail, from: usize) {
    let end = host.reading.mark.at;
    let name = text.get(end.saturating_sub(4)..end).unwrap_or("");
    let is_whole =
        !is_label_byte(byte_before(text, end.saturating_sub(4))) && byte_before(text, end.saturating_sub(4)) != b'.';
    if !is_whole || !PLAIN_PATHS.iter().any(|plain| name.eq_ignore_ascii_case(plain)) || byte_at(text, from) != b'/' {
        return;
    }
    let path = text.as_bytes().get(from + 1..tail.end).unwrap_or_default();
    let len = path.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let cut = from + 1 + len;
    if cut < tail.end && !matches!(byte_at(text, cut), b'?' | b'#' | b'/') {
        tail.other = Some(tail.end);
        tail.end = cut;
    }
}

impl Reading {
    /// A beginning taken as it stands, up to `mark`.
    fn literal(mark: Mark) -> Self {
        Self {
            mark,
            labels: 0,
            dots: super::host::Dots::default(),
            last: (mark.at, mark.at),
            address: None,
            cut_short: false,
            is_known: true,
            zero_width: false,
            disguised: false,
        }
    }
}
