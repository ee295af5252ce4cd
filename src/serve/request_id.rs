//! A name for each request, by which a person's question finds its line in the log.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use serde::{Serialize, Serializer};
use siphasher::sip::SipHasher13;

/// Sixteen hex digits that tell neither how many requests there were nor which came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestId(u64);

static KEY: LazyLock<[u8; 16]> = LazyLock::new(|| {
    let mut key = [0; 16];
    // Without random bytes ids are still distinct within the process.
    let _ = getrandom::fill(&mut key);
    key
});
static COUNT: AtomicU64 = AtomicU64::new(0);

impl RequestId {
    pub(super) fn next() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(SipHasher13::new_with_key(&KEY).hash(&count.to_le_bytes()))
    }

    pub(super) fn header(self) -> HeaderValue {
        let mut text = [0; 16];
        for (place, digit) in text.iter_mut().zip((0..16).rev()) {
            let nibble = (self.0 >> (digit * 4) & 0xf) as u8;
            *place = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        }
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("none"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_written_alike() {
        let (one, two) = (RequestId::next(), RequestId::next());
        assert_ne!(one, two);
        assert_eq!(one.header().to_str().unwrap(), one.to_string());
        assert_eq!(RequestId(0xab).to_string(), "00000000000000ab");
    }
}
