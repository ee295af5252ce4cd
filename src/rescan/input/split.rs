//! Where the last whole record of a piece of a file ends.

/// What separates records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Splitter {
    /// Every line is one.
    Lines,
    /// Lines, but not those within quotes that open a field.
    Quoted {
        /// The byte between columns.
        delimiter: u8,
    },
}

impl Splitter {
    /// The length of the whole records at the start of `piece`; 0 if there is none.
    pub(super) fn whole(self, piece: &[u8]) -> usize {
        match self {
            Self::Lines => memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1),
            Self::Quoted { delimiter } => rows(piece, delimiter).0,
        }
    }

    /// Whether a quote is open at the end of `piece`.
    pub(super) fn is_open(self, piece: &[u8]) -> bool {
        match self {
            Self::Lines => false,
            Self::Quoted { delimiter } => rows(piece, delimiter).1,
        }
    }
}

/// The length of the whole rows, and whether a quote is open behind them.
///
/// RFC 4180: a quote opens a field only at its start, and within one a doubled quote is a quote.
fn rows(piece: &[u8], delimiter: u8) -> (usize, bool) {
    let (mut whole, mut from) = (0, 0);
    loop {
        let rest = piece.get(from..).unwrap_or_default();
        let quote = memchr::memchr(b'"', rest).map(|at| from + at);
        let outside = piece.get(from..quote.unwrap_or(piece.len())).unwrap_or_default();
        whole = memchr::memrchr(b'\n', outside).map_or(whole, |at| from + at + 1);
        let Some(quote) = quote else { return (whole, false) };
        let before = quote.checked_sub(1).and_then(|at| piece.get(at));
        let opens = before.is_none_or(|&byte| byte == delimiter || matches!(byte, b'\n' | b'\r'));
        from = match opens.then(|| closing(piece, quote + 1)) {
            None => quote + 1,
            Some(Some(behind)) => behind,
            Some(None) => return (whole, true),
        };
    }
}

/// The place behind the quote that closes a field.
fn closing(piece: &[u8], mut from: usize) -> Option<usize> {
    while let Some(at) = memchr::memchr(b'"', piece.get(from..).unwrap_or_default()) {
        let quote = from + at;
        if piece.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        from = quote + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_outside_quotes() {
        let check = |piece: &str, expected: &str| {
            let whole = Splitter::Quoted { delimiter: b',' }.whole(piece.as_bytes());
            assert_eq!(&piece[..whole], expected, "{piece:?}");
            let is_open = Splitter::Quoted { delimiter: b',' }.is_open(piece.as_bytes());
            assert_eq!(is_open, piece[whole..].matches('"').count() % 2 == 1, "{piece:?}");
        };
        check("", "");
        check("a,b", "");
        check("a,b\nc", "a,b\n");
        check("a,\"b\nc\"\nd", "a,\"b\nc\"\n");
        check("a,\"b\nc", "");
        check("x\na,\"b\nc", "x\n");
        check("a,5\" disk\nb,c\nd", "a,5\" disk\nb,c\n");
        check("a,\"b\"\"\nc\"\nd", "a,\"b\"\"\nc\"\n");
        check("\"a\nb\",c\n\"d", "\"a\nb\",c\n");
        check("a,\"\"\nb", "a,\"\"\n");
    }
}
