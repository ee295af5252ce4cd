//! One post → what is to be told of it.

use std::borrow::Cow;

use crate::check::{LinkReport, Post, Report, Scratch};
use crate::extract::TextFormat;
use crate::verdict::{Action, Status};

use super::capture::Captured;
use super::delta::{self, Change, Same};
use super::finding::{Finding, FoundLink};
use super::{Job, Reveal, Shown};

/// Judges posts, one after the other.
pub(super) struct Posts<'j> {
    job: &'j Job<'j>,
    same: Same,
    scratch: Scratch,
    /// Links that the scratch had counted when they were last asked for.
    counted: u64,
    /// Links that were judged without it.
    others: u64,
    turn: Turn,
}

/// Where links are followed, every post of a batch has two turns: so they are all asked at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Hosts begin to be asked, and nothing is told.
    Before,
    /// Posts are judged.
    Now,
}

impl<'j> Posts<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        let now = job.checker.snapshot();
        let same = job.before.map_or(Same::Entry, |before| Same::between(&before.snapshot(), &now));
        Self { job, same, scratch: Scratch::default(), counted: 0, others: 0, turn: Turn::Now }
    }

    /// Says which turn it is.
    pub(super) fn turn(&mut self, turn: Turn) {
        self.turn = turn;
    }

    /// How many links were judged since this was last asked.
    pub(super) fn take_links(&mut self) -> u64 {
        let all = self.scratch.links_judged();
        let new = all - std::mem::replace(&mut self.counted, all);
        new + std::mem::take(&mut self.others)
    }

    /// Judges every text of a post, and the links beside it with the first.
    pub(super) fn judge(&mut self, captured: &Captured<'_>) -> Option<Finding<'j>> {
        let attached: Vec<&str> = captured.links.iter().map(|link| &**link).collect();
        let named = captured.format.as_deref().and_then(format_of);
        let empty = [(usize::MAX, Cow::Borrowed(""))];
        let texts: &[(usize, Cow<'_, str>)] = if captured.texts.is_empty() { &empty } else { &captured.texts };
        let fields = &self.job.fields.texts;
        let mut finding: Option<Finding<'_>> = None;
        // The whole post, whatever changed: a text that stays listed keeps it down.
        let mut strictest = Action::Allow;
        for (which, (number, text)) in texts.iter().enumerate() {
            let field = fields.get(*number);
            let format = named.or(field.map(|field| field.format)).unwrap_or_default();
            let attached: &[&str] = if which == 0 { &attached } else { &[] };
            // Platforms repeat a text for each language; one look is enough, unless it is marked up otherwise.
            let is_same = |(other, known): &&(usize, Cow<'_, str>)| {
                known == text && (named.is_some() || fields.get(*other).is_some_and(|field| field.format == format))
            };
            if texts.iter().take(which).any(|earlier| is_same(&earlier)) {
                continue;
            }
            let field = field.filter(|_| fields.len() > 1).map(|field| field.at.as_str());
            let (action, part) = self.part(&Post { text, format, attached }, field);
            strictest = strictest.max(action);
            let Some(part) = part else { continue };
            match &mut finding {
                Some(whole) => whole.absorb(part),
                None => finding = Some(part),
            }
        }
        finding.map(|finding| Finding { action: strictest, ..finding })
    }

    /// What is to be done about one text, and what is to be told of it.
    fn part(&mut self, post: &Post<'_>, field: Option<&'j str>) -> (Action, Option<Finding<'j>>) {
        let Some(Report { action, reason, generation, lists_id, links, .. }) = self.check(post) else {
            return (Action::Allow, None);
        };
        let all = self.job.shown == Shown::All;
        let (is_found, links): (bool, Vec<(Option<Change>, LinkReport)>) = if let Some(before) = self.job.before {
            let before = self.revealed(before.check(post, self.job.now), post);
            let changes = delta::changes(self.same, before.links, links);
            (!changes.is_empty(), changes)
        } else {
            let is_found = action > Action::Allow || links.iter().any(|link| link.status == Status::Listed);
            let told = links.into_iter().filter(|link| all || link.status != Status::Unlisted);
            (is_found, told.map(|link| (None, link)).collect())
        };
        if !is_found && !all {
            return (action, None);
        }
        let found = |(change, report): (_, LinkReport)| {
            // Links beside the text stand in no field of it.
            let field = field.filter(|_| report.span.is_some());
            FoundLink { field, change, report }
        };
        let links = links.into_iter().map(found).collect();
        (action, Some(Finding { is_found, action, reason, generation, lists_id, links }))
    }

    /// The report on a post; without its unlisted links where nobody asks for them, since nearly all are, and none if nothing
    /// is left.
    fn check(&mut self, post: &Post<'_>) -> Option<Report> {
        let Job { checker, now, following, .. } = *self.job;
        if let (Some(following), Turn::Before) = (following, self.turn) {
            following.prepare(checker, post, now, &mut self.scratch);
            return None;
        }
        if let (Shown::Findings, Reveal::Nothing, None) = (self.job.shown, self.job.reveal, self.job.before) {
            return match following {
                Some(following) => following.findings(checker, post, now, &mut self.scratch),
                None => checker.findings(post, now, &mut self.scratch),
            };
        }
        let report = match following {
            Some(following) => following.check(checker, post, now),
            None => checker.check(post, now),
        };
        self.others += report.links.len() as u64;
        Some(self.revealed(report, post))
    }

    fn revealed(&self, report: Report, post: &Post<'_>) -> Report {
        match self.job.reveal {
            Reveal::Nothing => report,
            Reveal::Links => report.with_raw(post),
        }
    }
}

/// The text format of that name, as platforms and media types call it.
fn format_of(name: &str) -> Option<TextFormat> {
    match name.trim().to_ascii_lowercase().as_str() {
        "plain" | "text" | "text/plain" => Some(TextFormat::Plain),
        "html" | "text/html" => Some(TextFormat::Html),
        "markdown" | "text/markdown" | "text/x-markdown" => Some(TextFormat::Markdown),
        _ => None,
    }
}
