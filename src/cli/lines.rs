//! Posts as JSON lines: one in, its report out, in the same order.

use std::io::{self, BufRead, Write};

use serde_json::value::RawValue;

use crate::check::{Named, Object, Post, PostJson, Report, without_halves};
use crate::extract::TextFormat;
use crate::verdict::Action;

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

/// Checks every line of `input` by `check` at a moment, and writes a report for each to `out`.
///
/// A line is `{"id","text","format"?,"links"?}`, at most 64 MiB of it; blank ones are passed over. A line that holds no
/// post is answered by `{"id":null,"line":N,"error":"code"}`, and the rest goes on.
///
/// # Errors
///
/// If `input` cannot be read or `out` not be written.
pub fn check_lines(
    check: impl Fn(&Post<'_>, i64) -> Report,
    input: impl BufRead,
    out: &mut impl Write,
    options: Options,
) -> io::Result<Checked> {
    let mut strictest = Action::Allow;
    let bad_lines = jsonl::each_line(input, out, |line, out| {
        let line = without_halves(line);
        let answer = answer(&check, &line, options);
        if let Ok(answer) = &answer {
            strictest = strictest.max(answer.report.action);
            serde_json::to_writer(&mut *out, answer)?;
            out.write_all(b"\n")?;
        }
        Ok(answer.map(|_| ()))
    })?;
    Ok(Checked { strictest, bad_lines })
}

fn answer<'l>(
    check: impl Fn(&Post<'_>, i64) -> Report,
    line: &'l str,
    options: Options,
) -> Result<Named<Option<&'l RawValue>>, BadLine> {
    let Object(post): Object<PostJson<'l>> = jsonl::parse(line)?;
    if !post.is_post() {
        return Err(BadLine::BadField);
    }
    let report = post.with_post(options.format, |whole| with_raw(check(whole, (options.now)()), whole, options.links));
    Ok(Named { id: post.id, report })
}

/// The report with each link as the post had it, where links may be shown.
pub(super) fn with_raw(report: Report, post: &Post<'_>, links: Links) -> Report {
    match links {
        Links::Masked => report,
        Links::Shown => report.with_raw(post),
    }
}
