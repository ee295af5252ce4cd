//! Chunked bodies: RFC 9112, 7.1, chunk by chunk.

use super::field::{self, Kind};
use super::line::{Bound, Lines, blame};
use super::{Limits, Violation};

/// Sixteen digits hold every size; more are there to confuse.
const SIZE_MAX_DIGITS: usize = 16;

/// A chunked body, as far as it has come.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    extension_bytes: usize,
}

#[derive(Debug)]
enum At {
    Size(Lines),
    Data(u64),
    /// The line end behind the data.
    Gap,
    Trailers {
        lines: Lines,
        fields: usize,
    },
}

/// A piece of a body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// None yet.
    Partial,
    /// So many bytes may be handed on.
    Part(usize),
    /// And they are the last ones.
    Last(usize),
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { at: At::Size(Lines::default()), extension_bytes: 0 }
    }

    /// Reads on. `held` begins behind the last piece.
    pub(super) fn advance(&mut self, held: &[u8], limits: &Limits) -> Result<Piece, Violation> {
        match &mut self.at {
            At::Size(lines) => {
                let bound = Bound { max_bytes: limits.chunk_line_max_bytes, violation: Violation::ChunkLineTooLong };
                let Some(line) = lines.next(held, bound)? else { return Ok(Piece::Partial) };
                let bytes = lines.start;
                self.size(line, limits).map_err(|violation| blame(line, violation))?;
                Ok(Piece::Part(bytes))
            }
            At::Data(left) => {
                let bytes = usize::try_from(*left).map_or(held.len(), |left| left.min(held.len()));
                *left -= bytes as u64;
                if *left == 0 {
                    self.at = At::Gap;
                }
                Ok(if bytes == 0 { Piece::Partial } else { Piece::Part(bytes) })
            }
            At::Gap => match held {
                [] | [b'\r'] => Ok(Piece::Partial),
                [b'\r', b'\n', ..] => {
                    self.at = At::Size(Lines::default());
                    Ok(Piece::Part(2))
                }
                _ => Err(Violation::ChunkEndMissing),
            },
            At::Trailers { lines, fields } => trailers(held, lines, fields, limits),
        }
    }

    #[cfg(test)]
    pub(super) fn is_in_data(&self) -> bool {
        matches!(self.at, At::Data(_))
    }

    fn size(&mut self, line: &[u8], limits: &Limits) -> Result<(), Violation> {
        let (digits, extensions) = line.split_at(memchr::memchr(b';', line).unwrap_or(line.len()));
        let size = size(digits).ok_or(Violation::ChunkSizeInvalid)?;
        if !are_extensions(extensions) {
            return Err(Violation::ChunkExtensionInvalid);
        }
        self.extension_bytes += extensions.len();
        if self.extension_bytes > limits.extensions_max_bytes {
            return Err(Violation::ChunkExtensionsTooLarge);
        }
        self.at = if size == 0 { At::Trailers { lines: Lines::default(), fields: 0 } } else { At::Data(size) };
        Ok(())
    }
}

fn size(digits: &[u8]) -> Option<u64> {
    let valid = digits.len() <= SIZE_MAX_DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
    let size = i64::from_str_radix(str::from_utf8(digits).ok().filter(|_| valid)?, 16).ok()?;
    u64::try_from(size).ok()
}

/// RFC 9112, 7.1.1: a recipient must ignore extensions it does not know, and nothing hands them on. They have to be
/// written as the grammar says, without whitespace and escapes: it is in sloppy readers of extensions that a line end
/// has been smuggled.
fn are_extensions(text: &[u8]) -> bool {
    let Some(text) = text.strip_prefix(b";") else {
        return text.is_empty();
    };
    text.split(|&byte| byte == b';').all(|extension| {
        let (name, value) = extension.split_at(memchr::memchr(b'=', extension).unwrap_or(extension.len()));
        field::is_token(name) && (value.is_empty() || value.strip_prefix(b"=").is_some_and(is_extension_value))
    })
}

fn is_extension_value(value: &[u8]) -> bool {
    match value {
        [b'"', text @ .., b'"'] => {
            text.iter().all(|&byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
        }
        _ => field::is_token(value),
    }
}

/// RFC 9112, 7.1.2. They are handed on together, behind the empty line.
fn trailers(held: &[u8], lines: &mut Lines, fields: &mut usize, limits: &Limits) -> Result<Piece, Violation> {
    let bound = Bound { max_bytes: limits.trailers_max_bytes, violation: Violation::TrailersTooLarge };
    while let Some(line) = lines.next(held, bound)? {
        if line.is_empty() {
            return Ok(Piece::Last(lines.start));
        }
        *fields += 1;
        if *fields > limits.fields_max {
            return Err(Violation::TooManyFields);
        }
        let (name, _) = field::split(line).map_err(|violation| blame(line, violation))?;
        if !Kind::of(name).may_trail() {
            return Err(Violation::TrailerRefused);
        }
    }
    Ok(Piece::Partial)
}
