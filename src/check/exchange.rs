//! Posts and reports as JSON: what `check --jsonl` and the check API read and write. Names in it are a stable interface.

use std::borrow::Cow;

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
