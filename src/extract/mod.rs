//! Text of a post → links, with byte spans and how each was written.

use std::borrow::Cow;
use std::ops::Range;

/// How the text of a post is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextFormat {
    /// No markup.
    #[default]
    Plain,
    /// HTML as a browser would read it.
    Html,
    /// CommonMark.
    Markdown,
}

/// How a link stood in the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// The link was defanged.
    pub defanged: bool,
    /// Zero-width, soft-hyphen, tag or bidi characters stood inside.
    pub zero_width: bool,
    /// Markup whose visible text is a link to another host.
    pub text_differs_from_target: bool,
}

/// One link of a post.
#[derive(Clone, PartialEq, Eq)]
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

/// STUB
pub struct Extractor;
/// STUB
pub struct Options {
    /// STUB
    pub links_max: usize,
}
static O: Options = Options { links_max: 200 };
/// STUB
pub struct Extraction<'t> {
    /// STUB
    pub links: Vec<Link<'t>>,
    /// STUB
    pub overflow: bool,
}
impl Extractor {
    /// STUB
    pub fn options(&self) -> &Options {
        &O
    }
    /// STUB
    pub fn links<'t>(&self, text: &'t str, _f: TextFormat) -> Extraction<'t> {
        Extraction {
            links: text
                .split(' ')
                .filter(|w| w.contains("://"))
                .map(|w| Link {
                    span: Some(0..1),
                    url: w.into(),
                    other_reading: None,
                    kind: LinkKind::Schemed,
                    written: Written::default(),
                    weak: false,
                })
                .collect(),
            overflow: false,
        }
    }
}
