//! Why bytes are refused: a code for metrics, a sentence for people, a status for the answer. None shows the bytes.

use std::error::Error;
use std::{fmt, io};

use http::StatusCode;

/// One row makes one violation, so that no list of them can forget one.
macro_rules! violations {
    ($($name:ident, $code:literal, $status:ident, $meaning:literal;)+) => {
        /// What a message does that RFC 9112, 9110 or 3986 does not allow, or not in one way only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub(in crate::serve) enum Violation {
            $(#[doc = $meaning] $name,)+
        }

        impl Violation {
            /// Every violation there is.
            pub(in crate::serve) const ALL: &[Self] = &[$(Self::$name),+];

            /// Stays as it is, for metrics and logs.
            pub(in crate::serve) fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status of the answer.
            pub(in crate::serve) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// One sentence for whoever wrote the client.
            pub(in crate::serve) fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

violations! {
    // Lines: RFC 9112, 2.2.
    BareLf, "bare_lf", BAD_REQUEST, "A line ends in LF without CR.";
    BareCr, "bare_cr", BAD_REQUEST, "A CR stands alone within a line.";
    HeadTooLarge, "head_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is larger than allowed.";
    // The request line: RFC 9112, 3.
    RequestLineInvalid, "request_line_invalid", BAD_REQUEST, "The request line is not method, target and version with one space between.";
    MethodInvalid, "method_invalid", BAD_REQUEST, "The method is not a name in capital letters.";
    MethodRefused, "method_refused", NOT_IMPLEMENTED, "The method is not served here.";
    VersionInvalid, "version_invalid", BAD_REQUEST, "The version is not written as HTTP/1.1 or HTTP/1.0.";
    VersionUnsupported, "version_unsupported", HTTP_VERSION_NOT_SUPPORTED, "Only HTTP/1.1 and HTTP/1.0 are spoken on this connection.";
    TargetTooLong, "target_too_long", URI_TOO_LONG, "The request target is longer than allowed.";
    TargetInvalid, "target_invalid", BAD_REQUEST, "The request target has a byte that must be escaped.";
    TargetFormInvalid, "target_form_invalid", BAD_REQUEST, "The request target is neither a path nor an http URL nor the asterisk of OPTIONS.";
    EscapeInvalid, "escape_invalid", BAD_REQUEST, "A percent sign in the request target is not followed by two hexadecimal digits.";
    // Fields: RFC 9112, 5; RFC 9110, 5.
    TooManyFields, "too_many_fields", REQUEST_HEADER_FIELDS_TOO_LARGE, "There are more fields than allowed.";
    FieldFolded, "field_folded", BAD_REQUEST, "A field line begins with whitespace.";
    FieldNameInvalid, "field_name_invalid", BAD_REQUEST, "A field name is not a token followed at once by a colon.";
    FieldNameAmbiguous, "field_name_ambiguous", BAD_REQUEST, "A field name would read as another one to servers that take other signs for a hyphen.";
    FieldValueInvalid, "field_value_invalid", BAD_REQUEST, "A field value has a byte that is not allowed in it.";
    FieldRepeated, "field_repeated", BAD_REQUEST, "A field that may stand once stands twice.";
    ConnectionOptionRefused, "connection_option_refused", BAD_REQUEST, "Connection names a field that must reach the server.";
    ExpectationUnknown, "expectation_unknown", EXPECTATION_FAILED, "Expect asks for something other than 100-continue.";
    UpgradeRefused, "upgrade_refused", BAD_REQUEST, "An upgrade to another version of HTTP is not done here.";
    UpgradeWithBody, "upgrade_with_body", BAD_REQUEST, "A request for an upgrade has a body.";
    // Whom it is for: RFC 9112, 3.2; RFC 9110, 7.2.
    HostMissing, "host_missing", BAD_REQUEST, "There is no Host.";
    HostInvalid, "host_invalid", BAD_REQUEST, "Host is not one name or address with an optional port.";
    HostDiffers, "host_differs", BAD_REQUEST, "Host and the authority of the request target are not the same.";
    // Where the body ends: RFC 9112, 6.
    ContentLengthInvalid, "content_length_invalid", BAD_REQUEST, "Content-Length is not one plain decimal number.";
    TransferEncodingInvalid, "transfer_encoding_invalid", BAD_REQUEST, "Transfer-Encoding is not exactly chunked.";
    TransferCodingUnknown, "transfer_coding_unknown", NOT_IMPLEMENTED, "No transfer coding but chunked is understood here.";
    TransferEncodingWithLength, "transfer_encoding_with_length", BAD_REQUEST, "Transfer-Encoding and Content-Length stand in one head.";
    TransferEncodingTooOld, "transfer_encoding_too_old", BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding.";
    // Within chunked: RFC 9112, 7.1.
    ChunkSizeInvalid, "chunk_size_invalid", BAD_REQUEST, "The size of a chunk is not 1 to 16 hexadecimal digits below 2^63.";
    ChunkLineTooLong, "chunk_line_too_long", BAD_REQUEST, "The line with the size of a chunk is longer than allowed.";
    ChunkExtensionInvalid, "chunk_extension_invalid", BAD_REQUEST, "A chunk extension is not a name with an optional value.";
    ChunkExtensionsTooLarge, "chunk_extensions_too_large", BAD_REQUEST, "The chunk extensions of a body are larger than allowed.";
    ChunkEndMissing, "chunk_end_missing", BAD_REQUEST, "The data of a chunk is not followed by a line end.";
    TrailerRefused, "trailer_refused", BAD_REQUEST, "A field stands among the trailers that must stand in the head.";
    TrailersTooLarge, "trailers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The trailers are larger than allowed.";
}

impl Violation {
    /// The violation at the root of an error of a body that [`Strict`](super::Strict) gave up.
    pub(in crate::serve) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let of_cause =
            |cause: &(dyn Error + 'static)| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref().copied();
        of_cause(error).or_else(|| Self::of(error.source()?))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())
    }
}

impl Error for Violation {}
