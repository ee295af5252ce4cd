//! What HTML and Markdown share: tags, targets, and visible text that is searched at the end.

use std::borrow::Cow;
use std::ops::Range;

use super::entity::{self, Place};
use super::plain;
use super::sink::Sink;
use super::tag::{Attributes, Head, head_at};
use super::target::{self, Holds};
use super::visible::Visible;
use super::{Link, Rules};

/// Tags that do not interrupt a line of text.
const INLINE: [&str; 33] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
    "wbr",
];

/// Reads marked-up text.
pub(super) struct Markup<'t, 'r> {
    pub(super) text: &'t str,
    rules: &'r Rules,
    sink: Sink<'t>,
    pub(super) visible: Visible,
    /// The link whose visible text is being read: its index, and where its text begins.
    open: Option<(usize, usize)>,
    /// Links and the visible text of each.
    anchors: Vec<(usize, Range<usize>)>,
    /// The text holds no further end of a comment or raw element.
    is_raw_unclosed: bool,
}

impl<'t, 'r> Markup<'t, 'r> {
    /// Begins with nothing read.
    pub(super) fn new(text: &'t str, rules: &'r Rules, sink: Sink<'t>) -> Self {
        let visible = Visible::default();
        Self { text, rules, sink, visible, open: None, anchors: Vec::new(), is_raw_unclosed: false }
    }

    /// Reads the reference at `at` into the visible text: where to go on.
    pub(super) fn reference(&mut self, at: usize) -> usize {
        match entity::decode_at(self.text, at, Place::Text) {
            Some((decoded, end)) => {
                self.visible.push_decoded(&decoded, at..end);
                end
            }
            None => self.literal(at),
        }
    }

    /// Takes one ASCII sign for visible text.
    pub(super) fn literal(&mut self, at: usize) -> usize {
        self.visible.push(self.text, at..at + 1);
        at + 1
    }

    /// Reads the tag or comment at `at`: where to go on.
    pub(super) fn tag(&mut self, at: usize) -> usize {
        let Some(head) = head_at(self.text, at) else {
            return self.declaration(at);
        };
        let name = self.text.get(head.name.clone()).unwrap_or("");
        let is_anchor = name.eq_ignore_ascii_case("a");
        if is_anchor {
            self.close_anchor();
        }
        if !INLINE.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            self.visible.push_break(at);
        }
        let end = self.attributes(&head);
        let is_raw = ["script", "style"].into_iter().find(|raw| name.eq_ignore_ascii_case(raw));
        match is_raw {
            Some(raw) if !head.is_closing => self.raw(raw, end),
            _ => end,
        }
    }

    fn attributes(&mut self, head: &Head) -> usize {
        let text = self.text;
        let name = text.get(head.name.clone()).unwrap_or("");
        let is_anchor = name.eq_ignore_ascii_case("a");
        let before = self.sink.links.len();
        let mut attributes = Attributes::new(text, head.name.end);
        for attribute in attributes.by_ref() {
            let name = text.get(attribute.name).unwrap_or("");
            self.attribute(name, attribute.value);
            if is_anchor && name.eq_ignore_ascii_case("href") && self.sink.links.len() > before {
                self.open = Some((self.sink.links.len() - 1, self.visible.len()));
            }
        }
        if attributes.is_unclosed() {
            // What looks like an endless tag may be shown as text.
            self.visible.push_break(head.name.start);
            self.visible.push(text, head.name.end..attributes.end());
        }
        attributes.end()
    }

    fn attribute(&mut self, name: &str, range: Range<usize>) {
        let value = self.text.get(range.clone()).unwrap_or("");
        match target::holds(name) {
            _ if value.is_empty() => {}
            Holds::Url => self.target(range),
            Holds::Candidates => {
                let decoded = entity::decode(value);
                for url in target::candidates(&decoded) {
                    self.derived(url, &range);
                }
            }
            Holds::Css => self.css(range),
            Holds::Refresh => {
                let decoded = entity::decode(value);
                self.derived(target::refreshed(&decoded), &range);
            }
            Holds::Nothing if value.contains("//") => self.derived(&entity::decode(value), &range),
            Holds::Nothing => {}
        }
    }

    /// Hands over the link that `range` points to.
    pub(super) fn target(&mut self, range: Range<usize>) {
        let value = self.text.get(range.clone()).unwrap_or("");
        target::push(entity::decode(value), &range, self.rules, &mut self.sink);
    }

    /// Hands over a link that was made from the value at `range`.
    pub(super) fn derived(&mut self, url: &str, range: &Range<usize>) {
        target::push(Cow::Owned(url.to_owned()), range, self.rules, &mut self.sink);
    }

    fn css(&mut self, range: Range<usize>) {
        let decoded = entity::decode(self.text.get(range.clone()).unwrap_or(""));
        for url in target::styled(&decoded) {
            self.derived(url, &range);
        }
    }

    /// Notes that the visible text of the last target begins at `from` and ends here.
    pub(super) fn anchor(&mut self, from: usize) {
        if let Some(last) = self.sink.links.len().checked_sub(1) {
            self.anchors.push((last, from..self.visible.len()));
        }
    }

    fn close_anchor(&mut self) {
        if let Some((link, from)) = self.open.take() {
            self.anchors.push((link, from..self.visible.len()));
        }
    }

    /// A comment, a declaration, or just a sign.
    fn declaration(&mut self, at: usize) -> usize {
        let text = self.text;
        let rest = text.get(at..).unwrap_or("");
        if self.is_raw_unclosed || !(rest.starts_with("<!") || rest.starts_with("<?")) {
            return self.literal(at);
        }
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let Some(len) = memchr::memmem::find(rest.as_bytes(), end.as_bytes()) else {
            self.is_raw_unclosed = true;
            return self.literal(at);
        };
        at + len + end.len()
    }

    /// The content of `script` or `style`, which nobody sees.
    fn raw(&mut self, name: &str, from: usize) -> usize {
        if self.is_raw_unclosed {
            return from;
        }
        let bytes = self.text.as_bytes().get(from..).unwrap_or_default();
        let closing = memchr::memmem::find_iter(bytes, "</").find(|&at| {
            bytes.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        });
        let Some(len) = closing else {
            self.is_raw_unclosed = true;
            return from;
        };
        if name == "style" {
            for url in target::styled(self.text.get(from..from + len).unwrap_or("")) {
                let start = url.as_ptr() as usize - self.text.as_ptr() as usize;
                self.target(start..start + url.len());
            }
        }
        from + len
    }

    /// Whether more would not be kept.
    pub(super) fn is_full(&self) -> bool {
        self.sink.is_full()
    }

    /// Searches the visible text and puts all links in order.
    pub(super) fn finish(mut self) -> Sink<'t> {
        self.close_anchor();
        let visible = std::mem::take(&mut self.visible);
        let mut part = self.sink.part();
        plain::scan(visible.text(), self.rules, &mut part);
        self.sink.take_counts(&part);
        for link in part.links {
            let range = link.span.clone().unwrap_or_default();
            let differs = self.differs(&link, &range);
            let mut link = self.placed(link, visible.original(&range));
            link.written.text_differs_from_target = differs;
            self.sink.keep(link);
        }
        self.sink.links.sort_by_key(|link| link.span.as_ref().map(|span| span.start));
        self.sink
    }

    /// Whether a visible link names another host than the target around it; both are marked.
    fn differs(&mut self, link: &Link<'_>, range: &Range<usize>) -> bool {
        let behind = self.anchors.partition_point(|(_, text)| text.start <= range.start);
        let Some((index, _)) =
            behind.checked_sub(1).and_then(|at| self.anchors.get(at)).filter(|(_, text)| text.end >= range.end)
        else {
            return false;
        };
        let Some(target) = self.sink.links.get_mut(*index) else {
            return false;
        };
        let differs = !host_of(&target.url).eq_ignore_ascii_case(host_of(&link.url));
        target.written.text_differs_from_target |= differs;
        differs
    }

    fn placed(&self, link: Link<'_>, span: Range<usize>) -> Link<'t> {
        let written = self.text.get(span.clone()).unwrap_or("");
        let url = if *link.url == *written { Cow::Borrowed(written) } else { Cow::Owned(link.url.into_owned()) };
        Link {
            span: Some(span),
            url,
            other_reading: link.other_reading.map(|other| Cow::Owned(other.into_owned())),
            kind: link.kind,
            written: link.written,
            weak: link.weak,
        }
    }
}

/// The host of a URL as written, without `www.`, to compare two spellings.
fn host_of(url: &str) -> &str {
    let behind = url.find(':').filter(|&at| at <= 5).and_then(|at| url.get(at + 1..)).unwrap_or(url);
    let rest = behind.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.');
    host.get(..4).filter(|head| head.eq_ignore_ascii_case("www.")).and_then(|_| host.get(4..)).unwrap_or(host)
}
