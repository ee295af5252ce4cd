//! Requests as bytes: only what RFC 9112 allows in one way reaches the parser.
