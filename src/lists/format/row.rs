//! One row of a table, of any format with named fields, → one entry.

use std::borrow::Cow;

use crate::index::{Action, Category, Entry, Scope, Target};
use crate::lists::date::{self, Day};
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::line;
use crate::lists::options::Column;
use crate::lists::report::{Ignored, Refusal, Remark};
use crate::lists::value;

/// The fields of one row.
#[derive(Default)]
pub(super) struct Row<'r> {
    fields: [Option<Cow<'r, str>>; Column::ALL.len()],
}

/// Whose words a row uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// The house's: a scope means exactly itself.
    House,
    /// Those of a foreign table.
    Foreign,
}

impl<'r> Row<'r> {
    pub(super) fn set(&mut self, column: Column, text: impl Into<Cow<'r, str>>) {
        if let Some(field) = self.fields.get_mut(column as usize) {
            *field = Some(text.into());
        }
    }

    /// The text of a field; empty fields count as absent.
    pub(super) fn text(&self, column: Column) -> Option<&str> {
        let text = line::trimmed(self.fields.get(column as usize)?.as_deref()?);
        (!text.is_empty()).then_some(text)
    }

    /// Gives the entry of this row.
    pub(super) fn take(&self, words: Words, intake: &mut Intake<'_>) -> Outcome {
        let value = self.text(Column::Value).ok_or(Refusal::Empty)?;
        if line::has(value, |byte| byte < b' ') {
            return Err(Refusal::Control);
        }
        let (exception, found) = match self.text(Column::Scope) {
            None => (false, value::plain(value, intake)?),
            Some(text) => {
                let (exception, name) = text.strip_prefix("allow_").map_or((false, text), |name| (true, name));
                match Meaning::of(name, words) {
                    Some(Meaning::Scope(scope)) => (exception, value::scoped(scope, value, intake)?),
                    Some(Meaning::Page) => (exception, value::page(value, intake)?),
                    None if words == Words::Foreign => return Ok(Line::Ignored(Ignored::OtherType)),
                    None => return Err(Refusal::UnknownScope),
                }
            }
        };
        let ruling = Ruling::of(self.text(Column::Action).filter(|_| words == Words::Foreign));
        let exception = exception || ruling == Some(Ruling::Excepts);
        let action = if ruling.is_some() { None } else { self.action(intake) };
        let entry = self.entry(found, intake);
        intake.give(Entry { exception, action, ..entry });
        Ok(Line::Taken)
    }

    fn entry(&self, (scope, target): (Scope, Target), intake: &mut Intake<'_>) -> Entry {
        Entry {
            id: self.kept(Column::Id),
            category: self.category(intake),
            confidence: self.field(Column::Confidence, intake, |text| text.parse().ok().filter(|share| *share <= 100)),
            source_ref: self.kept(Column::SourceRef),
            valid_from: self.field(Column::ValidFrom, intake, |text| date::seconds(text, Day::Begins)),
            valid_until: self.field(Column::ValidUntil, intake, |text| date::seconds(text, Day::Ends)),
            jurisdiction: self.kept(Column::Jurisdiction),
            disputed: self.field(Column::Disputed, intake, yes_or_no).unwrap_or(false),
            ..Entry::new(scope, target)
        }
    }

    fn action(&self, intake: &mut Intake<'_>) -> Option<Action> {
        self.field(Column::Action, intake, |text| named(text, Action::from_name))
    }

    fn category(&self, intake: &mut Intake<'_>) -> Option<Category> {
        let text = self.text(Column::Category)?;
        let category = intake.options.categories.category(text);
        if category.is_none() {
            intake.remark(Remark::UnknownCategory);
        }
        category
    }

    fn kept(&self, column: Column) -> Option<Box<str>> {
        self.text(column).map(Into::into)
    }

    /// A field that cannot be read does not cost the entry: a missed link is worse than a missing date.
    fn field<T>(&self, column: Column, intake: &mut Intake<'_>, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = read(self.text(column)?);
        if read.is_none() {
            intake.remark(Remark::FieldUnread);
        }
        read
    }
}

/// What a word in the column of scopes asks for.
enum Meaning {
    Scope(Scope),
    /// A URL; a slash at its end means everything below.
    Page,
}

impl Meaning {
    fn of(name: &str, words: Words) -> Option<Self> {
        if words == Words::Foreign {
            match name.trim().to_ascii_lowercase().as_str() {
                "url" | "uri" | "link" => return Some(Self::Page),
                "domain_name" | "domain-name" | "fqdn" => return Some(Self::Scope(Scope::Domain)),
                "hostname" => return Some(Self::Scope(Scope::Host)),
                "ipv4" | "ipv6" | "ip-dst" | "ipv4-addr" | "ipv6-addr" | "ip_address" | "address" | "network" => {
                    return Some(Self::Scope(Scope::Ip));
                }
                "prefix" => return Some(Self::Scope(Scope::UrlPrefix)),
                _ => {}
            }
        }
        named(line::trimmed(name), Scope::from_name).map(Self::Scope)
    }
}

/// What `of` calls by that name, in any case; lower case, which is the rule, costs no memory.
fn named<T>(name: &str, of: impl Fn(&str) -> Option<T>) -> Option<T> {
    of(name).or_else(|| of(&name.to_ascii_lowercase()))
}

/// What strangers say that is to be done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    /// What a list does anyway.
    Lists,
    /// Not an action of ours: the row is an exception.
    Excepts,
}

impl Ruling {
    fn of(text: Option<&str>) -> Option<Self> {
        match text?.to_ascii_lowercase().as_str() {
            "block" | "deny" | "blacklist" | "list" => Some(Self::Lists),
            "allow" | "pass" | "whitelist" | "permit" => Some(Self::Excepts),
            _ => None,
        }
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}
