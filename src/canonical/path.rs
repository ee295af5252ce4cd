//! The path of a canonical URL: escapes undone, runs of slashes one slash, dot segments resolved.

use super::escape::{self, Part};

/// Appends the canonical form of `path` (percent-encoded, starting with `/` or empty) to `out`.
pub(crate) fn fold_into(path: &str, out: &mut String) {
    if is_folded(path.as_bytes()) {
        out.push_str(path);
        return;
    }
    let mut bytes = escape::unescape_until_stable(path.as_bytes()).into_owned();
    for byte in &mut bytes {
        if *byte == b'\\' {
            *byte = b'/';
        }
    }
    escape::escape_into(&resolve(&bytes), Part::Path, out);
}

/// Whether there is nothing to fold: no escape, no backslash, no segment that is empty or starts with a dot.
///
/// What the URL standard gives is printable ASCII without `?` and `#`.
fn is_folded(path: &[u8]) -> bool {
    let mut after_slash = false;
    for &byte in path {
        let needs_folding = matches!(byte, b'%' | b'\\' | b'?' | b'#' | ..b'!' | 0x7f..);
        if needs_folding || (after_slash && matches!(byte, b'/' | b'.')) {
            return false;
        }
        after_slash = byte == b'/';
    }
    path.first() == Some(&b'/')
}

/// Resolves `.` and `..`, and joins what is left with single slashes.
fn resolve(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len() + 1);
    let mut open = true; // whether the path so far names a directory, so that a slash ends it
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => open = true,
            b".." => {
                out.truncate(out.iter().rposition(|&byte| byte == b'/').unwrap_or(0));
                open = true;
            }
            name => {
                out.push(b'/');
                out.extend_from_slice(name);
                open = false;
            }
        }
    }
    if open {
        out.push(b'/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (input, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a///b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a%2fb", "/a/b"),
            ("/a%5Cb", "/a/b"),
            ("/a%252fb", "/a/b"),
            ("/..a/...", "/..a/..."),
            ("/a%3Fb", "/a%3Fb"),
            ("/%25%32%35", "/%25"),
            ("/caf%C3%A9", "/caf%C3%A9"),
        ] {
            let mut out = String::new();
            fold_into(input, &mut out);
            assert_eq!(out, expected, "{input}");
        }
    }
}
