//! Text of a list → scope and target, in canonical form.

mod address;
mod hash;
mod name;

use std::borrow::Cow;

use crate::canonical::{CanonicalUrl, HostKind, Tables};
use crate::index::{Scope, Target};

use super::intake::Intake;
use super::line;
use super::options::{PlainMeans, RootUrlMeans};
use super::refang::refang;
use super::report::{Refusal, Remark};

use address::address_or_network;

pub(super) use address::network;
pub(super) use hash::{hex_bytes, md5};

/// What a value means in a format that has no scopes.
pub(super) fn plain(text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let text = refang(line::trimmed(text));
    let scope = plain_scope(intake);
    if let Some(name) = name::plain(&text) {
        return named(scope, name, intake);
    }
    if let Some(rest) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        if rest.is_empty() {
            return Err(Refusal::TooWide);
        }
        return match name::canonical(rest)? {
            name::Host::Name(name) => named(Scope::Subdomains, name, intake),
            name::Host::Address(_) => Err(Refusal::NotAHost),
        };
    }
    if let Some(found) = address_or_network(&text, intake) {
        return found;
    }
    if !is_url(&text) {
        return match name::canonical(&text)? {
            name::Host::Name(name) => named(scope, name, intake),
            name::Host::Address(address) => Ok((Scope::Ip, Target::Ip(address))),
        };
    }
    page_or_prefix(url(&text, intake.tables)?, intake)
}

/// A URL where the list says that it is one: never widened to its host.
pub(super) fn page(text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let text = refang(line::trimmed(text));
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    page_or_prefix(url(&text, intake.tables)?, intake)
}

/// A host where the list says that it is one, with what bare names mean.
pub(super) fn bare_host(text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    scoped(plain_scope(intake), text, intake)
}

fn plain_scope(intake: &Intake<'_>) -> Scope {
    match intake.options.plain_means {
        PlainMeans::Domain => Scope::Domain,
        PlainMeans::Exact => Scope::Host,
    }
}

/// A URL in a format without scopes: a path that ends in a slash means everything below it.
fn page_or_prefix(url: CanonicalUrl, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    if url.query().is_some() {
        return Ok((Scope::Url, Target::Url(Box::new(url))));
    }
    if url.path() != "/" {
        let scope = if url.path().ends_with('/') { Scope::UrlPrefix } else { Scope::Url };
        return Ok((scope, Target::Url(Box::new(url))));
    }
    match (intake.options.root_url_means, url.address()) {
        (RootUrlMeans::Page, _) => {
            intake.remark(Remark::RootUrl);
            Ok((Scope::Url, Target::Url(Box::new(url))))
        }
        (RootUrlMeans::Host, Some(address)) => Ok((Scope::Ip, Target::Ip(address))),
        (RootUrlMeans::Host, None) => named(Scope::Host, url.host().into(), intake),
    }
}

/// A value under a scope that the list states.
pub(super) fn scoped(scope: Scope, text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let text = refang(line::trimmed(text));
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    match scope {
        Scope::Domain | Scope::Host => host(scope, &text, intake),
        Scope::Subdomains => host(scope, text.strip_prefix("*.").unwrap_or(&text), intake),
        Scope::Url => Ok((scope, Target::Url(Box::new(url(&text, intake.tables)?)))),
        Scope::UrlPrefix => {
            let url = url(&text, intake.tables)?;
            if url.query().is_some() {
                return Err(Refusal::PrefixWithQuery);
            }
            Ok((scope, Target::Url(Box::new(url))))
        }
        Scope::Label => label(&text, intake),
        Scope::Ip | Scope::Cidr => address_or_network(&text, intake).unwrap_or(Err(Refusal::NotAnAddress)),
        Scope::Sha256 => Ok((scope, Target::Sha256(hash::sha256(&text)?))),
        Scope::Md5Url => Ok((scope, Target::Md5(md5(&text)?))),
    }
}

/// A host under a stated scope; an address is taken as one.
fn host(scope: Scope, text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    if let Some(name) = name::plain(text) {
        return named(scope, name, intake);
    }
    if let Some(found) = address_or_network(text, intake) {
        return found;
    }
    match name::canonical(text.strip_prefix('.').unwrap_or(text))? {
        name::Host::Name(name) => named(scope, name, intake),
        name::Host::Address(address) => Ok((Scope::Ip, Target::Ip(address))),
    }
}

/// A canonical name; what would match too much is refused or remarked on.
fn named(scope: Scope, name: Box<str>, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    if !name.contains('.') {
        let is_top_level = is_top_level(&name, intake.tables) && !intake.holds_top_levels();
        if is_top_level || !name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return Err(if is_top_level { Refusal::TooWide } else { Refusal::NotAHost });
        }
        intake.remark(Remark::SingleLabel);
    } else if scope != Scope::Host && intake.tables.suffixes().is_public_suffix(&name) {
        intake.remark(Remark::PublicSuffix);
    }
    Ok((scope, Target::Host(name)))
}

/// Whether a name of one label is a top level, be it one for tests.
pub(super) fn is_top_level(name: &str, tables: &Tables) -> bool {
    tables.suffixes().is_public_suffix(name) || RESERVED_TOP_LEVELS.contains(&name)
}

fn label(text: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let text = text.strip_suffix(".*").unwrap_or(text);
    let name = match name::plain(text) {
        Some(name) => name,
        None => match name::canonical(text)? {
            name::Host::Name(name) => name,
            name::Host::Address(_) => return Err(Refusal::NotALabel),
        },
    };
    if name.contains('.') || !name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Refusal::NotALabel);
    }
    if name.len() < LABEL_MIN_BYTES {
        intake.remark(Remark::ShortLabel);
    }
    Ok((Scope::Label, Target::Label(name)))
}

/// A URL with a host that names a place. Text without a scheme is read as `http`.
pub(super) fn url(text: &str, tables: &Tables) -> Result<CanonicalUrl, Refusal> {
    if line::has(text, line::is_space) {
        return Err(Refusal::NotAUrl);
    }
    let with_scheme = if has_scheme(text) {
        Cow::Borrowed(text)
    } else {
        let rest = text.strip_prefix("//").unwrap_or(text);
        let (host, _) = at_host_end(rest);
        // A word before a slash is part of a path, not a host.
        let is_sign = |byte: u8| matches!(byte, b'.' | b':' | b'%');
        if !host.bytes().any(is_sign) && (host.is_ascii() || !host.contains(['。', '．'])) {
            return Err(Refusal::NotAUrl);
        }
        Cow::Owned(["http://", rest].concat())
    };
    let url = tables.named_by(&with_scheme).ok_or(Refusal::NotAUrl)?;
    match url.host_kind() {
        HostKind::Refused if url.host().contains('*') => Err(Refusal::Wildcard),
        HostKind::Refused => Err(Refusal::NotAUrl),
        HostKind::Name => {
            if url.host().contains('*') {
                return Err(Refusal::Wildcard);
            }
            name::check_lengths(url.host())?;
            Ok(url)
        }
        HostKind::Ipv4 | HostKind::Ipv6 => Ok(url),
    }
}

fn is_url(text: &str) -> bool {
    !at_host_end(text).1.is_empty() || is_url_by_scheme(text)
}

fn has_scheme(text: &str) -> bool {
    let (before, rest) = at_host_end(text);
    is_url_by_scheme(text) || (before.ends_with(':') && rest.starts_with("//"))
}

/// The text in two, before the first byte that no host and no scheme has.
fn at_host_end(text: &str) -> (&str, &str) {
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b'\\');
    let end = text.as_bytes().iter().position(is_end).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn is_url_by_scheme(text: &str) -> bool {
    ["http:", "https:", "ftp:"].iter().any(|scheme| {
        text.as_bytes().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

/// Top levels of RFC 2606 and RFC 6761, which the suffix list does not name.
const RESERVED_TOP_LEVELS: [&str; 3] = ["example", "invalid", "test"];
/// A shorter label is likely to be part of somebody else's brand.
const LABEL_MIN_BYTES: usize = 5;

#[cfg(test)]
mod tests;
