//! What a version that waits would newly match in a file of posts.

use std::io::{self, BufRead};
use std::sync::Arc;

use crate::check::{Checker, Post, Report, Snapshot};
use crate::extract::TextFormat;
use crate::index::Index;
use crate::store::Live;
use crate::telemetry::clock;
use crate::verdict::{Policy, Status};

use super::lines::{Links, Options, check_lines};
use super::session::Settings;

/// What it came to.
pub(super) struct Preview {
    pub(super) posts: u64,
    pub(super) newly_matched: u64,
}

/// Looks all posts up in both versions of one list, whatever other lists say.
pub(super) fn newly_matched(
    settings: &Settings,
    (waiting, live): (Index, Option<Live>),
    posts: impl BufRead,
) -> anyhow::Result<Preview> {
    let checker = |indexes: Vec<Arc<Index>>| {
        let snapshot = Snapshot::new(Arc::clone(&settings.tables), indexes, Policy::default());
        Checker::new(settings.extractor(settings.extract_options()), snapshot)
    };
    let waiting = checker(vec![Arc::new(waiting)]);
    let live = checker(live.into_iter().map(|live| Arc::new(live.index)).collect());
    let (count, newly) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let options = Options { format: TextFormat::Plain, links: Links::Masked, now: clock::now };
    let check = |post: &Post<'_>, now: i64| {
        let report = waiting.check(post, now);
        let is_listed = |report: &Report| report.links.iter().any(|link| link.status == Status::Listed);
        count.set(count.get() + 1);
        newly.set(newly.get() + u64::from(is_listed(&report) && !is_listed(&live.check(post, now))));
        report
    };
    let read = check_lines(check, posts, &mut io::sink(), options)?;
    anyhow::ensure!(read.bad_lines == 0 || count.get() > 0, "no line of it holds a post");
    Ok(Preview { posts: count.get(), newly_matched: newly.get() })
}
