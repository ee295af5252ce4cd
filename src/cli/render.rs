//! A report for a person: the post with its links masked and underlined, then a line for each link.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::canonical::Suffixes;
use crate::check::{LinkReport, Report};
use crate::verdict::{Action, Status};

use super::mask;

/// How links are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    Masked,
    Shown,
}

/// What a report is about.
pub(super) struct Subject<'s> {
    pub(super) text: &'s str,
    pub(super) suffixes: &'s Suffixes,
    pub(super) links: Links,
}

/// Characters of the post shown before the first and after the last link of a line.
const CONTEXT_MAX_CHARS: usize = 60;

/// The report as text with ANSI styles; whoever prints it strips them where there is no terminal.
pub(super) fn report(report: &Report, subject: &Subject<'_>) -> String {
    let mut out = headline(report);
    excerpt(report, subject, &mut out);
    for (number, link) in report.links.iter().enumerate() {
        line(number + 1, link, &shown(link, subject), &mut out);
    }
    out
}

fn headline(report: &Report) -> String {
    let count = |status| report.links.iter().filter(|link| link.status == status).count();
    let (listed, undetermined) = (count(Status::Listed), count(Status::Undetermined));
    let style = style_of(report.action);
    let mut out = format!("{style}{}{style:#}: ", report.action.name());
    if let Some(reason) = report.reason {
        let _ = write!(out, "the post cannot be told ({}); ", super::word(reason));
    }
    let total = report.links.len();
    match total {
        0 => out.push_str("no links"),
        1 => out.push_str("1 link"),
        _ => {
            let _ = write!(out, "{total} links");
        }
    }
    if total > 0 {
        let _ = write!(out, ", {listed} listed");
    }
    if undetermined > 0 {
        let _ = write!(out, ", {undetermined} undetermined");
    }
    out.push('\n');
    out
}

/// The lines of the post that have links, each with a line of marks below.
fn excerpt(report: &Report, subject: &Subject<'_>, out: &mut String) {
    let mut rest = 0; // up to where the text has been looked at
    let mut links = report.links.iter().filter_map(|link| link.span.map(|span| (link, span))).peekable();
    for piece in subject.text.split_inclusive('\n') {
        let (start, end) = (rest, rest + piece.len());
        rest = end;
        let mut here = Vec::new();
        while let Some((link, span)) = links.next_if(|(_, span)| span[0] < end) {
            here.push((link, [span[0].max(start), span[1].min(end)]));
        }
        if !here.is_empty() {
            excerpt_line(piece.trim_end(), start, &here, (subject, out));
        }
    }
}

fn excerpt_line(
    line: &str,
    start: usize,
    links: &[(&LinkReport, [usize; 2])],
    (subject, out): (&Subject<'_>, &mut String),
) {
    let (mut text, mut marks) = ("  ".to_owned(), "  ".to_owned());
    let mut at = 0;
    for (number, (link, [from, to])) in links.iter().enumerate() {
        let (from, to) = (from - start, (to - start).min(line.len()));
        if from < at {
            continue; // inside the one before
        }
        let before = line.get(at..from).unwrap_or("");
        let before = mask::printable(&if number == 0 { tail(before) } else { before.to_owned() });
        let link_text = mask::printable(&shown(link, subject));
        marks.extend(std::iter::repeat_n(' ', before.width()));
        marks.extend(std::iter::repeat_n(if link.status == Status::Listed { '^' } else { '~' }, link_text.width()));
        let style = style_of(link.action).underline();
        let _ = write!(text, "{before}{style}{link_text}{style:#}");
        at = to;
    }
    let after = mask::printable(&head(line.get(at..).unwrap_or("")));
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

/// The link as it stood in the post, or masked.
fn shown(link: &LinkReport, subject: &Subject<'_>) -> String {
    let raw = link.raw.as_deref().unwrap_or("");
    match subject.links {
        Links::Shown => raw.to_owned(),
        Links::Masked => mask::masked(raw, subject.suffixes),
    }
}

fn line(number: usize, link: &LinkReport, shown: &str, out: &mut String) {
    let style = style_of(link.action);
    let _ = write!(out, "  {number}. {} {style}{}{style:#}", mask::printable(shown), super::word(link.status));
    if let Some(reason) = link.reason {
        let _ = write!(out, " ({})", super::word(reason));
    }
    let _ = write!(out, " → {}", link.action.name());
    for one in &link.matches {
        let _ = write!(out, "\n     {} entry {}: {}", one.list, one.entry, one.category.name());
        let _ = write!(out, ", by {}, via {}", one.scope.name(), super::word(one.via));
    }
    if !link.flags.is_empty() {
        let flags: Vec<String> = link.flags.iter().map(super::word).collect();
        let _ = write!(out, "\n     seen: {}", flags.join(", "));
    }
    out.push('\n');
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
