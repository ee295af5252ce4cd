//! `linkgate explain`: every step of one URL. It echoes what the caller typed, to stdout, and nothing of the lists.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::canonical::Outcome;
use crate::check::{Explanation, Forms, LinkReport, Post, Step};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::{Arguments, ExplainArguments};
use super::follow::Deep;
use super::printable::printable;
use super::{Exit, render};

pub(super) fn run(all: &Arguments, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let session = Deep::open(all, &arguments.lists, arguments.depth())?;
    let now = clock::now();
    let mut explained = session.checker().explain(&arguments.url, now);
    if arguments.follow {
        explained.report = session.check(&Post { attached: &[&arguments.url], ..Post::default() }, now);
    }
    let text = if arguments.json { format!("{}\n", serde_json::to_value(&explained)?) } else { describe(&explained) };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if explained.report.action > Action::Allow { Exit::Found } else { Exit::Quiet })
}

fn describe(explained: &Explanation) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "as given    {}", printable(&explained.input));
    if explained.outcome != Outcome::Whole {
        let _ = writeln!(text, "            {}", outcome_words(explained.outcome));
    }
    if let Some(other) = &explained.read_as {
        let _ = writeln!(text, "read as     {}", printable(other));
    }
    for step in &explained.urls {
        describe_step(step, &mut text);
    }
    for link in &explained.report.links {
        let _ = writeln!(text);
        conclude(link, &mut text);
    }
    text
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "",
        Outcome::Cut => "carries more URLs than are looked at, or is too long",
        Outcome::NotCanonical => "no browser takes it for a URL",
    }
}

fn describe_step(step: &Step, text: &mut String) {
    let _ = writeln!(text, "\n{:<11} {}", super::word(step.via), step.canonical);
    let registrable =
        step.registrable.as_ref().map_or_else(String::new, |domain| format!(" (registrable domain: {domain})"));
    let _ = writeln!(text, "host        {}{registrable}", step.host);
    if let Some(query) = &step.telling {
        let _ = writeln!(text, "telling     ?{query} (known tracking parameters left out)");
    }
    describe_forms(&step.forms, text);
}

/// A line each, its kind in front of the first.
fn describe_forms(forms: &Forms, text: &mut String) {
    lines("looked up", forms.expressions.iter().cloned(), text);
    lines("label", forms.labels.iter().map(|label| format!("{label}, under any suffix")), text);
    lines("address", forms.addresses.iter().map(|address| format!("{address}, and networks around it")), text);
    let hashes = forms.hashes.iter().map(|one| format!("{} of {}", shortened(&one.sha256), one.expression));
    lines("sha256", hashes, text);
    lines("md5", std::iter::once(forms.md5.clone()), text);
}

fn lines(kind: &str, forms: impl Iterator<Item = String>, text: &mut String) {
    for (number, form) in forms.enumerate() {
        let kind = if number == 0 { kind } else { "" };
        let _ = writeln!(text, "{kind:<11} {form}");
    }
}

/// The digits that are enough to find a hash in a list.
fn shortened(sha256: &str) -> String {
    format!("{}…", sha256.get(..16).unwrap_or(sha256))
}

fn conclude(link: &LinkReport, text: &mut String) {
    let flags: Vec<String> = link.flags.iter().map(super::word).collect();
    if !flags.is_empty() {
        let _ = writeln!(text, "seen        {}", flags.join(", "));
    }
    if let Some(redirect) = &link.redirect {
        lines("leads on", render::chain(redirect).into_iter(), text);
    }
    for one in &link.matches {
        let _ = writeln!(text, "match       {}", render::entry(one));
    }
    let reason = link.reason.map_or_else(String::new, |reason| format!(" ({})", super::word(reason)));
    let _ = writeln!(text, "verdict     {}{reason} → {}", super::word(link.status), link.action.name());
}
