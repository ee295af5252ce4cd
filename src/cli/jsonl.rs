//! JSON lines in, one answer a line out; a bad line is counted, answered and passed over.

use std::io::{self, BufRead, Read as _, Write};

/// A line longer than this is passed over.
pub(super) const LINE_MAX_BYTES: usize = 64 << 20;

/// Why a line was passed over. Names are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLine {
    TooLong,
    NotUtf8,
    NotJson,
    /// JSON, but not of the form that the command reads.
    BadField,
}

impl BadLine {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::BadField => "bad_field",
        }
    }
}

/// Calls `answer` for every line that is not blank, with its number from 1. Gives back how many lines were bad.
///
/// `answer` writes its own output; for a bad line `{"id":null,"line":N,"error":"code"}` is written.
pub(super) fn each_line<W: Write>(
    mut input: impl BufRead,
    out: &mut W,
    mut answer: impl FnMut(&str, &mut W) -> io::Result<Result<(), BadLine>>,
) -> io::Result<u64> {
    let mut line = Vec::new();
    let mut bad_lines = 0;
    for number in 1_u64.. {
        line.clear();
        let read = (&mut input).take(LINE_MAX_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let outcome = if read > LINE_MAX_BYTES {
            skip_line(&mut input)?;
            Err(BadLine::TooLong)
        } else {
            // Editors on Windows put a byte order mark before the first line.
            let marked = if number == 1 { line.strip_prefix("\u{feff}".as_bytes()) } else { None };
            match std::str::from_utf8(marked.unwrap_or(&line)) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => answer(text.trim_end(), out)?,
                Err(_) => Err(BadLine::NotUtf8),
            }
        };
        if let Err(bad) = outcome {
            bad_lines += 1;
            writeln!(out, r#"{{"id":null,"line":{number},"error":"{}"}}"#, bad.code())?;
        }
    }
    Ok(bad_lines)
}

/// Reads on to the end of the line without keeping it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', buffer);
        let used = end.map_or(buffer.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// Parses a line; tells broken JSON from JSON of another form.
pub(super) fn parse<'l, T: serde::Deserialize<'l>>(line: &'l str) -> Result<T, BadLine> {
    serde_json::from_str(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => BadLine::BadField,
        _ => BadLine::NotJson,
    })
}
