//! A host in text: labels and dots in any spelling, and where it may end.

use super::address::{Ipv4, ipv4, is_numeric};
use super::class::{byte_at, char_at, is_label_byte, is_label_char};
use super::dot::{Dot, Separator, dot_at, is_wordless_name};
use super::label::{self, Label};
use super::refang::{Mark, Refang};
use super::top_level::TopLevels;

/// Longest host read, in labels; no name server knows a longer one.
const LABELS_MAX: usize = 127;

/// Longest host read, in bytes of text; generous, since disguises take room.
const HOST_MAX_BYTES: usize = 2_048;

/// How far a label is looked at before it is read.
const LOOK_AHEAD_BYTES: usize = 64;

/// Most dots in a row between two labels.
const DOTS_MAX: usize = 8;

/// How the host is introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// By nothing: the top-level name must be known.
    Bare,
    /// By a scheme.
    Scheme,
    /// By a scheme that was itself disguised.
    Disguised,
}

/// One place where the host may end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// The place.
    pub(super) mark: Mark,
    /// Number of labels.
    pub(super) labels: usize,
    /// Dots met on the way.
    pub(super) dots: Dots,
    /// The last label in the text.
    pub(super) last: (usize, usize),
    /// An address, and how it was written.
    pub(super) address: Option<Ipv4>,
    /// More labels followed that are no host together with these.
    pub(super) cut_short: bool,
    /// The last label is a known top-level name, or the host an address.
    pub(super) is_known: bool,
    /// Invisible characters stood inside.
    pub(super) zero_width: bool,
    /// Letters were disguised.
    pub(super) disguised: bool,
}

/// Which spellings of the dot were met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dots(u8);

impl Dots {
    fn with(self, dot: Dot) -> Self {
        Self(self.0 | 1 << dot as u8)
    }

    pub(super) fn has(self, dot: Dot) -> bool {
        self.0 & (1 << dot as u8) != 0
    }

    /// Whether any dot was hidden.
    pub(super) fn are_hidden(self) -> bool {
        self.0 & !(1 << Dot::Plain as u8) != 0
    }

    /// Whether only prose-like spellings were met: spaces, words, half brackets.
    pub(super) fn are_loose(self) -> bool {
        self.0 != 0
            && !self.has(Dot::Bracketed)
            && !self.has(Dot::Encoded)
            && !self.has(Dot::Plain)
            && !self.has(Dot::Wide)
    }
}

/// A host and its readings.
#[derive(Debug)]
pub(super) struct Host<'t> {
    pub(super) refang: Refang<'t>,
    pub(super) reading: Reading,
    pub(super) other: Option<Reading>,
}

impl Host<'_> {
    /// `name[.tld]/path`: the bracket that was opened before the dot is no end of the link.
    fn close_bracket(&mut self, text: &str, start: usize) {
        let end = self.reading.mark.at;
        let open = match byte_at(text, end) {
            b']' => b'[',
            b')' => b'(',
            b'}' => b'{',
            _ => return,
        };
        let host = text.as_bytes().get(start..end).unwrap_or_default();
        let count = |wanted: u8| memchr::memchr_iter(wanted, host).count();
        if self.reading.dots.has(Dot::Bracketed) && count(open) > count(byte_at(text, end)) {
            self.refang.replace(end..end + 1, "");
            self.reading.mark = self.refang.mark(end + 1);
        }
    }
}

/// What stands where a host may end although more follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seam {
    /// Another script begins.
    Script,
    /// Invisible characters.
    Gap,
    /// A dot.
    Dot(Dot),
}

/// Labels that are no host together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Miss {
    /// Where the last label begins: something else may begin there too.
    pub(super) last_start: usize,
    pub(super) end: usize,
}

/// Reads hosts; knows the top-level names.
pub(super) struct HostReader<'t, 'n> {
    text: &'t str,
    names: &'n TopLevels,
    lead: Lead,
    refang: Refang<'t>,
    first: Mark,
    label_from: Mark,
    start: usize,
    labels: usize,
    dots: Dots,
    previous: Label,
    zero_width: bool,
    disguised: bool,
    /// An earlier place where the host may end, though more dots and labels follow.
    early: Option<(Reading, Seam)>,
    known: Option<Reading>,
    /// All labels together, though no registry sells such a name.
    odd: Option<Reading>,
}

impl<'t, 'n> HostReader<'t, 'n> {
    /// Prepares to read at `start`; what `refang` holds already is kept before the host.
    pub(super) fn new(text: &'t str, names: &'n TopLevels, lead: Lead, refang: Refang<'t>, start: usize) -> Self {
        let first = refang.mark(start);
        Self {
            text,
            names,
            lead,
            refang,
            first,
            label_from: first,
            start,
            labels: 0,
            dots: Dots::default(),
            previous: Label::default(),
            zero_width: false,
            disguised: false,
            early: None,
            known: None,
            odd: None,
        }
    }

    /// Reads the host, or says where to go on if there is none.
    pub(super) fn read(mut self) -> Result<Host<'t>, Miss> {
        let mut pos = if self.lead == Lead::Bare { self.start } else { self.pass_plain() };
        let mut last = None;
        let mut end = pos;
        while let Some(label) = label::read(self.text, pos, &mut self.refang) {
            end = label.end;
            self.labels += 1;
            self.zero_width |= label.zero_width;
            self.disguised |= label.disguised;
            last = self.judge(label);
            if last.is_some() {
                self.known = last;
            }
            self.previous = label;
            if self.labels >= LABELS_MAX || end - self.start > HOST_MAX_BYTES {
                break;
            }
            let Some(next) = self.next_dot(end, last).filter(|&next| self.may_cross(next, last)) else {
                break;
            };
            // A bracketed dot with a space beside it may end a sentence.
            let written = self.text.get(end..next.end).unwrap_or_default();
            let ends_sentence = |reading: &Reading| {
                next.dot == Dot::Bracketed && reading.is_known && written.contains(char::is_whitespace)
            };
            if let Some(reading) = last
                && (!matches!(next.dot, Dot::Plain | Dot::Bracketed | Dot::Encoded) || ends_sentence(&reading))
            {
                self.early.get_or_insert((reading, Seam::Dot(next.dot)));
            }
            if next.dot != Dot::Plain || written.bytes().any(|byte| byte != b'.') {
                self.refang.replace(end..next.end, ".");
            }
            self.dots = self.dots.with(next.dot);
            pos = next.end;
            self.label_from = self.refang.mark(pos);
        }
        let last_start = self.previous.start;
        self.choose(last).ok_or(Miss { last_start, end })
    }

    /// Passes over labels of letters and digits with a plain dot and more behind them: behind a scheme a host goes on there
    /// whatever they are, and only the last label is judged.
    fn pass_plain(&mut self) -> usize {
        let mut pos = self.start;
        while self.labels + 1 < LABELS_MAX
            && let Some(end) = plain_label(self.text, pos).filter(|end| end - self.start <= HOST_MAX_BYTES)
        {
            self.labels += 1;
            self.previous = Label { start: pos, end, ..Label::default() };
            self.dots = self.dots.with(Dot::Plain);
            pos = end + 1;
            self.label_from = self.refang.mark(pos);
        }
        pos
    }

    /// The dot behind the label that ends at `at`; a scheme makes more of them plausible.
    fn next_dot(&self, at: usize, last: Option<Reading>) -> Option<Separator> {
        let is_open = self.lead != Lead::Bare && !last.is_some_and(|reading| reading.is_known);
        dot_at(self.text, at).or_else(|| if is_open { self.loose_dot(at) } else { None })
    }

    /// More than one dot, or a space before the dot of a known name: `http://name .example`.
    fn loose_dot(&self, at: usize) -> Option<Separator> {
        let rest = self.text.as_bytes().get(at..)?;
        let is_spaced = rest.first() == Some(&b' ');
        let rest = if is_spaced { rest.get(1..)? } else { rest };
        let dots = rest.iter().take(DOTS_MAX).take_while(|&&byte| byte == b'.').count();
        let end = at + usize::from(is_spaced) + dots;
        if dots == 0 || !char_at(self.text, end).is_some_and(is_label_char) {
            return None;
        }
        if !is_spaced {
            return Some(Separator { dot: Dot::Plain, end });
        }
        let name = rest.get(dots..)?.iter().take(LOOK_AHEAD_BYTES).take_while(|&&byte| is_label_byte(byte)).count();
        let is_name = self.names.contains(self.text.get(end..end + name)?);
        is_name.then_some(Separator { dot: Dot::Spaced, end })
    }

    /// Whether the host may go on over this dot.
    fn may_cross(&self, next: Separator, last: Option<Reading>) -> bool {
        let is_host = last.is_some();
        let is_known = last.is_some_and(|reading| reading.is_known);
        match next.dot {
            Dot::Plain | Dot::Bracketed | Dot::Encoded | Dot::Half => true,
            // A sentence ends where a host of its own begins.
            Dot::Wide => is_host || self.lead != Lead::Bare || !starts_host(self.text, next.end),
            // `word . name.tld` is a word and a host of its own.
            Dot::Gapped => !(is_known || starts_host(self.text, next.end)),
            Dot::Spaced | Dot::Word => {
                // Whoever has hidden one dot so hides the next: `http://name dot co dot example`.
                let is_complete = self.lead == Lead::Scheme && is_known && !self.dots.has(next.dot);
                self.lead == Lead::Disguised || !(is_complete || starts_host(self.text, next.end))
            }
        }
    }

    /// The reading that ends with this label, if the labels up to it can be a host.
    fn judge(&mut self, label: Label) -> Option<Reading> {
        for (at, seam) in [(label.script_change, Seam::Script), (label.gap, Seam::Gap)] {
            if let Some(reading) = at.and_then(|at| self.judge_seam(label, at)) {
                self.early.get_or_insert((reading, seam));
            }
        }
        let mark = self.refang.mark(label.end);
        let name = &*self.refang.since(self.label_from, label.end);
        if is_numeric(name) {
            // Fewer numbers with odd dots between them are sums and calls: `0)).1`.
            let is_sum = self.lead == Lead::Bare && self.labels < 4 && self.dots.are_hidden();
            if self.labels > 4 || is_sum {
                return None;
            }
            let address = ipv4(&self.refang.since(self.first, label.end))?;
            return Some(self.reading(mark, label, Some(address)));
        }
        let odd = label.odd || (self.labels > 1 && self.previous.odd);
        if odd && self.labels > 1 {
            self.odd = Some(Reading { is_known: false, ..self.reading(mark, label, None) });
            return None;
        }
        self.odd = None;
        if self.lead != Lead::Bare {
            let is_known = self.labels > 1 && self.names.contains(name);
            return Some(Reading { is_known, ..self.reading(mark, label, None) });
        }
        if self.labels < 2 {
            return None;
        }
        if !name.is_ascii() && !name.chars().next().is_some_and(|first| self.names.may_begin(first)) {
            return None;
        }
        if self.names.contains(name) {
            return Some(self.reading(mark, label, None));
        }
        if name.is_ascii() {
            return None;
        }
        let len = self.names.longest_beginning(self.text.get(label.start..label.end)?)?;
        let cut = Label { end: label.start + len, ..label };
        Some(self.reading(self.refang.mark_back_at(cut.end), cut, None))
    }

    /// The host ends in the middle of the label, and prose goes on.
    fn judge_seam(&self, label: Label, at: usize) -> Option<Reading> {
        if self.labels < 2 || self.previous.odd || !self.names.contains(&self.refang.since(self.label_from, at)) {
            return None;
        }
        Some(self.reading(self.refang.mark_back_at(at), Label { end: at, ..label }, None))
    }

    fn reading(&self, mark: Mark, label: Label, address: Option<Ipv4>) -> Reading {
        Reading {
            mark,
            labels: self.labels,
            dots: self.dots,
            last: (label.start, label.end),
            address,
            cut_short: false,
            is_known: true,
            zero_width: self.zero_width,
            disguised: self.disguised,
        }
    }

    /// Which of the readings is meant first, and which second.
    fn choose(self, last: Option<Reading>) -> Option<Host<'t>> {
        let early = self.early;
        let (reading, other) = match (last, early) {
            (Some(last), None) => (last, None),
            (Some(last), Some((early, _))) if !last.is_known => (early, Some(last)),
            (Some(last), Some((early, seam))) => match seam {
                Seam::Script if self.lead == Lead::Bare => (early, Some(last)),
                Seam::Dot(Dot::Wide) if last.labels > early.labels + 1 => (early, Some(last)),
                Seam::Dot(Dot::Spaced) if !(last.dots.are_loose() || self.is_followed_by_path(last)) => {
                    (early, Some(last))
                }
                _ => (last, Some(early)),
            },
            (None, Some((early, _))) => (early, None),
            (None, None) if self.lead != Lead::Bare && self.odd.is_some() => (self.odd?, None),
            (None, None) => {
                let known = self.known.filter(|known| self.lead == Lead::Bare && known.address.is_none())?;
                let last = self.text.get(known.last.0..known.mark.at)?;
                if !is_wordless_name(last) && !byte_at(self.text, known.mark.at + 1).is_ascii_uppercase() {
                    return None;
                }
                (Reading { cut_short: true, ..known }, None)
            }
        };
        let mut host = Host { refang: self.refang, reading, other };
        host.close_bracket(self.text, self.start);
        Some(host)
    }

    fn is_followed_by_path(&self, reading: Reading) -> bool {
        self.lead == Lead::Disguised || matches!(byte_at(self.text, reading.mark.at), b'/' | b'?')
    }
}

/// The end of the label at `at`, if it has letters and digits only, and a plain dot and one more stand behind it.
fn plain_label(text: &str, at: usize) -> Option<usize> {
    let run = label::plain_run(text, at);
    let (dot, next) = (byte_at(text, at + run), byte_at(text, at + run + 1));
    (run > 0 && dot == b'.' && next.is_ascii_alphanumeric()).then_some(at + run)
}

/// Whether a label and a plain dot with another label stand at `at`.
fn starts_host(text: &str, at: usize) -> bool {
    let run = text.as_bytes().get(at..).unwrap_or_default();
    let end = at + run.iter().take(LOOK_AHEAD_BYTES).take_while(|&&byte| is_label_byte(byte)).count();
    byte_at(text, end) == b'.' && is_label_byte(byte_at(text, end + 1))
}
