//! What one line of a list says.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::canonical::CanonicalUrl;

/// Which links an entry matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

impl Scope {
    /// All scopes, in the order of their numbers in an index.
    pub const ALL: [Self; 10] = [
        Self::Domain,
        Self::Host,
        Self::Subdomains,
        Self::Url,
        Self::UrlPrefix,
        Self::Label,
        Self::Ip,
        Self::Cidr,
        Self::Sha256,
        Self::Md5Url,
    ];

    /// The name that lists and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Subdomains => "subdomains",
            Self::Url => "url",
            Self::UrlPrefix => "url_prefix",
            Self::Label => "label",
            Self::Ip => "ip",
            Self::Cidr => "cidr",
            Self::Sha256 => "sha256",
            Self::Md5Url => "md5_url",
        }
    }

    /// The scope of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// A number out of range cannot come from a verified index; it reads as the scope that matches least.
    pub(super) fn from_bits(bits: u64) -> Self {
        Self::ALL.get(bits as usize).copied().unwrap_or(Self::Md5Url)
    }
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

impl Category {
    /// All categories, in the order of their numbers in an index.
    pub const ALL: [Self; 9] = [
        Self::Csam,
        Self::CsamAdvertising,
        Self::InvitePyramid,
        Self::Exploitation,
        Self::Malware,
        Self::Phishing,
        Self::Spam,
        Self::Test,
        Self::Other,
    ];

    /// The name that lists and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csam => "csam",
            Self::CsamAdvertising => "csam_advertising",
            Self::InvitePyramid => "invite_pyramid",
            Self::Exploitation => "exploitation",
            Self::Malware => "malware",
            Self::Phishing => "phishing",
            Self::Spam => "spam",
            Self::Test => "test",
            Self::Other => "other",
        }
    }

    /// The category of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// Whether it is about the abuse of children or the ways to it. There one person's slip is not to be enough.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::Csam | Self::CsamAdvertising | Self::InvitePyramid | Self::Exploitation)
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Self::ALL.get(bits as usize).copied().unwrap_or(Self::Other)
    }
}

/// What to do with a post, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

impl Action {
    /// All actions, from the mildest to the strictest.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Flag, Self::Hold, Self::Reject];

    /// The name that policies and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }

    /// The action of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// 0 is none.
    pub(super) fn from_bits(bits: u64) -> Option<Self> {
        Self::ALL.get((bits as usize).checked_sub(1)?).copied()
    }
}

/// The value of an entry, in canonical form.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A canonical host name, for `domain`, `host` and `subdomains`.
    Host(Box<str>),
    /// A canonical host, path and query, for `url` and `url_prefix`.
    Url(Box<CanonicalUrl>),
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

impl Target {
    /// The value as text. It may be a listed URL: never log it or put it in an error.
    pub fn expose(&self) -> Cow<'_, str> {
        match self {
            Self::Host(text) | Self::Label(text) => Cow::Borrowed(text),
            Self::Url(url) => Cow::Borrowed(url.expose().split_once("://").map_or("", |(_, rest)| rest)),
            Self::Ip(address) => Cow::Owned(address.to_string()),
            Self::Cidr(address, len) => Cow::Owned(format!("{address}/{len}")),
            Self::Sha256(bytes) => Cow::Owned(data_encoding::HEXLOWER.encode(bytes)),
            Self::Md5(bytes) => Cow::Owned(data_encoding::HEXLOWER.encode(bytes)),
        }
    }
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

impl Entry {
    /// An entry that says nothing but its scope and value.
    pub fn new(scope: Scope, target: Target) -> Self {
        Self {
            scope,
            exception: false,
            target,
            id: None,
            category: None,
            confidence: None,
            action: None,
            source_ref: None,
            valid_from: None,
            valid_until: None,
            jurisdiction: None,
            disputed: false,
        }
    }
}
