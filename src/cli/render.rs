//! A report for a person: the post with its links masked and underlined, then a line for each link.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::check::{LinkReport, MatchReport, Redirect, Report};
use crate::fetch::Stop;
use crate::verdict::{Action, Status};

use super::printable;

/// Characters of the post shown before the first and after the last link of a line.
const CONTEXT_MAX_CHARS: usize = 60;

/// The report as text with ANSI styles; whoever prints it strips them where there is no terminal.
///
/// `shown` has each link of the report as it may be shown.
pub(super) fn report(report: &Report, text: &str, shown: &[String]) -> String {
    let mut out = headline(report);
    let links: Vec<Shown<'_>> = report.links.iter().zip(shown).map(|(link, text)| Shown { link, text }).collect();
    excerpt(text, &links, &mut out);
    for (number, one) in links.iter().enumerate() {
        line(number + 1, one, &mut out);
    }
    out
}

/// A link and what a person gets to see of it.
struct Shown<'r> {
    link: &'r LinkReport,
    text: &'r str,
}

fn headline(report: &Report) -> String {
    let count = |status| report.links.iter().filter(|link| link.status == status).count();
    let (listed, undetermined) = (count(Status::Listed), count(Status::Undetermined));
    let style = style_of(report.action);
    let mut out = format!("{style}{}{style:#}: ", report.action.name());
    if let Some(reason) = report.reason {
        let _ = write!(out, "undetermined ({}); ", super::word(reason));
    }
    let total = report.links.len();
    if total == 0 {
        out.push_str("no links");
    } else {
        let _ = write!(out, "{}, {listed} listed", super::counted(total, "link"));
    }
    if undetermined > 0 {
        let _ = write!(out, ", {undetermined} undetermined");
    }
    out.push('\n');
    out
}

/// The lines of the post that have links, each with a line of marks below.
fn excerpt(text: &str, links: &[Shown<'_>], out: &mut String) {
    let mut looked_at = 0;
    let mut links = links.iter().filter_map(|one| one.link.span.map(|span| (one, span))).peekable();
    for piece in text.split_inclusive('\n') {
        let (start, end) = (looked_at, looked_at + piece.len());
        looked_at = end;
        let mut here = Vec::new();
        while let Some((one, [from, to])) = links.next_if(|(_, [from, _])| *from < end) {
            here.push((one, from.max(start) - start, to.min(end) - start));
        }
        if !here.is_empty() {
            excerpt_line(piece.trim_end(), &here, out);
        }
    }
}

/// One line with its links, each with where it stands in the line.
fn excerpt_line(line: &str, links: &[(&Shown<'_>, usize, usize)], out: &mut String) {
    let (mut text, mut marks) = ("  ".to_owned(), "  ".to_owned());
    let mut at = 0;
    for (number, (one, from, to)) in links.iter().enumerate() {
        let Some(before) = line.get(at..*from) else { continue }; // it stands inside the one before
        let before = printable::without_links(&if number == 0 { tail(before) } else { before.to_owned() });
        let shown = printable::printable(one.text);
        let mark = if one.link.status == Status::Listed { '^' } else { '~' };
        marks.extend(std::iter::repeat_n(' ', before.width()));
        marks.extend(std::iter::repeat_n(mark, shown.width()));
        let style = style_of(one.link.action).underline();
        let _ = write!(text, "{before}{style}{shown}{style:#}");
        at = (*to).min(line.len());
    }
    let after = printable::without_links(&head(line.get(at..).unwrap_or("")));
    let _ = writeln!(out, "{text}{after}\n{marks}");
}

fn tail(text: &str) -> String {
    match text.char_indices().rev().nth(CONTEXT_MAX_CHARS) {
        Some((at, _)) => format!("…{}", text.get(at..).unwrap_or("")),
        None => text.to_owned(),
    }
}

fn head(text: &str) -> String {
    match text.char_indices().nth(CONTEXT_MAX_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text.to_owned(),
    }
}

fn line(number: usize, Shown { link, text }: &Shown<'_>, out: &mut String) {
    let style = style_of(link.action);
    let _ = write!(out, "  {number}. {} {style}{}{style:#}", printable::printable(text), super::word(link.status));
    if let Some(reason) = link.reason {
        let _ = write!(out, " ({})", super::word(reason));
    }
    let _ = write!(out, " → {}", link.action.name());
    for step in link.redirect.iter().flat_map(chain) {
        let _ = write!(out, "\n     ↳ {step}");
    }
    for one in &link.matches {
        let _ = write!(out, "\n     {}", entry(one));
    }
    if let Some(sources) = link.sources {
        let _ = write!(out, "\n     {}", agreement(sources));
    }
    if !link.flags.is_empty() {
        let flags: Vec<String> = link.flags.iter().map(super::word).collect();
        let _ = write!(out, "\n     seen: {}", flags.join(", "));
    }
    out.push('\n');
}

/// Where a link leads, place by place, and why that ended. Nobody typed these places, so they stay masked.
pub(super) fn chain(redirect: &Redirect) -> Vec<String> {
    let asked = redirect.passed.iter().map(|place| format!("{} answered {}", place.masked, place.status));
    asked.chain([ending(redirect.stop).to_owned()]).collect()
}

fn agreement(sources: usize) -> String {
    match sources {
        1 => "1 list says so, too few to act on by itself".to_owned(),
        some => format!("{some} lists agree"),
    }
}

fn ending(stop: Stop) -> &'static str {
    match stop {
        Stop::Arrived => "a place that is not asked any further",
        Stop::Listed => "a listed place, which was not asked",
        Stop::NotHttp => "no web page: a messenger, a mail address or the like",
        Stop::Unstable => "one place for some and another for others",
        Stop::Loop => "back to where it was",
        Stop::Hops => "more places than are followed",
        Stop::Deadline => "not told in time",
        Stop::Network => "no answer that can be read",
        Stop::RefusedAddress => "an inner network, which is not asked",
    }
}

/// An entry that matches, by its id and never by its value.
pub(super) fn entry(one: &MatchReport) -> String {
    let (category, scope, via) = (one.category.name(), one.scope.name(), super::word(one.via));
    let mut text = format!("{} entry {}: {category}, by {scope}, via {via}", one.list, one.entry);
    if one.mode.is_some() {
        text.push_str(", only reported");
    }
    if one.disputed {
        text.push_str(", disputed");
    }
    text
}

fn style_of(action: Action) -> Style {
    let colour = match action {
        Action::Allow => AnsiColor::Green,
        Action::Flag => AnsiColor::Yellow,
        Action::Hold => AnsiColor::Magenta,
        _ => AnsiColor::Red,
    };
    colour.on_default().bold()
}
