//! Large multipart uploads: read as they pass, and never whole at the platform before every text in them was judged.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::serve::answer::Answer;
use crate::serve::body::{TOO_SLOW, broken};
use crate::serve::gate::Judged;
use crate::serve::inspect::{ContentType, Files, Multipart};
use crate::telemetry::clock;

use super::outgoing::Outgoing;
use super::{Mark, Passage, Stopped, framing};

/// Pieces on their way.
const PIECES_MAX: usize = 4;

/// A body that is read while it passes.
pub(super) struct Upload {
    boundary: String,
    length: Option<u64>,
    /// Who sends it: its head is gone when its texts are known.
    headers: HeaderMap,
}

impl Upload {
    /// An upload, if the request has a form in parts that is not packed.
    pub(super) fn of(head: &Parts) -> Result<Option<Self>, Stopped> {
        let length = framing::length(head)?;
        Ok(match ContentType::of(&head.headers)? {
            ContentType::Multipart(boundary) if !head.headers.contains_key(http::header::CONTENT_ENCODING) => {
                Some(Self { boundary, length, headers: head.headers.clone() })
            }
            _ => None,
        })
    }

    /// Hands on a form as it is read. Its head is sent before its texts are known, so these cannot mark it.
    pub(super) async fn pass(
        self,
        passage: &Passage<'_>,
        head: Parts,
        body: Incoming,
        mark: Option<Mark>,
    ) -> Result<Answer, Stopped> {
        let time = passage.streaming_time(self.length);
        if let Some(failure) = passage.proxy.failure() {
            let mark = passage.unchecked(failure)?;
            return passage.send(head, Outgoing::Through { body, time }, Some(mark)).await;
        }
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let outgoing = Outgoing::Pieces { receiver, length: self.length, time };
        let (reading, mut sending) = (self.read(passage, body, sender), pin!(passage.send(head, outgoing, mark)));
        // What was found in it comes first. An answer to half of it is one all the same: the platform reads no more.
        tokio::select! {
            biased;
            read = reading => {
                read?;
                sending.await
            }
            sent = &mut sending => sent,
        }
    }

    /// Reads and hands on piece by piece; the last one only when everything was judged.
    async fn read(
        self,
        passage: &Passage<'_>,
        mut body: Incoming,
        sender: mpsc::Sender<io::Result<Bytes>>,
    ) -> Result<(), Stopped> {
        let limits = &passage.door.limits;
        let mut multipart = Multipart::new(&self.boundary, Files::Pass, limits.body_max_bytes);
        let (began, mut length, mut last) = (Instant::now(), 0, Bytes::new());
        let read = async {
            loop {
                let frame = timeout_at(began + limits.body_time(length), body.frame()).await.map_err(|_| TOO_SLOW)?;
                let Some(frame) = frame else { return Ok(multipart.finish()?) };
                let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
                length += data.len();
                if let Some(judged) = read_on(&mut multipart, &data, passage)? {
                    passage.act(&self.headers, &passage.settled(judged).await)?;
                }
                let before = std::mem::replace(&mut last, data);
                // If the platform takes no more, its own answer says why.
                if !before.is_empty() && sender.send(Ok(before)).await.is_err() {
                    return Ok(());
                }
            }
        };
        let read: Result<(), Stopped> = read.await;
        let last = if read.is_ok() { Ok(last) } else { Err(io::ErrorKind::ConnectionAborted.into()) };
        let _ = sender.send(last).await;
        read
    }
}

/// Judges the texts of an upload that are complete with these bytes.
fn read_on(multipart: &mut Multipart, bytes: &[u8], passage: &Passage<'_>) -> Result<Option<Judged>, Stopped> {
    let mut judging = passage.proxy.gate.begin(clock::now());
    let mut has_text = false;
    multipart.push(bytes, &mut |text| {
        has_text = true;
        judging.take(text);
    })?;
    Ok(if has_text { Some(judging.end()?) } else { None })
}
