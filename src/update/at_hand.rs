//! A list that need not be downloaded: in a file, a directory, or on standard input.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::fetch::BESIDE_MAX_BYTES;
use crate::lists::guard::Signature;
use crate::lists::{Beside, ListError, Look, Piece, Proof, Signed, Source};
use crate::store::{Failure, Listing, Notes, Offer, Store, StoreError};
use crate::telemetry::clock;

use super::wrong::Wrong;
use super::{DIGEST, Outcome, SIGNATURE};

/// A file that was written so lately may still be written.
const YOUNG_S: i64 = 2;
/// How long it is left alone then, until it stays as it is.
const PAUSE: Duration = Duration::from_millis(200);
/// A file that changes while it is taken is read so often.
const READINGS_MAX: u32 = 3;
/// So often it is waited for; then it is taken as it is, and guards see to it.
const PAUSES_MAX: usize = 50;

/// Reads a list where its source says, takes what it has, and notes how it went; `now` is in seconds since the Unix epoch.
///
/// # Errors
/// If what is kept of the list can be neither read nor written.
pub fn at_hand(store: &Store, listing: &Listing, now: i64) -> Result<Outcome, StoreError> {
    let name = &listing.source.name;
    // They are of no use if they are damaged, and nothing hangs on them.
    let notes = store.notes(name).unwrap_or_default();
    let take = || {
        let mut left = READINGS_MAX;
        loop {
            let Reading { pieces, signed, look: read } = Reading::of(listing)?;
            let issued = signed.as_ref().and_then(Signed::issued);
            let signature = signed.map(|_| Signature::Right);
            let taken = store.take(listing, Offer { pieces, issued, signature, at: now })?;
            left -= 1;
            // Who read first may have written last: whoever is overtaken looks again.
            if read == listing.source.look() || left == 0 {
                return Ok::<_, Wrong>((taken, read.and_then(|look| look.written_at)));
            }
        }
    };
    let (outcome, next) = match take() {
        Ok((taken, written_at)) => {
            let outcome = Outcome::Taken(taken);
            let (offered, checked_at) = outcome.seen(&store.book(name)?, &notes, written_at.unwrap_or(now));
            // What a server said of its versions is not about this one.
            (outcome, Notes { checked_at, offered, ..Notes::default() })
        }
        // Whoever writes there would keep us waiting for the notes as well.
        Err(Wrong::Store(error @ StoreError::Busy { .. })) => return Err(error),
        Err(wrong) => {
            // Told again and again it is one failure, which began once.
            let known = notes.last_error.as_ref().filter(|known| known.code == wrong.code());
            let failure = wrong.failure(known.map_or(now, |known| known.at));
            (Outcome::Failed(failure.clone()), Notes { last_error: Some(failure), failures: 1, ..notes.clone() })
        }
    };
    // Most runs find what they found before, and need not be allowed to write.
    if next != notes {
        store.note(name, &next)?;
    }
    Ok(outcome)
}

/// What a source had, and what it looked like then.
struct Reading {
    pieces: Vec<Piece>,
    /// What is told under its signature, if it has to have one.
    signed: Option<Signed>,
    look: Option<Look>,
}

impl Reading {
    /// Reads a source once it is written whole, as far as that can be seen.
    fn of(Listing { source, proof, .. }: &Listing) -> Result<Self, Wrong> {
        let mut look = source.look();
        for _ in 0..PAUSES_MAX {
            if !look.is_some_and(is_young) {
                break;
            }
            thread::sleep(PAUSE);
            let now = source.look();
            if now == look {
                break;
            }
            look = now;
        }
        // From a pipe nothing may ever come.
        if source.path().is_some_and(|path| path.exists() && !path.is_file() && !path.is_dir()) {
            let error = ListError::Io(io::Error::other("it is neither a file nor a directory"));
            return Err(error.of(&source.label()).into());
        }
        let cannot = |error: ListError| error.of(&source.label());
        if !proof.is_asked_for() {
            return Ok(Self { pieces: source.read().map_err(cannot)?, signed: None, look });
        }
        let (bytes, beside) = proven(source).map_err(cannot)?;
        let signed = proof.check(&bytes, &beside)?;
        Ok(Self { pieces: source.pieces(bytes).map_err(cannot)?, signed, look })
    }
}

/// Whether a file that is no text is what it has to be, by what stands beside it.
///
/// # Errors
/// If it is not, or nothing tells.
pub fn prove(source: &Source, proof: &Proof, now: i64) -> Result<(), Failure> {
    if !proof.is_asked_for() {
        return Ok(());
    }
    let check = || {
        let (bytes, beside) = proven(source).map_err(|error| error.of(&source.label()))?;
        proof.check(&bytes, &beside)?;
        Ok::<_, Wrong>(())
    };
    check().map_err(|wrong| wrong.failure(now))
}

/// A list as it stands there, and what stands beside it. Of a directory there is nothing that could be signed.
fn proven(source: &Source) -> Result<(Vec<u8>, Beside), ListError> {
    let Some(path) = source.path().filter(|path| !path.is_dir()) else { return Ok(Default::default()) };
    let [digest, signature] = beside(path).map(|path| small(&path).map_err(ListError::Io));
    Ok((source.bytes()?, Beside { digest: digest?, signature: signature? }))
}

/// What is in a file beside a list; nothing if there is none.
fn small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?.take(BESIDE_MAX_BYTES).read_to_end(&mut text)?,
    };
    Ok(Some(text))
}

/// Where the digest and the signature of a list in a file are.
pub fn beside(path: &Path) -> [PathBuf; 2] {
    [DIGEST, SIGNATURE].map(|ending| {
        let mut path = path.as_os_str().to_owned();
        path.push(ending);
        path.into()
    })
}

fn is_young(look: Look) -> bool {
    let age_s = look.written_at.map(|at| clock::now().saturating_sub(at));
    age_s.is_some_and(|age_s| (0..YOUNG_S).contains(&age_s))
}
