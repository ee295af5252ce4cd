//! Whether a list is the one that its publisher signed, or at least the one whose digest stands beside it.
//!
//! A signature is one of minisign, whose trusted comment is signed too. A digest tells damage, and no more than that: whoever
//! can change the list can change it too.

use minisign_verify::{Error, PublicKey, Signature};
use sha2::{Digest as _, Sha256};

/// A publisher's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey(PublicKey);

/// Why something is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("it is no public key of minisign, which is one line that begins with RW")]
pub struct ListKeyError;

/// What a list has to come with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// One of these has to have signed it, if there are any.
    pub keys: Vec<ListKey>,
    /// Whether its digest has to stand beside it.
    pub digest: bool,
    /// Its file name, by which a file of many digests knows it.
    pub file: String,
    /// The name that its signature has to give it if it gives one; any if there is none.
    pub signed_as: Option<String>,
}

/// The files beside a list, as far as they are asked for and there.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// `.sha256`.
    pub digest: Option<Vec<u8>>,
    /// `.minisig`.
    pub signature: Option<Vec<u8>>,
}

/// What is told besides, under the signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signed {
    /// When it was signed, in seconds since the Unix epoch: `timestamp:1767225600`.
    pub timestamp: Option<i64>,
    /// The name of the file that was signed: `file:list.txt`.
    pub file: Option<String>,
    /// What the publisher calls it: `version:7`.
    pub version: Option<String>,
}

/// Why a list is not taken for its publisher's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// Nothing beside it.
    #[error("there is no signature beside the list")]
    SignatureMissing,
    /// Of something else, or none at all.
    #[error("the signature is not one of this list")]
    SignatureWrong,
    /// Of another list of the same publisher.
    #[error("the signature is one of another file; if its publisher names files otherwise, set `minisign_file`")]
    SignatureOtherFile,
    /// Made with a key that is not among those that are trusted.
    #[error("the signature was made with another key")]
    SignatureOtherKey,
    /// Nothing beside it, or nothing about it.
    #[error("there is no digest of the list beside it")]
    DigestMissing,
    /// Of something else, or none at all.
    #[error("the digest is not one of this list")]
    DigestWrong,
}

impl SignedError {
    /// A short name for `lists status` and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignatureMissing => "signature_missing",
            Self::SignatureWrong => "signature_wrong",
            Self::SignatureOtherFile => "signature_other_file",
            Self::SignatureOtherKey => "signature_other_key",
            Self::DigestMissing => "digest_missing",
            Self::DigestWrong => "digest_wrong",
        }
    }
}

impl ListKey {
    /// Reads a key: its one line, or the file with a comment before it.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, ListKeyError> {
        let mut lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("untrusted comment:"));
        let (Some(key), None) = (lines.next(), lines.next()) else { return Err(ListKeyError) };
        PublicKey::from_base64(key).map(Self).map_err(|_| ListKeyError)
    }
}

impl Signed {
    fn parse(comment: &str) -> Self {
        let mut signed = Self::default();
        // The tool puts tabs between, since names of files may have spaces.
        let between = if comment.contains('\t') { '\t' } else { ' ' };
        for word in comment.split(between) {
            match word.trim().split_once(':') {
                Some(("timestamp", told)) => signed.timestamp = signed.timestamp.or(told.parse().ok()),
                Some(("file", told)) => signed.file = signed.file.or(Some(told.to_owned())),
                Some(("version", told)) => signed.version = signed.version.or(Some(told.to_owned())),
                _ => {}
            }
        }
        signed
    }
}

impl Proof {
    /// Whether anything is asked for.
    pub fn is_asked_for(&self) -> bool {
        self.digest || !self.keys.is_empty()
    }

    /// Whether a list is what it is said to be, by what stands beside it; gives back what is signed, if it has to be.
    ///
    /// # Errors
    /// If it is not, or nothing tells.
    pub fn check(&self, list: &[u8], beside: &Beside) -> Result<Option<Signed>, SignedError> {
        if self.digest {
            check_digest(list, beside.digest.as_deref(), &self.file)?;
        }
        if self.keys.is_empty() {
            return Ok(None);
        }
        let signed = verify(list, beside.signature.as_deref(), &self.keys)?;
        let (told, expected) = (signed.file.as_ref(), self.signed_as.as_ref());
        let is_other = told.zip(expected).is_some_and(|(told, expected)| told != expected);
        if is_other { Err(SignedError::SignatureOtherFile) } else { Ok(Some(signed)) }
    }
}

impl Signed {
    /// The moment or number that never goes back.
    pub fn issued(&self) -> Option<String> {
        self.version.clone().or_else(|| self.timestamp.map(|timestamp| timestamp.to_string()))
    }
}

/// Whether one of `keys` made `signature` of `list`, as it is published; gives back what is signed besides.
///
/// # Errors
/// If none did.
pub fn verify(list: &[u8], signature: Option<&[u8]>, keys: &[ListKey]) -> Result<Signed, SignedError> {
    let signature = signature.filter(|text| !text.trim_ascii().is_empty()).ok_or(SignedError::SignatureMissing)?;
    let text = std::str::from_utf8(signature).map_err(|_| SignedError::SignatureWrong)?;
    let signature = Signature::decode(text).map_err(|_| SignedError::SignatureWrong)?;
    let mut error = SignedError::SignatureOtherKey;
    for ListKey(key) in keys {
        match key.verify(list, &signature, true) {
            Ok(()) => return Ok(Signed::parse(signature.trusted_comment())),
            Err(Error::UnexpectedKeyId) => {}
            Err(_) => error = SignedError::SignatureWrong,
        }
    }
    Err(error)
}

/// Whether `digests` has the SHA-256 of `list`. They are written as programs do: alone, before a name, or as
/// `SHA256 (name) = …`. Of several that of `file` counts.
///
/// # Errors
/// If it has another one, or none.
pub fn check_digest(list: &[u8], digests: Option<&[u8]>, file: &str) -> Result<(), SignedError> {
    let text = digests.filter(|text| !text.trim_ascii().is_empty()).ok_or(SignedError::DigestMissing)?;
    let text = std::str::from_utf8(text).map_err(|_| SignedError::DigestWrong)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let told = lines.map(digest).collect::<Option<Vec<_>>>().ok_or(SignedError::DigestWrong)?;
    let is_of_file = |name: &str| name.rsplit(['/', '\\']).next() == Some(file);
    let own = told.iter().find(|(name, _)| name.is_some_and(is_of_file));
    // A file of one line stands beside the list, whatever the list was called where it was made.
    let only = || if let [one] = &told[..] { Some(one) } else { None };
    let (_, expected) = own.or_else(only).ok_or(SignedError::DigestMissing)?;
    if Sha256::digest(list)[..] == expected[..] { Ok(()) } else { Err(SignedError::DigestWrong) }
}

/// The digest in a line, and of what it is.
fn digest(line: &str) -> Option<(Option<&str>, Vec<u8>)> {
    let (name, hex) = match line.split_once('(') {
        Some((algorithm, rest)) => {
            let (name, hex) = rest.rsplit_once(')')?;
            let is_known = ["SHA256", "SHA2-256"].contains(&algorithm.trim_end());
            (Some(name), hex.trim_start().strip_prefix('=').filter(|_| is_known)?.trim())
        }
        None => match line.split_once(|c: char| c.is_ascii_whitespace()) {
            Some((hex, name)) => (Some(name.trim_start().trim_start_matches('*')), hex),
            None => (None, line),
        },
    };
    let digest = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
    (digest.len() == Sha256::output_size()).then_some((name, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

    #[test]
    fn digests_as_programs_write_them() {
        let other = HEX.replace('b', "c");
        let upper = HEX.to_uppercase();
        for (text, expected) in [
            (HEX.to_owned(), Ok(())),
            (format!("{upper}\r\n"), Ok(())),
            (format!("{HEX}  list.txt\n"), Ok(())),
            (format!("{HEX} *list.txt\n"), Ok(())),
            (format!("{HEX}  dist/another.txt\n"), Ok(())),
            (format!("SHA256 (list.txt) = {HEX}\n"), Ok(())),
            (format!("SHA2-256(list.txt)= {HEX}\n"), Ok(())),
            (format!("# made today\n{other}  other.txt\n{HEX}  ./list.txt\n"), Ok(())),
            (format!("{other}  list.txt"), Err(SignedError::DigestWrong)),
            (format!("{HEX}  other.txt\n{other}  list.txt\n"), Err(SignedError::DigestWrong)),
            (format!("{HEX}  my-list.txt\n{HEX}  other.txt\n"), Err(SignedError::DigestMissing)),
            (format!("MD5 (list.txt) = {HEX}"), Err(SignedError::DigestWrong)),
            (HEX[..62].to_owned(), Err(SignedError::DigestWrong)),
            (format!("{HEX}00"), Err(SignedError::DigestWrong)),
            ("<html>".into(), Err(SignedError::DigestWrong)),
            (" \n".into(), Err(SignedError::DigestMissing)),
        ] {
            assert_eq!(check_digest(b"hello world", Some(text.as_bytes()), "list.txt"), expected, "{text}");
        }
        assert_eq!(check_digest(b"hello world", None, "list.txt"), Err(SignedError::DigestMissing));
        assert_eq!(check_digest(b"hello worlds", Some(HEX.as_bytes()), "list.txt"), Err(SignedError::DigestWrong));
    }

    #[test]
    fn what_is_signed_besides() {
        let signed = |timestamp, file: Option<&str>, version: Option<&str>| Signed {
            timestamp,
            file: file.map(str::to_owned),
            version: version.map(str::to_owned),
        };
        for (comment, expected) in [
            ("timestamp:1767225600\tfile:list.txt\thashed", signed(Some(1_767_225_600), Some("list.txt"), None)),
            ("timestamp:5\tfile:my list.txt", signed(Some(5), Some("my list.txt"), None)),
            ("version:7 timestamp:5", signed(Some(5), None, Some("7"))),
            ("timestamp:5\ttimestamp:9", signed(Some(5), None, None)),
            ("timestamp:soon", signed(None, None, None)),
            ("a list of mine", signed(None, None, None)),
        ] {
            assert_eq!(Signed::parse(comment), expected, "{comment}");
        }
    }

    #[test]
    fn what_is_no_key() {
        for text in [
            "",
            "untrusted comment: minisign public key",
            "RWQ",
            "two\nlines",
            "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO",
        ] {
            assert_eq!(ListKey::parse(text), Err(ListKeyError), "{text}");
        }
    }
}
