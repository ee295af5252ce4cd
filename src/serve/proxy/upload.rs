//! Large multipart uploads: read as they pass, and never whole at the platform before every text in them was judged.

use std::io;

use bytes::Bytes;
use http::request::Parts;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::serve::answer::Answer;
use crate::serve::body::{TOO_SLOW, broken};
use crate::serve::inspect::{ContentType, Files, Multipart, Refused};
use crate::telemetry::clock;

use super::outgoing::Outgoing;
use super::{Passage, Stopped, framing};

/// Pieces on their way.
const PIECES_MAX: usize = 4;

/// A body that is read while it passes.
pub(super) struct Upload {
    boundary: String,
    length: Option<u64>,
}

impl Upload {
    /// An upload, if the request has a form in parts that is not packed.
    pub(super) fn of(head: &Parts) -> Result<Option<Self>, Stopped> {
        let length = framing::length(head)?;
        Ok(match ContentType::of(&head.headers)? {
            ContentType::Multipart(boundary) if !head.headers.contains_key(http::header::CONTENT_ENCODING) => {
                Some(Self { boundary, length })
            }
            _ => None,
        })
    }

    pub(super) async fn pass(self, passage: &Passage<'_>, head: Parts, body: Incoming) -> Result<Answer, Stopped> {
        if let Some(failure) = passage.proxy.failure() {
            let mark = passage.unchecked(failure)?;
            return passage.send(head, Outgoing::Through(body), Some(mark)).await;
        }
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let outgoing = Outgoing::Pieces { receiver, length: self.length };
        let reading = self.read(passage, head.clone(), body, sender);
        let sending = passage.send(head, outgoing, None);
        let (read, sent) = tokio::join!(reading, sending);
        // What was found in it comes first: the platform's answer to half an upload says nothing.
        read.and(sent)
    }

    /// Reads and hands on piece by piece; the last one only when everything was judged.
    async fn read(
        self,
        passage: &Passage<'_>,
        head: Parts,
        mut body: Incoming,
        sender: mpsc::Sender<io::Result<Bytes>>,
    ) -> Result<(), Stopped> {
        let limits = &passage.door.limits;
        let mut reader = Reader::new(&self.boundary, passage, &head)?;
        let (began, mut length, mut last) = (Instant::now(), 0, Bytes::new());
        let read = async {
            loop {
                let frame = timeout_at(began + limits.body_time(length), body.frame()).await.map_err(|_| TOO_SLOW)?;
                let Some(frame) = frame else { return Ok(reader.multipart.finish()?) };
                let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
                length += data.len();
                reader.push(&data, passage)?;
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

/// The texts of an upload, judged as they are complete.
struct Reader {
    multipart: Multipart,
}

impl Reader {
    fn new(boundary: &str, passage: &Passage<'_>, head: &Parts) -> Result<Self, Stopped> {
        let mut judging = passage.proxy.gate.begin(clock::now());
        judging.head(head)?;
        passage.act(&judging.end()?)?;
        let max = passage.door.limits.body_max_bytes;
        Ok(Self { multipart: Multipart::new(boundary, Files::Pass, max) })
    }

    fn push(&mut self, bytes: &[u8], passage: &Passage<'_>) -> Result<(), Stopped> {
        let mut judging = passage.proxy.gate.begin(clock::now());
        let mut texts = 0;
        self.multipart.push(bytes, &mut |text| {
            texts += text.text.len();
            judging.take(text);
        })?;
        if texts > 0 {
            let judged: Result<_, Refused> = judging.end();
            passage.act(&judged?)?;
        }
        Ok(())
    }
}
