//! Hash lists: hex or JSON lines, and raw tables of hashes or prefixes.

use serde::Deserialize;

use crate::index::{Scope, Target};
use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal, Unit};
use crate::lists::value;

use super::plain::without_comment;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, line);
}

fn line(intake: &mut Intake<'_>, text: &str) -> Outcome {
    if text.starts_with(['#', ';', '!']) {
        return Ok(Line::Ignored(Ignored::Comment));
    }
    if text.starts_with('{') {
        return object(intake, text);
    }
    hex(intake, without_comment(text))
}

fn object(intake: &mut Intake<'_>, text: &str) -> Outcome {
    let hash: Hash<'_> = serde_json::from_str(text).map_err(|_| Refusal::Malformed)?;
    match hash.alg.unwrap_or("sha256") {
        alg if alg.eq_ignore_ascii_case("sha256") || alg.eq_ignore_ascii_case("sha-256") => hex(intake, hash.h),
        "md5_url" => {
            intake.give_bare((Scope::Md5Url, Target::Md5(value::md5(hash.h)?)));
            Ok(Line::Taken)
        }
        _ => Ok(Line::Ignored(Ignored::OtherType)),
    }
}

/// Lengths of MD5 and SHA-1 are no prefixes: somebody has given the wrong list.
fn hex(intake: &mut Intake<'_>, text: &str) -> Outcome {
    let bytes = value::hex_bytes(text).filter(|bytes| matches!(bytes.len(), 4..=15 | 17..=19 | 21..=32));
    intake.give_bare((Scope::Sha256, Target::Sha256(bytes.ok_or(Refusal::NotAHash)?)));
    Ok(Line::Taken)
}

/// A line of a hash list as JSON.
#[derive(Deserialize)]
struct Hash<'h> {
    #[serde(alias = "hash", alias = "sha256")]
    h: &'h str,
    alg: Option<&'h str>,
}

/// Reads a raw table; its end must be the end of a hash.
pub(super) fn read_raw(body: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    intake.counts(Unit::Object);
    let len = intake.options.hash_bytes.clamp(4, 32);
    if !body.len().is_multiple_of(len) {
        return Err(ListError::CutOff);
    }
    for (number, hash) in (1..).zip(body.chunks_exact(len)) {
        intake.line(number, |intake| {
            intake.give_bare((Scope::Sha256, Target::Sha256(hash.into())));
            Ok(Line::Taken)
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::lists::tests::{Seen, seen};
    use crate::lists::{Format, ListError, Options, read};

    const HASH: &str = "d2ef0a8506d7f358357d88b05061ca74e96ad5746ce3b2b3b611ac2a7de418d2";

    #[test]
    fn hashes_in_hex() {
        let entry = format!("sha256 {HASH}");
        for (input, expected) in [
            (HASH.to_owned(), Seen::entry(&entry)),
            (HASH.to_uppercase(), Seen::entry(&entry)),
            (format!("{HASH} # why"), Seen::entry(&entry)),
            (format!(r#"{{"h":"{HASH}","alg":"sha256"}}"#), Seen::entry(&entry)),
            (r#"{"h":"d2ef0a85"}"#.to_owned(), Seen::entry("sha256 d2ef0a85")),
            (format!(r#"{{"h":"{HASH}","alg":"sha1"}}"#), Seen::ignored("OtherType")),
            ("# comment".to_owned(), Seen::ignored("Comment")),
            ("abcd".to_owned(), Seen::refused("NotAHash")),
            (HASH.replace('d', "z"), Seen::refused("NotAHash")),
            (format!("{HASH}00"), Seen::refused("NotAHash")),
            (HASH[..40].to_owned(), Seen::refused("NotAHash")),
            ("bad.example".to_owned(), Seen::refused("NotAHash")),
            ("{".to_owned(), Seen::refused("Malformed")),
        ] {
            assert_eq!(seen(&input, Format::Sha256), expected, "{input}");
        }
    }

    #[test]
    fn raw_tables_end_with_a_hash() {
        let tables = crate::lists::tests::tables();
        let options = Options { hash_bytes: 4, ..Options::default() };
        let mut entries = 0;
        let report = read(&[7; 12], Format::Sha256Raw, &options, tables, &mut |_| entries += 1).unwrap();
        assert_eq!((report.lines, report.taken, entries), (3, 3, 3));
        let cut = read(&[7; 13], Format::Sha256Raw, &options, tables, &mut |_| {});
        assert!(matches!(cut, Err(ListError::CutOff)));
    }
}
