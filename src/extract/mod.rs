//! Text of a post → links, with byte spans and how each was written.
//!
//! ```text
//! plain     ─────────────────────────────► scan: anchor → host → tail → link
//! HTML      ─► tags: targets + visible text ─► scan
//! Markdown  ─► destinations + tags + visible text ─► scan
//! ```
//!
//! ```
//! use linkgate::extract::{Extractor, Options, TextFormat, TopLevels};
//!
//! let extractor = Extractor::new(Options::default(), TopLevels::parse("com\nnet\n"));
//! let found = extractor.links("see hxxps://listed[.]example/a, or not", TextFormat::Plain);
//! let urls: Vec<_> = found.links.iter().map(|link| &*link.url).collect();
//! assert_eq!(urls, ["https://listed.example/a"]);
//! ```
//!
//! What it does not do: decide what a URL means (`canonical` does), unpack URLs inside URLs, resolve
//! relative links, read JSON escapes. Time is linear in the text, and nothing here can fail.

mod address;
mod anchor;
mod class;
mod disguise;
mod dot;
mod ending;
mod entity;
mod host;
mod html;
mod label;
mod link;
mod markdown;
mod markup;
mod plain;
mod prose;
mod quick;
mod refang;
mod scheme;
mod schemed;
mod sink;
mod tag;
mod tail;
mod target;
mod top_level;
mod userinfo;
mod visible;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub use top_level::TopLevels;

use sink::Sink;

/// How the text of a post is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// No markup.
    #[default]
    #[serde(alias = "text")]
    Plain,
    /// HTML as a browser would read it.
    Html,
    /// Markdown, as most platforms read it.
    Markdown,
}

/// How a link stood in the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkKind {
    /// With a scheme: `https://…`.
    Schemed,
    /// Without one: `host.tld/path`.
    Schemeless,
    /// In markup: an attribute, a Markdown target.
    Markup,
    /// Written so that programs do not see it: `hxxp://host[.]tld`.
    Defanged,
    /// Given beside the text: a facet, an embed, a card.
    Attached,
}

/// Signs of evasion seen while reading the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Written {
    /// The link was defanged.
    pub defanged: bool,
    /// Zero-width, soft-hyphen, tag or bidi characters stood inside.
    pub zero_width: bool,
    /// Markup whose visible text is a link to another host.
    pub text_differs_from_target: bool,
}

/// One link of a post.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link<'t> {
    /// UTF-8 byte range in the text as written; `None` for attached links.
    pub span: Option<Range<usize>>,
    /// The URL as written but refanged; without a scheme if none was written.
    pub url: Cow<'t, str>,
    /// A second plausible reading, where the end of the link is doubtful.
    pub other_reading: Option<Cow<'t, str>>,
    /// How it stood in the post.
    pub kind: LinkKind,
    /// Signs of evasion.
    pub written: Written,
    /// A bare name that prose or code produces by itself: reported only if it is listed.
    pub weak: bool,
}

impl std::fmt::Debug for Link<'_> {
    /// Leaves the URL out: it may be a listed one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Link");
        shown.field("span", &self.span).field("kind", &self.kind).field("written", &self.written);
        shown.field("weak", &self.weak).finish_non_exhaustive()
    }
}

/// Which links without a scheme are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schemeless {
    /// Every host with a known top-level name.
    #[default]
    All,
    /// Only those that begin with `www.`.
    WwwOnly,
    /// None; defanged links are found all the same.
    None,
}

/// What is looked for, and how much of it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which links without a scheme are looked for.
    pub schemeless: Schemeless,
    /// Whether an IPv4 address with nothing before or behind it is a link.
    pub bare_ip: bool,
    /// Most links in a post.
    pub links_max: usize,
    /// Most links without a scheme, weak ones included, in a post.
    pub candidates_max: usize,
    /// Schemes of messengers, in lower case, whose links are reported as they stand.
    pub deep_link_schemes: Vec<Box<str>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schemeless: Schemeless::All,
            bare_ip: false,
            links_max: 200,
            candidates_max: 1_000,
            deep_link_schemes: Vec::new(),
        }
    }
}

/// Options and names together, as the readers want them.
#[derive(Debug)]
struct Rules {
    options: Options,
    names: TopLevels,
}

/// Finds the links of posts; one serves all threads.
#[derive(Debug)]
pub struct Extractor {
    rules: Rules,
}

/// The links of one post.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Extraction<'t> {
    /// In order of appearance.
    pub links: Vec<Link<'t>>,
    /// There were more than a limit allows; what was found before stands in `links`.
    pub overflow: bool,
}

impl Extraction<'_> {
    /// The same for longer than the text is there.
    pub fn to_static(&self) -> Extraction<'static> {
        let links = self.links.iter().map(|link| Link {
            span: link.span.clone(),
            url: Cow::Owned(link.url.clone().into_owned()),
            other_reading: link.other_reading.as_ref().map(|other| Cow::Owned(other.clone().into_owned())),
            ..*link
        });
        Extraction { links: links.collect(), overflow: self.overflow }
    }
}

impl Extractor {
    /// What is looked for.
    pub fn options(&self) -> &Options {
        &self.rules.options
    }

    /// An extractor that knows these top-level names.
    pub fn new(options: Options, top_levels: TopLevels) -> Self {
        Self { rules: Rules { options, names: top_levels } }
    }

    /// The links of `text`.
    pub fn links<'t>(&self, text: &'t str, format: TextFormat) -> Extraction<'t> {
        let options = &self.rules.options;
        let mut sink = Sink::new(options.links_max, options.candidates_max);
        match format {
            TextFormat::Plain => plain::scan(text, &self.rules, &mut sink),
            TextFormat::Html => sink = html::scan(text, &self.rules, sink),
            TextFormat::Markdown => sink = markdown::scan(text, &self.rules, sink),
        }
        let overflow = sink.is_full();
        Extraction { links: sink.links, overflow }
    }
}
