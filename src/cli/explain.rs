//! `linkgate explain`: every step of one URL. It echoes what the caller typed, to stdout, and nothing of the lists.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::canonical::{Located, Outcome, Tables};
use crate::check::{LinkReport, Post, Report};
use crate::expression;
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::ExplainArguments;
use super::session::Session;
use super::{Exit, mask};

pub(super) fn run(session: &Session, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let snapshot = session.checker.snapshot();
    let mut urls = Vec::new();
    let outcome = snapshot.tables.resolve_into(&arguments.url, &mut urls);
    // The URL is one attached link: nothing is looked for around it.
    let report = session.checker.check(&Post { attached: &[&arguments.url], ..Post::default() }, clock::now());
    let text = if arguments.json {
        let steps: Vec<Value> = urls.iter().map(|located| step(located, &snapshot.tables)).collect();
        let all = json!({
            "input": arguments.url,
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
    json!({
        "via": located.via,
        "canonical": url.expose(),
        "host": url.host(),
        "path": url.path(),
        "query": url.query(),
        "registrable": tables.suffixes().registrable(url.host()),
        "expressions": expression::forms(url),
    })
}

fn describe(located: &Located, tables: &Tables, text: &mut String) {
    let url = &located.url;
    let _ = writeln!(text, "\n{:<11} {}", super::word(located.via), url.expose());
    let registrable = tables.suffixes().registrable(url.host()).unwrap_or("none");
    let _ = writeln!(text, "host        {} (registrable domain: {registrable})", url.host());
    if let Some(query) = tables.without_tracking(url) {
        let _ = writeln!(text, "telling     ?{query} (known tracking parameters left out)");
    }
    for (number, form) in expression::forms(url).iter().enumerate() {
        let label = if number == 0 { "looked up" } else { "" };
        let _ = writeln!(text, "{label:<11} {form}");
    }
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
        let (category, scope, via) = (one.category.name(), one.scope.name(), super::word(one.via));
        let _ = writeln!(text, "match       {} entry {}: {category}, by {scope}, via {via}", one.list, one.entry);
    }
    let reason = link.reason.map_or_else(String::new, |reason| format!(" ({})", super::word(reason)));
    let _ = writeln!(text, "verdict     {}{reason} → {}", super::word(link.status), link.action.name());
}
