//! What a server calls a version of a file, so that it need not be sent again.

use http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// By what a version is known again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validators {
    /// As the server wrote it.
    pub etag: Option<String>,
    /// As the server wrote it: it is nobody's clock but its own.
    pub last_modified: Option<String>,
}

/// Of each; longer ones are not kept, and the file is sent whole each time.
pub const VALIDATOR_MAX_BYTES: usize = 1_024;

impl Validators {
    /// Those in the head of an answer.
    pub(super) fn of(fields: &HeaderMap) -> Self {
        Self { etag: text(fields, &ETAG), last_modified: text(fields, &LAST_MODIFIED) }
    }

    /// Adds the question whether anything changed.
    pub(super) fn ask(&self, fields: &mut HeaderMap) {
        for (name, told) in [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)] {
            if let Some(told) = told.as_deref().and_then(|told| HeaderValue::from_str(told).ok()) {
                fields.insert(name, told);
            }
        }
    }

    /// Whether there is anything to ask by.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// These, after an answer that nothing changed; `None` if it is about another version.
    pub(super) fn confirmed(&self, fields: &HeaderMap) -> Option<Self> {
        let told = Self::of(fields);
        if let (Some(ours), Some(theirs)) = (&self.etag, &told.etag)
            && opaque(ours) != opaque(theirs)
        {
            return None;
        }
        Some(Self {
            etag: told.etag.or_else(|| self.etag.clone()),
            last_modified: told.last_modified.or_else(|| self.last_modified.clone()),
        })
    }
}

/// Weak and strong ones of a version are the same here (RFC 9110, section 13.1.2).
fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

fn text(fields: &HeaderMap, name: &HeaderName) -> Option<String> {
    let told = fields.get(name)?.to_str().ok()?;
    (!told.is_empty() && told.len() <= VALIDATOR_MAX_BYTES).then(|| told.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(etag: &str) -> HeaderMap {
        HeaderMap::from_iter([(ETAG, etag.parse().unwrap())])
    }

    #[test]
    fn longer_ones_are_not_kept() {
        let longest = "a".repeat(VALIDATOR_MAX_BYTES);
        assert_eq!(Validators::of(&told(&longest)).etag, Some(longest.clone()));
        assert!(Validators::of(&told(&(longest + "a"))).is_empty());
        assert!(Validators::of(&told("")).is_empty());
    }

    #[test]
    fn nothing_changed_since_what_we_have_only() {
        let ours = Validators { etag: Some("\"1\"".into()), last_modified: Some("then".into()) };
        for (etag, expected) in [("\"1\"", true), ("W/\"1\"", true), ("\"2\"", false)] {
            assert_eq!(ours.confirmed(&told(etag)).is_some(), expected, "{etag}");
        }
        assert_eq!(ours.confirmed(&HeaderMap::new()), Some(ours.clone()));
        let mut asked = HeaderMap::new();
        ours.ask(&mut asked);
        assert_eq!(
            (asked[IF_NONE_MATCH].as_bytes(), asked[IF_MODIFIED_SINCE].as_bytes()),
            (&b"\"1\""[..], &b"then"[..])
        );
    }
}
