//! A URL taken apart, as the rules for nested URLs and aliases look at it.

/// The parts of a URL after WHATWG parsing and before Safe Browsing folding.
#[derive(Clone, Copy)]
pub struct Parts<'u> {
    /// Lower case, without the colon: `http`, `https`, `ftp`, or a messenger's scheme such as `tg`.
    pub scheme: &'u str,
    /// The canonical host: lower case, punycode, no trailing dot, no port.
    pub host: &'u str,
    /// Percent-encoded as written, dot segments resolved, starting with `/`.
    pub path: &'u str,
    /// Percent-encoded as written, without `?`.
    pub query: Option<&'u str>,
    /// Percent-encoded as written, without `#`.
    pub fragment: Option<&'u str>,
}
