//! What one line of a list says.

use std::net::IpAddr;

/// Which links an entry matches.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Scope {
    /// The host and everything below it.
    Domain,
    /// Exactly that host.
    Host,
    /// Everything below the host, not the host itself.
    Subdomains,
    /// That host and that path; every parameter of the entry must be among the link's.
    Url,
    /// That host and the path at a segment boundary.
    UrlPrefix,
    /// The first label of the registrable domain, under any suffix.
    Label,
    /// An address literal.
    Ip,
    /// A network of address literals.
    Cidr,
    /// SHA-256 of a Safe Browsing expression, or a prefix of one.
    Sha256,
    /// MD5 of the lower-cased URL without its scheme.
    Md5Url,
}

/// What an entry is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Category {
    /// Child sexual abuse material.
    Csam,
    /// Adverts for it.
    CsamAdvertising,
    /// Schemes that reward spreading invitations to it.
    InvitePyramid,
    /// Sexual exploitation of children by other means.
    Exploitation,
    /// Malicious software.
    Malware,
    /// Phishing.
    Phishing,
    /// Unwanted advertising.
    Spam,
    /// An entry made to test that the way from list to verdict works.
    Test,
    /// Anything else.
    Other,
}

/// What to do with a post, from the mildest to the strictest.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Action {
    /// Publish.
    Allow,
    /// Publish and tell a moderator.
    Flag,
    /// Keep back until a moderator has decided.
    Hold,
    /// Refuse.
    Reject,
}

/// The value of an entry, in canonical form.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A canonical host name, for `domain`, `host` and `subdomains`.
    Host(Box<str>),
    /// A canonical host, path and query, for `url` and `url_prefix`.
    Url(Box<crate::canonical::CanonicalUrl>),
    /// A lower-cased label.
    Label(Box<str>),
    /// An address.
    Ip(IpAddr),
    /// A network: address with host bits zero, and prefix length.
    Cidr(IpAddr, u8),
    /// 4 to 32 bytes of a SHA-256.
    Sha256(Box<[u8]>),
    /// An MD5.
    Md5([u8; 16]),
}

/// One entry of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which links it matches.
    pub scope: Scope,
    /// An exception (`allow_…`) within its own list.
    pub exception: bool,
    /// The value.
    pub target: Target,
    /// The source's own id of the entry; `None` lets the index derive one.
    pub id: Option<Box<str>>,
    /// What it is about; `None` lets the list's default decide.
    pub category: Option<Category>,
    /// 0 to 100; absent counts as 100.
    pub confidence: Option<u8>,
    /// What the list asks for, if it says so.
    pub action: Option<Action>,
    /// The source's reference.
    pub source_ref: Option<Box<str>>,
    /// Seconds since the Unix epoch from which it holds.
    pub valid_from: Option<i64>,
    /// Seconds since the Unix epoch at which it ends.
    pub valid_until: Option<i64>,
    /// ISO 3166 codes or free text of the source.
    pub jurisdiction: Option<Box<str>>,
    /// Another organisation disagrees: told, never acted on.
    pub disputed: bool,
}
