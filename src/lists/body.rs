//! A file as a whole: unpacks it, and refuses what cannot be a list.

use std::borrow::Cow;
use std::io::{self, Read};

use super::error::ListError;
use super::format::Format;
use super::options::Options;

/// The content of a file: unpacked if it is gzip or zstd, otherwise as it is.
///
/// # Errors
/// If it is damaged, cut off, or larger than `bytes_max`.
pub fn unpack<'b>(file: &'b [u8], options: &Options) -> Result<Cow<'b, [u8]>, ListError> {
    let bytes_max = options.bytes_max;
    if file.starts_with(&GZIP) {
        return drain(flate2::read::MultiGzDecoder::new(file), bytes_max).map(Cow::Owned);
    }
    if file.starts_with(&ZSTD) {
        let mut decoder = zstd::Decoder::new(file).map_err(|_| ListError::Packing)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|_| ListError::Packing)?;
        return drain(decoder, bytes_max).map(Cow::Owned);
    }
    if file.len() as u64 > bytes_max {
        return Err(ListError::TooLarge { bytes_max });
    }
    Ok(Cow::Borrowed(file))
}

/// Everything a reader gives, up to a limit.
pub(super) fn drain(reader: impl Read, bytes_max: u64) -> Result<Vec<u8>, ListError> {
    let mut out = Vec::new();
    let read = reader.take(bytes_max.saturating_add(1)).read_to_end(&mut out);
    if out.len() as u64 > bytes_max {
        return Err(ListError::TooLarge { bytes_max });
    }
    match read {
        Ok(_) => Ok(out),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ListError::CutOff),
        Err(_) => Err(ListError::Packing),
    }
}

/// Refuses bodies that are no list of any format.
pub(super) fn check(body: &[u8], format: Format, options: &Options) -> Result<(), ListError> {
    if body.len() as u64 > options.bytes_max {
        return Err(ListError::TooLarge { bytes_max: options.bytes_max });
    }
    if format == Format::Sha256Raw {
        return if body.is_empty() { Err(ListError::Empty) } else { Ok(()) };
    }
    if body.starts_with(&[0xff, 0xfe]) || body.starts_with(&[0xfe, 0xff]) {
        return Err(ListError::NotText);
    }
    let start = without_bom(body).trim_ascii_start();
    if start.is_empty() {
        return Err(ListError::Empty);
    }
    if is_html(start) {
        return Err(ListError::Html);
    }
    if is_binary(start) {
        return Err(ListError::NotText);
    }
    Ok(())
}

/// Whether many bytes are zero, as in a compiled index with a damaged start; text has none, or a stray one.
fn is_binary(start: &[u8]) -> bool {
    let looked_at = start.get(..BINARY_LOOK_BYTES).unwrap_or(start);
    let zeros = memchr::memchr_iter(0, looked_at).count();
    zeros > STRAY_ZEROS_MAX && zeros * 100 > looked_at.len()
}

const BINARY_LOOK_BYTES: usize = 64 << 10;
const STRAY_ZEROS_MAX: usize = 16;

/// The body without a byte order mark.
pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Whether the text begins with a tag, a declaration or a comment of HTML. A link in angle brackets has a colon.
fn is_html(start: &[u8]) -> bool {
    let Some((b'<', inner)) = start.split_first() else { return false };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    match inner.split_first() {
        Some((b'!' | b'?', _)) => true,
        Some((first, rest)) if first.is_ascii_alphabetic() => {
            let end = rest.iter().find(|byte| !is_name(byte));
            end.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
        }
        _ => false,
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// 128 MiB, what the zstd program itself takes without being asked.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn small() -> Options {
        Options { bytes_max: 1000, ..Options::default() }
    }

    #[test]
    fn packed_lists_are_unpacked() {
        let text = b"listed.example\n".repeat(20);
        for packed in [gzip(&text), zstd::encode_all(&*text, 1).unwrap(), text.clone()] {
            assert_eq!(unpack(&packed, &small()).unwrap(), text);
        }
    }

    #[test]
    fn bombs_and_pieces_are_refused() {
        let bomb = vec![b'a'; 1001];
        for packed in [gzip(&bomb), zstd::encode_all(&*bomb, 1).unwrap(), bomb] {
            assert_eq!(unpack(&packed, &small()).unwrap_err().code(), "too_large");
        }
        let text: Vec<u8> = (0..200_u8).collect();
        for packed in [gzip(&text), zstd::encode_all(&*text, 1).unwrap()] {
            let cut = &packed[..packed.len() - 9];
            assert_eq!(unpack(cut, &small()).unwrap_err().code(), "cut_off");
        }
        assert_eq!(
            unpack(&[0x1f, 0x8b, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], &small()).unwrap_err().code(),
            "packing"
        );
    }

    #[test]
    fn what_is_no_list() {
        for (body, code) in [
            ("", "empty"),
            (" \n\t\n", "empty"),
            ("\u{feff}", "empty"),
            ("<!DOCTYPE html>\n<html>", "html"),
            ("\u{feff}\n<HTML lang=en>", "html"),
            ("<meta http-equiv=refresh>", "html"),
            ("<h1>Sorry</h1>", "html"),
            ("<!-- cached -->", "html"),
            ("<br/>", "html"),
        ] {
            assert_eq!(check(body.as_bytes(), Format::Plain, &small()).unwrap_err().code(), code, "{body:?}");
        }
        assert_eq!(check(b"\xff\xfea\0", Format::Plain, &small()).unwrap_err().code(), "not_text");
        for text in ["a.example\n<html>\n", "<https://a.example/>\n", "<\n", "<1>\n"] {
            assert!(check(text.as_bytes(), Format::Plain, &small()).is_ok(), "{text}");
        }
    }
}
