//! Signatures of the real tool: of the list as it is, and of nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use linkgate::lists::{ListKey, Signed, SignedError, verify};

use crate::Home;

/// A key of a publisher, made by minisign, which `tests/run` installs.
pub(crate) struct Publisher {
    home: Home,
    pub(crate) key: ListKey,
    /// As it stands in a configuration.
    pub(crate) public: String,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Hashed,
    Legacy,
}

fn minisign(arguments: &[&str], dir: &Path) {
    let status =
        Command::new("minisign").args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.unwrap().success(), "minisign {arguments:?}");
}

impl Publisher {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        minisign(&["-G", "-W", "-p", "key.pub", "-s", "key.sec"], home.path());
        let public = std::fs::read_to_string(home.path().join("key.pub")).unwrap();
        Self { key: ListKey::parse(&public).unwrap(), public: public.lines().last().unwrap().to_owned(), home }
    }

    /// Signs a file; the signature stands beside it.
    pub(crate) fn sign(&self, file: &Path, comment: &str, form: Form) -> PathBuf {
        let beside = PathBuf::from(format!("{}.minisig", file.display()));
        let (file, signature) = (file.to_str().unwrap(), beside.to_str().unwrap());
        let mut arguments = vec!["-S", "-W", "-s", "key.sec", "-m", file, "-x", signature, "-t", comment];
        if form == Form::Legacy {
            arguments.push("-l");
        }
        minisign(&arguments, self.home.path());
        beside
    }

    fn signature(&self, list: &[u8], comment: &str, form: Form) -> Vec<u8> {
        let file = self.home.file("list.txt", list);
        std::fs::read(self.sign(&file, comment, form)).unwrap()
    }
}

const LIST: &[u8] = b"listed.example\nother.example\n";

#[test]
fn the_list_that_was_signed_and_no_other() {
    let (publisher, other) = (Publisher::new(), Publisher::new());
    let keys = [other.key.clone(), publisher.key.clone()];
    for form in [Form::Hashed, Form::Legacy] {
        let signature = publisher.signature(LIST, "timestamp:1000\tfile:list.txt\tversion:7", form);
        let check = |list: &[u8], signature: &[u8], keys: &[ListKey]| {
            verify(list, Some(signature), keys).map_err(SignedError::code)
        };
        let signed = Signed { timestamp: Some(1000), file: Some("list.txt".into()), version: Some("7".into()) };
        assert_eq!(check(LIST, &signature, &keys), Ok(signed.clone()), "{form:?}");
        let one_line = String::from_utf8(signature.clone()).unwrap().replace('\n', "\r\n");
        assert_eq!(check(LIST, one_line.as_bytes(), &keys), Ok(signed), "{form:?}");
        for at in 0..LIST.len() {
            let mut altered = LIST.to_owned();
            altered[at] ^= 1;
            assert_eq!(check(&altered, &signature, &keys), Err("signature_wrong"), "{form:?} {at}");
        }
        let (line, _) = LIST.split_at(15);
        assert_eq!(check(line, &signature, &keys), Err("signature_wrong"));
        assert_eq!(check(LIST, &signature, &keys[..1]), Err("signature_other_key"));
        assert_eq!(check(LIST, &signature, &[]), Err("signature_other_key"));
        assert_eq!(check(LIST, b"", &keys), Err("signature_missing"));
        assert_eq!(check(LIST, b"<html><h1>Maintenance</h1>", &keys), Err("signature_wrong"));
        assert_eq!(check(LIST, &[0xff; 300], &keys), Err("signature_wrong"));
        assert_eq!(verify(LIST, None, &keys).unwrap_err().code(), "signature_missing");
    }
}

#[test]
fn no_byte_of_a_signature_that_counts_can_be_altered() {
    let publisher = Publisher::new();
    let keys = [publisher.key.clone()];
    let signature = publisher.signature(LIST, "timestamp:1000\tfile:list.txt", Form::Hashed);
    // What stands in the first line is signed by nobody; line ends are read in more than one way.
    let first = signature.iter().position(|&byte| byte == b'\n').unwrap();
    for at in (first + 1..signature.len()).filter(|&at| signature[at] != b'\n') {
        let mut altered = signature.clone();
        altered[at] ^= 1;
        let told = verify(LIST, Some(&altered), &keys);
        assert!(told.is_err() || altered[at] == b'\n' || altered[at] == b'\r', "{at}: {told:?}");
    }
}

#[test]
fn files_of_two_versions_do_not_go_together() {
    let publisher = Publisher::new();
    let keys = [publisher.key.clone()];
    let newer = [LIST, b"third.example\n"].concat();
    let old = publisher.signature(LIST, "timestamp:1000", Form::Hashed);
    let new = publisher.signature(&newer, "timestamp:2000", Form::Hashed);
    assert_eq!(verify(LIST, Some(&new), &keys).unwrap_err().code(), "signature_wrong");
    assert_eq!(verify(&newer, Some(&old), &keys).unwrap_err().code(), "signature_wrong");
    // Both of the old version are right, and tell that they are old.
    let [old, new] = [verify(LIST, Some(&old), &keys).unwrap(), verify(&newer, Some(&new), &keys).unwrap()];
    assert_eq!((old.timestamp, new.timestamp), (Some(1000), Some(2000)));
}
