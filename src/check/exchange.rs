//! Posts and reports as JSON: what `check --jsonl` and the check API read and write. Names in it are a stable interface.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::extract::TextFormat;

use super::{Post, Report};

/// A post: `{"id","text","format"?,"links"?}`; other fields are ignored.
#[derive(Debug, Deserialize)]
pub struct PostJson<'j> {
    /// Whatever the sender names the post by; it comes back as it is.
    #[serde(borrow)]
    pub id: Option<&'j RawValue>,
    #[serde(borrow)]
    text: Option<Cow<'j, str>>,
    format: Option<TextFormat>,
    #[serde(borrow)]
    links: Option<Vec<Text<'j>>>,
}

/// What is asked of a check: a post by itself, or several; other fields are ignored.
#[derive(Debug, Deserialize)]
pub struct AskedJson<'j> {
    #[serde(borrow)]
    id: Option<&'j RawValue>,
    #[serde(borrow)]
    text: Option<Cow<'j, str>>,
    format: Option<TextFormat>,
    #[serde(borrow)]
    links: Option<Vec<Text<'j>>>,
    #[serde(borrow)]
    posts: Option<Vec<Object<PostJson<'j>>>>,
}

/// The posts to check.
#[derive(Debug)]
pub enum Asked<'j> {
    /// One, answered by its report.
    One(PostJson<'j>),
    /// Several, answered by as many.
    Many(Vec<PostJson<'j>>),
}

impl<'j> AskedJson<'j> {
    /// What is meant; nothing if there is neither a post nor a list of them, or both.
    pub fn meant(self) -> Option<Asked<'j>> {
        let Self { id, text, format, links, posts } = self;
        let one = PostJson { id, text, format, links };
        match (one.is_post(), posts) {
            (true, None) => Some(Asked::One(one)),
            (false, Some(posts)) => {
                let posts: Vec<PostJson<'j>> = posts.into_iter().map(|Object(post)| post).collect();
                posts.iter().all(PostJson::is_post).then_some(Asked::Many(posts))
            }
            _ => None,
        }
    }
}

/// What is written as an object. By itself serde takes a list for a struct too, field by field.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'j, T: Deserialize<'j>> Deserialize<'j> for Object<T> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyObject(PhantomData))
    }
}

struct OnlyObject<T>(PhantomData<T>);

impl<'j, T: Deserialize<'j>> Visitor<'j> for OnlyObject<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A string that is borrowed where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'j>(#[serde(borrow)] Cow<'j, str>);

impl PostJson<'_> {
    /// Whether there is anything to check: a text, or links without one.
    pub fn is_post(&self) -> bool {
        self.text.is_some() || self.links.is_some()
    }

    /// Hands on the post, in `format` if it names none itself.
    pub fn with_post<T>(&self, format: TextFormat, check: impl FnOnce(&Post<'_>) -> T) -> T {
        let attached: Vec<&str> = self.links.iter().flatten().map(|Text(link)| &**link).collect();
        let text = self.text.as_deref().unwrap_or_default();
        check(&Post { text, format: self.format.unwrap_or(format), attached: &attached })
    }
}

/// A report and the post that it is about.
#[derive(Debug, Serialize)]
pub struct Named<I> {
    /// As the post had it.
    pub id: I,
    /// What is told of the post.
    #[serde(flatten)]
    pub report: Report,
}
