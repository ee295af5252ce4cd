//! Why something is held or thrown away, as a stable name and as a sentence that says what to do.

use serde::Serialize;

use crate::lists::report::Remark;

/// What becomes of an entry or an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It goes live.
    Accept,
    /// The update is thrown away; the list as it was goes on.
    Reject,
    /// The entry is dropped; the rest of the update goes on.
    RejectEntry,
    /// It waits for a human.
    Quarantine,
}

/// Writes an enum of codes: variant, name, and what to do about it.
macro_rules! codes {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[non_exhaustive]
        pub enum $enum {
            $(#[doc = $text] #[serde(rename = $name)] $variant,)*
        }

        impl $enum {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name for `lists status`, `inspect guard` and metrics.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What to tell people: what it is, and what to do.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// Why an entry waits for a human.
    Hold {
        OwnHost = "own_host",
            "the entry takes a host of your own platform; ask the list's publisher, and approve it only if that host is lost to you";
        ProtectedHost = "protected_host",
            "the entry takes a whole host that many strangers use or much depends on; ask the publisher for the page, or approve it";
        PublicSuffix = "public_suffix",
            "the entry takes a top level, a public suffix or what stands above one; ask the publisher for the host below it, or approve it";
        ShortLabel = "short_label",
            "the label has so few letters that strangers will have chosen it too; ask the publisher for full names, or approve it";
        CommonLabel = "common_label",
            "the label is a common word, a top level or the name of a shared host; ask the publisher for full names, or approve it";
        SpecialNetwork = "special_network",
            "the address or network is private or special and leads to no public place; ask the publisher, or approve it";
        WideNetwork = "wide_network",
            "the network is so large that it belongs to many; ask the publisher for smaller ones, or approve it";
    }
}

impl Hold {
    /// The same as a remark, for lists that are used whatever they say. None where reading remarks on it already.
    pub(super) fn remark(self) -> Option<Remark> {
        match self {
            Self::OwnHost | Self::ProtectedHost => Some(Remark::ProtectedHost),
            Self::PublicSuffix | Self::ShortLabel => None,
            Self::CommonLabel => Some(Remark::CommonLabel),
            Self::SpecialNetwork => Some(Remark::SpecialNetwork),
            Self::WideNetwork => Some(Remark::WideNetwork),
        }
    }
}

codes! {
    /// Why an update is thrown away or waits for a human.
    UpdateCode {
        Html = "html",
            "the update is an HTML page, not a list; look at its address and whether the access has run out";
        Empty = "empty",
            "the update has nothing in it; ask the publisher, or take the list out of the configuration";
        CutOff = "cut_off",
            "the update is cut off; it is fetched again at the next interval";
        NotAList = "not_a_list",
            "the update is no list of its format; look at its address, and set `format` if it has changed";
        TooManyBadLines = "too_many_bad_lines",
            "too many lines of the update cannot be used; set `format` if it has changed, or tell the publisher";
        SignatureMissing = "signature_missing",
            "the update is not signed, and this list must be; ask the publisher";
        SignatureWrong = "signature_wrong",
            "the signature or digest is not that of these bytes; ask the publisher, and trust no copy until it fits";
        Expired = "expired",
            "what the publisher signed has run out, so that somebody may be holding newer versions back; look at the mirror";
        VersionBackwards = "version_backwards",
            "the update is older than what is live; look at the mirror, or roll back with `linkgate lists rollback` if that is meant";
        TestEntryMissing = "test_entry_missing",
            "the TEST entry (`canary`) is not in the update, so it is not the list it says it is; ask the publisher";
        InvalidEntryPresent = "invalid_entry_present",
            "the entry declared INVALID (`anti_canary`) is in the update, so it matches what it must not; ask the publisher";
        Emptied = "emptied",
            "the update has no entry while the live list has; ask the publisher, then approve it or take the list out";
        Grew = "grew",
            "the list grew more than `growth_max_share` at once; look at `linkgate lists preview`, then approve it";
        Shrank = "shrank",
            "the list shrank more than `shrink_max_share` at once; look at `linkgate lists preview`, then approve it";
        NewlyMatched = "newly_matched",
            "the update would match a large share of what was posted lately; look at `linkgate lists preview`, then approve it";
        VersionUnclear = "version_unclear",
            "the version of the update cannot be compared with the live one; ask the publisher, then approve it";
        TooManyHeld = "too_many_held",
            "more entries than `held_max_entries` would have to wait, so the whole update does; look at it, then approve it";
        AllHeld = "all_held",
            "every entry of the update has to wait, which would leave the list empty; look at them, then approve them";
    }
}

impl UpdateCode {
    /// What it does to the update. What no honest publisher sends is rejected; what one might send waits.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Emptied
            | Self::Grew
            | Self::Shrank
            | Self::NewlyMatched
            | Self::VersionUnclear
            | Self::TooManyHeld
            | Self::AllHeld => Outcome::Quarantine,
            _ => Outcome::Reject,
        }
    }
}
