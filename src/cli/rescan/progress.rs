//! How far a rescan is, on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::session::warn;
use crate::rescan::{Event, Progress};

use super::args::ProgressKind;

/// Tells how far a rescan is, at most so often as somebody can read it.
pub(super) struct Teller {
    how: How,
    began: Instant,
    told: Instant,
    /// Bytes that an earlier run had read: they say nothing about the speed of this one.
    before: Option<u64>,
}

enum How {
    Bar(ProgressBar),
    Plain,
    Json,
    Silent,
}

impl How {
    /// Time between two tellings.
    fn pause(&self) -> Duration {
        match self {
            Self::Bar(_) => Duration::from_millis(100),
            Self::Plain => Duration::from_secs(10),
            Self::Json => Duration::from_secs(1),
            Self::Silent => Duration::MAX,
        }
    }
}

impl Teller {
    pub(super) fn new(kind: ProgressKind) -> Self {
        let how = match kind {
            ProgressKind::None => How::Silent,
            ProgressKind::Json => How::Json,
            ProgressKind::Auto if std::io::stderr().is_terminal() => How::Bar(bar()),
            ProgressKind::Auto | ProgressKind::Plain => How::Plain,
        };
        Self { how, began: Instant::now(), told: Instant::now(), before: None }
    }

    pub(super) fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Unread(error) => self.above(&whole(error)),
            Event::Progress(progress) => {
                let before = *self.before.get_or_insert(progress.bytes);
                let is_last = progress.inputs == progress.inputs_total && matches!(self.how, How::Json);
                if self.told.elapsed() < self.how.pause() && !is_last {
                    return;
                }
                self.told = Instant::now();
                self.progress(progress, progress.bytes.saturating_sub(before));
            }
        }
    }

    /// Ends it, and gives back how many seconds it took.
    pub(super) fn finish(self) -> f64 {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
        self.began.elapsed().as_secs_f64()
    }

    fn progress(&self, progress: &Progress<'_>, bytes: u64) {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = bytes as f64 / seconds.max(0.001);
        let left = progress.bytes_total.map(|total| total.saturating_sub(progress.bytes) as f64 / rate.max(1.0));
        let tally = progress.tally;
        match &self.how {
            How::Silent => {}
            How::Bar(bar) => {
                if let Some(total) = progress.bytes_total {
                    bar.set_length(total);
                }
                bar.set_position(progress.bytes);
                let left = left.map(|left| format!(", {} left", span(left))).unwrap_or_default();
                bar.set_message(format!(
                    "{} posts, {} findings, {:.0} MB/s{left}",
                    tally.posts,
                    tally.findings,
                    rate / 1e6
                ));
            }
            How::Plain => {
                let share = progress
                    .bytes_total
                    .map(|total| format!("{:.0} %, ", progress.bytes as f64 * 100.0 / total.max(1) as f64));
                let left = left.map(|left| format!(", {} left", span(left))).unwrap_or_default();
                warn(&format!(
                    "{}{} posts, {} findings, {:.0} MB/s{left}",
                    share.unwrap_or_default(),
                    tally.posts,
                    tally.findings,
                    rate / 1e6
                ));
            }
            How::Json => {
                let line = serde_json::json!({
                    "posts": tally.posts, "links": tally.links, "findings": tally.findings, "skipped": tally.bad(),
                    "bytes": progress.bytes, "bytes_total": progress.bytes_total,
                    "inputs": progress.inputs, "inputs_total": progress.inputs_total,
                    "seconds": seconds, "seconds_left": left,
                });
                // Nobody is left to tell if standard error is gone.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }

    fn above(&self, message: &str) {
        match &self.how {
            How::Bar(bar) => bar.suspend(|| warn(message)),
            _ => warn(message),
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// `40 s`, `3 min`, `2.5 h`
fn span(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{seconds:.0} s"),
        seconds if seconds < 6_000.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}
