//! Where in a record the parts of a post stand.

use std::str::FromStr;

use crate::extract::TextFormat;

/// A place in a record: a JSON pointer (RFC 6901) in which `*` stands for every element, or the name of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    written: Box<str>,
    steps: Vec<Box<str>>,
}

/// A place cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// It names nothing.
    #[error("it names nothing; write a column, as `text`, or a JSON pointer, as `/object/tag/*/href`")]
    Empty,
    /// It goes deeper than any post does.
    #[error("it has more than {} steps", Pointer::STEPS_MAX)]
    TooDeep,
}

impl Pointer {
    /// Most steps of a pointer.
    pub const STEPS_MAX: usize = 32;

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the column of a table with that name is meant: by its name, or by a pointer of one step.
    pub(super) fn is_column(&self, name: &str) -> bool {
        matches!(&*self.steps, [only] if **only == *name) || *self.written == *name
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let steps: Vec<Box<str>> = match text.strip_prefix('/') {
            // RFC 6901, section 4: first `~1`, then `~0`.
            Some(rest) => rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect(),
            None if text.is_empty() => return Err(PointerError::Empty),
            None => vec![text.into()],
        };
        if steps.len() > Self::STEPS_MAX {
            return Err(PointerError::TooDeep);
        }
        Ok(Self { written: text.into(), steps })
    }
}

/// A field that holds text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextField {
    /// Where it stands.
    pub at: Pointer,
    /// How it is marked up, unless the record says.
    pub format: TextFormat,
}

/// Where everything stands that is read of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The parts of the id of the post; of several alternatives the first that a record has.
    pub id: Vec<Vec<Pointer>>,
    /// Its texts.
    pub texts: Vec<TextField>,
    /// Links given beside the text: strings, or lists of strings.
    pub links: Vec<Pointer>,
    /// When it was written; of several the first that comes.
    pub time: Vec<Pointer>,
    /// The name of its text format.
    pub format: Option<Pointer>,
    /// The lists of posts in a file that is one JSON document.
    pub items: Vec<Pointer>,
    /// Those that every table must have: somebody named them.
    pub required: Vec<Pointer>,
    /// Whether records without any of these are to be expected, as in streams that carry more than posts.
    pub others: Others,
}

impl Fields {
    /// The places of what is judged.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Pointer> {
        self.texts.iter().map(|field| &field.at).chain(&self.links)
    }
}

/// What a record is that has neither text nor links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Others {
    /// A fault: the fields were probably named wrongly.
    #[default]
    Bad,
    /// Something else than a post.
    Expected,
}

/// What the value at a place is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The numbers of the alternative and of its part.
    Id(usize, usize),
    /// The number of the text field.
    Text(usize),
    Link,
    Time,
    Format,
    Items,
}

/// All places of a kind of record, as a tree that is walked along with it.
#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    /// A part of the id may be something else besides: the address of a post, say.
    pub(super) id: Option<(usize, usize)>,
    pub(super) role: Option<Role>,
    named: Vec<(Box<str>, Node)>,
    each: Option<Box<Node>>,
}

impl Node {
    /// The tree of everything that is read of a record.
    pub(super) fn of(fields: &Fields) -> Self {
        let mut root = Self::default();
        let ids = (0..)
            .zip(&fields.id)
            .flat_map(|(number, parts)| (0..).zip(parts).map(move |(part, at)| (at, Role::Id(number, part))));
        let texts = (0..).zip(&fields.texts).map(|(number, field)| (&field.at, Role::Text(number)));
        let links = fields.links.iter().map(|at| (at, Role::Link));
        let times = fields.time.iter().map(|at| (at, Role::Time));
        let places = ids.chain(texts).chain(links).chain(times);
        for (at, role) in places.chain(fields.format.iter().map(|at| (at, Role::Format))) {
            root.plant(at, role);
        }
        root.settle();
        root
    }

    /// The tree of the lists of posts in a document. A document that is a list is one itself.
    pub(super) fn of_items(fields: &Fields) -> Self {
        let mut root = Self::default();
        for at in &fields.items {
            root.plant(at, Role::Items);
        }
        root.settle();
        // Unless its elements are not the posts, but hold them.
        root.role = root.each.is_none().then_some(Role::Items);
        root
    }

    /// What every element has, a named one has too.
    fn settle(&mut self) {
        let each = self.each.take();
        for (_, node) in &mut self.named {
            if let Some(each) = &each {
                node.absorb(each);
            }
            node.settle();
        }
        self.each = each;
        if let Some(each) = &mut self.each {
            each.settle();
        }
    }

    fn absorb(&mut self, other: &Self) {
        self.id = self.id.or(other.id);
        self.role = self.role.or(other.role);
        for (name, node) in &other.named {
            self.named(name).absorb(node);
        }
        if let Some(each) = &other.each {
            self.each.get_or_insert_default().absorb(each);
        }
    }

    fn plant(&mut self, at: &Pointer, role: Role) {
        let mut node = self;
        for step in &at.steps {
            node = if **step == *"*" { node.each.get_or_insert_default() } else { node.named(step) };
        }
        match role {
            Role::Id(number, part) => _ = node.id.get_or_insert((number, part)),
            role => _ = node.role.get_or_insert(role),
        }
    }

    fn named(&mut self, step: &str) -> &mut Self {
        let at = self.named.iter().position(|(name, _)| **name == *step);
        let at = at.unwrap_or_else(|| {
            self.named.push((step.into(), Self::default()));
            self.named.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the place was found or made just now")]
        &mut self.named[at].1
    }

    /// What a column that holds it is used for: rather a link than an id.
    #[cfg(feature = "parquet")]
    pub(super) fn column(&self) -> Option<Role> {
        self.role.or(self.id.map(|(number, part)| Role::Id(number, part)))
    }

    /// Whether the value itself is read, not only what is below it.
    pub(super) fn is_read(&self) -> bool {
        self.role.is_some() || self.id.is_some()
    }

    /// Whether nothing is read below it.
    pub(super) fn is_end(&self) -> bool {
        self.named.is_empty() && self.each.is_none()
    }

    /// What stands under that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        let named = self.named.iter().find(|(known, _)| **known == *name).map(|(_, node)| node);
        named.or(self.each.as_deref())
    }

    /// What stands at every place of a list.
    #[cfg(feature = "parquet")]
    pub(super) fn each(&self) -> Option<&Self> {
        self.each.as_deref()
    }

    /// What stands at that place of a list.
    pub(super) fn element(&self, number: usize) -> Option<&Self> {
        let named = if self.named.is_empty() { None } else { self.child(&number.to_string()) };
        named.or(self.each.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers() {
        let check = |text: &str, expected: Result<&[&str], PointerError>| {
            let steps = text.parse::<Pointer>().map(|pointer| pointer.steps.iter().map(ToString::to_string).collect());
            assert_eq!(
                steps,
                expected.map(|steps| steps.iter().map(ToString::to_string).collect::<Vec<_>>()),
                "{text}"
            );
        };
        check("text", Ok(&["text"]));
        check("/object/tag/*/href", Ok(&["object", "tag", "*", "href"]));
        check("/a~1b/c~0d/e~01", Ok(&["a/b", "c~d", "e~1"]));
        check("/", Ok(&[""]));
        check("", Err(PointerError::Empty));
        check(&"/a".repeat(Pointer::STEPS_MAX + 1), Err(PointerError::TooDeep));
    }

    #[test]
    fn columns_go_by_either_spelling() {
        for (pointer, name, expected) in
            [("text", "text", true), ("/text", "text", true), ("/a/b", "b", false), ("/a/b", "/a/b", true)]
        {
            assert_eq!(pointer.parse::<Pointer>().unwrap().is_column(name), expected, "{pointer}");
        }
    }
}
