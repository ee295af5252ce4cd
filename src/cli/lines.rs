//! Posts as JSON lines: one in, its report out, in the same order.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::check::{Checker, Post, Report};
use crate::extract::TextFormat;
use crate::rescan::without_halves;
use crate::verdict::Action;

use super::args::Format;
use super::jsonl::{self, BadLine};

/// Whether links are shown to whoever reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Only so much that they can be told apart.
    Masked,
    /// As the post has them.
    Shown,
}

/// How lines are checked.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The format of posts that name none.
    pub format: TextFormat,
    /// Whether reports have the links.
    pub links: Links,
    /// The clock: seconds since the Unix epoch.
    pub now: fn() -> i64,
}

/// What came of all lines together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The strictest action of any post.
    pub strictest: Action,
    /// Lines that hold no post.
    pub bad_lines: u64,
}

/// Checks every line of `input` and writes a report for each to `out`.
///
/// A line is `{"id","text","format"?,"links"?}`, at most 64 MiB of it; blank ones are passed over. A line that holds no
/// post is answered by `{"id":null,"line":N,"error":"code"}`, and the rest goes on.
///
/// # Errors
///
/// If `input` cannot be read or `out` not be written.
pub fn check_lines(
    checker: &Checker,
    input: impl BufRead,
    out: &mut impl Write,
    options: Options,
) -> io::Result<Checked> {
    let mut strictest = Action::Allow;
    let bad_lines = jsonl::each_line(input, out, |line, out| {
        let line = without_halves(line);
        let answer = answer(checker, &line, options);
        if let Ok(answer) = &answer {
            strictest = strictest.max(answer.report.action);
            serde_json::to_writer(&mut *out, answer)?;
            out.write_all(b"\n")?;
        }
        Ok(answer.map(|_| ()))
    })?;
    Ok(Checked { strictest, bad_lines })
}

/// One line of `--jsonl`; other fields are ignored.
#[derive(Deserialize)]
struct PostLine<'l> {
    #[serde(borrow)]
    id: Option<&'l RawValue>,
    #[serde(borrow)]
    text: Option<Cow<'l, str>>,
    #[serde(default)]
    format: Option<Format>,
    #[serde(borrow, default)]
    links: Option<Vec<Text<'l>>>,
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

/// A report and the post that it is about.
#[derive(Serialize)]
pub(super) struct Named<I> {
    pub(super) id: I,
    #[serde(flatten)]
    pub(super) report: Report,
}

fn answer<'l>(checker: &Checker, line: &'l str, options: Options) -> Result<Named<Option<&'l RawValue>>, BadLine> {
    let post: PostLine<'l> = jsonl::parse(line)?;
    if post.text.is_none() && post.links.is_none() {
        return Err(BadLine::BadField);
    }
    let attached: Vec<&str> = post.links.iter().flatten().map(|Text(link)| &**link).collect();
    let format = post.format.map_or(options.format, TextFormat::from);
    let whole = Post { text: post.text.as_deref().unwrap_or(""), format, attached: &attached };
    let report = checker.check(&whole, (options.now)());
    Ok(Named { id: post.id, report: with_raw(report, &whole, options.links) })
}

/// The report with each link as the post had it, where links may be shown.
pub(super) fn with_raw(report: Report, post: &Post<'_>, links: Links) -> Report {
    match links {
        Links::Masked => report,
        Links::Shown => report.with_raw(post),
    }
}
