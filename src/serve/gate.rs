//! One request, judged: its texts are found, checked as posts, and the strictest action is what becomes of the request.
//!
//! It is pure, as a check is; the doors around it read bodies and send answers.

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use http::uri::PathAndQuery;
use serde::Serialize;

use crate::check::{Checker, Draft, Post, Report, Scratch, Snapshot, View};
use crate::extract::TextFormat;
use crate::verdict::{Action, Status};

use super::inspect::{self, Place, Refused, Step, Text};
use super::platform::{Holds, Platform, Treatment};

/// Judges requests of one platform.
#[derive(Clone)]
pub struct Gate {
    /// What its texts are checked with.
    pub checker: Checker,
    /// Where what stands.
    pub platform: Arc<Platform>,
    /// Larger bodies are refused, packed or not.
    pub body_max_bytes: usize,
}

/// What was found in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The strictest action over everything in the request.
    pub action: Action,
    /// What the verdict was made with.
    pub generation: u64,
    /// How many links were looked at.
    pub links: u64,
    /// Fields with links that are listed or undetermined, in order of appearance.
    pub fields: Vec<FieldReport>,
}

/// What was found, and what is still to be asked.
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    /// Rare, and boxed for it.
    pub(super) asking: Option<Box<Asking>>,
}

/// Fields with links of which others know more.
pub(super) struct Asking {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: i64,
    /// By the number of the field in the judgement.
    pub(super) fields: Vec<(usize, Draft)>,
}

impl Judgement {
    /// Puts in the whole reports of fields, in place of what was known of them before.
    pub(super) fn put(&mut self, reports: impl IntoIterator<Item = (usize, Report)>) {
        for (field, report) in reports {
            if let Some(field) = self.fields.get_mut(field) {
                field.report = report;
            }
        }
        self.fields.retain(|field| field.report.action > Action::Allow || !field.report.links.is_empty());
        self.action = self.fields.iter().map(|field| field.report.action).max().unwrap_or(Action::Allow);
    }
}

/// What was found in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldReport {
    /// Its JSON pointer with `*` for list elements, its name in a form, or `(body)`, `(target)`, `(name)`, `(reading)`.
    pub place: String,
    /// Without links that are unlisted.
    #[serde(flatten)]
    pub report: Report,
}

/// Names, of header fields or in forms, under which back ends take another method than that of the request line.
const METHOD_OVERRIDES: [&str; 4] = ["x-http-method-override", "x-http-method", "x-method-override", "_method"];

impl Gate {
    /// Judges a request by its head and its whole body, at `now` in seconds since the Unix epoch.
    pub(super) fn judge(&self, head: &Parts, body: &[u8], now: i64) -> Result<Judged, Refused> {
        let mut judging = self.begin(now);
        judging.head(head)?;
        inspect::body(&head.headers, body, self.body_max_bytes, &mut |text| judging.take(text))?;
        judging.end()
    }

    /// For bodies that arrive piece by piece.
    pub(super) fn begin(&self, now: i64) -> Judging<'_> {
        let view = self.checker.view();
        let generation = view.snapshot().generation;
        let judgement = Judgement { action: Action::Allow, generation, links: 0, fields: Vec::new() };
        let (overrides_method, may_override) = (false, false);
        let (scratch, drafts) = (Scratch::default(), Vec::new());
        Judging { gate: self, view, now, scratch, judgement, drafts, overrides_method, may_override }
    }
}

/// A request that is being judged.
pub(super) struct Judging<'g> {
    gate: &'g Gate,
    view: View<'g>,
    now: i64,
    scratch: Scratch,
    judgement: Judgement,
    /// By the field.
    drafts: Vec<(usize, Draft)>,
    overrides_method: bool,
    /// Whether a form may name another method, as pages of the platform do.
    may_override: bool,
}

impl Judging<'_> {
    pub(super) fn head(&mut self, head: &Parts) -> Result<(), Refused> {
        self.overrides_method |= METHOD_OVERRIDES.iter().any(|name| head.headers.contains_key(*name));
        let target = head.uri.path_and_query().map_or("", PathAndQuery::as_str);
        if !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            inspect::target(target, &mut |text| self.take(text));
        } else if target.contains('?') {
            // What is only asked for is not published, unless another method is meant.
            inspect::target(target, &mut |text| self.overrides_method |= overrides_method(text.place));
        }
        self.may_override = self.gate.platform.treatment(&head.method, head.uri.path()) == Some(Treatment::Form);
        if self.overrides_method { Err(Refused::MethodOverride) } else { Ok(()) }
    }

    /// Looks at a text in every reading.
    pub(super) fn take(&mut self, text: Text<'_>) {
        let is_allowed = self.may_override && matches!(text.place, Place::Field(_));
        self.overrides_method |= overrides_method(text.place) && !is_allowed;
        match text.place {
            Place::Name | Place::Target if is_word(text.text) => return,
            Place::Name | Place::Target | Place::Reading => self.other_reading(text.place, text.text),
            Place::Json(_) | Place::Field(_) | Place::Whole => self.field(text),
        }
        inspect::readings(text.text, |reading| self.other_reading(text.place, reading));
    }

    pub(super) fn end(self) -> Result<Judged, Refused> {
        if self.overrides_method {
            return Err(Refused::MethodOverride);
        }
        let judgement = Judgement { links: self.scratch.links_judged(), ..self.judgement };
        let (snapshot, now, fields) = (self.view.snapshot(), self.now, self.drafts);
        let asking = (!fields.is_empty()).then(|| Box::new(Asking { snapshot: Arc::clone(snapshot), now, fields }));
        Ok(Judged { judgement, asking })
    }

    fn field(&mut self, Text { place, text }: Text<'_>) {
        let post = match self.gate.platform.holds(place) {
            Holds::Text(format) => Post { text, format, attached: &[] },
            Holds::Link => Post { text: "", format: TextFormat::Plain, attached: &[text] },
        };
        let Some(draft) = self.view.draft_findings(&post, self.now, &mut self.scratch) else { return };
        if draft.is_whole() {
            self.add(place, draft.report);
        } else {
            self.drafts.push((self.judgement.fields.len(), draft.clone()));
            self.judgement.action = self.judgement.action.max(draft.report.action);
            self.judgement.fields.push(FieldReport { place: place.to_string(), report: draft.report });
        }
    }

    /// What only may be there: it counts if it is listed.
    fn other_reading(&mut self, place: Place<'_>, text: &str) {
        if self.judgement.action == Action::Reject {
            return;
        }
        let post = Post { text, ..Post::default() };
        let Some(mut report) = self.view.findings(&post, self.now, &mut self.scratch) else { return };
        report.links.retain(|link| link.status == Status::Listed);
        report.reason = None;
        report.action = report.links.iter().map(|link| link.action).max().unwrap_or(Action::Allow);
        self.add(place, report);
    }

    fn add(&mut self, place: Place<'_>, report: Report) {
        if report.action == Action::Allow && report.links.is_empty() {
            return;
        }
        self.judgement.action = self.judgement.action.max(report.action);
        self.judgement.fields.push(FieldReport { place: place.to_string(), report });
    }
}

/// Whether what stands there is a method for some back ends: of the names in JSON, those of the whole request.
fn overrides_method(place: Place<'_>) -> bool {
    let name = match place {
        Place::Field(name) => name,
        Place::Json([Step::Member(name)]) => name,
        _ => return false,
    };
    METHOD_OVERRIDES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Nothing that could be a link: most names of fields.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/[]".contains(&byte))
}
