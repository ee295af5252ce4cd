//! What is told of a post. Names in it are a stable interface: enums grow, names never change.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::canonical::{Spelling, Via};
use crate::extract::{LinkKind, Written};
use crate::fetch::Stop;
use crate::index::{Category, Mode, Scope};
use crate::verdict::{Action, Reason, Status};

use super::{Post, Snapshot};

/// What is to be done about a post, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The strictest action over all links.
    pub action: Action,
    /// Why the post as a whole cannot be told: it has more links than are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the verdict was made with.
    pub generation: u64,
    /// Which lists the verdict was made with.
    pub lists_id: Arc<str>,
    /// Every link in order of appearance, attached ones last.
    pub links: Vec<LinkReport>,
    /// Under which number a verdict that is still to come is told, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_id: Option<Arc<str>>,
}

/// What is known of one link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkReport {
    /// Byte range in the text; `None` for attached links.
    pub span: Option<[usize; 2]>,
    /// How it stood in the post.
    pub kind: LinkKind,
    /// What is known.
    pub status: Status,
    /// What to do.
    pub action: Action,
    /// Why nothing is known, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Every entry that matches.
    pub matches: Vec<MatchReport>,
    /// How many lists agree, each counted once; told if it is more than one, or too few to act on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<usize>,
    /// Signs of evasion.
    pub flags: Vec<Flag>,
    /// What following it came to, if it was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// The link as the post had it. Only filled in by whoever may show links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// One entry that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchReport {
    /// The list's name.
    pub list: String,
    /// The entry's id: the source's own, or a derived one. Never its value.
    pub entry: String,
    /// How it matched.
    pub scope: Scope,
    /// What it is about.
    pub category: Category,
    /// How the URL that matched was found in the link.
    pub via: Via,
    /// The list is in report mode: told, never acted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Another organisation disagrees: told, never acted on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
    /// The source's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<String>,
}

/// A sign of evasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flag {
    /// Written so that programs do not see a link.
    Defanged,
    /// Invisible characters stood inside.
    ZeroWidth,
    /// A user name or password stood before the host.
    Userinfo,
    /// A port that is not the scheme's own.
    OddPort,
    /// The host is an address.
    NumericHost,
    /// A label of the host mixes scripts that no language mixes.
    MixedScript,
    /// The visible text is a link to another host.
    TextDiffersFromTarget,
    /// It leads one to one host and another to another.
    Unstable,
}

/// What following a link came to. Where it leads is not told: the post did not say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// Why the chain ended.
    pub stop: Stop,
    /// How many places were asked.
    pub hops: usize,
    /// Each place that was asked, masked, for people at a terminal.
    #[serde(skip)]
    pub passed: Arc<[PassedReport]>,
}

/// A place that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedReport {
    /// It, masked.
    pub masked: String,
    /// Status of its answer.
    pub status: u16,
}

impl Report {
    pub(super) fn new(snapshot: &Snapshot, links: Vec<LinkReport>, reason: Option<Reason>) -> Self {
        let of_post = reason.map_or(Action::Allow, |reason| snapshot.policy.for_reason(reason));
        Self {
            action: super::strictest(&links, of_post),
            reason,
            generation: snapshot.generation,
            lists_id: Arc::clone(&snapshot.lists_id),
            links,
            check_id: None,
        }
    }
}

impl Report {
    /// The report of this post with each link as the post has it, for whoever may see links.
    #[must_use]
    pub fn with_raw(mut self, post: &Post<'_>) -> Self {
        let mut attached = post.attached.iter();
        for link in &mut self.links {
            link.raw = match link.span {
                Some([from, to]) => post.text.get(from..to).map(str::to_owned),
                None => attached.next().map(|link| (*link).to_owned()),
            };
        }
        self
    }
}

pub(super) fn flags(written: Written, spelling: Spelling) -> Vec<Flag> {
    let seen = [
        (written.defanged, Flag::Defanged),
        (written.zero_width, Flag::ZeroWidth),
        (spelling.userinfo, Flag::Userinfo),
        (spelling.odd_port, Flag::OddPort),
        (spelling.numeric_host, Flag::NumericHost),
        (spelling.mixed_script, Flag::MixedScript),
        (written.text_differs_from_target, Flag::TextDiffersFromTarget),
    ];
    seen.into_iter().filter(|(seen, _)| *seen).map(|(_, flag)| flag).collect()
}
