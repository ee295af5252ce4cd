//! Whole hashes behind prefixes: asked once, kept as long as they hold, told apart from not knowing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::{BASE64, HEXLOWER};
use linkgate::canonical::RequestUrl;
use linkgate::fetch::{FullHashError, FullHashOptions, FullHashes, Shape};
use serde_json::{Value, json};

use super::{reach, runtime};

const PREFIX: [u8; 4] = [7; 4];
const HASH: [u8; 32] = [7; 32];
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// What an endpoint was asked, and how it answers.
#[derive(Clone, Default)]
struct Endpoint {
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<Value>>,
    answer: Arc<Mutex<Value>>,
}

async fn find(State(endpoint): State<Endpoint>, Json(question): Json<Value>) -> Response {
    endpoint.asked.fetch_add(1, Ordering::SeqCst);
    *endpoint.last.lock().unwrap() = question;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = endpoint.answer.lock().unwrap().clone();
    match &answer {
        Value::Number(status) => {
            let status = StatusCode::from_u16(u16::try_from(status.as_u64().unwrap()).unwrap()).unwrap();
            (status, [("Retry-After", "30")]).into_response()
        }
        Value::String(text) => text.clone().into_response(),
        Value::Null => std::future::pending().await,
        _ => Json(answer).into_response(),
    }
}

async fn file(State(endpoint): State<Endpoint>, Path(prefix): Path<String>) -> Response {
    endpoint.asked.fetch_add(1, Ordering::SeqCst);
    if prefix == "07070707" {
        return ([("Cache-Control", "max-age=600")], HEXLOWER.encode(&HASH)).into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}

impl Endpoint {
    async fn start(&self) -> SocketAddr {
        let app = Router::new().route("/find", post(find)).route("/files/{prefix}", get(file)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    fn answers(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }

    fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn asking(address: SocketAddr, path: &str, shape: Shape) -> FullHashes {
    FullHashes::new(options(address, path, shape)).unwrap()
}

fn options(address: SocketAddr, path: &str, shape: Shape) -> FullHashOptions {
    let endpoint = RequestUrl::read(&format!("http://{address}{path}")).unwrap();
    let kept_min = Duration::from_millis(200);
    FullHashOptions { reach: reach(), kept_min, ..FullHashOptions::new(endpoint, shape) }
}

fn safe_browsing(address: SocketAddr) -> FullHashes {
    asking(address, "/find", Shape::SafeBrowsing { threat_types: vec!["LISTED".into()] })
}

fn found(duration: &str) -> Value {
    json!({
        "matches": [{ "threatType": "LISTED", "threat": { "hash": BASE64.encode(&HASH) }, "cacheDuration": duration }],
        "negativeCacheDuration": duration,
    })
}

#[test]
fn one_question_serves_all_who_want_to_know() {
    runtime().block_on(async {
        let endpoint = Endpoint::default();
        let hashes = safe_browsing(endpoint.start().await);
        endpoint.answers(found("300.000s"));
        let all: Vec<_> = (0..20)
            .map(|_| {
                let hashes = hashes.clone();
                tokio::spawn(async move { hashes.confirm(&PREFIX).await })
            })
            .collect();
        for one in all {
            assert_eq!(one.await.unwrap(), Ok(vec![HASH]));
        }
        assert_eq!(endpoint.times_asked(), 1);
        let asked = endpoint.last.lock().unwrap()["threatInfo"].clone();
        assert_eq!(asked["threatEntries"], json!([{ "hash": BASE64.encode(&PREFIX) }]));
        assert_eq!(asked["threatTypes"], json!(["LISTED"]));
        // Another prefix is another question.
        assert_eq!(hashes.confirm(&[8; 5]).await, Ok(vec![]));
        assert_eq!(endpoint.times_asked(), 2);
    });
}

#[test]
fn answers_are_kept_as_long_as_they_hold_and_errors_are_not() {
    runtime().block_on(async {
        let endpoint = Endpoint::default();
        let hashes = safe_browsing(endpoint.start().await);
        // Nothing, for less time than anything is kept.
        endpoint.answers(json!({ "negativeCacheDuration": "0.001s" }));
        assert_eq!(hashes.confirm(&PREFIX).await, Ok(vec![]));
        endpoint.answers(found("300s"));
        assert_eq!(hashes.confirm(&PREFIX).await, Ok(vec![]));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(hashes.confirm(&PREFIX).await, Ok(vec![HASH]));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(hashes.confirm(&PREFIX).await, Ok(vec![HASH]));
        assert_eq!(endpoint.times_asked(), 2);
        for (answer, code) in [
            (json!(500), "status"),
            (json!("<html>"), "malformed"),
            (json!(" ".repeat(ANSWER_MAX_BYTES)), "malformed"),
            (json!(" ".repeat(ANSWER_MAX_BYTES + 1)), "too_large"),
            (Value::Null, "stalled"),
        ] {
            endpoint.answers(answer);
            let began = Instant::now();
            assert_eq!(hashes.confirm(&[1; 4]).await.unwrap_err().code(), code);
            assert!(began.elapsed() < Duration::from_secs(3), "{code}");
        }
        endpoint.answers(found("300s"));
        assert_eq!(hashes.confirm(&[1; 4]).await, Ok(vec![]));
        for prefix in [&[7; 3][..], &[7; 33]] {
            assert_eq!(hashes.confirm(prefix).await, Err(FullHashError::Prefix));
        }
    });
}

#[test]
fn whoever_asks_for_patience_is_left_alone() {
    runtime().block_on(async {
        for (answer, first) in [
            (json!(503), Err("retry_later")),
            (json!({ "minimumWaitDuration": "30s", "negativeCacheDuration": "1s" }), Ok(vec![])),
        ] {
            let endpoint = Endpoint::default();
            let hashes = safe_browsing(endpoint.start().await);
            endpoint.answers(answer);
            assert_eq!(hashes.confirm(&PREFIX).await.map_err(FullHashError::code), first);
            endpoint.answers(found("300s"));
            assert_eq!(hashes.confirm(&[9; 4]).await.unwrap_err().code(), "left_alone");
            assert_eq!(endpoint.times_asked(), 1);
        }
    });
}

#[test]
fn no_more_is_asked_at_once_than_may_be() {
    runtime().block_on(async {
        let endpoint = Endpoint::default();
        endpoint.answers(found("300s"));
        let options = options(endpoint.start().await, "/find", Shape::SafeBrowsing { threat_types: vec![] });
        let hashes = FullHashes::new(FullHashOptions { at_once_max: 2, ..options }).unwrap();
        let ask = async |first: u8| hashes.confirm(&[first; 4]).await;
        let (one, two, three) = tokio::join!(ask(1), ask(7), ask(3));
        assert_eq!((one, two, three), (Ok(vec![]), Ok(vec![HASH]), Err(FullHashError::Busy)));
        assert_eq!(endpoint.times_asked(), 2);
        assert_eq!(ask(3).await, Ok(vec![]));
    });
}

#[test]
fn files_for_prefixes() {
    runtime().block_on(async {
        let endpoint = Endpoint::default();
        let hashes = asking(endpoint.start().await, "/files", Shape::Files);
        for _ in 0..2 {
            assert_eq!(hashes.confirm(&PREFIX).await, Ok(vec![HASH]));
            assert_eq!(hashes.confirm(&[1; 4]).await, Ok(vec![]));
        }
        assert_eq!(endpoint.times_asked(), 2);
    });
}
