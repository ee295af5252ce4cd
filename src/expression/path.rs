//! Path forms: every prefix of a path that ends at a segment, and the parameters of a query.

use std::borrow::Cow;

use crate::canonical;

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
    /// Digest of a host and a path; a trailing slash and session identifiers do not count.
    pub fn path(&self, host: &str, path: &str) -> Digest {
        self.path_start(host).with(without_trailing_slash(&without_sessions(path)).as_bytes()).digest()
    }

    /// Calls `meet` with every leading part of `path` on `host`, from the root to the whole.
    pub fn path_forms(&self, host: &str, path: &str, mut meet: impl FnMut(PathForm)) {
        let mut running = self.path_start(host);
        let path = without_sessions(path);
        let mut rest = without_trailing_slash(&path);
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
        canonical::parameters(query).map(|part| {
            let mut running = self.start(Kind::Parameter);
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            // With its length, so that a name cannot run into its value when either has the mark between them.
            let name_len = add_decoded(name, &mut running);
            add_decoded(value, &mut running);
            running.with(&(name_len as u64).to_le_bytes()).digest()
        })
    }
}

/// Adds the text as it is meant, and says how long that is.
fn add_decoded(text: &str, running: &mut Running) -> usize {
    let mut len = 0;
    let mut add = |bytes: &[u8]| {
        len += bytes.len();
        running.add(bytes);
    };
    for (at, piece) in text.split('+').enumerate() {
        if at > 0 {
            add(b" ");
        }
        if piece.contains('%') {
            for byte in percent_encoding::percent_decode_str(piece) {
                add(&[byte]);
            }
        } else {
            add(piece.as_bytes());
        }
    }
    len
}

/// The path without session identifiers that a server hangs on a segment: `/a;jsessionid=1/b` is `/a/b`.
fn without_sessions(path: &str) -> Cow<'_, str> {
    if memchr::memchr(b';', path.as_bytes()).is_none() {
        return Cow::Borrowed(path);
    }
    let mut kept = String::with_capacity(path.len());
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            kept.push('/');
        }
        for (at, piece) in segment.split(';').enumerate().filter(|(at, piece)| *at == 0 || !is_session(piece)) {
            if at > 0 {
                kept.push(';');
            }
            kept.push_str(piece);
        }
    }
    Cow::Owned(kept)
}

/// Sessions as the Java Servlet specification and PHP name them.
fn is_session(piece: &str) -> bool {
    let name = piece.split_once('=').map_or("", |(name, _)| name);
    ["jsessionid", "phpsessid"].iter().any(|known| name.eq_ignore_ascii_case(known))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_do_not_count() {
        for (input, expected) in [
            ("/a/b", "/a/b"),
            ("/a/b;jsessionid=1", "/a/b"),
            ("/a;JSESSIONID=1.x/b/;phpsessid=2", "/a/b/"),
            ("/a;v=1;jsessionid=1;w=2", "/a;v=1;w=2"),
            ("/a;jsessionid", "/a;jsessionid"),
            ("/jsessionid=1;", "/jsessionid=1;"),
        ] {
            assert_eq!(without_sessions(input), expected, "{input}");
        }
    }
}
