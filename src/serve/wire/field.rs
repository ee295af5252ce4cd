//! Field lines: RFC 9112, 5 and RFC 9110, 5, and the names that decide where a message goes and ends.

use super::{Violation, class};

/// Longer names are none of those we know.
const NAME_MAX_BYTES: usize = 32;

/// What a field can do to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Expect,
    Upgrade,
    Http2Settings,
    ContentType,
    /// Ends at the next server, which `Connection` may say.
    HopByHop,
    /// Says who asks, from where, or how the body is read: a proxy on the way must neither lose nor gain it.
    EndToEnd,
    /// Nothing of this.
    Other,
}

impl Kind {
    pub(super) fn of(name: &[u8]) -> Self {
        let mut buffer = [0; NAME_MAX_BYTES];
        let Some(lower) = buffer.get_mut(..name.len()) else {
            return Self::Other;
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Self::of_lower(lower)
    }

    fn of_lower(name: &[u8]) -> Self {
        match name {
            b"host" => Self::Host,
            b"content-length" => Self::ContentLength,
            b"transfer-encoding" => Self::TransferEncoding,
            b"connection" => Self::Connection,
            b"expect" => Self::Expect,
            b"upgrade" => Self::Upgrade,
            b"http2-settings" => Self::Http2Settings,
            b"content-type" => Self::ContentType,
            b"te" | b"trailer" | b"keep-alive" | b"proxy-connection" | b"proxy-authorization" => Self::HopByHop,
            b"authorization"
            | b"cookie"
            | b"set-cookie"
            | b"origin"
            | b"forwarded"
            | b"via"
            | b"x-real-ip"
            | b"content-encoding"
            | b"content-range"
            | b"range"
            | b"max-forwards"
            | b"cache-control"
            | b"x-http-method"
            | b"x-http-method-override"
            | b"x-method-override" => Self::EndToEnd,
            _ if name.starts_with(b"x-forwarded-") => Self::EndToEnd,
            _ => Self::Other,
        }
    }

    /// Whether `Connection` may name it, so that it is taken out on the way (RFC 9110, 7.6.1).
    pub(super) fn may_end_here(self) -> bool {
        matches!(self, Self::HopByHop | Self::Upgrade | Self::Other)
    }

    /// Whether it may stand behind the body: nothing that frames, routes or explains one (RFC 9110, 6.5.1).
    pub(super) fn may_trail(self) -> bool {
        self == Self::Other
    }
}

/// Name and value of a field line, both valid, the value without the whitespace around it.
pub(super) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), Violation> {
    if line.first().is_some_and(|&byte| matches!(byte, b' ' | b'\t')) {
        return Err(Violation::FieldFolded);
    }
    let colon = memchr::memchr(b':', line).ok_or(Violation::FieldNameInvalid)?;
    let (name, rest) = line.split_at(colon);
    let value = rest.strip_prefix(b":").unwrap_or_default();
    if !is_token(name) {
        return Err(Violation::FieldNameInvalid);
    }
    if is_ambiguous(name) {
        return Err(Violation::FieldNameAmbiguous);
    }
    // Without a way out in the middle, the compiler looks at many bytes at once.
    let is_control = |byte: u8| byte != b'\t' && (byte < b' ' || byte == 0x7f);
    let controls = value.iter().fold(0, |controls, &byte| controls | u8::from(is_control(byte)));
    // Of ASCII whitespace, only space and tab are left.
    if controls == 0 { Ok((name, value.trim_ascii())) } else { Err(Violation::FieldValueInvalid) }
}

/// RFC 9110, 5.6.2.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && class::all(text, class::TOKEN)
}

/// Whether a server with CGI-style variables (RFC 3875, 4.1.18) would read the name as one that matters:
/// `Content_Length` and `Content-Length` are both `CONTENT_LENGTH` there, and some write `_` for every other sign.
pub(super) fn is_ambiguous(name: &[u8]) -> bool {
    if class::all(name, class::PLAIN) {
        return false;
    }
    let mut buffer = [0; NAME_MAX_BYTES];
    let Some(read) = buffer.get_mut(..name.len()) else {
        return false;
    };
    read.copy_from_slice(name);
    for byte in read.iter_mut().filter(|byte| !byte.is_ascii_alphanumeric()) {
        *byte = b'-';
    }
    Kind::of(read) != Kind::Other
}
