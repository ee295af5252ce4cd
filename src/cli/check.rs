//! `linkgate check`: posts in, what is to be done about them out.

use std::borrow::Cow;
use std::io::{self, BufWriter, Read as _, Write};

use serde::Serialize;

use crate::check::{Named, Post, Report, masked};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::account;
use super::args::{Arguments, CheckArguments};
use super::follow::Deep;
use super::lines::{self, Checked, Links, Options, with_raw};
use super::{Exit, render};

/// All of standard input is one post; a longer one is refused.
const POST_MAX_BYTES: u64 = 64 << 20;

pub(super) fn run(all: &Arguments, arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let reads_posts = arguments.jsonl || matches!(&*arguments.texts, []) || arguments.texts == ["-"];
    account::reads_once(&arguments.lists, reads_posts.then_some("posts"))?;
    let session = Deep::open(all, &arguments.lists, arguments.depth())?;
    let session = &session;
    if arguments.jsonl {
        return lines(session, arguments);
    }
    let texts: Vec<Cow<'_, str>> = match &*arguments.texts {
        [] => vec![stdin_post()?.into()],
        [dash] if dash == "-" => vec![stdin_post()?.into()],
        texts => texts.iter().map(Cow::from).collect(),
    };
    let now = clock::now();
    let format = arguments.text_format.into();
    let posts = texts.iter().map(|text| Post { text, format, attached: &[] });
    let checked: Vec<(Post<'_>, Report)> = posts.map(|post| (post, session.check(&post, now))).collect();
    let strictest = checked.iter().map(|(_, report)| report.action).max().unwrap_or(Action::Allow);
    if arguments.json {
        print_json(checked, session, arguments.links())?;
    } else {
        print(&checked, session, arguments.links())?;
    }
    Ok(exit_for(strictest))
}

fn exit_for(action: Action) -> Exit {
    if action > Action::Allow { Exit::Found } else { Exit::Quiet }
}

fn stdin_post() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(POST_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(
        bytes.len() as u64 <= POST_MAX_BYTES,
        "the post is longer than {} MiB; check it in parts",
        POST_MAX_BYTES >> 20
    );
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Each post is named by its place among the arguments, counted from 1.
fn print_json(checked: Vec<(Post<'_>, Report)>, session: &Deep, links: Links) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct All<'a> {
        generation: u64,
        lists_id: &'a str,
        reports: Vec<Named<usize>>,
    }
    let named = |(at, (post, report)): (usize, (Post<'_>, Report))| Named {
        id: at + 1,
        report: with_raw(report, &post, links),
    };
    let reports = checked.into_iter().enumerate().map(named).collect();
    let snapshot = session.checker().snapshot();
    let all = All { generation: snapshot.generation, lists_id: snapshot.lists_id(), reports };
    writeln!(io::stdout().lock(), "{}", serde_json::to_string(&all)?)?;
    Ok(())
}

fn print(checked: &[(Post<'_>, Report)], session: &Deep, links: Links) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    for (number, (post, report)) in checked.iter().enumerate() {
        if checked.len() > 1 {
            let gap = if number > 0 { "\n" } else { "" };
            write!(out, "{gap}post {}: ", number + 1)?;
        }
        let shown = shown(report, post, session, links);
        write!(out, "{}", render::report(report, post.text, &shown))?;
    }
    Ok(())
}

/// Each link of the report as a person gets to see it.
fn shown(report: &Report, post: &Post<'_>, session: &Deep, links: Links) -> Vec<String> {
    let snapshot = session.checker().snapshot();
    let mut found = session.checker().links(post).into_iter();
    let of_link = |span: Option<[usize; 2]>| {
        // The report leaves out weak links that are unlisted; otherwise both have the same order.
        let link = found.find(|link| link.span.as_ref().map(|span| [span.start, span.end]) == span)?;
        Some(match (links, span) {
            (Links::Masked, _) => masked(&link.url, snapshot.tables.suffixes()),
            (Links::Shown, Some([from, to])) => post.text.get(from..to)?.to_owned(),
            (Links::Shown, None) => link.url.into_owned(),
        })
    };
    report.links.iter().map(|link| link.span).map(of_link).map(Option::unwrap_or_default).collect()
}

fn lines(session: &Deep, arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let options = Options { format: arguments.text_format.into(), links: arguments.links(), now: clock::now };
    let Checked { strictest, bad_lines } =
        lines::check_lines(|post, now| session.check(post, now), io::stdin().lock(), &mut out, options)?;
    out.flush()?;
    if bad_lines > arguments.allow_bad {
        let lines = super::counted(bad_lines, "line");
        anyhow::bail!(
            "{lines} of the input could not be read, the output says which; --allow-bad {bad_lines} accepts that"
        );
    }
    Ok(exit_for(strictest))
}
