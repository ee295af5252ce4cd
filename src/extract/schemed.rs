//! Links with a scheme, whole or broken, and network paths.

use std::borrow::Cow;
use std::ops::Range;

use super::address;
use super::class::{byte_at, byte_before, char_before, ends_link, is_label_byte};
use super::host::{HostReader, Lead, Reading};
use super::link::{Draft, Rest};
use super::plain::{Scanner, is_label_start};
use super::prose::is_weak;
use super::quick;
use super::refang::Refang;
use super::scheme::{self, Meaning, Scheme, Slashes};
use super::{Link, LinkKind, Schemeless, Written};

/// Longest first label behind an unknown scheme, in bytes.
const WORD_MAX_BYTES: usize = 256;

/// Most dots passed over before a host.
const DOTS_MAX: usize = 4;

/// Shorter numbers alone behind two slashes are no address of a public host.
const NUMBER_MIN_BYTES: usize = 8;

/// Encoded text that turned out to be no link: so much more than the text's length is decoded.
const ENCODED_SPARE_BYTES: usize = 64 << 10;

/// How often a link may have been encoded.
const ROUNDS_MAX: usize = 5;

impl Scanner<'_, '_, '_> {
    pub(super) fn at_colon(&mut self, at: usize) {
        let next = byte_at(self.text, at + 1);
        let goes_on =
            matches!(next, b'/' | b'\\' | b']' | b')' | b'}' | b'[' | b'(' | b'{' | 0x80..) || is_label_byte(next);
        if !goes_on {
            return;
        }
        let Some(scheme) = scheme::before(self.text, self.floor, at, &self.rules.options.deep_link_schemes) else {
            return;
        };
        if let Some(slashes) = scheme::slashes_at(self.text, at) {
            self.after_scheme(scheme, slashes);
        }
    }

    /// `//host`, and `http//host` with the colon forgotten.
    pub(super) fn at_slashes(&mut self, at: usize) {
        let before = char_before(self.text, at);
        if before.is_some_and(char::is_alphanumeric) {
            let scheme = scheme::before(self.text, self.floor, at, &[]);
            let slashes = scheme::slashes_at(self.text, at);
            if let (Some(Scheme { start, meaning }), Some(slashes)) = (scheme, slashes)
                && !char_before(self.text, start).is_some_and(char::is_alphanumeric)
            {
                let name = match meaning {
                    Meaning::Web if at - start == 5 => "https",
                    Meaning::Web => "http",
                    Meaning::Disguised(name) => name,
                    _ => return,
                };
                self.after_scheme(Scheme { start, meaning: Meaning::Disguised(name) }, slashes);
            }
            return;
        }
        let is_free = !before.is_some_and(|c| {
            matches!(c, ':' | '/' | '_' | '\\' | '.' | '-' | '~' | '*' | '?' | '&' | '#' | '%' | ']' | ')')
        });
        if is_free && self.rules.options.schemeless == Schemeless::All && is_label_start(self.text, at + 2) {
            self.network_path(at);
        }
    }

    fn network_path(&mut self, at: usize) {
        let refang = Refang::new(self.text, at);
        let Ok(host) = HostReader::new(self.text, &self.rules.names, Lead::Scheme, refang, at + 2).read() else {
            return;
        };
        let reading = host.reading;
        let name = self.text.get(at + 2..reading.mark.at).unwrap_or("");
        let rest = Rest::read(self.text, reading.mark.at);
        // A comment may begin with a number: `//1`.
        let is_number = reading.labels == 1 && reading.address.is_some() && name.len() < NUMBER_MIN_BYTES;
        if !is_number && (reading.is_known || name.eq_ignore_ascii_case("localhost")) {
            let weak = !rest.is_path && is_weak(self.text, at, &reading);
            self.emit(Draft { span_start: at, host, kind: LinkKind::Schemeless, weak }, rest);
        }
    }

    /// `https%3A%2F%2F…`: a whole link that was encoded as part of another, perhaps more than once.
    pub(super) fn at_encoded_colon(&mut self, at: usize) {
        let Some(rounds) = encoded_signs(self.text, at) else {
            return;
        };
        let scheme = scheme::before(self.text, self.floor, at, &[]);
        if let Some(Scheme { start, meaning: Meaning::Web | Meaning::Disguised(_) }) = scheme {
            self.encoded(start, rounds);
        }
    }

    /// Reads what stands at `start` with its escapes undone; says whether a link begins there.
    pub(super) fn encoded(&mut self, start: usize, rounds: usize) -> bool {
        let rest = self.text.get(start..).unwrap_or("");
        // Where it is encoded, a plain ampersand or quotation mark is what surrounds it.
        let len = rest.find(|c| ends_link(c) || matches!(c, '&' | '\'')).unwrap_or(rest.len());
        let mut decoded = rest.get(..len).unwrap_or("").to_owned();
        for _ in 0..rounds {
            decoded = percent_encoding::percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
        }
        let is_link = self.decoded(&decoded, start..start + len);
        if !is_link {
            // What was read in vain is read again, so there is an end to it.
            self.spent += len;
            if self.spent > self.text.len() + ENCODED_SPARE_BYTES {
                self.sink.give_up();
            }
        }
        is_link
    }

    /// Hands over the link at the beginning of `decoded`, which `range` stands for.
    fn decoded(&mut self, decoded: &str, range: Range<usize>) -> bool {
        let mut part = self.sink.part();
        super::plain::scan(decoded, self.rules, &mut part);
        let first = part.links.into_iter().next();
        let Some(link) = first.filter(|link| link.span.as_ref().is_some_and(|span| span.start == 0)) else {
            return false;
        };
        self.sink.push(Link {
            span: Some(range.clone()),
            url: Cow::Owned(link.url.into_owned()),
            other_reading: link.other_reading.map(|other| Cow::Owned(other.into_owned())),
            kind: LinkKind::Defanged,
            written: Written { defanged: true, ..link.written },
            weak: link.weak,
        });
        self.skip_to(range.end);
        true
    }

    fn after_scheme(&mut self, scheme: Scheme, slashes: Slashes) {
        match scheme.meaning {
            Meaning::Deep(place) => self.deep(scheme, place, slashes),
            Meaning::Unknown if slashes.count != 2 || slashes.is_disguised => {}
            Meaning::Unknown if !may_have_dot(self.text, slashes.end) => {}
            Meaning::Other | Meaning::Disguised(_) if slashes.count == 0 => {}
            Meaning::Web if slashes.count == 2 && !slashes.is_disguised && self.plainly(scheme, slashes) => {}
            _ => self.schemed(scheme, slashes),
        }
    }

    /// Reads a link that is written plainly; says whether it is.
    fn plainly(&mut self, scheme: Scheme, slashes: Slashes) -> bool {
        let end = if self.has_short_way { quick::end_of_link(self.text, slashes.end) } else { None };
        let Some((end, url)) = end.and_then(|end| Some((end, self.text.get(scheme.start..end)?))) else {
            return false;
        };
        let (span, written) = (Some(scheme.start..end), Written::default());
        self.sink.push(Link {
            span,
            url: url.into(),
            other_reading: None,
            kind: LinkKind::Schemed,
            written,
            weak: false,
        });
        self.skip_to(end);
        true
    }

    /// A messenger's link, which names an action instead of a host, or a host all the same.
    fn deep(&mut self, scheme: Scheme, place: usize, slashes: Slashes) {
        let text = self.text;
        let mut refang = Refang::new(text, scheme.start);
        let written = text.get(scheme.start..slashes.end).unwrap_or("");
        let name = self.rules.options.deep_link_schemes.get(place).map_or("", |name| &**name);
        let is_plain = written.len() == name.len() + 1 + slashes.count && written.is_ascii();
        if !is_plain {
            refang.replace(scheme.start..slashes.end, format!("{name}://"));
        }
        let names = &self.rules.names;
        let Ok(host) = HostReader::new(text, names, Lead::Scheme, refang, slashes.end).read() else {
            return;
        };
        let rest = Rest::read(text, host.reading.mark.at);
        // `tg:name.tld/a` is a host behind a word.
        if slashes.count > 0 || (rest.is_path && !host.reading.is_known) {
            self.emit(Draft { span_start: scheme.start, host, kind: LinkKind::Schemed, weak: false }, rest);
        }
    }

    fn schemed(&mut self, scheme: Scheme, slashes: Slashes) {
        let text = self.text;
        let mut opening = Opening::of(text, scheme, slashes);
        let dots = text.as_bytes().get(slashes.end..).unwrap_or_default();
        let mut host_start = slashes.end + dots.iter().take(DOTS_MAX).take_while(|&&byte| byte == b'.').count();
        if slashes.count > 0 {
            host_start = self.userinfo.skip(text, host_start, &mut opening.refang);
        }
        let Opening { span_start, lead, kind, refang } = opening;
        if let Some(end) = address::ipv6_at(text, host_start) {
            let draft = Draft { kind, ..Draft::introduced(refang, span_start..end) };
            return self.emit(draft, Rest::read(text, end));
        }
        let names = &self.rules.names;
        let Ok(host) = HostReader::new(text, names, lead, refang, host_start).read() else {
            return;
        };
        let reading = host.reading;
        // Browsers cannot open a host with a dot before it, people can.
        let weak =
            scheme.meaning == Meaning::Unknown || host_start > slashes.end && byte_before(text, host_start) == b'.';
        let has_colon =
            || text.get(scheme.start..slashes.end).is_some_and(|opening| opening.contains([':', '\u{FF1A}']));
        let is_strict = weak || slashes.count == 0 || scheme.meaning == Meaning::Other || !has_colon();
        if (is_strict && !reading.is_known) || is_broken(text, &reading) {
            return;
        }
        if is_encoded_slash(text, reading.mark.at) && self.encoded(span_start, 1) {
            return;
        }
        let rest = Rest::read(text, reading.mark.at);
        self.emit(Draft { span_start, host, kind, weak }, rest);
    }
}

/// The beginning of a link, up to the host.
struct Opening<'t> {
    span_start: usize,
    lead: Lead,
    kind: LinkKind,
    refang: Refang<'t>,
}

impl<'t> Opening<'t> {
    fn of(text: &'t str, scheme: Scheme, slashes: Slashes) -> Self {
        let mut opening = Self {
            span_start: scheme.start,
            lead: Lead::Scheme,
            kind: LinkKind::Schemed,
            refang: Refang::new(text, scheme.start),
        };
        match scheme.meaning {
            Meaning::Disguised(name) => {
                opening.lead = Lead::Disguised;
                opening.refang.replace(scheme.start..slashes.end, name);
                opening.refang.replace(slashes.end..slashes.end, "://");
            }
            Meaning::Web if slashes.is_disguised => {
                let from = text.as_bytes().get(scheme.start..).unwrap_or_default();
                let len = from.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                opening.lead = Lead::Disguised;
                opening.refang.replace(scheme.start + len..slashes.end, "://");
            }
            // What the word before the slashes means is unknown, so only the host counts.
            Meaning::Unknown => {
                opening.span_start = slashes.end;
                opening.kind = LinkKind::Schemeless;
                opening.refang = Refang::new(text, slashes.end);
            }
            Meaning::Web | Meaning::Other | Meaning::Deep(_) => {}
        }
        opening
    }
}

/// Whether `://` stands at `at`, percent-encoded; says how often.
fn encoded_signs(text: &str, at: usize) -> Option<usize> {
    let (mut pos, mut rounds) = (at, 0);
    for code in ["3A", "2F", "2F"] {
        (byte_at(text, pos) == b'%').then_some(())?;
        pos += 1;
        rounds = 1;
        while text.get(pos..pos + 2) == Some("25") && rounds < ROUNDS_MAX {
            pos += 2;
            rounds += 1;
        }
        text.get(pos..pos + 2).filter(|found| found.eq_ignore_ascii_case(code))?;
        pos += 2;
    }
    Some(rounds)
}

/// Whether an encoded slash stands at `at`, where a host ends.
pub(super) fn is_encoded_slash(text: &str, at: usize) -> bool {
    text.get(at..at + 3).is_some_and(|found| found.eq_ignore_ascii_case("%2F"))
}

/// Whether something that may be a dot stands behind the word at `at`.
fn may_have_dot(text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let behind = rest.iter().take(WORD_MAX_BYTES).find(|&&byte| !is_label_byte(byte));
    behind.is_some_and(|&byte| !matches!(byte, b' ' | b'\n' | b'/' | b':' | b'?' | b'#' | b',' | b';' | b'"'))
}

/// A lone word followed by a sign and more letters is no host that a browser would open.
fn is_broken(text: &str, reading: &Reading) -> bool {
    let end = reading.mark.at;
    let follows = matches!(byte_at(text, end), b'!' | b'$' | b'*' | b'+' | b'=' | b'~' | b'&');
    reading.labels == 1 && follows && is_label_byte(byte_at(text, end + 1))
}
