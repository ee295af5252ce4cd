//! Links in HTML.

use super::Rules;
use super::markup::Markup;
use super::plain;
use super::sink::Sink;

/// Finds the links of `text`.
pub(super) fn scan<'t>(text: &'t str, rules: &Rules, sink: Sink<'t>) -> Sink<'t> {
    if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
        let mut sink = sink;
        plain::scan(text, rules, &mut sink);
        return sink;
    }
    let mut markup = Markup::new(text, rules, sink);
    let mut pos = 0;
    while let Some(found) = text.as_bytes().get(pos..).and_then(|rest| memchr::memchr2(b'<', b'&', rest)) {
        let at = pos + found;
        markup.visible.push(text, pos..at);
        if markup.is_full() {
            break;
        }
        pos = if text.as_bytes().get(at) == Some(&b'<') { markup.tag(at) } else { markup.reference(at) };
    }
    markup.visible.push(text, pos..text.len());
    markup.finish()
}
