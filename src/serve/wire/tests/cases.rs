//! Requests as they should and should not be written, each with its reason.

/// Method, target, and bytes of body data that a service sees.
pub(super) type Meant = (&'static str, &'static str, u64);

/// One connection's worth of bytes.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Of RFC 9112, or another document if named.
    pub(super) section: &'static str,
    pub(super) why: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) expected: Expected,
    pub(super) requests: Vec<Meant>,
    /// The refusal comes when the last of the requests is already with the service.
    pub(super) in_body: bool,
    /// The bytes end within the body of the last request.
    pub(super) is_cut: bool,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Requests,
    Refused(&'static str),
}

/// Section, why, text, and the code of the refusal or nothing.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// In place of `GET / HTTP/1.1`.
const REQUEST_LINES: &[Row] = &[
    ("3", "the plain line", "GET / HTTP/1.1", ""),
    ("3", "two spaces before the target", "GET  / HTTP/1.1", "request_line_invalid"),
    ("3", "two spaces before the version", "GET /  HTTP/1.1", "request_line_invalid"),
    ("3", "a space behind the version", "GET / HTTP/1.1 ", "request_line_invalid"),
    ("3", "a tab for a space", "GET\t/ HTTP/1.1", "request_line_invalid"),
    ("3", "a vertical tab for a space", "GET /\x0bHTTP/1.1", "request_line_invalid"),
    ("3", "a form feed within", "GET /\x0c HTTP/1.1", "target_invalid"),
    ("3", "whitespace in front", " GET / HTTP/1.1", "method_invalid"),
    ("3.2", "a space in the target", "GET /a b HTTP/1.1", "request_line_invalid"),
    ("3.2", "no target", "GET HTTP/1.1", "request_line_invalid"),
    ("3", "the whole of HTTP/0.9", "GET /", "request_line_invalid"),
    ("2.2", "a CR within the line", "GET / HTTP/1.1\rX: y", "bare_cr"),
    ("2.2", "CR CR LF", "GET / HTTP/1.1\r", "bare_cr"),
    ("2.2", "NUL", "GET /\0 HTTP/1.1", "target_invalid"),
    ("2.3", "lower case", "GET / http/1.1", "version_invalid"),
    ("2.3", "mixed case", "GET / Http/1.1", "version_invalid"),
    ("2.3", "one digit", "GET / HTTP/1", "version_invalid"),
    ("2.3", "three digits", "GET / HTTP/1.10", "version_invalid"),
    ("2.3", "a zero in front", "GET / HTTP/01.1", "version_invalid"),
    ("2.3", "a comma", "GET / HTTP/1,1", "version_invalid"),
    ("2.3", "another protocol", "GET / ICY/1.1", "version_invalid"),
    ("2.3", "a version that comes later", "GET / HTTP/1.2", "version_unsupported"),
    ("2.3", "HTTP/0.9 with its name", "GET / HTTP/0.9", "version_unsupported"),
    ("2.3", "HTTP/2.0 without its preface", "GET / HTTP/2.0", "version_unsupported"),
    ("9110 9.1", "HEAD", "HEAD / HTTP/1.1", ""),
    ("9110 9.1", "DELETE", "DELETE /a HTTP/1.1", ""),
    ("9110 9.1", "a method of WebDAV", "PROPFIND /a HTTP/1.1", ""),
    ("9110 9.1", "a method with a hyphen", "VERSION-CONTROL /a HTTP/1.1", ""),
    ("9110 9.1", "a method that nobody knows", "FROBNICATE /a HTTP/1.1", ""),
    ("9110 9.3.3", "POST without a body", "POST / HTTP/1.1", ""),
    ("9110 9.3.4", "PUT without a body", "PUT /a HTTP/1.1", ""),
    ("9110 9.3.7", "OPTIONS of one resource", "OPTIONS /a HTTP/1.1", ""),
    ("5789 2", "PATCH", "PATCH /a HTTP/1.1", ""),
    ("9110 9.1", "a method of UPnP", "M-SEARCH /a HTTP/1.1", ""),
    ("9110 9.1", "one letter", "Q / HTTP/1.1", ""),
    ("9110 9.1", "begins like one that is refused", "TRACER / HTTP/1.1", ""),
    ("9110 9.1", "as long as allowed", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1", ""),
    ("9110 9.1", "methods differ by case", "get / HTTP/1.1", "method_invalid"),
    ("9110 9.1", "mixed case", "Get / HTTP/1.1", "method_invalid"),
    ("9110 5.6.2", "no token", "G(T / HTTP/1.1", "method_invalid"),
    ("9110 5.6.2", "beyond ASCII", "GE\u{c9} / HTTP/1.1", "method_invalid"),
    ("9110 9.1", "an endless name", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1", "method_invalid"),
    ("9110 9.3.6", "no tunnels", "CONNECT a.test:443 HTTP/1.1", "method_refused"),
    ("9110 9.3.8", "no echoes", "TRACE / HTTP/1.1", "method_refused"),
    ("9110 9.3.8", "no echoes of another maker", "TRACK / HTTP/1.1", "method_refused"),
    ("9113 3.4", "kept for the preface", "PRI * HTTP/1.1", "method_refused"),
    ("", "our own stand-in", "LINKGATE-REFUSE /bare_lf HTTP/1.1", "method_invalid"),
];

/// In place of `/`.
const TARGETS: &[Row] = &[
    ("3.2.1", "every sign of a path", "/aZ09-._~!$&'()*+,;=:@/", ""),
    ("3.2.1", "a query", "/a?b=c&d=e/f?g", ""),
    ("3.2.1", "an empty query", "/?", ""),
    ("3.2.1", "two slashes", "//a//b", ""),
    ("3.2.1", "dots are for the proxy to judge", "/../a/./b", ""),
    ("3986 2.1", "escapes", "/%41%2f%E2%82%ac?%20", ""),
    ("WHATWG URL", "browsers send these as they are", "/a|b[0]?c[]=d|e", ""),
    ("WHATWG URL", "and these in queries", "/?a={b}^c`d`", ""),
    ("3986 2.1", "an escaped NUL is for the proxy to judge", "/a%00b", ""),
    ("3986 2.1", "an escaped line end stays escaped", "/%0d%0aA:%20b", ""),
    ("3986 3.3", "parameters of a segment", "/a;b=c/d;e", ""),
    ("3986 3.3", "what looks like a port", "/:80", ""),
    ("3986 3.3", "an asterisk in a path", "/*", ""),
    ("3986 3.4", "a URL in a query", "/?u=http://b.test/c?d", ""),
    ("3986 3.4", "a version in a query", "/?HTTP/1.1", ""),
    ("3.2.1", "a URL in a path", "/http://b.test/", ""),
    ("3986 2.1", "an escape of one digit", "/%4", "escape_invalid"),
    ("3986 2.1", "an escape of none", "/%", "escape_invalid"),
    ("3986 2.1", "no hexadecimal digits", "/%zz", "escape_invalid"),
    ("3986 2.1", "an escape in another style", "/%u0041", "escape_invalid"),
    ("3986 2.1", "an escape cut by the query", "/%4?1", "escape_invalid"),
    ("3.2", "a fragment is never sent", "/a#b", "target_invalid"),
    ("3986 3.3", "a backslash in the path", "/a\\b", "target_invalid"),
    ("3986 3.4", "a backslash in the query", "/?a\\b", "target_invalid"),
    ("3986 3.3", "quotes", "/\"a\"", "target_invalid"),
    ("3986 3.3", "angle brackets", "/<a>", "target_invalid"),
    ("3986 3.4", "angle brackets in the query", "/?<a>", "target_invalid"),
    ("3986 3.3", "a brace in the path", "/{a}", "target_invalid"),
    ("3986 3.3", "a caret in the path", "/^", "target_invalid"),
    ("3986 3.3", "a backquote in the path", "/`", "target_invalid"),
    ("3986 2", "beyond ASCII", "/\u{e9}", "target_invalid"),
    ("3986 2", "DEL", "/\x7f", "target_invalid"),
    ("3986 2", "ESC", "/\x1b", "target_invalid"),
    ("3.2.2", "absolute, same authority", "http://a.test/b?c", ""),
    ("3.2.2", "absolute, https, other case", "HTTPS://A.TEST/b", ""),
    ("3.2.2", "absolute without a path", "http://a.test?b", ""),
    ("3.2.2", "absolute with nothing behind", "http://a.test", ""),
    ("3.2.2", "absolute with escapes", "http://a.test/%2f|?{b}", ""),
    ("3.2.2", "absolute, another authority", "http://b.test/", "host_differs"),
    ("3.2.2", "absolute, another port", "http://a.test:8080/", "host_differs"),
    ("9110 4.2.4", "absolute with user information", "http://u@a.test/", "target_invalid"),
    ("3.2.2", "absolute without an authority", "http:///a", "target_invalid"),
    ("3.2.2", "absolute with a backslash", "http://a.test\\b", "target_invalid"),
    ("3.2.2", "another scheme", "ftp://a.test/", "target_form_invalid"),
    ("3.2.2", "a scheme without its slashes", "http:a.test", "target_form_invalid"),
    ("3.2.2", "a scheme with one slash", "http:/a.test/", "target_form_invalid"),
    ("3.2.3", "an authority is for CONNECT", "a.test:80", "target_form_invalid"),
    ("3.2.4", "the asterisk is for OPTIONS", "*", "target_form_invalid"),
    ("3.2", "neither path nor URL", "a/b", "target_form_invalid"),
    ("3.2", "a query alone", "?a", "target_form_invalid"),
];

/// Behind a request line and `Host`.
const FIELDS: &[Row] = &[
    ("5", "a field", "A: b", ""),
    ("5", "no space behind the colon", "A:b", ""),
    ("5", "no value", "A:", ""),
    ("5", "whitespace around the value", "A: \t b \t ", ""),
    ("9110 5.6.2", "every sign of a token", "!#$%&'*+-.^_`|~09aZ: b", ""),
    ("9110 5.5", "colons and quotes in the value", "A: \"b:c\", d=e; (f)", ""),
    ("9110 5.5", "beyond ASCII where nothing is framed", "A: \u{e9}", ""),
    ("9110 5.3", "a list in two lines", "A: b\r\nA: c", ""),
    ("9110 5.6.2", "a name longer than any we know", "A-Name-That-Is-Longer-Than-All-That-Frame: b", ""),
    ("6.2", "begins like Content-Length", "Content-Lengthy: 3", ""),
    ("6.1", "ends like Transfer-Encoding", "X-Transfer-Encoding: chunked", ""),
    ("3.2", "a host under another name", "X-Host: b.test", ""),
    ("9110 11.6.2", "credentials", "Authorization: Basic YTpi", ""),
    ("6265 4.2", "cookies beyond ASCII", "Cookie: a=\u{e9}; b=\"c\"", ""),
    ("7239 5.2", "where it comes from", "Forwarded: for=\"[2001:db8::1]\";proto=https", ""),
    ("9110 8.4", "a coding of the content", "Content-Encoding: gzip", ""),
    ("9110 6.6.2", "trailers to come", "Trailer: Checksum", ""),
    ("9110 10.1.4", "codings for the answer", "TE: trailers, deflate;q=0.5", ""),
    ("9110 7.6.1", "an old name of Connection", "Proxy-Connection: keep-alive", ""),
    ("9110 7.6.1", "how long to keep", "Keep-Alive: timeout=5", ""),
    ("9110 7.6.1", "no options", "Connection:", ""),
    ("9110 8.3", "an empty type", "Content-Type:", ""),
    ("9110 7.8", "not an upgrade", "Upgrade-Insecure-Requests: 1", ""),
    ("9110 5.6.7", "a date", "Date: Sun, 06 Nov 1994 08:49:37 GMT", ""),
    ("5.1", "a space before the colon", "A : b", "field_name_invalid"),
    ("5.1", "a tab before the colon", "A\t: b", "field_name_invalid"),
    ("5.1", "a space before the colon of a framing field", "Content-Length : 3", "field_name_invalid"),
    ("5.1", "a space in the name", "A B: c", "field_name_invalid"),
    ("5", "no name", ": b", "field_name_invalid"),
    ("5", "no colon", "A", "field_name_invalid"),
    ("5", "NUL in the name", "A\0: b", "field_name_invalid"),
    ("5", "beyond ASCII in the name", "\u{c4}: b", "field_name_invalid"),
    ("5", "a slash in the name", "A/B: c", "field_name_invalid"),
    ("5", "a request line among the fields", "GET /b HTTP/1.1", "field_name_invalid"),
    ("5.2", "a folded line", "A: b\r\n c", "field_folded"),
    ("5.2", "a line folded by a tab", "A: b\r\n\tc", "field_folded"),
    ("5.2", "a folded framing field", "Content-Length: 0\r\n 3", "field_folded"),
    ("9110 5.5", "NUL in the value", "A: b\0c", "field_value_invalid"),
    ("9110 5.5", "DEL in the value", "A: \x7f", "field_value_invalid"),
    ("9110 5.5", "a vertical tab around the value", "A: \x0bb", "field_value_invalid"),
    ("2.2", "a CR in the value", "A: b\rContent-Length: 3", "bare_cr"),
    ("2.2", "a CR in the name", "A\rB: c", "bare_cr"),
    ("2.2", "an LF in the value", "A: b\nContent-Length: 3", "bare_lf"),
    ("3875 4.1.18", "an underscore where nothing is framed", "My_Field: b", ""),
    ("3875 4.1.18", "Content_Length", "Content_Length: 3", "field_name_ambiguous"),
    ("3875 4.1.18", "Transfer_Encoding", "transfer_encoding: chunked", "field_name_ambiguous"),
    ("3875 4.1.18", "X_Forwarded_For", "X_Forwarded-For: 192.0.2.1", "field_name_ambiguous"),
    ("3875 4.1.18", "a dot for a hyphen", "Content.Length: 3", "field_name_ambiguous"),
    ("3875 4.1.18", "Content_Type", "Content_Type: text/plain", "field_name_ambiguous"),
    ("9110 8.3", "two types, two readings of one body", "Content-Type: a/b\r\nContent-Type: c/d", "field_repeated"),
    ("9110 8.3", "a type with a boundary", "Content-Type: multipart/form-data; boundary=\"a b\"", ""),
    ("9110 8.3", "a type beyond ASCII", "Content-Type: text/pl\u{e9}in", "field_value_invalid"),
    ("9110 7.6.1", "keep-alive", "Connection: keep-alive", ""),
    ("9110 7.6.1", "a list with empty members", "Connection: , keep-alive ,,TE,", ""),
    ("9110 7.6.1", "a field of one's own", "Connection: X-Mine\r\nX-Mine: b", ""),
    ("9110 7.6.1", "strips Host", "Connection: close, Host", "connection_option_refused"),
    ("9110 7.6.1", "strips Content-Length", "Connection: content-length", "connection_option_refused"),
    ("9110 7.6.1", "strips Transfer-Encoding", "Connection: Transfer-Encoding", "connection_option_refused"),
    ("9110 7.6.1", "strips Authorization", "Connection: Authorization", "connection_option_refused"),
    ("9110 7.6.1", "strips Cookie", "Connection: keep-alive\r\nConnection: Cookie", "connection_option_refused"),
    ("9110 7.6.1", "strips X-Forwarded-For", "Connection: X-Forwarded-For", "connection_option_refused"),
    ("9110 7.6.1", "strips Content-Type", "Connection: content-type", "connection_option_refused"),
    ("9110 7.6.1", "not a token", "Connection: a b", "field_value_invalid"),
    ("9110 10.1.1", "an expectation without a body", "Expect: 100-Continue", ""),
    ("9110 10.1.1", "another expectation", "Expect: 200-ok", "expectation_unknown"),
    ("9110 10.1.1", "two expectations in one", "Expect: 100-continue, 100-continue", "expectation_unknown"),
    ("9110 10.1.1", "two expectations", "Expect: 100-continue\r\nExpect: 100-continue", "field_repeated"),
    ("9110 7.8", "an upgrade to WebSocket", "Connection: Upgrade\r\nUpgrade: websocket", ""),
    ("9110 7.8", "an upgrade with a version", "Connection: Upgrade\r\nUpgrade: foo/1.0, bar", ""),
    ("9113 3.1", "h2c", "Connection: Upgrade\r\nUpgrade: h2c", "upgrade_refused"),
    ("9113 3.1", "h2c among others", "Upgrade: websocket, H2C", "upgrade_refused"),
    ("9110 7.8", "HTTP by its own name", "Connection: Upgrade\r\nUpgrade: HTTP/2.0", "upgrade_refused"),
    ("9113 3.1", "its settings alone", "HTTP2-Settings: AAMAAABkAAQAAP__", "upgrade_refused"),
    ("9110 7.8", "two lines of upgrades", "Upgrade: websocket\r\nUpgrade: foo", "field_repeated"),
    ("9110 7.8", "no token", "Upgrade: web socket", "field_value_invalid"),
    ("9110 7.8", "an upgrade with a body", "Upgrade: websocket\r\nContent-Length: 3", "upgrade_with_body"),
    ("9110 7.8", "an upgrade with no body, said so", "Upgrade: websocket\r\nContent-Length: 0", ""),
    ("3.2", "a second Host", "Host: a.test", "field_repeated"),
    ("6.2", "no body, said so", "Content-Length: 0", ""),
    ("6.3", "two lengths", "Content-Length: 0\r\nContent-Length: 5", "field_repeated"),
    ("6.3", "two equal lengths", "Content-Length: 0\r\nContent-Length: 0", "field_repeated"),
    (
        "6.3",
        "both, the length first",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "transfer_encoding_with_length",
    ),
    (
        "6.3",
        "both, the coding first",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "transfer_encoding_with_length",
    ),
    ("6.1", "chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "field_repeated"),
    (
        "6.1",
        "another coding and chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "transfer_encoding_invalid",
    ),
];

/// As the value of `Host`.
const HOSTS: &[Row] = &[
    ("3986 3.2.2", "a name", "a.test", ""),
    ("3986 3.2.3", "a port", "a.test:8080", ""),
    ("3986 3.2.2", "the dot of the root", "a.test.", ""),
    ("3986 3.2.2", "an underscore, as in containers", "my_app:80", ""),
    ("3986 3.2.2", "IPv4", "192.0.2.1", ""),
    ("3986 3.2.2", "IPv6", "[2001:db8::1]", ""),
    ("3986 3.2.2", "IPv6 with a port", "[::1]:443", ""),
    ("3986 3.2.2", "one label", "localhost", ""),
    ("3986 3.2.2", "a name in capitals", "A.Test:80", ""),
    ("5890 2.3", "a name in Punycode", "xn--bcher-kva.test", ""),
    ("3986 3.2.2", "an address with a port", "192.0.2.1:65535", ""),
    ("3986 3.2.2", "IPv6 that holds IPv4", "[::ffff:192.0.2.1]:80", ""),
    ("5", "whitespace around it", "\t a.test \t", ""),
    ("9110 7.2", "empty", "", "host_invalid"),
    ("9110 7.2", "user information", "u@a.test", "host_invalid"),
    ("9110 7.2", "a list", "a.test, b.test", "host_invalid"),
    ("9110 7.2", "two by a space", "a.test b.test", "host_invalid"),
    ("9110 7.2", "a path", "a.test/b", "host_invalid"),
    ("9110 7.2", "a URL", "http://a.test", "host_invalid"),
    ("9110 7.2", "a query", "a.test?b", "host_invalid"),
    ("9110 7.2", "a fragment", "a.test#b", "host_invalid"),
    ("9110 7.2", "a backslash", "a.test\\b", "host_invalid"),
    ("3986 3.2.2", "an escape", "a%2etest", "host_invalid"),
    ("3986 3.2.2", "an empty label", "a..test", "host_invalid"),
    ("3986 3.2.2", "dots alone", "..", "host_invalid"),
    ("3986 3.2.3", "an empty port", "a.test:", "host_invalid"),
    ("3986 3.2.3", "a port of letters", "a.test:http", "host_invalid"),
    ("3986 3.2.3", "a port with a sign", "a.test:+80", "host_invalid"),
    ("3986 3.2.3", "a port too large", "a.test:65536", "host_invalid"),
    ("3986 3.2.3", "two ports", "a.test:80:80", "host_invalid"),
    ("3986 3.2.2", "IPv6 that does not end", "[::1", "host_invalid"),
    ("3986 3.2.2", "IPv6 with something behind", "[::1]x", "host_invalid"),
    ("3986 3.2.2", "IPv6 with a zone", "[fe80::1%25eth0]", "host_invalid"),
    ("3986 3.2.2", "an address of the future", "[v1.a]", "host_invalid"),
    ("3986 3.2.2", "IPv6 without brackets", "::1", "host_invalid"),
    ("3986 3.2.2", "beyond ASCII", "\u{e9}.test", "host_invalid"),
    ("9110 5.5", "NUL", "a.test\0", "field_value_invalid"),
];

/// As the value of `Content-Length` before three bytes.
const LENGTHS: &[Row] = &[
    ("6.2", "a length", "3", ""),
    ("5", "whitespace around it", "\t 3 \t", ""),
    ("6.2", "empty", "", "content_length_invalid"),
    ("6.2", "a plus", "+3", "content_length_invalid"),
    ("6.2", "a minus", "-3", "content_length_invalid"),
    ("6.2", "hexadecimal", "0x3", "content_length_invalid"),
    ("6.2", "octal for some", "03", "content_length_invalid"),
    ("6.2", "a list", "3, 3", "content_length_invalid"),
    ("6.2", "a list without a space", "3,3", "content_length_invalid"),
    ("6.2", "a fraction", "3.0", "content_length_invalid"),
    ("6.2", "an exponent", "3e0", "content_length_invalid"),
    ("6.2", "two numbers", "3 3", "content_length_invalid"),
    ("6.2", "letters behind", "3a", "content_length_invalid"),
    ("6.2", "an underscore", "3_0", "content_length_invalid"),
    ("6.2", "quotes", "\"3\"", "content_length_invalid"),
    ("6.2", "2^63", "9223372036854775808", "content_length_invalid"),
    ("6.2", "2^64 and three", "18446744073709551619", "content_length_invalid"),
    ("6.2", "digits of another script", "\u{663}", "content_length_invalid"),
    ("9110 5.5", "a vertical tab", "\x0b3", "field_value_invalid"),
];

/// As the value of `Transfer-Encoding` before three bytes in one chunk.
const CODINGS: &[Row] = &[
    ("6.1", "chunked", "chunked", ""),
    ("7", "names of codings have no case", "CHUNKED", ""),
    ("5", "whitespace around it", "\tchunked \t", ""),
    ("7", "mixed case", "ChUnKeD", ""),
    ("6.1", "something undone before", "gzip, chunked", "transfer_coding_unknown"),
    ("6.1", "something unknown before", "foo, bar, Chunked", "transfer_coding_unknown"),
    ("6.3", "something after", "chunked, gzip", "transfer_encoding_invalid"),
    ("6.3", "something else", "gzip", "transfer_encoding_invalid"),
    ("6.1", "identity is gone", "identity", "transfer_encoding_invalid"),
    ("6.1", "twice", "chunked, chunked", "transfer_encoding_invalid"),
    ("6.1", "empty", "", "transfer_encoding_invalid"),
    ("6.1", "a comma in front", ", chunked", "transfer_encoding_invalid"),
    ("6.1", "a comma behind", "chunked,", "transfer_encoding_invalid"),
    ("7", "a parameter", "chunked;a=b", "transfer_encoding_invalid"),
    ("7", "quotes", "\"chunked\"", "transfer_encoding_invalid"),
    ("7", "a letter in front", "xchunked", "transfer_encoding_invalid"),
    ("7", "a word behind", "chunked foo", "transfer_encoding_invalid"),
    ("9110 5.5", "a vertical tab in front", "\x0bchunked", "field_value_invalid"),
    ("9110 5.5", "NUL behind", "chunked\0", "field_value_invalid"),
    ("7", "beyond ASCII", "chun\u{212a}ed", "transfer_encoding_invalid"),
];

/// A chunked body, the bytes of data that reach the service, and the code of the refusal.
type Chunks = (&'static str, &'static str, &'static str, u64, &'static str);

const BODIES: &[Chunks] = &[
    ("7.1", "nothing", "0\r\n\r\n", 0, ""),
    ("7.1", "two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 5, ""),
    ("7.1", "digits of both cases", "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n", 21, ""),
    ("7.1", "zeros in front, as some always write eight digits", "00000003\r\nabc\r\n0000\r\n\r\n", 3, ""),
    ("7.1", "data that looks like a chunk", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", 5, ""),
    ("7.1.1", "an extension", "3;a\r\nabc\r\n0;b=c;d=\"e f\"\r\n\r\n", 3, ""),
    ("7.1.2", "a trailer", "3\r\nabc\r\n0\r\nChecksum: abc\r\n\r\n", 3, ""),
    ("7.1.2", "two trailers", "0\r\nA: b\r\nC:\r\n\r\n", 0, ""),
    ("7.1", "one byte each", "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", 3, ""),
    ("7.1", "line ends as data", "2\r\n\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n", 4, ""),
    ("7.1", "a request as data", "1f\r\nGET / HTTP/1.1\r\nHost: b.test\n\r\n\r\n0\r\n\r\n", 31, ""),
    ("7.1", "sixteen digits", "0000000000000003\r\nabc\r\n0\r\n\r\n", 3, ""),
    ("7.1", "many zeros at the end", "3\r\nabc\r\n00000000\r\n\r\n", 3, ""),
    (
        "7.1.1",
        "the signature of an object store",
        "3;chunk-signature=0a1b2c\r\nabc\r\n0;chunk-signature=9f\r\n\r\n",
        3,
        "",
    ),
    ("7.1.1", "an empty quoted value", "3;a=\"\"\r\nabc\r\n0\r\n\r\n", 3, ""),
    ("7.1.2", "a trailer beyond ASCII", "0\r\nA: \u{e9}\r\n\r\n", 0, ""),
    ("7.1", "no size", "\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "no hexadecimal digit", "g\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "0x in front", "0x3\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "a plus", "+3\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "a minus", "-3\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "a space in front", " 3\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "a space behind", "3 \r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "a tab behind", "3\t\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "an underscore", "0_3\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "NUL", "3\0\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "seventeen digits", "00000000000000003\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "2^63", "8000000000000000\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("7.1", "2^64 and three", "10000000000000003\r\nabc\r\n0\r\n\r\n", 0, "chunk_size_invalid"),
    ("2.2", "LF behind the size", "3\nabc\r\n0\r\n\r\n", 0, "bare_lf"),
    ("2.2", "CR within the line of the size", "3\rabc\r\n0\r\n\r\n", 0, "bare_cr"),
    ("7.1", "LF behind the data", "3\r\nabc\n0\r\n\r\n", 3, "chunk_end_missing"),
    ("7.1", "CR behind the data", "3\r\nabc\r0\r\n\r\n", 3, "chunk_end_missing"),
    ("7.1", "nothing behind the data", "3\r\nabc0\r\n\r\n", 3, "chunk_end_missing"),
    ("7.1", "more data than said", "3\r\nabcd\r\n0\r\n\r\n", 3, "chunk_end_missing"),
    ("7.1", "less data than said", "5\r\nabc\r\n0\r\n\r\n", 5, "chunk_end_missing"),
    ("7.1", "two line ends behind the data", "3\r\nabc\r\n\r\n0\r\n\r\n", 3, "chunk_size_invalid"),
    ("7.1.1", "an extension without a name", "3;\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("7.1.1", "an extension without a value", "3;a=\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("7.1.1", "a space around an extension", "3; a=b\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("7.1.1", "an LF within an extension", "3;a\nabc\r\n0\r\n\r\n", 0, "bare_lf"),
    ("7.1.1", "a CR within an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n", 0, "bare_cr"),
    ("7.1.1", "a quote that does not end", "3;a=\"b\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("7.1.1", "an escape within quotes", "3;a=\"\\\"\"\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("7.1.1", "beyond ASCII", "3;a=\u{e9}\r\nabc\r\n0\r\n\r\n", 0, "chunk_extension_invalid"),
    ("9110 6.5.1", "a length among trailers", "0\r\nContent-Length: 3\r\n\r\n", 0, "trailer_refused"),
    ("9110 6.5.1", "a coding among trailers", "0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "trailer_refused"),
    ("9110 6.5.1", "a host among trailers", "3\r\nabc\r\n0\r\nHost: b.test\r\n\r\n", 3, "trailer_refused"),
    ("9110 6.5.1", "a cookie among trailers", "0\r\nCookie: a=b\r\n\r\n", 0, "trailer_refused"),
    ("9110 6.5.1", "an address among trailers", "0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", 0, "trailer_refused"),
    ("9110 6.5.1", "a type among trailers", "0\r\nContent-Type: a/b\r\n\r\n", 0, "trailer_refused"),
    ("9110 6.5.1", "an underscore among trailers", "0\r\nContent_Length: 3\r\n\r\n", 0, "field_name_ambiguous"),
    ("5.2", "a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", 0, "field_folded"),
    ("5.1", "a space before the colon of a trailer", "0\r\nA : b\r\n\r\n", 0, "field_name_invalid"),
    ("5.1", "a request for a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", 0, "field_name_invalid"),
    ("9110 5.5", "NUL in a trailer", "0\r\nA: \0\r\n\r\n", 0, "field_value_invalid"),
    ("2.2", "an LF behind a trailer", "0\r\nA: b\n\r\n", 0, "bare_lf"),
    ("2.2", "an LF behind the last chunk", "0\n\r\n", 0, "bare_lf"),
    ("7.1.2", "an LF for the end", "0\r\n\n", 0, "bare_lf"),
];

const GET: &str = "GET /n HTTP/1.1\r\nHost: a.test\r\n\r\n";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Whole connections that pass.
const CONNECTIONS: &[(&str, &str, &str, &[Meant])] = &[
    ("2.2", "nothing", "", &[]),
    ("2.2", "one empty line in front", "\r\nGET /n HTTP/1.1\r\nHost: a.test\r\n\r\n", &[("GET", "/n", 0)]),
    ("2.1", "a head that does not end", "GET / HTTP/1.1\r\nHost: a.test\r\n", &[]),
    ("2.1", "a request line that does not end", "GET / HTT", &[]),
    ("3.2.4", "OPTIONS for all", "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", &[("OPTIONS", "*", 0)]),
    ("9112 3.2", "HTTP/1.0 has no Host", "OPTIONS / HTTP/1.0\r\n\r\n", &[("OPTIONS", "/", 0)]),
    ("9.3", "HTTP/1.0 ends", "GET / HTTP/1.0\r\nHost: a.test\r\n\r\nGET /b HTTP/1.0\r\n\r\n", &[("GET", "/", 0)]),
    (
        "9.3",
        "HTTP/1.0 goes on",
        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
        &[("GET", "/", 0), ("GET", "/b", 0)],
    ),
    (
        "9.6",
        "nothing is read behind close, not even to be refused",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\nnonsense\n",
        &[("GET", "/", 0)],
    ),
    (
        "9.6",
        "close in a second line",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive\r\nConnection: Close\r\n\r\nGET /b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("GET", "/", 0)],
    ),
    (
        "9.3.2",
        "three at once",
        "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("GET", "/1", 0), ("POST", "/2", 3), ("GET", "/3", 0)],
    ),
    (
        "9.3.2",
        "a request as a body",
        "POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 35\r\n\r\nGET /no HTTP/1.1\r\nHost: b.test\r\n\r\n\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("POST", "/1", 35), ("GET", "/2", 0)],
    ),
    (
        "9.3.2",
        "chunks, trailers, and a request",
        "POST /1 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("POST", "/1", 3), ("GET", "/2", 0)],
    ),
    (
        "2.2",
        "a line end behind a body",
        "POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("POST", "/1", 3), ("GET", "/2", 0)],
    ),
    (
        "9110 9.3.1",
        "GET with a body",
        "GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
        &[("GET", "/", 3)],
    ),
    (
        "9110 9.3.2",
        "HEAD with a body",
        "HEAD / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
        &[("HEAD", "/", 3)],
    ),
    (
        "9110 9.3.5",
        "DELETE with a body",
        "DELETE / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        &[("DELETE", "/", 1)],
    ),
    (
        "9110 10.1.1",
        "an expectation with a body that is already there",
        "POST / HTTP/1.0\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        &[("POST", "/", 3)],
    ),
    (
        "9110 7.8",
        "nothing behind an upgrade is a request",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        &[("GET", "/", 0)],
    ),
    (
        "9110 7.8",
        "HTTP/1.0 has no upgrades",
        "GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
        &[("GET", "/", 0), ("GET", "/b", 0)],
    ),
    (
        "3",
        "as a browser writes it",
        "GET /web/timelines/home?limit=20 HTTP/1.1\r\nHost: social.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nCookie: _session_id=abc; lang=en\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Site: same-origin\r\nX-Forwarded-For: 192.0.2.1\r\nTE: trailers\r\n\r\n",
        &[("GET", "/web/timelines/home?limit=20", 0)],
    ),
];

/// Whole connections whose last request never ends.
const CUT: &[(&str, &str, &str, Meant)] = &[
    ("8", "a body cut off", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nabc", ("POST", "/", 3)),
    (
        "8",
        "chunks cut off",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
        ("POST", "/", 2),
    ),
    (
        "8",
        "trailers cut off",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n",
        ("POST", "/", 1),
    ),
    (
        "6.2",
        "the longest body that can be counted, cut off",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9223372036854775807\r\n\r\nabc",
        ("POST", "/", 3),
    ),
    (
        "7.1",
        "the longest chunk that can be counted, cut off",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc",
        ("POST", "/", 3),
    ),
];

/// Whole connections with a head that is refused, behind requests that are not.
const REFUSED: &[(&str, &str, &str, &str, &[Meant])] = &[
    ("2.2", "LF behind the request line", "GET / HTTP/1.1\nHost: a.test\r\n\r\n", "bare_lf", &[]),
    ("2.2", "LF behind a field", "GET / HTTP/1.1\r\nHost: a.test\n\r\n", "bare_lf", &[]),
    ("2.2", "LF for the empty line", "GET / HTTP/1.1\r\nHost: a.test\r\n\n", "bare_lf", &[]),
    ("2.2", "LF everywhere", "GET / HTTP/1.1\nHost: a.test\n\n", "bare_lf", &[]),
    ("2.2", "two empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "method_invalid", &[]),
    ("2.2", "an empty line of LF in front", "\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "method_invalid", &[]),
    ("2.2", "a CR in front", "\rGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "bare_cr", &[]),
    ("2.2", "whitespace before the first field", "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", "field_folded", &[]),
    ("2.2", "whitespace for the empty line", "GET / HTTP/1.1\r\nHost: a.test\r\n \r\n\r\n", "field_folded", &[]),
    ("2.2", "a byte order mark", "\u{feff}GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "method_invalid", &[]),
    ("3", "the start of TLS, which has no line end", "\x16\x03\x01\x02", "method_invalid", &[]),
    ("9113 3.4", "HTTP/2 that begins wrong", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "method_refused", &[]),
    ("3.2", "no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", "host_missing", &[]),
    ("3.2", "no fields", "GET / HTTP/1.1\r\n\r\n", "host_missing", &[]),
    ("3.2", "no Host, an absolute target", "GET http://a.test/ HTTP/1.1\r\n\r\n", "host_missing", &[]),
    ("3.2", "two hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", "field_repeated", &[]),
    ("3.2", "two hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a.test\r\nhost: b.test\r\n\r\n", "field_repeated", &[]),
    ("3.2", "a bad host on HTTP/1.0", "GET / HTTP/1.0\r\nHost: u@a.test\r\n\r\n", "host_invalid", &[]),
    ("3.2.2", "HTTP/1.0 with a target and no Host", "GET http://a.test/ HTTP/1.0\r\n\r\n", "host_differs", &[]),
    (
        "6.1",
        "chunked on HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer_encoding_too_old",
        &[],
    ),
    (
        "6.3",
        "more body than said",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabcdeGET /b HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "method_invalid",
        &[("POST", "/", 3)],
    ),
    (
        "6.3",
        "a body without a length",
        "POST / HTTP/1.1\r\nHost: a.test\r\n\r\na=b&c=d",
        "method_invalid",
        &[("POST", "/", 0)],
    ),
    (
        "6.3",
        "both framings, behind a good request",
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
        "transfer_encoding_with_length",
        &[("GET", "/", 0)],
    ),
    (
        "7.1",
        "something behind the last chunk",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nxyz",
        "method_invalid",
        &[("POST", "/", 0)],
    ),
    ("9.6", "a second stand-in", "LINKGATE-REFUSE / HTTP/1.1\r\nHost: a.test\r\n\r\n", "method_invalid", &[]),
];

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let mut heads = |rows: &[Row], text: fn(&str) -> String, meant: fn(&'static str) -> Meant| {
        all.extend(rows.iter().map(|&(section, why, part, code)| {
            let next = if part.contains("Upgrade:") { "" } else { GET };
            let bytes = format!("{}{next}", text(part)).into_bytes();
            let next = (!next.is_empty()).then_some(("GET", "/n", 0));
            let requests = if code.is_empty() { [meant(part)].into_iter().chain(next).collect() } else { Vec::new() };
            Case { section, why, bytes, expected: expected(code), requests, in_body: false, is_cut: false }
        }));
    };
    heads(
        REQUEST_LINES,
        |line| format!("{line}\r\nHost: a.test\r\n\r\n"),
        |line| {
            let mut words = line.split(' ');
            (words.next().unwrap(), words.next().unwrap(), 0)
        },
    );
    heads(
        TARGETS,
        |target| format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        |target| ("GET", shown(target), 0),
    );
    heads(FIELDS, |field| format!("GET / HTTP/1.1\r\nHost: a.test\r\n{field}\r\n\r\n"), |_| ("GET", "/", 0));
    heads(HOSTS, |host| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), |_| ("GET", "/", 0));
    heads(
        LENGTHS,
        |length| format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\r\nabc"),
        |_| ("POST", "/", 3),
    );
    heads(
        CODINGS,
        |coding| format!("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: {coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        |_| ("POST", "/", 3),
    );
    all.extend(BODIES.iter().map(|&(section, why, body, data, code)| {
        let bytes = format!("{CHUNKED}{body}{GET}").into_bytes();
        let next = code.is_empty().then_some(("GET", "/n", 0));
        let requests = [("POST", "/", data)].into_iter().chain(next).collect();
        Case { section, why, bytes, expected: expected(code), requests, in_body: !code.is_empty(), is_cut: false }
    }));
    all.extend(connections());
    all.extend(large());
    all
}

fn connections() -> impl Iterator<Item = Case> {
    let whole =
        CONNECTIONS.iter().map(|&(section, why, text, requests)| (section, why, text, "", requests.to_vec(), false));
    let cut = CUT.iter().map(|&(section, why, text, request)| (section, why, text, "", vec![request], true));
    let refused = REFUSED
        .iter()
        .map(|&(section, why, text, code, requests)| (section, why, text, code, requests.to_vec(), false));
    whole.chain(cut).chain(refused).map(|(section, why, text, code, requests, is_cut)| {
        let bytes = text.as_bytes().to_vec();
        Case { section, why, bytes, expected: expected(code), requests, in_body: false, is_cut }
    })
}

/// Past the limits; `limits.rs` has what is just within them.
fn large() -> impl Iterator<Item = Case> {
    let head = |fields: String| format!("GET / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n");
    let long = "a".repeat(70_000);
    let heads = [
        ("5", "a value without end", head(format!("A: {long}")), "head_too_large"),
        ("5", "a name without end", head(long.clone()), "head_too_large"),
        ("5", "fields without end", head("A: b\r\n".repeat(101)), "too_many_fields"),
        ("3", "a target without end", format!("GET /{long} HTTP/1.1\r\n"), "target_too_long"),
        ("3", "a method without end", "A".repeat(70_000), "target_too_long"),
    ];
    let bodies = [
        ("7.1", "a size without end", "0".repeat(300), 0, "chunk_line_too_long"),
        (
            "7.1.1",
            "extensions without end",
            format!("1;{}\r\na\r\n", "a".repeat(200)).repeat(30),
            20,
            "chunk_extensions_too_large",
        ),
        ("7.1.2", "trailers without end", format!("0\r\nA: {long}\r\n\r\n"), 0, "trailers_too_large"),
        ("7.1.2", "many trailers", format!("0\r\n{}\r\n", "A: b\r\n".repeat(101)), 0, "too_many_fields"),
    ];
    let heads = heads.into_iter().map(|(section, why, text, code)| {
        let (bytes, expected) = (text.into_bytes(), expected(code));
        Case { section, why, bytes, expected, requests: Vec::new(), in_body: false, is_cut: false }
    });
    heads.chain(bodies.into_iter().map(|(section, why, body, data, code)| {
        let (bytes, expected) = (format!("{CHUNKED}{body}").into_bytes(), expected(code));
        Case { section, why, bytes, expected, requests: vec![("POST", "/", data)], in_body: true, is_cut: false }
    }))
}

fn expected(code: &'static str) -> Expected {
    if code.is_empty() { Expected::Requests } else { Expected::Refused(code) }
}

/// As the http crate writes a target that it has read.
fn shown(target: &'static str) -> &'static str {
    match target {
        "HTTPS://A.TEST/b" => "https://A.TEST/b",
        "http://a.test" => "http://a.test/",
        "http://a.test?b" => "http://a.test/?b",
        other => other,
    }
}
