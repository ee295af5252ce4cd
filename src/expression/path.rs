//! Path forms: every prefix of a path that ends at a segment, and the parameters of a query.

use super::digest::{Digest, DigestKey, Kind, Running};

/// One leading part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathForm {
    /// Digest of host and part.
    pub digest: Digest,
    /// Whether it is the whole path.
    pub reach: Reach,
    /// Length of host and part in bytes: the longer, the more specific.
    pub len: usize,
}

/// Whether a path form is the whole path or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The whole path.
    Whole,
    /// A leading part that ends at a segment boundary.
    Prefix,
}

impl DigestKey {
    /// Digest of a host and a path; a trailing slash does not count.
    pub fn path(&self, host: &str, path: &str) -> Digest {
        self.path_start(host).with(without_trailing_slash(path).as_bytes()).digest()
    }

    /// Calls `meet` with every leading part of `path` on `host`, from the root to the whole.
    pub fn path_forms(&self, host: &str, path: &str, mut meet: impl FnMut(PathForm)) {
        let mut running = self.path_start(host);
        let mut rest = without_trailing_slash(path);
        let mut len = host.len();
        while let Some(segment) = first_segment(rest) {
            meet(PathForm { digest: running.digest(), reach: Reach::Prefix, len });
            running.add(segment.as_bytes());
            len += segment.len();
            rest = rest.get(segment.len()..).unwrap_or("");
        }
        meet(PathForm { digest: running.digest(), reach: Reach::Whole, len });
    }

    fn path_start(&self, host: &str) -> Running {
        self.start(Kind::Path).with(host.as_bytes()).with(b"\0")
    }

    /// Digests of the parameters of a canonical query.
    ///
    /// Each is compared as `name=value` with escapes undone: `+` is a space, `a` equals `a=`, empty parts do not count.
    pub fn parameters<'q>(&'q self, query: &'q str) -> impl Iterator<Item = Digest> + 'q {
        parts(query).map(|part| {
            let mut running = self.start(Kind::Parameter);
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            add_decoded(name, &mut running);
            running.add(b"=");
            add_decoded(value, &mut running);
            running.digest()
        })
    }
}

/// The non-empty parts of a query.
pub fn parts(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|part| !part.is_empty())
}

fn add_decoded(text: &str, running: &mut Running) {
    for (at, piece) in text.split('+').enumerate() {
        if at > 0 {
            running.add(b" ");
        }
        if piece.contains('%') {
            for chunk in percent_encoding::percent_decode_str(piece) {
                running.add(&[chunk]);
            }
        } else {
            running.add(piece.as_bytes());
        }
    }
}

fn without_trailing_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// `/a` of `/a/b`.
fn first_segment(path: &str) -> Option<&str> {
    let inner = path.strip_prefix('/')?;
    let len = memchr::memchr(b'/', inner.as_bytes()).unwrap_or(inner.len());
    path.get(..=len)
}
