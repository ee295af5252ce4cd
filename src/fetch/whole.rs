//! The body of an answer, whole or not at all: counted as it is sent and as it is unpacked, and ended by what ends it.

use std::io::{self, Write};
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName};
use tokio::time::{Instant, timeout};

use super::download_error::DownloadError;

/// How much is read, and how slowly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) sent_max_bytes: u64,
    pub(super) unpacked_max_bytes: u64,
    pub(super) idle_timeout: Duration,
    pub(super) rate_min_bytes_per_s: u64,
}

/// What tells where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Its length, or its last chunk; the client watches both.
    Told,
    /// The end of the connection, which is no less the end if it is torn.
    Closed,
}

/// Reads it to its end.
pub(super) async fn read(mut response: reqwest::Response, limits: Limits) -> Result<Vec<u8>, DownloadError> {
    let (end, length) = end(response.headers())?;
    let too_large = DownloadError::TooLarge { bytes_max: limits.sent_max_bytes };
    if length.is_some_and(|length| length > limits.sent_max_bytes) {
        return Err(too_large);
    }
    let is_encrypted = response.url().scheme() == "https";
    let mut unpacked = Unpacked::new(response.headers(), limits.unpacked_max_bytes)?;
    let (began, mut sent) = (Instant::now(), 0_u64);
    loop {
        let chunk = timeout(limits.idle_timeout, response.chunk()).await.map_err(|_| DownloadError::Stalled)?;
        let Some(chunk) = chunk.map_err(|error| DownloadError::of(&error))? else { break };
        sent = sent.saturating_add(chunk.len() as u64);
        if sent > limits.sent_max_bytes {
            return Err(too_large);
        }
        unpacked.take(&chunk)?;
        let passed = began.elapsed();
        if passed > limits.idle_timeout && sent < limits.rate_min_bytes_per_s.saturating_mul(passed.as_secs()) {
            return Err(DownloadError::Stalled);
        }
    }
    // An encrypted connection says that it ends; what is packed ends by itself.
    if end == End::Closed && !is_encrypted && !unpacked.ends_by_itself() {
        return Err(DownloadError::CutOff);
    }
    unpacked.finish()
}

fn end(fields: &HeaderMap) -> Result<(End, Option<u64>), DownloadError> {
    let transfer = words(fields, &TRANSFER_ENCODING)?;
    if !transfer.is_empty() {
        return if transfer == ["chunked"] { Ok((End::Told, None)) } else { Err(DownloadError::Garbled) };
    }
    match fields.get(CONTENT_LENGTH).map(|length| length.to_str().ok().and_then(|length| length.trim().parse().ok())) {
        Some(Some(length)) => Ok((End::Told, Some(length))),
        Some(None) => Err(DownloadError::Garbled),
        None => Ok((End::Closed, None)),
    }
}

/// The words of a field, all of its lines together, in lower case.
fn words(fields: &HeaderMap, name: &HeaderName) -> Result<Vec<String>, DownloadError> {
    let mut all = Vec::new();
    for line in fields.get_all(name) {
        let line = line.to_str().map_err(|_| DownloadError::Garbled)?;
        all.extend(line.split(',').map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()));
    }
    Ok(all)
}

/// A body that grows, unpacked.
enum Unpacked {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Unpacked {
    /// At most one coding is undone: two are nothing but a way to hide how large it is.
    fn new(fields: &HeaderMap, bytes_max: u64) -> Result<Self, DownloadError> {
        let bounded = Bounded { bytes: Vec::new(), bytes_max, is_over: false };
        let codings = words(fields, &CONTENT_ENCODING)?;
        match codings.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["identity"] => Ok(Self::Plain(bounded)),
            ["gzip" | "x-gzip"] => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(bounded)))),
            _ => Err(DownloadError::Packing),
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), DownloadError> {
        let (taken, body) = match self {
            Self::Plain(body) => (body.write_all(chunk), &*body),
            Self::Gzip(decoder) => (decoder.write_all(chunk), decoder.get_ref()),
        };
        taken.map_err(|error| body.error(&error))
    }

    fn ends_by_itself(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    fn finish(self) -> Result<Vec<u8>, DownloadError> {
        match self {
            Self::Plain(body) => Ok(body.bytes),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                // An empty file packed is not empty: without a head nothing came.
                Ok(()) if decoder.header().is_none() => Err(DownloadError::CutOff),
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(error) => Err(decoder.get_ref().error(&error)),
            },
        }
    }
}

/// Bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: u64,
    is_over: bool,
}

impl Bounded {
    fn error(&self, error: &io::Error) -> DownloadError {
        match error.kind() {
            _ if self.is_over => DownloadError::TooLarge { bytes_max: self.bytes_max },
            io::ErrorKind::UnexpectedEof => DownloadError::CutOff,
            _ => DownloadError::Packing,
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() as u64).saturating_add(more.len() as u64) > self.bytes_max {
            self.is_over = true;
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        lines.iter().map(line).collect::<HeaderMap>()
    }

    #[test]
    fn what_ends_a_body() {
        for (lines, expected) in [
            (&[("content-length", "5")][..], Ok((End::Told, Some(5)))),
            (&[("transfer-encoding", "Chunked")], Ok((End::Told, None))),
            (&[], Ok((End::Closed, None))),
            (&[("transfer-encoding", "gzip, chunked")], Err(DownloadError::Garbled)),
            (&[("transfer-encoding", "gzip"), ("content-length", "5")], Err(DownloadError::Garbled)),
            (&[("content-length", "-5")], Err(DownloadError::Garbled)),
        ] {
            assert_eq!(end(&fields(lines)), expected, "{lines:?}");
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What becomes of a body that comes in pieces of seven bytes, of which 1,000 are allowed.
    fn unpack(coding: &'static [(&'static str, &'static str)], body: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut unpacked = Unpacked::new(&fields(coding), 1_000).map_err(DownloadError::code)?;
        body.chunks(7).try_for_each(|chunk| unpacked.take(chunk)).map_err(DownloadError::code)?;
        unpacked.finish().map_err(DownloadError::code)
    }

    #[test]
    fn one_packing_is_undone_and_no_more_than_allowed() {
        const GZIP: &[(&str, &str)] = &[("content-encoding", "gzip")];
        let text = vec![b'a'; 1_000];
        let packed = gzip(&text);
        assert_eq!(unpack(&[], &text).as_deref(), Ok(&*text));
        assert_eq!(unpack(GZIP, &packed).as_deref(), Ok(&*text));
        assert_eq!(unpack(&[("content-encoding", "X-GZip")], &gzip(b"")).as_deref(), Ok(&b""[..]));
        assert_eq!(unpack(GZIP, &[gzip(b"a"), gzip(b"b")].concat()).as_deref(), Ok(&b"ab"[..]));
        assert_eq!(unpack(&[], &[b'a'; 1_001]), Err("too_large"));
        assert_eq!(unpack(GZIP, &gzip(&[b'a'; 1_001])), Err("too_large"));
        assert_eq!(unpack(GZIP, b""), Err("cut_off"));
        for length in 1..packed.len() {
            // The checksum behind it all is eight bytes.
            let expected = if length < packed.len() - 8 { "cut_off" } else { "packing" };
            assert_eq!(unpack(GZIP, &packed[..length]), Err(expected), "{length}");
        }
        let mut damaged = packed.clone();
        *damaged.iter_mut().nth_back(6).unwrap() ^= 1;
        assert_eq!(unpack(GZIP, &damaged), Err("packing"));
        assert_eq!(unpack(GZIP, &[&*packed, b"more of it"].concat()), Err("packing"));
        assert_eq!(unpack(GZIP, &text), Err("packing"));
        for other in [&[("content-encoding", "br")][..], &[("content-encoding", "gzip, gzip")]] {
            assert_eq!(Unpacked::new(&fields(other), 1_000).err(), Some(DownloadError::Packing), "{other:?}");
        }
        let twice = [("content-encoding", "gzip"), ("content-encoding", "gzip")];
        let mut lines = HeaderMap::new();
        for (name, value) in twice {
            lines.append(name, HeaderValue::from_static(value));
        }
        assert_eq!(Unpacked::new(&lines, 1_000).err(), Some(DownloadError::Packing));
    }
}
