//! What became of every line of a list, by reason and line number, never by text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::ListError;
use super::format::Format;
use super::guard::Hold;
use super::options::{BadLines, Options};

/// The account of one list. `taken + refused + ignored = lines`, always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct LineReport {
    /// What was counted.
    pub unit: Unit,
    /// How many there were.
    pub lines: u64,
    /// Lines that gave at least one entry, be it one that waits.
    pub taken: u64,
    /// Entries that came of them.
    pub entries: u64,
    /// Lines that should have given an entry and did not.
    pub refused: BTreeMap<Refusal, Tally>,
    /// Lines that were never meant to give one to us.
    pub ignored: BTreeMap<Ignored, Tally>,
    /// Lines with an entry that waits for a human, so that it is not among the entries.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<Hold, Tally>,
    /// What a person should know about lines that were taken.
    pub remarks: BTreeMap<Remark, Tally>,
    /// The list names known good values: it guards updates and must not be compiled.
    pub guard: bool,
    /// The version that the file states of itself.
    pub declared_version: Option<String>,
}

/// What became of the lines of a list, by counts alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// What was counted.
    pub unit: Unit,
    /// How many there were.
    pub lines: u64,
    /// Lines that should have given an entry and did not.
    pub refused: u64,
    /// Fields that cannot be read, of lines that were taken.
    pub unread: u64,
    /// Of those refused, the ones that are bad, not only too wide.
    pub bad: u64,
    /// Lines that count for the share of bad ones.
    pub counted: u64,
}

impl Account {
    /// The share of lines that should have given an entry and did not.
    pub fn bad_share(&self) -> f64 {
        if self.bad == 0 { 0.0 } else { self.bad as f64 / self.counted as f64 }
    }

    /// Of a list of that format.
    pub fn of(report: &LineReport, format: &str) -> Self {
        let (refused, unread) = (report.refused(), report.unread_fields(format));
        let (bad, counted) = report.bad();
        Self { unit: report.unit, lines: report.lines, refused, unread, bad, counted }
    }
}

/// What a report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Lines of text.
    #[default]
    Line,
    /// Records of a table, by the line on which they begin.
    Record,
    /// Objects of a JSON document or hashes of a raw table, counted from 1.
    Object,
}

/// How many lines, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The numbers of the first ones.
    pub lines: Vec<u64>,
}

impl Tally {
    pub(super) fn add(&mut self, line: u64, named_max: usize) {
        self.count += 1;
        if self.lines.len() < named_max {
            self.lines.push(line);
        }
    }

    fn absorb(&mut self, other: &Self, named_max: usize) {
        self.count += other.count;
        let room = named_max.saturating_sub(self.lines.len());
        self.lines.extend(other.lines.iter().take(room));
    }
}

impl LineReport {
    /// How many lines were refused.
    pub fn refused(&self) -> u64 {
        self.refused.values().map(|tally| tally.count).sum()
    }

    /// How many lines were ignored.
    pub fn ignored(&self) -> u64 {
        self.ignored.values().map(|tally| tally.count).sum()
    }

    /// How many entries wait for a human.
    pub fn held(&self) -> u64 {
        self.held.values().map(|tally| tally.count).sum()
    }

    /// The share of bad lines among those that count. An entry that is too wide is well formed and refused by itself.
    pub fn bad_share(&self) -> f64 {
        let (bad, counted) = self.bad();
        if bad == 0 { 0.0 } else { bad as f64 / counted as f64 }
    }

    /// How many lines are bad, and of how many.
    fn bad(&self) -> (u64, u64) {
        let too_wide = self.refused.get(&Refusal::TooWide).map_or(0, |tally| tally.count);
        (self.refused() - too_wide, self.taken + self.refused())
    }

    /// Whether more of the lines that count are bad than the options allow.
    pub fn has_too_many_bad_lines(&self, options: &Options) -> bool {
        let bad = self.refused();
        #[expect(clippy::cast_precision_loss, reason = "a share of a count of lines")]
        let (bad_share, counted) = (bad as f64, (self.taken + bad) as f64);
        bad > 0 && bad_share > counted * options.bad_lines_max_share
    }

    /// How many fields of lines that were taken cannot be read. Strangers' categories are seldom ours: they are no fault.
    pub fn unread_fields(&self, format: &str) -> u64 {
        let of = |remark| self.remarks.get(&remark).map_or(0, |tally: &Tally| tally.count);
        let house = [Format::HouseCsv.name(), Format::HouseJsonl.name()].contains(&format);
        of(Remark::FieldUnread) + if house { of(Remark::UnknownCategory) } else { 0 }
    }

    /// Adds the account of another file of the same list.
    pub(super) fn absorb(&mut self, other: &Self, options: &Options) {
        let max = options.lines_named_max;
        self.unit = other.unit;
        self.lines += other.lines;
        self.taken += other.taken;
        self.entries += other.entries;
        self.guard |= other.guard;
        self.declared_version = self.declared_version.take().or_else(|| other.declared_version.clone());
        for (reason, tally) in &other.refused {
            self.refused.entry(*reason).or_default().absorb(tally, max);
        }
        for (reason, tally) in &other.ignored {
            self.ignored.entry(*reason).or_default().absorb(tally, max);
        }
        for (reason, tally) in &other.held {
            self.held.entry(*reason).or_default().absorb(tally, max);
        }
        for (reason, tally) in &other.remarks {
            self.remarks.entry(*reason).or_default().absorb(tally, max);
        }
    }

    /// Whether a list with this account may be used at all.
    pub(super) fn judge(&self, options: &Options) -> Result<(), ListError> {
        if self.lines == 0 {
            return Err(ListError::Empty);
        }
        let first_line = self.first_refused();
        if options.bad_lines == BadLines::Enforce && self.has_too_many_bad_lines(options) {
            return Err(ListError::TooManyBadLines {
                bad: self.refused(),
                of: self.taken + self.refused(),
                first_line,
            });
        }
        if self.entries == 0 {
            return Err(ListError::NothingTaken { refused: self.refused(), ignored: self.ignored() });
        }
        Ok(())
    }

    fn first_refused(&self) -> u64 {
        self.refused.values().filter_map(|tally| tally.lines.first()).min().copied().unwrap_or(0)
    }
}

/// Writes an enum of reasons with the sentence that people get to see.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $text] $variant,)*
        }

        impl $name {
            /// What to tell people.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

reasons! {
    /// Why a line was not taken although it should name something.
    Refusal {
        Empty = "it names nothing",
        NotUtf8 = "it is not UTF-8",
        Control = "it has control characters",
        TooLong = "it is longer than a line may be",
        Malformed = "it does not have the form of its format",
        NotAHost = "it is no host name",
        LabelTooLong = "a part of the host name is longer than 63 bytes, or all of it longer than 253",
        NotAUrl = "it is no URL that a browser opens",
        NotAnAddress = "it is no address or network",
        NotAHash = "it is no hash of the right length",
        NotALabel = "it is no single label",
        TooWide = "it would match a whole top level, everything, or too large a network",
        Wildcard = "it has a wildcard inside a name or path",
        Regex = "it is a regular expression",
        Substring = "it matches text anywhere in a URL",
        Modifier = "it has a modifier that cannot be honoured",
        PrefixWithQuery = "it is a prefix with a query",
        UnknownScope = "its scope is unknown",
        Rewrite = "it gives a host another address instead of blocking it",
        Pattern = "its pattern cannot be split into single values",
        Include = "it includes another file",
        NoLink = "no link can match it",
    }
}

reasons! {
    /// Why a line is none of our business.
    Ignored {
        Blank = "blank",
        Comment = "comment",
        Header = "header",
        SystemName = "name that every hosts file has",
        Cosmetic = "rule about the look of pages",
        Setting = "setting of another program",
        OtherAction = "action that does not block",
        OtherTrigger = "trigger that no link has",
        OtherType = "kind of object that no link has",
        OtherLanguage = "pattern in another language",
        OtherStatus = "status that does not list",
        NotForDetection = "not meant for detection",
        Deleted = "deleted or revoked",
        Superseded = "older version or repetition of another",
        Disabled = "switched off by another line",
    }
}

reasons! {
    /// What is worth knowing of a line that was taken.
    Remark {
        SingleLabel = "names a host of one label",
        PublicSuffix = "names a public suffix: everything below belongs to strangers",
        RootUrl = "URL without a path: means the front page alone",
        ShortLabel = "label so short that it can be a common word",
        HostBits = "network whose address has bits after its prefix; they were dropped",
        UnknownColumn = "column that is not known",
        UnknownCategory = "category that is not known; the list's default holds",
        FieldUnread = "a field beside the value cannot be read and was left out",
        PartOfLine = "a part of the line was refused",
        ProtectedHost = "takes a whole host that many strangers use; in an update it would wait for a human",
        CommonLabel = "label that is a common word or the name of a shared host; in an update it would wait for a human",
        SpecialNetwork = "address or network that is private or special; in an update it would wait for a human",
        WideNetwork = "network so large that it belongs to many; in an update it would wait for a human",
    }
}

impl Remark {
    /// Those that guards make: in an update such an entry would wait for a human.
    pub const OF_GUARDS: [Self; 4] = [Self::ProtectedHost, Self::CommonLabel, Self::SpecialNetwork, Self::WideNetwork];
}
