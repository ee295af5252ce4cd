//! The short way to read a record: JSON in which the post's parts are strings in objects, as in almost every export.
//!
//! It finds where values begin and end and takes strings without escapes as they stand. Whatever is not surely well-formed,
//! or not surely the same to both, takes the long way: a test holds the two equal.

use serde::de::{DeserializeSeed as _, IgnoredAny};
use serde_json::{Deserializer, StreamDeserializer};

use super::capture::Captured;
use super::field::Node;
use super::walk::Walk;

/// Takes what the record says of its post; `None` sends it the long way, whatever was taken.
pub(super) fn read<'r>(text: &'r str, tree: &Node, into: &mut Captured<'r>) -> Option<()> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    // Strings hold no control characters. One look at all is quicker than one at each of them, and nearly always enough.
    if text.bytes().fold(u8::MAX, u8::min) < b' ' {
        return None;
    }
    let mut reader = Reader { text, at: 0, captured: into };
    reader.white_space();
    // A record of which only a part of itself is read is an object.
    (!tree.is_read()).then(|| reader.object(tree))??;
    (reader.at == text.len()).then_some(())
}

/// A walk through one record.
struct Reader<'r, 'c> {
    text: &'r str,
    at: usize,
    captured: &'c mut Captured<'r>,
}

/// A string of JSON that ends where it should.
struct Quoted<'r> {
    /// With its quotation marks.
    raw: &'r str,
    /// What it says, if it has no escapes.
    plain: Option<&'r str>,
}

impl<'r> Reader<'r, '_> {
    /// An object at whose place, and not only below it, nothing is read.
    fn object(&mut self, node: &Node) -> Option<()> {
        self.sign(b'{')?;
        if self.sign(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.name()?;
            self.sign(b':')?;
            match node.child(name) {
                Some(child) => self.value(child)?,
                None => self.ignored()?,
            }
            if self.sign(b',').is_none() {
                return self.sign(b'}');
            }
        }
    }

    /// The name of a field, without escapes. Names are short.
    fn name(&mut self) -> Option<&'r str> {
        let rest = self.rest().strip_prefix('"')?;
        let len = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?;
        self.at += len + 2;
        (rest.as_bytes().get(len) == Some(&b'"')).then_some(rest.get(..len)?)
    }

    /// A value in which something is read.
    fn value(&mut self, node: &Node) -> Option<()> {
        match self.byte() {
            b'"' => {
                let Quoted { raw, plain } = self.quoted()?;
                match plain {
                    Some(plain) => self.captured.string(node, raw, plain),
                    None => self.long_way(node, raw)?,
                }
            }
            b'{' if !node.is_read() => self.object(node)?,
            b'{' | b'[' => return None,
            _ => {
                let raw = self.word()?;
                self.long_way(node, raw)?;
            }
        }
        Some(())
    }

    /// A value that is read as it always is, its extent being known.
    fn long_way(&mut self, node: &Node, raw: &'r str) -> Option<()> {
        let mut json = Deserializer::from_str(raw);
        Walk { node, visit: &mut *self.captured }.deserialize(&mut json).and_then(|()| json.end()).ok()
    }

    /// A value that nobody reads; it has to be well-formed all the same.
    fn ignored(&mut self) -> Option<()> {
        match self.byte() {
            b'"' => {
                let Quoted { raw, plain } = self.quoted()?;
                plain.is_some() || serde_json::from_str::<IgnoredAny>(raw).is_ok()
            }
            b'{' | b'[' => {
                let mut values: StreamDeserializer<_, IgnoredAny> = Deserializer::from_str(self.rest()).into_iter();
                let is_value = values.next()?.is_ok();
                self.at += values.byte_offset();
                is_value
            }
            _ => serde_json::from_str::<IgnoredAny>(self.word()?).is_ok(),
        }
        .then_some(())
    }

    /// A string.
    #[inline]
    fn quoted(&mut self) -> Option<Quoted<'r>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start + 1;
        (bytes.get(start) == Some(&b'"')).then_some(())?;
        let mut is_plain = true;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
            if bytes.get(end) == Some(&b'"') {
                break;
            }
            is_plain = false;
            end += 2;
        }
        self.at = end + 1;
        let plain = if is_plain { Some(self.text.get(start + 1..end)?) } else { None };
        Some(Quoted { raw: self.text.get(start..=end)?, plain })
    }

    /// A number or a name, up to what ends it.
    fn word(&mut self) -> Option<&'r str> {
        let rest = self.rest();
        let len = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
        self.at += len;
        rest.get(..len)
    }

    /// One sign, and the white space before it and behind it.
    fn sign(&mut self, sign: u8) -> Option<()> {
        self.white_space();
        (self.byte() == sign).then_some(())?;
        self.at += 1;
        self.white_space();
        Some(())
    }

    fn white_space(&mut self) {
        while self.byte() == b' ' {
            self.at += 1;
        }
    }

    /// The next byte; 0 at the end.
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'r str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::TextFormat;
    use crate::rescan::field::{Fields, TextField};

    fn tree(ids: &[&str], texts: &[&str], links: &[&str]) -> Node {
        let at = |place: &&str| place.parse().unwrap();
        Node::of(&Fields {
            id: vec![ids.iter().map(at).collect()],
            texts: texts.iter().map(|place| TextField { at: at(place), format: TextFormat::Plain }).collect(),
            links: links.iter().map(at).collect(),
            time: vec!["at".parse().unwrap()],
            ..Fields::default()
        })
    }

    /// The short way gives what the long way gives, or leaves the record to it; says whether it gave something.
    fn same(text: &str, tree: &Node) -> bool {
        let mut short = Captured::default();
        let short = read(text, tree, &mut short).map(|()| short);
        let long = Captured::of_json_the_long_way(text, tree);
        if let Some(short) = &short {
            assert_eq!(format!("{short:?}"), format!("{:?}", long.unwrap()), "{text}");
        }
        short.is_some()
    }

    #[test]
    fn ordinary_records_take_the_short_way() {
        let tree = tree(&["id"], &["text", "/post/body"], &["id", "/tags/*/href"]);
        for text in [
            r#"{"id":"1","text":"some text with a link https://listed.example/","at":"2026-01-01","x":[1,{"y":"z"}]}"#,
            " { \"id\" : 12 , \"text\" : \"a\\u002eb \\/ \\ud83d\\ude00\" , \"n\" : -1.5e3 }\r",
            r#"{"post":{"body":"x","text":"y","z":{}},"id":null,"e":"\n","t":true}"#,
            "{}",
        ] {
            assert!(same(text, &tree), "{text}");
        }
    }

    #[test]
    fn odd_records_take_the_long_way() {
        let tree = tree(&["id"], &["text"], &["/tags/*/href"]);
        for text in [
            "",
            "[]",
            "\"text\"",
            "1",
            "{",
            "{}}",
            "{,}",
            r#"{"text":"a"} x"#,
            r#"{"text":"a",}"#,
            r#"{"text":"a" "id":1}"#,
            r#"{"text":["a"]}"#,
            r#"{"tags":[{"href":"a"}]}"#,
            r#"{"te\u0078t":"a"}"#,
            r#"{"text":"\ud83d"}"#,
            r#"{"text":"\x"}"#,
            r#"{"x":"\x"}"#,
            r#"{"x":01}"#,
            r#"{"x":tru}"#,
            r#"{"x":1 2}"#,
            r#"{"x":[1,]}"#,
            r#"{"id":1e999,"text":1e999}"#,
            "{\"text\":\"a\tb\"}",
            "{\"text\":\"0123456789abcdef\u{1}\"}",
            "{\"text\":\"a",
            "{\"text\":\"a\\",
            "\u{feff}{\"text\":\"a\"}",
        ] {
            assert!(!same(text, &tree), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_is_the_long_way(
            text in r#"[ \n]?\{?([ \t]?("(text|id|at|x|tags|post)"|"[a-zé\\"/ux0-9 \u{1}]{0,40}"|-?[0-9.eE+]{1,4}|[\[\]{}:,]|null|true){1,3}[:,]?){0,9}\}?"#
        ) {
            for tree in [tree(&["id"], &["text"], &[]), tree(&["id", "at"], &["/post/text", "id"], &["/tags/*/x", "x"])] {
                same(&text, &tree);
            }
        }

        #[test]
        fn whole_records_are_read_alike(
            fields in proptest::collection::vec((
                r"text|id|at|x|tags|post",
                r#""([a-z "é]|\\"|\\\\|\\/|\\n|\\u00e9|\\ud83d|\\ude00|\\x){0,30}"|-?[0-9]{1,20}(\.[0-9]{1,2})?([eE][0-9]{1,3})?|\[("a",?){0,3}\]|\{("(text|x)":"[a-z]{0,20}"){0,2}\}|null|true|fals"#,
            ), 0..5)
        ) {
            let text: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
            let text = format!("{{{}}}", text.join(","));
            for tree in [tree(&["id"], &["text"], &[]), tree(&["id", "at"], &["/post/text", "id"], &["/tags/*/x", "x"])] {
                same(&text, &tree);
            }
        }
    }
}
