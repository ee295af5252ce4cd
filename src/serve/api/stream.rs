//! `POST /v1/check/stream`: posts as JSON lines in, reports as JSON lines out, in the same order, while they arrive.

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::serve::answer::{self, Answer, Body, Problem};
use crate::serve::limits::{BODY_MAX_BYTES, BODY_MIN_BYTES_PER_S};
use crate::serve::note::hit;
use crate::serve::work;
use crate::telemetry::clock;
use crate::telemetry::metrics::Metrics;

use super::ApiDoor;
use super::access::Asker;
use super::check::{parse, report};

/// Answers that wait for a reader who is slower than we are.
const WAITING_MAX: usize = 8;
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

pub(super) fn answer(door: ApiDoor, asker: Asker, body: Incoming) -> Answer {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    #[expect(clippy::let_underscore_future, reason = "it ends when either side does")]
    let _ = tokio::spawn(run(door, asker, body, sender));
    answer::with(StatusCode::OK, NDJSON, Body::Stream(receiver))
}

async fn run(door: ApiDoor, asker: Asker, mut body: Incoming, sender: mpsc::Sender<Bytes>) {
    let mut pending = BytesMut::new();
    let mut lines = 0;
    let within = door.limits.body_time(0);
    loop {
        let data = match timeout(within, body.frame()).await {
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(None) => break,
            // Cut off: whoever reads the answers sees that the last lines are missing.
            Ok(Some(Err(_))) => return,
            Err(_) => return hit(&door.metrics, BODY_MIN_BYTES_PER_S),
        };
        pending.extend_from_slice(&data);
        let Some(end) = memchr::memrchr(b'\n', &pending) else {
            if pending.len() > door.limits.body_max_bytes {
                return hit(&door.metrics, BODY_MAX_BYTES);
            }
            continue;
        };
        let whole = pending.split_to(end + 1).freeze();
        if !judged(&door, &asker, whole, &mut lines, &sender).await {
            return;
        }
    }
    if !pending.is_empty() {
        judged(&door, &asker, pending.freeze(), &mut lines, &sender).await;
    }
    door.count("streamed");
}

/// Answers whole lines; whether anybody still reads.
async fn judged(door: &ApiDoor, asker: &Asker, chunk: Bytes, lines: &mut u64, sender: &mpsc::Sender<Bytes>) -> bool {
    let (asker, metrics, first) = (asker.clone(), door.metrics.clone(), *lines);
    let judged = work::judge(chunk.len(), move || reports(&asker, &chunk, first, &metrics)).await;
    let Ok((answers, last)) = judged else { return false };
    *lines = last;
    answers.is_empty() || sender.send(answers.into()).await.is_ok()
}

fn reports(asker: &Asker, chunk: &[u8], mut number: u64, metrics: &Metrics) -> (Vec<u8>, u64) {
    let (view, now) = (asker.checker().view(), clock::now());
    let mut out = Vec::new();
    for line in chunk.split(|&byte| byte == b'\n') {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = std::str::from_utf8(line).map(crate::check::without_halves);
        let post =
            text.as_ref().map_err(|_| "not_utf8").and_then(|text| parse(text).map_err(|Problem { code, .. }| code));
        let written = match post {
            Ok(post) => serde_json::to_writer(&mut out, &report(asker, &view, &post, now, metrics)),
            Err(error) => {
                serde_json::to_writer(&mut out, &serde_json::json!({"id": null, "line": number, "error": error}))
            }
        };
        if written.is_ok() {
            out.push(b'\n');
        }
    }
    // What follows the last line end is no line.
    (out, if chunk.ends_with(b"\n") { number - 1 } else { number })
}
