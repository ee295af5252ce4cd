//! Packed bodies: unpacked within a limit, or refused.

use std::borrow::Cow;
use std::io::Read;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::Refused;

/// What `Accept-Encoding` of an answer to an unknown coding says (RFC 9110, section 12.5.3).
pub(in crate::serve) const CODINGS: &str = "gzip, zstd";

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Decoders of zstd are asked for at most 8 MiB of memory, as RFC 9659 wants it of HTTP.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// What the header fields say.
    pub(in crate::serve) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let mut fields = headers.get_all(CONTENT_ENCODING).iter();
        let coding = match (fields.next(), fields.next()) {
            (None, _) => return Ok(Self::Identity),
            (Some(one), None) => one.to_str().map_err(|_| Refused::Coding)?.trim(),
            (Some(_), Some(_)) => return Err(Refused::Coding),
        };
        match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Refused::Coding),
        }
    }

    /// The bytes that the body stands for.
    pub(in crate::serve) fn decoded(self, body: &[u8], max_bytes: usize) -> Result<Cow<'_, [u8]>, Refused> {
        match self {
            Self::Identity if is_packed(body) => Err(Refused::PackedUnsaid),
            Self::Identity => Ok(Cow::Borrowed(body)),
            Self::Gzip => unpack(flate2::read::MultiGzDecoder::new(body), max_bytes),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(|_| Refused::BadlyPacked)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|_| Refused::BadlyPacked)?;
                unpack(decoder, max_bytes)
            }
        }
    }
}

/// Some back ends look at the bytes and not at what is said of them.
pub(super) fn is_packed(body: &[u8]) -> bool {
    body.starts_with(GZIP_MAGIC) || body.starts_with(ZSTD_MAGIC)
}

fn unpack(decoder: impl Read, max_bytes: usize) -> Result<Cow<'static, [u8]>, Refused> {
    let mut plain = Vec::new();
    let read = decoder.take(max_bytes as u64 + 1).read_to_end(&mut plain).map_err(|_| Refused::BadlyPacked)?;
    match read {
        _ if read > max_bytes => Err(Refused::TooLarge),
        _ if is_packed(&plain) => Err(Refused::PackedUnsaid),
        _ => Ok(Cow::Owned(plain)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn with(coding: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, coding.parse().unwrap())])
    }

    #[test]
    fn bodies() {
        let (plain, two) = (b"plain".as_slice(), [gzip(b"one "), gzip(b"two")].concat());
        let zstd = zstd::encode_all(plain, 1).unwrap();
        for (coding, body, expected) in [
            ("identity", plain, Ok(plain)),
            ("gzip", &gzip(plain), Ok(plain)),
            ("X-GZIP", &gzip(plain), Ok(plain)),
            ("gzip", &two, Ok(b"one two")),
            ("zstd", &zstd, Ok(plain)),
            ("gzip", plain, Err(Refused::BadlyPacked)),
            ("gzip", two.get(..two.len() - 3).unwrap(), Err(Refused::BadlyPacked)),
            ("gzip", &gzip(&gzip(plain)), Err(Refused::PackedUnsaid)),
            ("identity", &gzip(plain), Err(Refused::PackedUnsaid)),
            ("identity", &zstd, Err(Refused::PackedUnsaid)),
            ("gzip", &gzip(&[0; 101]), Err(Refused::TooLarge)),
            ("gzip", &gzip(&[0; 100]), Ok(&[0; 100])),
            ("gzip, gzip", &gzip(plain), Err(Refused::Coding)),
            ("br", plain, Err(Refused::Coding)),
            ("deflate", plain, Err(Refused::Coding)),
        ] {
            let decoded = Coding::of(&with(coding)).and_then(|coding| coding.decoded(body, 100));
            assert_eq!(decoded.as_deref(), expected.as_ref().copied(), "{coding}");
        }
        let mut twice = with("gzip");
        twice.append(CONTENT_ENCODING, "identity".parse().unwrap());
        assert_eq!(Coding::of(&twice), Err(Refused::Coding));
    }
}
