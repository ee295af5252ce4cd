//! A post with something to tell, and the lines that tell it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::check::{LinkReport, MatchReport};
use crate::verdict::{Action, Reason};

use super::Form;
use super::delta::Change;
use super::tally::Tally;

/// What is told of a post.
#[derive(Debug)]
pub(super) struct Finding<'f> {
    /// Whether it counts as a finding; others are told only if all posts are.
    pub(super) is_found: bool,
    pub(super) action: Action,
    pub(super) reason: Option<Reason>,
    pub(super) generation: u64,
    pub(super) lists_id: Arc<str>,
    pub(super) links: Vec<FoundLink<'f>>,
}

/// What is told of a link.
#[derive(Debug, Serialize)]
pub(super) struct FoundLink<'f> {
    /// The field of the text that it stands in, where posts have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Change>,
    #[serde(flatten)]
    pub(super) report: LinkReport,
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'l> {
    input: &'l str,
    position: u64,
    id: Option<Box<RawValue>>,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    generation: u64,
    lists_id: &'l str,
    links: &'l [FoundLink<'l>],
}

/// The columns of a table of findings, one row for each match.
pub(super) const COLUMNS: &str = "input,position,id,action,field,span_start,span_end,kind,status,link_action,reason,change,list,entry,scope,category,via,source_ref,flags,raw\n";

impl Finding<'_> {
    /// Adds what another text of the same post gives.
    pub(super) fn absorb(&mut self, mut more: Self) {
        self.is_found |= more.is_found;
        self.reason = self.reason.or(more.reason);
        self.links.append(&mut more.links);
    }

    pub(super) fn count(&self, tally: &mut Tally) {
        tally.strictest = tally.strictest.max(Some(self.action));
        if !self.is_found {
            return;
        }
        tally.findings += 1;
        *tally.by_action.entry(self.action).or_default() += 1;
        let matches = || self.links.iter().flat_map(|link| &link.report.matches);
        for list in matches().map(|one| &one.list).collect::<BTreeSet<_>>() {
            *tally.by_list.entry(list.clone()).or_default() += 1;
        }
        for category in matches().map(|one| one.category).collect::<BTreeSet<_>>() {
            *tally.by_category.entry(category).or_default() += 1;
        }
    }

    /// Appends its line, or its rows.
    pub(super) fn write(&self, ids: &[&str], at: (&str, u64), form: Form, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        match form {
            Form::Jsonl => drop(self.write_json(ids, at, out)),
            Form::Csv => drop(self.write_rows(ids, at, out)),
        }
    }

    fn write_json(&self, ids: &[&str], (input, position): (&str, u64), out: &mut Vec<u8>) -> serde_json::Result<()> {
        let id = match ids {
            [] => None,
            [id] => Some(id.to_string()),
            parts => Some(format!("[{}]", parts.join(","))),
        };
        // A document may have its ids on several lines; a finding stands on one.
        let one_line = |id: String| {
            let whole = id.contains('\n').then(|| serde_json::from_str::<serde_json::Value>(&id)).transpose()?;
            Ok::<_, serde_json::Error>(whole.map_or(id, |value| value.to_string()))
        };
        let id = id.map(one_line).transpose()?.map(RawValue::from_string).transpose()?;
        let Self { action, reason, generation, ref lists_id, ref links, .. } = *self;
        serde_json::to_writer(&mut *out, &Line { input, position, id, action, reason, generation, lists_id, links })?;
        out.push(b'\n');
        Ok(())
    }

    fn write_rows(&self, ids: &[&str], (input, position): (&str, u64), out: &mut Vec<u8>) -> csv::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        let position = position.to_string();
        let id = ids.iter().map(|id| unquoted(id)).collect::<Vec<_>>().join(" ");
        let post = [input, &*position, &*id, self.action.name()];
        if self.links.is_empty() {
            csv.write_record(
                post.into_iter().chain(std::iter::repeat_n("", COLUMNS.matches(',').count() + 1 - post.len())),
            )?;
        }
        for link in &self.links {
            let none = [None];
            let matches: Vec<Option<&MatchReport>> = link.report.matches.iter().map(Some).collect();
            for one in if matches.is_empty() { &none[..] } else { &matches } {
                csv.write_record(
                    post.iter().map(|cell| Cow::Borrowed(*cell)).chain(link.cells(*one)).map(Cow::into_owned),
                )?;
            }
        }
        csv.flush()?;
        Ok(())
    }
}

impl FoundLink<'_> {
    fn cells(&self, one: Option<&MatchReport>) -> impl Iterator<Item = Cow<'_, str>> {
        let link = &self.report;
        let place = |at: usize| link.span.and_then(|span| span.get(at).map(ToString::to_string)).unwrap_or_default();
        let of_match = |tell: fn(&MatchReport) -> String| one.map(tell).unwrap_or_default();
        let flags: Vec<String> = link.flags.iter().map(word).collect();
        let cells = [
            self.field.unwrap_or_default().to_owned(),
            place(0),
            place(1),
            word(&link.kind),
            word(&link.status),
            link.action.name().to_owned(),
            link.reason.as_ref().map(word).unwrap_or_default(),
            self.change.as_ref().map(word).unwrap_or_default(),
            of_match(|one| one.list.clone()),
            of_match(|one| one.entry.clone()),
            of_match(|one| word(&one.scope)),
            of_match(|one| word(&one.category)),
            of_match(|one| word(&one.via)),
            of_match(|one| one.source_ref.clone().unwrap_or_default()),
            flags.join(" "),
            link.raw.clone().unwrap_or_default(),
        ];
        cells.into_iter().map(Cow::Owned)
    }
}

/// The name that a value has in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A string of JSON without its quotes; other values as they are.
fn unquoted(json: &str) -> Cow<'_, str> {
    serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned)
}
