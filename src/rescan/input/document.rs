//! Inputs that are one JSON document: its posts are handed on while the rest is still to be read.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::de::{DeserializeSeed as _, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::rescan::field::{Fields, Node};
use crate::rescan::tally::Bad;
use crate::rescan::walk::{Visit, Walk, passes_over_scalars};

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
    let tree = Node::of_items(fields);
    let mut items = Items {
        lists: 0,
        each: |item: Box<RawValue>| {
            left.set(GAP_MAX_BYTES);
            gathered.push(item)
        },
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(limited));
    let walked = Walk { node: &tree, visit: &mut items }.deserialize(&mut json).and_then(|()| json.end());
    let lists = items.lists;
    let mut no_list = false;
    if walked.is_ok() && lists == 0 {
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

/// Hands every element of the lists that are met on, as JSON, while the document is still being read.
struct Items<F> {
    /// How many lists of posts were met.
    lists: u64,
    each: F,
}

impl<'de, F: FnMut(Box<RawValue>) -> ControlFlow<()>> Visit<'de> for Items<F> {
    fn meet<D: Deserializer<'de>>(&mut self, node: &Node, value: D) -> Result<(), D::Error> {
        value.deserialize_any(List { node, items: self })
    }
}

/// A list of posts; an object in its place is walked on.
struct List<'w, F> {
    node: &'w Node,
    items: &'w mut Items<F>,
}

impl<'de, F: FnMut(Box<RawValue>) -> ControlFlow<()>> Visitor<'de> for List<'_, F> {
    type Value = ();

    passes_over_scalars!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Walk { node: self.node, visit: self.items }.visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.items.lists += 1;
        let mut number = 0;
        while let Some(item) = seq.next_element::<Box<RawValue>>()? {
            // A post may hold further posts: its answers, say.
            if let Some(node) = self.node.element(number) {
                let mut json = serde_json::Deserializer::from_str(item.get());
                Walk { node, visit: &mut *self.items }.deserialize(&mut json).map_err(A::Error::custom)?;
            }
            number += 1;
            if (self.items.each)(item).is_break() {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
