//! The secret that events are signed with, by the scheme of Standard Webhooks.

use data_encoding::{BASE64, BASE64_NOPAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::EventId;

/// What a secret begins with that is written in Base64.
const PREFIX: &[u8] = b"whsec_";
const SECRET_MIN_BYTES: usize = 24;
const VERSION: &str = "v1";

/// A secret that the platform knows too.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// Why something is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// What follows `whsec_` is none.
    #[error("what follows whsec_ is not Base64")]
    NotBase64,
    /// It could be guessed.
    #[error("the secret has less than {SECRET_MIN_BYTES} bytes")]
    Short,
}

impl Secret {
    /// Reads `whsec_` and Base64, or any bytes; space around them is none of theirs.
    ///
    /// # Errors
    /// If it is too short, or no Base64.
    pub fn parse(text: &[u8]) -> Result<Self, SecretError> {
        let text = text.trim_ascii();
        let bytes = match text.strip_prefix(PREFIX) {
            Some(base64) => BASE64_NOPAD.decode(without_padding(base64)).map_err(|_| SecretError::NotBase64)?,
            None => text.to_owned(),
        };
        if bytes.len() < SECRET_MIN_BYTES {
            return Err(SecretError::Short);
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| SecretError::Short)
    }

    /// The field `webhook-signature` of a delivery.
    pub(super) fn sign(&self, id: EventId, at: i64, body: &[u8]) -> String {
        self.signature(&id.to_string(), at, body)
    }

    fn signature(&self, id: &str, at: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(body);
        format!("{VERSION},{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

/// Some write it, some do not.
fn without_padding(base64: &[u8]) -> &[u8] {
    let end = base64.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    base64.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the scheme's own libraries.
    #[test]
    fn a_signature_is_that_of_others() {
        let secret = Secret::parse(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secret.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_could_be_guessed_is_no_secret() {
        for (text, error) in [
            (&b""[..], SecretError::Short),
            (b"12345678901234567890123", SecretError::Short),
            (b" 12345678901234567890123 ", SecretError::Short),
            (b"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SecretError::Short),
            (b"whsec_", SecretError::Short),
            (b"whsec_#", SecretError::NotBase64),
        ] {
            assert_eq!(Secret::parse(text).err(), Some(error), "{}", text.escape_ascii());
        }
        assert!(Secret::parse(b"123456789012345678901234").is_ok());
        for padding in ["", "=", "=="] {
            let text = format!("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNA{padding}");
            assert!(Secret::parse(text.as_bytes()).is_ok(), "{text}");
        }
    }
}
