//! `POST /v1/check/stream`: posts as JSON lines in, reports as JSON lines out, in the same order, while they arrive.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::check::{Named, PostJson};
use crate::serve::answer::{self, Answer, Body, Problem};
use crate::serve::deep::Deep;
use crate::serve::inspect::{Coding, ContentType};
use crate::serve::key::Scope;
use crate::serve::limits::BODY_MIN_BYTES_PER_S;
use crate::serve::note::{hit, met};
use crate::serve::work;
use crate::telemetry::clock;
use crate::telemetry::metrics::Metrics;

use super::access::Asker;
use super::check::{Asking, Begun, Judging, NO_POST};
use super::{ApiDoor, json};

/// Answers that wait for a reader who is slower than we are.
const WAITING_MAX: usize = 8;
/// Between two looks at a budget that is spent for the moment.
const BREATH: Duration = Duration::from_millis(100);
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const MEDIA_TYPE: Problem =
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "send Content-Type: application/x-ndjson");
const PACKED: Problem =
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_coding", "send the lines of a stream as they are");
const NOT_UTF8: Problem = Problem::new(StatusCode::BAD_REQUEST, "not_utf8", "the line is not UTF-8");
const TOO_LONG: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "line_too_long", "the line is longer than a body may be");

/// Instead of a report.
#[derive(Serialize)]
struct BadLine {
    id: (),
    line: u64,
    error: &'static str,
}

pub(super) fn answer(door: ApiDoor, asker: Asker, head: &Parts, body: Incoming) -> Result<Answer, Problem> {
    match ContentType::of(&head.headers)? {
        ContentType::JsonLines | ContentType::Json => {}
        ContentType::Unknown | ContentType::Form | ContentType::Text if !head.headers.contains_key("origin") => {}
        _ => return Err(MEDIA_TYPE),
    }
    if Coding::of(&head.headers) != Ok(Coding::Identity) {
        return Err(PACKED.with(http::header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let stream = Stream { door, asker, sender, lines: 0, paid: 0 };
    #[expect(clippy::let_underscore_future, reason = "it ends when either side does")]
    let _ = tokio::spawn(stream.run(body));
    Ok(answer::with(StatusCode::OK, NDJSON, Body::Stream(receiver)))
}

/// A stream under way.
struct Stream {
    door: ApiDoor,
    asker: Asker,
    sender: mpsc::Sender<Bytes>,
    /// How many were read.
    lines: u64,
    /// How many may be read until another request is counted.
    paid: u64,
}

/// Nobody reads any more, or nothing more may be told.
struct Over;

impl Stream {
    async fn run(mut self, mut body: Incoming) {
        // Cut off: whoever reads the answers sees that the last lines are missing.
        if let Ok(()) = self.read(&mut body).await {
            self.door.count("streamed");
        }
    }

    async fn read(&mut self, body: &mut Incoming) -> Result<(), Over> {
        let mut pending = BytesMut::new();
        let within = self.door.limits.body_time(0);
        loop {
            let data = match timeout(within, body.frame()).await {
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Over),
                Err(_) => {
                    hit(&self.door.metrics, BODY_MIN_BYTES_PER_S);
                    return Err(Over);
                }
            };
            pending.extend_from_slice(&data);
            if let Some(end) = memchr::memrchr(b'\n', &pending) {
                let whole = pending.split_to(end + 1).freeze();
                self.judge(whole).await?;
            }
            if pending.len() > self.door.limits.body_max_bytes {
                return self.end(&TOO_LONG).await;
            }
        }
        if pending.is_empty() { Ok(()) } else { self.judge(pending.freeze()).await }
    }

    /// Answers whole lines.
    async fn judge(&mut self, chunk: Bytes) -> Result<(), Over> {
        let lines = chunk.split(|&byte| byte == b'\n').count() as u64 - u64::from(chunk.ends_with(b"\n"));
        self.pay(lines).await?;
        // What is in place may have been replaced since.
        self.asker = match self.door.api.load().again(&self.asker, Scope::Check) {
            Ok(asker) => asker,
            Err(problem) => return self.end(&problem).await,
        };
        let (asker, metrics, first) = (self.asker.clone(), self.door.metrics.clone(), self.lines);
        let api = self.door.api.load_full();
        // Whoever sends a stream can wait: it is not read on meanwhile.
        let judged = work::judge(Duration::MAX, chunk.len(), move || {
            let judging = Judging::new(&asker, &metrics).recalling(api.deep.as_ref());
            reports(&judging, &chunk, first, &metrics)
        })
        .await;
        let Ok(judged) = judged else { return Err(Over) };
        self.lines += lines;
        let deep = self.door.api.load().deep.clone();
        let ask = |piece: Piece| match piece {
            Piece::Asking(asking) => Piece::Begun(Box::new(asking.begin(deep.as_ref()))),
            piece => piece,
        };
        let pieces: Vec<Piece> = judged.pieces.into_iter().map(ask).collect();
        for piece in pieces {
            match piece {
                Piece::Told(answers) => self.send(answers).await?,
                Piece::Asking(_) => {}
                Piece::Begun(begun) => self.ask(*begun, deep.as_ref()).await?,
            }
        }
        judged.ended
    }

    /// Answers a line whose links are asked first.
    async fn ask(&mut self, begun: Begun, deep: Option<&Deep>) -> Result<(), Over> {
        match begun.end(deep, &self.asker, &self.door.metrics).await {
            Ok(reports) => {
                let mut out = Vec::new();
                for report in &reports {
                    write(&mut out, report);
                }
                self.send(out).await
            }
            Err(spent) => self.end(&spent).await,
        }
    }

    /// Counts another request for every so many lines as one request may have, and waits where that is too fast.
    async fn pay(&mut self, lines: u64) -> Result<(), Over> {
        let of_one = (self.door.limits.posts_max as u64).max(1);
        if self.lines == 0 {
            // The request itself was counted when it was let in.
            self.paid = of_one;
        }
        while self.paid < lines {
            match self.asker.spend_request(clock::now()) {
                Ok(()) => self.paid += of_one,
                Err(problem) if problem.code == "requests_per_minute" => {
                    if self.sender.is_closed() {
                        return Err(Over);
                    }
                    sleep(BREATH).await;
                }
                Err(problem) => return self.end(&problem).await,
            }
        }
        self.paid -= lines;
        Ok(())
    }

    /// Tells why no more lines are answered.
    async fn end(&mut self, problem: &Problem) -> Result<(), Over> {
        met(&self.door.metrics, problem.code);
        let mut out = Vec::new();
        write(&mut out, &BadLine { id: (), line: self.lines + 1, error: problem.code });
        self.send(out).await?;
        Err(Over)
    }

    async fn send(&self, answers: Vec<u8>) -> Result<(), Over> {
        if answers.is_empty() {
            return Ok(());
        }
        self.sender.send(answers.into()).await.map_err(|_| Over)
    }
}

/// What lines came to, in order.
struct Judged {
    pieces: Vec<Piece>,
    /// Over if a budget is spent.
    ended: Result<(), Over>,
}

enum Piece {
    /// Whole lines.
    Told(Vec<u8>),
    /// A line whose links are to be asked.
    Asking(Box<Asking>),
    /// A line that is told once its links were asked.
    Begun(Box<Begun>),
}

fn reports(judging: &Judging<'_>, chunk: &[u8], mut number: u64, metrics: &Metrics) -> Judged {
    let (mut pieces, mut out) = (Vec::new(), Vec::new());
    for line in chunk.split(|&byte| byte == b'\n') {
        number += 1;
        let line = if number == 1 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = std::str::from_utf8(line).map(crate::check::without_halves).map_err(|_| NOT_UTF8);
        let post = text.as_ref().map_err(Problem::clone).and_then(|text| json::parse::<PostJson<'_>>(text, NO_POST));
        let problem = match post {
            Ok(post) if post.is_post() => {
                let (draft, looked_up) = judging.draft(&post);
                if !draft.is_whole() {
                    pieces.push(Piece::Told(std::mem::take(&mut out)));
                    pieces.push(Piece::Asking(Box::new(judging.asking(post.id, draft, looked_up))));
                    continue;
                }
                let report = draft.settled();
                match judging.count(&report, looked_up) {
                    Ok(()) => {
                        write(&mut out, &Named { id: post.id, report });
                        continue;
                    }
                    Err(spent) => {
                        met(metrics, spent.code);
                        write(&mut out, &BadLine { id: (), line: number, error: spent.code });
                        pieces.push(Piece::Told(out));
                        return Judged { pieces, ended: Err(Over) };
                    }
                }
            }
            Ok(_) => NO_POST,
            Err(problem) => problem,
        };
        write(&mut out, &BadLine { id: (), line: number, error: problem.code });
    }
    pieces.push(Piece::Told(out));
    Judged { pieces, ended: Ok(()) }
}

fn write(out: &mut Vec<u8>, answer: &impl Serialize) {
    // Writing to memory cannot fail.
    if serde_json::to_writer(&mut *out, answer).is_ok() {
        out.push(b'\n');
    }
}
