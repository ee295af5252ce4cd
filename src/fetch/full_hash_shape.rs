//! How questions for whole hashes and their answers are written.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::json;

use crate::canonical::RequestUrl;

use super::reach::Message;
use super::token::Token;

/// How they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// As `fullHashes:find` of Safe Browsing, version 4. The token is an API key.
    SafeBrowsing {
        /// What is asked for, as the endpoint names it: `SOCIAL_ENGINEERING`.
        threat_types: Vec<String>,
    },
    /// One file for each prefix, which any web server can hold: `endpoint/0a1b2c3d` in lower-case hex has a whole hash a line, in hex;
    /// there is none where nothing is listed. `Cache-Control` says how long it holds.
    Files,
}

/// What is known behind a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) hashes: Vec<[u8; 32]>,
    /// How long that holds.
    pub(super) kept: Duration,
    /// How long nothing else is to be asked.
    pub(super) wait: Duration,
}

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Shape {
    pub(super) fn question(
        &self,
        endpoint: &RequestUrl,
        prefix: &[u8],
        token: Option<&Token>,
    ) -> (RequestUrl, Message) {
        match self {
            Self::SafeBrowsing { threat_types } => {
                let mut fields = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
                fields.extend(token.and_then(Token::bare).map(|key| (API_KEY, key)));
                let body = json!({
                    "client": { "clientId": "linkgate", "clientVersion": env!("CARGO_PKG_VERSION") },
                    "clientStates": [],
                    "threatInfo": {
                        "threatTypes": threat_types,
                        "platformTypes": ["ANY_PLATFORM"],
                        "threatEntryTypes": ["URL"],
                        "threatEntries": [{ "hash": BASE64.encode(prefix) }],
                    },
                });
                (endpoint.clone(), Message { fields, body: Some(body.to_string().into_bytes()) })
            }
            Self::Files => {
                let bearer = token.and_then(Token::bearer).map(|token| (AUTHORIZATION, token));
                let url = endpoint.beside(&format!("/{}", HEXLOWER.encode(prefix)));
                (url, Message { fields: HeaderMap::from_iter(bearer), body: None })
            }
        }
    }

    /// Whether nothing at an address means that nothing is listed.
    pub(super) fn may_be_absent(&self) -> bool {
        matches!(self, Self::Files)
    }

    /// What an answer says of `prefix`; `told` is how long its head says that it holds.
    pub(super) fn read(&self, body: &[u8], prefix: &[u8], told: Duration) -> Option<Answer> {
        let mut answer = match self {
            Self::SafeBrowsing { threat_types } => safe_browsing(body, threat_types)?,
            Self::Files => Answer { hashes: lines(body)?, kept: told, wait: Duration::ZERO },
        };
        // What was not asked for is not heard.
        answer.hashes.retain(|hash| hash.starts_with(prefix));
        answer.hashes.sort_unstable();
        answer.hashes.dedup();
        Some(answer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    matches: Vec<Match>,
    minimum_wait_duration: Option<String>,
    negative_cache_duration: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    threat_type: Option<String>,
    threat: Threat,
    cache_duration: Option<String>,
}

#[derive(Deserialize)]
struct Threat {
    hash: String,
}

fn safe_browsing(body: &[u8], threat_types: &[String]) -> Option<Answer> {
    let found: Found = serde_json::from_slice(body).ok()?;
    // It holds until the first thing in it may have changed; what does not say how long holds for no time.
    let told = |duration: &Option<String>| duration.as_deref().map_or(Some(Duration::ZERO), seconds);
    let mut told_of = Vec::from_iter(found.negative_cache_duration.as_ref().map(|own| seconds(own)));
    let mut hashes = Vec::new();
    for one in found.matches {
        let is_other = one.threat_type.is_some_and(|told| !threat_types.is_empty() && !threat_types.contains(&told));
        if !is_other {
            hashes.push(BASE64.decode(one.threat.hash.as_bytes()).ok()?.try_into().ok()?);
            told_of.push(told(&one.cache_duration));
        }
    }
    let kept = told_of.into_iter().min().unwrap_or(Some(Duration::ZERO))?;
    Some(Answer { hashes, kept, wait: told(&found.minimum_wait_duration)? })
}

/// `593.440s`
fn seconds(told: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(told.strip_suffix('s')?.parse().ok()?).ok()
}

fn lines(body: &[u8]) -> Option<Vec<[u8; 32]>> {
    let lines = body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.map(|line| HEXLOWER_PERMISSIVE.decode(line).ok()?.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &[u8] = &[1; 4];

    fn hash(first: u8, last: u8) -> [u8; 32] {
        let mut hash = [first; 32];
        hash[31] = last;
        hash
    }

    fn found(first: u8, last: u8, more: &str) -> String {
        format!(r#"{{"threat":{{"hash":"{}"}}{more}}}"#, BASE64.encode(&hash(first, last)))
    }

    #[test]
    fn answers_of_safe_browsing() {
        let shape = Shape::SafeBrowsing { threat_types: vec!["A".into()] };
        let [one, two] = [hash(1, 1), hash(1, 2)];
        for (body, expected) in [
            ("{}".to_owned(), Some((vec![], 0.0, 0))),
            (r#"{"negativeCacheDuration":"300.5s"}"#.into(), Some((vec![], 300.5, 0))),
            (format!(r#"{{"matches":[{}]}}"#, found(1, 1, "")), Some((vec![one], 0.0, 0))),
            (
                format!(
                    r#"{{"matches":[{},{}],"negativeCacheDuration":"500s","minimumWaitDuration":"7s"}}"#,
                    found(1, 2, r#","cacheDuration":"60s","threatType":"A""#),
                    found(1, 1, r#","cacheDuration":"90s""#),
                ),
                Some((vec![one, two], 60.0, 7)),
            ),
            (
                format!(
                    r#"{{"matches":[{},{}]}}"#,
                    found(1, 1, r#","cacheDuration":"90s""#),
                    found(1, 1, r#","cacheDuration":"95s""#)
                ),
                Some((vec![one], 90.0, 0)),
            ),
            // Of another kind, and of another prefix.
            (format!(r#"{{"matches":[{}]}}"#, found(1, 1, r#","threatType":"B""#)), Some((vec![], 0.0, 0))),
            (format!(r#"{{"matches":[{}]}}"#, found(2, 1, "")), Some((vec![], 0.0, 0))),
            (r#"{"matches":[{"threat":{"hash":"AQID"}}]}"#.into(), None),
            (r#"{"matches":[{"threat":{"hash":"*"}}]}"#.into(), None),
            (r#"{"negativeCacheDuration":"soon"}"#.into(), None),
            (r#"{"negativeCacheDuration":"-1s"}"#.into(), None),
            ("<html>".into(), None),
        ] {
            let read = shape.read(body.as_bytes(), PREFIX, Duration::from_secs(9));
            let read = read.map(|answer| (answer.hashes, answer.kept.as_secs_f64(), answer.wait.as_secs()));
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn answers_in_files() {
        let line = |first, last| HEXLOWER.encode(&hash(first, last));
        for (body, expected) in [
            (format!("{}\r\n{}\n\n", line(1, 2), line(1, 1).to_uppercase()), Some(vec![hash(1, 1), hash(1, 2)])),
            (line(2, 1), Some(vec![])),
            (String::new(), Some(vec![])),
            (line(1, 1)[..62].to_owned(), None),
            ("<html>".into(), None),
        ] {
            let read = Shape::Files.read(body.as_bytes(), PREFIX, Duration::from_secs(9));
            assert!(read.as_ref().is_none_or(|answer| answer.kept == Duration::from_secs(9)));
            assert_eq!(read.map(|answer| answer.hashes), expected, "{body}");
        }
    }

    #[test]
    fn questions_tell_no_more_than_the_prefix() {
        let endpoint = RequestUrl::read("https://hashes.example/v4/find?k=1").unwrap();
        let token = Token::parse("secret").unwrap();
        let shape = Shape::SafeBrowsing { threat_types: vec!["A".into()] };
        let (url, message) = shape.question(&endpoint, PREFIX, Some(&token));
        let body: serde_json::Value = serde_json::from_slice(&message.body.unwrap()).unwrap();
        assert_eq!(body["threatInfo"]["threatEntries"], json!([{ "hash": "AQEBAQ==" }]));
        assert_eq!(
            (url.expose_asked(), message.fields[API_KEY].to_str().unwrap()),
            (endpoint.expose_asked(), "secret")
        );
        let (url, message) = Shape::Files.question(&endpoint, PREFIX, None);
        assert_eq!(url.expose_asked(), "https://hashes.example/v4/find/01010101?k=1");
        assert!(message.body.is_none() && message.fields.is_empty());
    }
}
