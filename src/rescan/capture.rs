//! A record → the parts of a post, without building the rest of it in memory.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::field::{Node, Role};
use super::flat;
use super::tally::Bad;
use super::walk::{Visit, Walk};

/// What a record says of its post.
#[derive(Debug, Default)]
pub(super) struct Captured<'r> {
    /// Every part of an id, as JSON, with the numbers of its alternative and of itself.
    ids: SmallVec<[(usize, usize, Cow<'r, str>); 1]>,
    /// Texts with the numbers of their fields.
    pub(super) texts: SmallVec<[(usize, Cow<'r, str>); 2]>,
    pub(super) links: Vec<Cow<'r, str>>,
    pub(super) time: Option<Cow<'r, str>>,
    pub(super) format: Option<Cow<'r, str>>,
    /// A field was there, but is no text.
    pub(super) wrong: bool,
}

impl<'r> Captured<'r> {
    /// Reads a record that is JSON.
    pub(super) fn of_json(text: &'r str, tree: &Node) -> Result<Self, Bad> {
        let mut captured = Self::default();
        match flat::read(text, tree, &mut captured) {
            Some(()) => Ok(captured),
            None => Self::of_json_the_long_way(text, tree),
        }
    }

    /// The same without the short way.
    pub(super) fn of_json_the_long_way(text: &'r str, tree: &Node) -> Result<Self, Bad> {
        let mut captured = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let walk = Walk { node: tree, visit: &mut captured };
        walk.deserialize(&mut json).and_then(|()| json.end()).map_err(|_| Bad::NotJson)?;
        Ok(captured)
    }

    pub(super) fn has_id(&self) -> bool {
        !self.ids.is_empty()
    }

    /// The parts of the id, as JSON: those of the first alternative that the record has, in their order.
    pub(super) fn id(&self) -> SmallVec<[&str; 1]> {
        let first = self.ids.iter().map(|(alternative, ..)| *alternative).min();
        let of_first = self.ids.iter().filter(|(alternative, ..)| Some(*alternative) == first);
        let mut parts: SmallVec<[(usize, &str); 1]> = of_first.map(|(_, part, text)| (*part, &**text)).collect();
        parts.sort_by_key(|(part, _)| *part);
        parts.into_iter().map(|(_, text)| text).collect()
    }

    /// Reads one cell of a table.
    pub(super) fn cell(&mut self, role: Role, text: &'r str) {
        match role {
            Role::Id(number, part) => {
                self.ids.push((number, part, Cow::Owned(serde_json::Value::from(text).to_string())));
            }
            Role::Link => self.cell_links(text),
            _ => self.take(role, Cow::Borrowed(text)),
        }
    }

    /// Takes a value of a column that holds text.
    #[cfg(feature = "parquet")]
    pub(super) fn text(&mut self, role: Role, text: &'r str) {
        if role == Role::Link { self.take(role, Cow::Borrowed(text)) } else { self.cell(role, text) }
    }

    /// Takes a value of a column that holds numbers.
    #[cfg(feature = "parquet")]
    pub(super) fn number(&mut self, role: Role, json: &'r str) {
        match role {
            Role::Id(number, part) => self.ids.push((number, part, Cow::Borrowed(json))),
            Role::Time => self.take(role, Cow::Borrowed(json)),
            _ => self.wrong = true,
        }
    }

    /// A cell holds a JSON list of links, or links between white space.
    fn cell_links(&mut self, text: &'r str) {
        if text.starts_with('[')
            && let Ok(links) = serde_json::from_str::<Vec<String>>(text)
        {
            self.links.extend(links.into_iter().map(Cow::Owned));
            return;
        }
        self.links.extend(text.split_whitespace().map(Cow::Borrowed));
    }

    /// Takes a string without escapes, `raw` being the same with its quotation marks.
    pub(super) fn string(&mut self, node: &Node, raw: &'r str, plain: &'r str) {
        if let Some((number, part)) = node.id {
            self.ids.push((number, part, Cow::Borrowed(raw)));
        }
        if let Some(role) = node.role {
            self.take(role, Cow::Borrowed(plain));
        }
    }

    fn take(&mut self, role: Role, text: Cow<'r, str>) {
        match role {
            Role::Text(number) => self.texts.push((number, text)),
            Role::Link => self.links.push(text),
            Role::Time => self.time = self.time.take().or(Some(text)),
            Role::Format => self.format = Some(text),
            Role::Id(..) | Role::Items => {}
        }
    }
}

impl<'de> Visit<'de> for Captured<'de> {
    fn meet<D: Deserializer<'de>>(&mut self, node: &Node, value: D) -> Result<(), D::Error> {
        let leaf = |role, into| Leaf { role, node, into };
        match (node.id, node.role) {
            (None, Some(role)) => leaf(role, self).deserialize(value),
            (None, None) => IgnoredAny::deserialize(value).map(drop),
            (Some((number, part)), role) => {
                let raw = <&RawValue>::deserialize(value)?.get();
                if raw != "null" {
                    self.ids.push((number, part, Cow::Borrowed(raw)));
                }
                let again = role.map(|role| leaf(role, self).deserialize(&mut serde_json::Deserializer::from_str(raw)));
                again.unwrap_or(Ok(())).map_err(D::Error::custom)
            }
        }
    }
}

/// A value that is used: a string, or a list of strings.
struct Leaf<'w, 'r> {
    role: Role,
    /// Some fields hold a string, or objects that hold it.
    node: &'w Node,
    into: &'w mut Captured<'r>,
}

impl Leaf<'_, '_> {
    /// Times are often numbers; a text or link that is one shows that the wrong field was named.
    fn number(self, number: &impl ToString) {
        if self.role == Role::Time {
            self.into.take(self.role, Cow::Owned(number.to_string()));
        } else {
            self.into.wrong = true;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Leaf<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Leaf<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.into.take(self.role, Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.into.take(self.role, Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_string<E>(self, text: String) -> Result<(), E> {
        self.into.take(self.role, Cow::Owned(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for number in 0.. {
            let node = self.node.element(number).unwrap_or(self.node);
            if seq.next_element_seed(Leaf { role: self.role, node, into: &mut *self.into })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.into.wrong |= self.node.is_end();
        Walk { node: self.node, visit: self.into }.visit_map(map)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.into.wrong = true;
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(&number);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(&number);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.number(&number);
        Ok(())
    }
}
