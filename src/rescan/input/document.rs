//! Inputs that are one JSON document: its posts are handed on while the rest is still to be read.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::rescan::capture::Name;
use crate::rescan::field::{Fields, Node, Role};
use crate::rescan::tally::Bad;

use super::open::{Meter, Source};
use super::{Batch, Cursor, Mark, Records, Sink};

/// A batch has at most so many posts, or bytes of them.
const ITEMS_MAX: usize = 1_000;
const BATCH_BYTES: usize = 256 << 10;
/// At most so much stands between the end of one post and the end of the next.
const GAP_MAX_BYTES: usize = 32 << 20;
/// A document that is a post itself is shorter than this.
const SINGLE_MAX_BYTES: usize = 1 << 20;

/// Reads the posts of a document from a mark on. A document without any list of posts is one itself.
pub(super) fn read(source: Source, input: usize, from: Mark, fields: &Fields, sink: Sink<'_>) -> ControlFlow<()> {
    let Source { mut bytes, meter, .. } = source;
    let mut start = Vec::new();
    // Whatever fails here fails again below.
    let _ = bytes.by_ref().take(SINGLE_MAX_BYTES as u64).read_to_end(&mut start);
    let left = Rc::new(Cell::new(GAP_MAX_BYTES));
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&start);
    let limited = Limited { inner: io::Cursor::new(text).chain(bytes), left: Rc::clone(&left) };
    let mut gathered = Gathered { meter, input, at: Mark::default(), from, items: Vec::new(), bytes: 0, sink };
    let mut each = |item: Box<RawValue>| {
        left.set(GAP_MAX_BYTES);
        gathered.push(item)
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(limited));
    let (tree, lists) = (Node::of_items(fields), Cell::new(0));
    let walked = Items { node: &tree, lists: &lists, each: &mut each }.deserialize(&mut json).and_then(|()| json.end());
    let mut no_list = false;
    if walked.is_ok() && lists.get() == 0 {
        no_list = start.len() >= SINGLE_MAX_BYTES;
        let single = serde_json::from_slice::<Box<RawValue>>(text).ok().filter(|_| !no_list);
        single.map_or(ControlFlow::Continue(()), |single| gathered.push(single))?;
    }
    let no_list = no_list.then_some(Bad::BadField);
    let bad = walked.err().map(|error| match error.classify() {
        Category::Io if left.get() == 0 => Bad::TooLong,
        Category::Io => gathered.meter.fault(&error.into()),
        Category::Eof => Bad::CutOff,
        Category::Syntax => Bad::NotJson,
        Category::Data => Bad::BadField,
    });
    gathered.flush(Cursor::behind(input), bad.or(no_list))
}

/// Posts on their way into a batch.
struct Gathered<'s> {
    meter: Meter,
    input: usize,
    /// Up to where posts were read.
    at: Mark,
    /// Posts before it were judged by an earlier run.
    from: Mark,
    items: Vec<Box<RawValue>>,
    bytes: usize,
    sink: Sink<'s>,
}

impl Gathered<'_> {
    fn push(&mut self, item: Box<RawValue>) -> ControlFlow<()> {
        self.at.records += 1;
        self.at.offset += item.get().len() as u64;
        if self.at.records <= self.from.records {
            return ControlFlow::Continue(());
        }
        self.bytes += item.get().len();
        self.items.push(item);
        if self.items.len() >= ITEMS_MAX || self.bytes >= BATCH_BYTES {
            self.flush(Cursor { input: self.input, mark: self.at }, None)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn flush(&mut self, next: Cursor, bad: Option<Bad>) -> ControlFlow<()> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.items);
        let first = self.at.records + 1 - items.len() as u64;
        (self.sink)(Batch {
            input: self.input,
            first,
            next,
            records: Records::Items(items),
            bad: bad.map(|bad| (self.at.records + 1, bad)),
            fault: None,
            bytes: self.meter.taken(self.at.offset),
        })
    }
}

/// A reader that fails once a post is too long to be kept.
struct Limited<R> {
    inner: R,
    /// Bytes that may be read before the next post ends.
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let wanted = left.min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..wanted).unwrap_or_default())?;
        self.left.set(left - read);
        Ok(read)
    }
}

/// Hands every element of the lists at the places of `tree` on, as JSON, while the document is still being read.
struct Items<'w, F> {
    node: &'w Node,
    /// How many lists of posts were met.
    lists: &'w Cell<u32>,
    each: &'w mut F,
}

impl<'de, F: FnMut(Box<RawValue>) -> ControlFlow<()>> DeserializeSeed<'de> for Items<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Box<RawValue>) -> ControlFlow<()>> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Name { of: self.node })? {
            match child {
                Some(node) => map.next_value_seed(Items { node, lists: self.lists, each: &mut *self.each })?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.node.role == Some(Role::Items) {
            self.lists.set(self.lists.get() + 1);
            let mut number = 0;
            while let Some(item) = seq.next_element::<Box<RawValue>>()? {
                // A post may hold further posts: its answers, say.
                if let Some(node) = self.node.element(number) {
                    let inner = Items { node, lists: self.lists, each: &mut *self.each };
                    inner.deserialize(&mut serde_json::Deserializer::from_str(item.get())).map_err(A::Error::custom)?;
                }
                number += 1;
                if (self.each)(item).is_break() {
                    return Err(A::Error::custom("stopped"));
                }
            }
            return Ok(());
        }
        for number in 0.. {
            let more = match self.node.element(number) {
                Some(node) => {
                    seq.next_element_seed(Items { node, lists: self.lists, each: &mut *self.each })?.is_some()
                }
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
