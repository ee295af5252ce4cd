//! `linkgate check`: posts in, what is to be done about them out.

use std::borrow::Cow;
use std::io::{self, BufWriter, Read as _, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::check::{Checker, Post, Report};
use crate::extract::TextFormat;
use crate::telemetry::clock;
use crate::verdict::Action;

use super::Exit;
use super::args::{CheckArguments, Format};
use super::jsonl::{self, BadLine};
use super::render::{self, Links, Subject};
use super::session::Session;

/// All of standard input is one post; a longer one is refused.
const POST_MAX_BYTES: u64 = 64 << 20;

pub(super) fn run(session: &Session, arguments: &CheckArguments) -> anyhow::Result<Exit> {
    if arguments.jsonl {
        return lines(session, arguments);
    }
    let texts: Vec<Cow<'_, str>> = match &*arguments.texts {
        [] => vec![stdin_post()?.into()],
        [dash] if dash == "-" => vec![stdin_post()?.into()],
        texts => texts.iter().map(Cow::from).collect(),
    };
    let now = clock::now();
    let shown = if arguments.show_links { Links::Shown } else { Links::Masked };
    let posts = texts.iter().map(|text| Post { text, format: arguments.text_format.into(), attached: &[] });
    let reports: Vec<(Post<'_>, Report)> = posts.map(|post| (post, session.checker.check(&post, now))).collect();
    let strictest = reports.iter().map(|(_, report)| report.action).max().unwrap_or(Action::Allow);
    if arguments.json {
        let reports = reports.into_iter().map(|(post, report)| with_links(report, &post, shown)).collect();
        let snapshot = session.checker.snapshot();
        let all = Reports { generation: snapshot.generation, lists_id: snapshot.lists_id(), reports };
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&all)?)?;
    } else {
        let snapshot = session.checker.snapshot();
        let mut out = anstream::stdout().lock();
        for (post, report) in reports {
            let report = with_links(report, &post, Links::Shown);
            let subject = Subject { text: post.text, suffixes: snapshot.tables.suffixes(), links: shown };
            write!(out, "{}", render::report(&report, &subject))?;
        }
    }
    Ok(exit_for(strictest))
}

fn exit_for(action: Action) -> Exit {
    if action > Action::Allow { Exit::Found } else { Exit::Quiet }
}

#[derive(Serialize)]
struct Reports<'r> {
    generation: u64,
    lists_id: &'r str,
    reports: Vec<Report>,
}

fn stdin_post() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(POST_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= POST_MAX_BYTES, "the post is longer than {} MiB", POST_MAX_BYTES >> 20);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

#[derive(Serialize)]
struct ReportLine<'l> {
    id: Option<&'l RawValue>,
    #[serde(flatten)]
    report: Report,
}

fn lines(session: &Session, arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut strictest = Action::Allow;
    let bad =
        jsonl::each_line(io::stdin().lock(), &mut out, |line, out| match answer(&session.checker, line, arguments) {
            Ok((id, report)) => {
                strictest = strictest.max(report.action);
                serde_json::to_writer(&mut *out, &ReportLine { id, report })?;
                out.write_all(b"\n")?;
                Ok(Ok(()))
            }
            Err(bad) => Ok(Err(bad)),
        })?;
    out.flush()?;
    if bad > arguments.allow_bad {
        anyhow::bail!("{bad} lines of the input were passed over; --allow-bad {bad} accepts that");
    }
    Ok(exit_for(strictest))
}

fn answer<'l>(
    checker: &Checker,
    line: &'l str,
    arguments: &CheckArguments,
) -> Result<(Option<&'l RawValue>, Report), BadLine> {
    let post: PostLine<'l> = jsonl::parse(line)?;
    if post.text.is_none() && post.links.is_none() {
        return Err(BadLine::BadField);
    }
    let attached: Vec<&str> = post.links.iter().flatten().map(|Text(link)| &**link).collect();
    let format = post.format.map_or_else(|| arguments.text_format.into(), TextFormat::from);
    let post_to_check = Post { text: post.text.as_deref().unwrap_or(""), format, attached: &attached };
    let report = checker.check(&post_to_check, clock::now());
    let shown = if arguments.show_links { Links::Shown } else { Links::Masked };
    Ok((post.id, with_links(report, &post_to_check, shown)))
}

/// The report with each link as the post had it, where links may be shown.
fn with_links(mut report: Report, post: &Post<'_>, links: Links) -> Report {
    if links == Links::Shown {
        let mut attached = post.attached.iter();
        for link in &mut report.links {
            link.raw = match link.span {
                Some([from, to]) => post.text.get(from..to).map(str::to_owned),
                None => attached.next().map(|link| (*link).to_owned()),
            };
        }
    }
    report
}
