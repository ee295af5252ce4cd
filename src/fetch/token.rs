//! A secret that a server is told, and nobody else.

use std::fmt;

use http::HeaderValue;

/// A secret of the operator. Its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why something is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing in it.
    #[error("the token is empty")]
    Empty,
    /// It holds what no field of a request may.
    #[error("the token holds more than letters, digits and marks of ASCII on one line")]
    Malformed,
    /// Nobody gives out such.
    #[error("the token is longer than {TOKEN_MAX_BYTES} bytes")]
    TooLong,
}

/// Of a token.
pub const TOKEN_MAX_BYTES: usize = 8 << 10;

impl Token {
    /// Reads what a file holds; space around it is none of it.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        match text {
            "" => Err(TokenError::Empty),
            text if text.len() > TOKEN_MAX_BYTES => Err(TokenError::TooLong),
            text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(TokenError::Malformed),
            text => Ok(Self(text.to_owned())),
        }
    }

    /// As `Authorization`.
    pub(super) fn bearer(&self) -> Option<HeaderValue> {
        sensitive(&format!("Bearer {}", self.0))
    }

    /// As a field of its own.
    pub(super) fn bare(&self) -> Option<HeaderValue> {
        sensitive(&self.0)
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_never_shown() {
        let longest = "a".repeat(TOKEN_MAX_BYTES);
        for (text, expected) in [
            (" s3cret.~+/=\n", Ok("Bearer s3cret.~+/=")),
            (&longest, Ok(&*format!("Bearer {longest}"))),
            ("", Err(TokenError::Empty)),
            (" \n", Err(TokenError::Empty)),
            ("a b", Err(TokenError::Malformed)),
            ("a\r\nb: c", Err(TokenError::Malformed)),
            ("é", Err(TokenError::Malformed)),
            (&format!("{longest}a"), Err(TokenError::TooLong)),
        ] {
            let read = Token::parse(text);
            assert!(!format!("{read:?}").contains("s3cret"));
            let told = read.map(|token| token.bearer().unwrap());
            assert!(!format!("{told:?}").contains("s3cret"));
            assert_eq!(told.as_ref().map(|value| value.to_str().unwrap()).map_err(|error| *error), expected, "{text}");
        }
    }
}
