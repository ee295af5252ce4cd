//! `linkgate explain`: every step of one URL. It echoes what the caller typed, to stdout, and nothing of the lists.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::canonical::{Located, Outcome, Tables};
use crate::check::{LinkReport, Post, Report};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::ExplainArguments;
use super::forms::Forms;
use super::session::Session;
use super::{Exit, mask, render};

pub(super) fn run(session: &Session, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let snapshot = session.checker.snapshot();
    // The URL is one attached link: nothing is looked for around it.
    let attached = [arguments.url.as_str()];
    let post = Post { attached: &attached, ..Post::default() };
    let read_as = session.checker.links(&post).into_iter().find_map(|link| link.other_reading);
    let mut urls = Vec::new();
    let outcome = snapshot.tables.resolve_into(&arguments.url, &mut urls);
    if let Some(other) = &read_as {
        snapshot.tables.resolve_into(other, &mut urls);
    }
    let mut seen = HashSet::new();
    urls.retain(|Located { url, .. }| seen.insert((url.host().to_owned(), url.path_and_query().to_owned())));
    let report = session.checker.check(&post, clock::now());
    let text = if arguments.json {
        let steps: Vec<Value> = urls.iter().map(|located| step(located, &snapshot.tables)).collect();
        let all = json!({
            "input": arguments.url,
            "read_as": read_as,
            "outcome": outcome_name(outcome),
            "urls": steps,
            "report": report,
        });
        format!("{all}\n")
    } else {
        let mut text = String::new();
        let _ = writeln!(text, "as given    {}", mask::printable(&arguments.url));
        if outcome != Outcome::Whole {
            let _ = writeln!(text, "            {}", outcome_words(outcome));
        }
        if let Some(other) = &read_as {
            let _ = writeln!(text, "read as     {}", mask::printable(other));
        }
        for located in &urls {
            describe(located, &snapshot.tables, &mut text);
        }
        conclude(&report, &mut text);
        text
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if report.action > Action::Allow { Exit::Found } else { Exit::Quiet })
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "whole",
        Outcome::Cut => "cut",
        Outcome::NotCanonical => "not_canonical",
    }
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "",
        Outcome::Cut => "carries more URLs than are looked at, or is too long",
        Outcome::NotCanonical => "no browser takes it for a URL",
    }
}

fn step(located: &Located, tables: &Tables) -> Value {
    let url = &located.url;
    let mut step = json!({
        "via": located.via,
        "canonical": url.expose(),
        "host": url.host(),
        "path": url.path(),
        "query": url.query(),
        "registrable": tables.suffixes().registrable(url.host()),
    });
    if let (Value::Object(step), Value::Object(forms)) = (&mut step, Forms::of(url, tables).fields()) {
        step.extend(forms);
    }
    step
}

fn describe(located: &Located, tables: &Tables, text: &mut String) {
    let url = &located.url;
    let _ = writeln!(text, "\n{:<11} {}", super::word(located.via), url.expose());
    let registrable = tables.suffixes().registrable(url.host());
    let registrable = registrable.map_or_else(String::new, |domain| format!(" (registrable domain: {domain})"));
    let _ = writeln!(text, "host        {}{registrable}", url.host());
    if let Some(query) = tables.without_tracking(url) {
        let _ = writeln!(text, "telling     ?{query} (known tracking parameters left out)");
    }
    Forms::of(url, tables).describe(text);
}

fn conclude(report: &Report, text: &mut String) {
    for link in &report.links {
        let _ = writeln!(text);
        conclude_link(link, text);
    }
}

fn conclude_link(link: &LinkReport, text: &mut String) {
    let flags: Vec<String> = link.flags.iter().map(super::word).collect();
    if !flags.is_empty() {
        let _ = writeln!(text, "seen        {}", flags.join(", "));
    }
    for one in &link.matches {
        let _ = writeln!(text, "match       {}", render::entry(one));
    }
    let reason = link.reason.map_or_else(String::new, |reason| format!(" ({})", super::word(reason)));
    let _ = writeln!(text, "verdict     {}{reason} → {}", super::word(link.status), link.action.name());
}
