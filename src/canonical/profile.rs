//! The canonical URL as others define it: the URL standard alone, and Safe Browsing alone.
//!
//! For `inspect` and for hash lists; links of posts go through [`super::canonical`].

use super::escape;
use super::host;
use super::parse;
use super::query;
use super::raw::{self, Scheme};
use super::{CanonicalUrl, canonical};

/// The link as the URL standard writes it, resolved against `base` if it is relative.
pub struct Standard {
    /// The whole URL.
    pub href: String,
    /// Its host.
    pub host: String,
}

/// Reads a link by the URL standard alone; `None` if browsers refuse it.
pub fn standard(link: &str, base: Option<&str>) -> Option<Standard> {
    let link = raw::trim(link);
    let base = base.and_then(|base| parse::standard(base).ok());
    let joined = match &base {
        // Browsers skip any number of slashes before a host; the `url` crate wants two here.
        Some(base) if link.starts_with(['/', '\\']) && link.trim_start_matches(['/', '\\']).len() + 2 <= link.len() => {
            parse::standard(&format!("{}:{link}", base.scheme())).ok()
        }
        Some(base) => base.join(&link).ok(),
        None if raw::scheme_of(&link) == Scheme::Web => parse::standard(&link).ok(),
        None => return None,
    };
    match joined {
        Some(url) => Some(Standard { host: url.host_str()?.to_owned(), href: url.into() }),
        None => parse::read(&link)?.standard(),
    }
}

/// A host through UTS 46 as the URL standard applies it; `None` if browsers refuse it.
pub fn ascii_host(text: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL).ok().map(String::from);
    ascii.or_else(|| host::odd_punycode_text(text)).filter(|ascii| !ascii.is_empty())
}

/// The link as Safe Browsing folds it: also hosts that browsers refuse, and escapes that hide the scheme.
///
/// Source: Safe Browsing v4, "URLs and Hashing", canonicalization.
pub fn safe_browsing(link: &str) -> Option<CanonicalUrl> {
    let link = raw::trim(link);
    if raw::scheme_of(&link) == Scheme::Absent && link.contains('%') {
        let unescaped = String::from_utf8(escape::unescape_until_stable(link.as_bytes()).into_owned()).ok();
        if let Some(unescaped) = unescaped.filter(|text| raw::scheme_of(text) == Scheme::Web) {
            return safe_browsing(&unescaped);
        }
    }
    if raw::scheme_of(&link) == Scheme::Absent && link.starts_with(['/', '?', '#']) {
        return None;
    }
    let url = canonical(&link)?;
    // RFC 2396 sees an empty host in `http:///x`; browsers skip the slash. A name with dots is what they mean.
    let empty_host = link.contains(":///") && !url.host().contains('.');
    (!empty_host).then(|| url.with_query(query::fully_unescaped))
}
