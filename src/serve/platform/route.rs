//! Paths: which spellings are taken at all, and which rule names one.

use http::Method;

use super::Treatment;

/// What a path's spelling says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Spelling {
    /// As every back end reads it.
    Plain,
    /// Back ends bring it into another form, each its own way; a rule for that form would be passed by.
    Ambiguous,
}

impl Spelling {
    /// Judges a path as it stands in the request.
    ///
    /// Ambiguous are empty and dot segments, `;`, `\`, whatever is escaped although it need not be (RFC 3986, section
    /// 6.2.2.2), escaped slashes, percent signs and control characters, and bytes that are no UTF-8.
    pub(in crate::serve) fn of(path: &str) -> Self {
        let inner = path.strip_prefix('/').unwrap_or(path);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let plain = (inner.is_empty() && path == "/" || !inner.is_empty() && inner.split('/').all(is_plain))
            && path.starts_with('/');
        if plain { Self::Plain } else { Self::Ambiguous }
    }
}

fn is_plain(segment: &str) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
    let escaped_needlessly =
        segment.as_bytes().windows(3).filter(|window| window.first() == Some(&b'%')).any(|window| {
            let digits = window.get(1..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
            u8::from_str_radix(digits, 16)
                .is_ok_and(|byte| is_unreserved(byte) || b"/\\%;".contains(&byte) || byte < 0x20)
        });
    !matches!(segment, "" | "." | "..")
        && !segment.contains([';', '\\'])
        && !escaped_needlessly
        && !decoded.contains(&0x7f)
        && std::str::from_utf8(&decoded).is_ok()
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A rule that names requests: a method, or `*`, and a path in which `*` is one segment and a last `**` any number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    method: Option<Method>,
    path: String,
}

/// A text is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rule is a method or *, a space, and a path: `POST /api/v2/media`, `* /files/**`")]
pub struct RouteError;

impl Route {
    /// Reads `METHOD /path`.
    ///
    /// # Errors
    /// If it has another form, or a path that is spelled so that it names nothing.
    pub fn parse(text: &str) -> Result<Self, RouteError> {
        let (method, path) = text.trim().split_once(' ').ok_or(RouteError)?;
        let method = match method {
            "*" => None,
            name if name.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                Some(Method::from_bytes(name.as_bytes()).map_err(|_| RouteError)?)
            }
            _ => return Err(RouteError),
        };
        let path = path.trim();
        if Spelling::of(path) == Spelling::Ambiguous {
            return Err(RouteError);
        }
        Ok(Self { method, path: path.to_owned() })
    }

    /// Whether it names this request. The path must be spelled plainly.
    pub(in crate::serve) fn names(&self, method: &Method, path: &str) -> bool {
        self.fits(method, path, str::eq)
    }

    /// Whether loose routers take this request for one that it names: in any case, and with a slash at its end.
    pub(super) fn resembles(&self, method: &Method, path: &str) -> bool {
        self.fits(method, path.strip_suffix('/').unwrap_or(path), str::eq_ignore_ascii_case)
    }

    fn fits(&self, method: &Method, path: &str, is_same: impl Fn(&str, &str) -> bool) -> bool {
        if self.method.as_ref().is_some_and(|own| own != method) {
            return false;
        }
        let mut segments = path.split('/');
        for wanted in self.path.split('/') {
            match (wanted, segments.next()) {
                ("**", Some(_)) => return true,
                ("*", Some(segment)) if !segment.is_empty() => {}
                (wanted, Some(segment)) if is_same(wanted, segment) => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

/// The rules of a preset, all with the same treatment.
pub(super) fn all(texts: &[&str], treatment: Treatment) -> impl Iterator<Item = (Route, Treatment)> {
    texts.iter().filter_map(move |text| Some((Route::parse(text).ok()?, treatment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (path, expected) in [
            ("/", Spelling::Plain),
            ("/api/v1/statuses", Spelling::Plain),
            ("/api/v1/statuses/", Spelling::Plain),
            ("/@user/1", Spelling::Plain),
            ("/tags/caf%C3%A9", Spelling::Plain),
            ("/a%20b", Spelling::Plain),
            ("/_matrix/client/v3/rooms/!r%3Ax.example/send", Spelling::Plain),
            ("//api/v1/statuses", Spelling::Ambiguous),
            ("/api//v1", Spelling::Ambiguous),
            ("/api/./v1", Spelling::Ambiguous),
            ("/api/x/../v1", Spelling::Ambiguous),
            ("/%61pi/v1", Spelling::Ambiguous),
            ("/api%2Fv1", Spelling::Ambiguous),
            ("/api%2fv1", Spelling::Ambiguous),
            ("/api/%2e%2e/v1", Spelling::Ambiguous),
            ("/api%5Cv1", Spelling::Ambiguous),
            (r"/api\v1", Spelling::Ambiguous),
            ("/api;x=y/v1", Spelling::Ambiguous),
            ("/api%3Bx/v1", Spelling::Ambiguous),
            ("/api%00/v1", Spelling::Ambiguous),
            ("/api%0a", Spelling::Ambiguous),
            ("/a%2561", Spelling::Ambiguous),
            ("/a%7f", Spelling::Ambiguous),
            ("/a%ff", Spelling::Ambiguous),
            ("/a%c0%af", Spelling::Ambiguous),
            ("/a//", Spelling::Ambiguous),
            ("api", Spelling::Ambiguous),
            ("", Spelling::Ambiguous),
        ] {
            assert_eq!(Spelling::of(path), expected, "{path}");
        }
    }

    #[test]
    fn rules() {
        for (rule, method, path, expected) in [
            ("POST /api/v2/media", Method::POST, "/api/v2/media", true),
            ("POST /api/v2/media", Method::PUT, "/api/v2/media", false),
            ("POST /api/v2/media", Method::POST, "/api/v2/media/", false),
            ("POST /api/v2/media", Method::POST, "/API/v2/media", false),
            ("PUT /api/v1/media/*", Method::PUT, "/api/v1/media/1", true),
            ("PUT /api/v1/media/*", Method::PUT, "/api/v1/media/", false),
            ("PUT /api/v1/media/*", Method::PUT, "/api/v1/media/1/2", false),
            ("* /files/**", Method::PATCH, "/files/a/b", true),
            ("* /files/**", Method::PATCH, "/files", false),
            ("* /", Method::GET, "/", true),
        ] {
            assert_eq!(Route::parse(rule).unwrap().names(&method, path), expected, "{rule} {path}");
        }
        for (path, expected) in
            [("/a/B", true), ("/A/b", true), ("/a/B/", true), ("/a/B.json", false), ("/a/B/c", false), ("/a", false)]
        {
            assert_eq!(Route::parse("POST /a/B").unwrap().resembles(&Method::POST, path), expected, "{path}");
        }
        for text in ["", "/a", "POST", "post /a", "POST a", "POST //a", "POST /a/../b", "POST /%61"] {
            assert_eq!(Route::parse(text), Err(RouteError), "{text}");
        }
    }
}
