//! Deliveries, as a platform gets them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use linkgate::outbox::{self, Courier, EventId, Outbox, Webhook, WebhookError};
use linkgate::telemetry::clock;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Delivery, Receiver, answer, converse, open, settled};
use crate::root;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNA==";

/// An outbox, and a courier to that address.
struct Post {
    dir: tempfile::TempDir,
    outbox: Outbox,
}

impl Post {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outbox = open(dir.path());
        std::fs::write(dir.path().join("secret"), format!("{SECRET}\n")).unwrap();
        Self { dir, outbox }
    }

    fn webhook(&self, url: &str) -> Webhook {
        let secret_file = Some(self.dir.path().join("secret"));
        Webhook { url: url.to_owned(), secret_file, ca_file: None, timeout: Duration::from_millis(1_500) }
    }

    fn courier(&self, url: &str) -> Courier {
        Courier::new(&self.webhook(url)).unwrap()
    }

    /// Seconds until the next attempt.
    async fn wait(&self, now: i64) -> Option<i64> {
        self.outbox.next_event_at().await.unwrap().map(|at| at - now)
    }
}

/// What libraries of others make of deliveries; nothing without those that `tests/run` installs.
pub(crate) fn judged(deliveries: &[Delivery], secret: &str) -> Option<Vec<Value>> {
    let python = root().join("target/python/bin/python");
    let libraries = ["-I", "-B", "-c", "import cloudevents.core, standardwebhooks"];
    if !Command::new(&python).args(libraries).status().is_ok_and(|status| status.success()) {
        eprintln!("left out: other readers of deliveries, since target/python lacks them; run tests/run");
        return None;
    }
    let mut command = Command::new(python);
    command.args(["-I", "-B"]).arg(root().join("tests/webhook_judge.py")).arg(secret);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for Delivery { headers, body, .. } in deliveries {
        let body = str::from_utf8(body).unwrap();
        writeln!(input, "{}", json!({"headers": headers, "body": body})).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let lines = str::from_utf8(&output.stdout).unwrap().lines();
    Some(lines.map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn others_read_and_verify_a_delivery() {
    let post = Post::new();
    let receiver = Receiver::start(|_| answer("202 Accepted", ""));
    let now = clock::now();
    let check = settled(&post.outbox, now).await;
    post.courier(&receiver.url()).deliver_due(&post.outbox, now).await.unwrap();
    assert_eq!(post.wait(now).await, None);
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].line, "POST /hooks?from=linkgate HTTP/1.1");
    assert_eq!(got[0].headers["content-type"], "application/cloudevents+json");
    for name in ["referer", "cookie", "accept-encoding", "traceparent"] {
        assert!(!got[0].headers.contains_key(name), "{name}");
    }
    let mut changed = got[0].clone();
    changed.body.push(b' ');
    let Some(read) = judged(&[got[0].clone(), changed], SECRET) else { return };
    let id = EventId::of(check).to_string();
    let subject = check.to_string();
    let expected =
        json!({"id": id, "type": "linkgate.check.settled", "subject": subject, "data": {"action": "reject"}});
    assert_eq!(read[0], expected);
    assert!(read[1]["error"].as_str().unwrap().contains("No matching signature"), "{}", read[1]);
    let other = judged(&got, "whsec_OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQ=").unwrap();
    assert!(other[0]["error"].as_str().unwrap().contains("No matching signature"), "{}", other[0]);
}

#[tokio::test]
async fn a_delivery_is_tried_again_under_the_same_id() {
    let post = Post::new();
    let receiver = Receiver::start(|number| match number {
        0 => answer("500 Internal Server Error", "Retry-After: 999\r\n"),
        1 => answer("503 Service Unavailable", "Retry-After: 77\r\n"),
        2 => answer("429 Too Many Requests", "Retry-After: 999999\r\n"),
        3 => answer("400 Bad Request", ""),
        4 => answer("302 Found", "Location: /elsewhere\r\n"),
        5 => String::new(),
        6 => "nonsense\r\n\r\n".to_owned(),
        _ => answer("200 OK", ""),
    });
    let mut now = clock::now();
    let check = settled(&post.outbox, now).await;
    let courier = post.courier(&receiver.url());
    // A second may go by in a round, two where no answer comes.
    for (shortest, longest) in [(1, 2), (77, 78), (3_600, 3_601), (4, 9), (8, 17), (16, 35), (32, 65)] {
        courier.deliver_due(&post.outbox, now).await.unwrap();
        let wait = post.wait(now).await.unwrap();
        assert!((shortest..=longest).contains(&wait), "{wait} is not within {shortest} and {longest}");
        let before = receiver.got().len();
        courier.deliver_due(&post.outbox, now + wait - 1).await.unwrap();
        assert_eq!(receiver.got().len(), before, "it was too early");
        now += wait;
    }
    courier.deliver_due(&post.outbox, now).await.unwrap();
    assert_eq!(post.wait(now).await, None);
    let got = receiver.got();
    assert_eq!(got.len(), 8);
    let id = EventId::of(check).to_string();
    assert!(got.iter().all(|delivery| delivery.headers["webhook-id"] == id));
    assert!(got.iter().all(|delivery| delivery.body == got[0].body));
    assert!(got.iter().all(|delivery| delivery.line.starts_with("POST /hooks?")), "no redirect is followed");
    assert_ne!(got[0].headers["webhook-signature"], got[7].headers["webhook-signature"], "the time is signed too");
}

#[tokio::test]
async fn whoever_is_gone_is_told_no_more() {
    let post = Post::new();
    let receiver = Receiver::start(|_| answer("410 Gone", ""));
    let now = clock::now();
    settled(&post.outbox, now).await;
    let courier = post.courier(&receiver.url());
    courier.deliver_due(&post.outbox, now).await.unwrap();
    courier.deliver_due(&post.outbox, now + 9_999).await.unwrap();
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(post.wait(now).await, None);
}

#[tokio::test]
async fn nothing_of_an_answer_is_read_but_its_head() {
    let post = Post::new();
    let receiver = Receiver::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nx".to_owned());
    let now = clock::now();
    settled(&post.outbox, now).await;
    let began = Instant::now();
    post.courier(&receiver.url()).deliver_due(&post.outbox, now).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(1_400), "{:?}", began.elapsed());
    assert_eq!(post.wait(now).await, None);
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_tried_again() {
    let post = Post::new();
    let silent = Receiver::start(|_| {
        std::thread::sleep(Duration::from_secs(5));
        String::new()
    });
    let now = clock::now();
    settled(&post.outbox, now).await;
    let began = Instant::now();
    post.courier(&silent.url()).deliver_due(&post.outbox, now).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "the timeout counts: {:?}", began.elapsed());
    assert!(post.wait(now).await.is_some());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    post.courier(&format!("http://{free}/")).deliver_due(&post.outbox, now + 100).await.unwrap();
    assert!(post.wait(now).await.is_some_and(|wait| wait > 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_few_are_delivered_at_once() {
    let post = Post::new();
    let (now_there, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (there, top) = (Arc::clone(&now_there), Arc::clone(&most));
    let receiver = Receiver::start(move |_| {
        top.fetch_max(there.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        there.fetch_sub(1, Ordering::SeqCst);
        answer("200 OK", "")
    });
    let now = clock::now();
    for _ in 0..30 {
        settled(&post.outbox, now).await;
    }
    post.courier(&receiver.url()).deliver_due(&post.outbox, now).await.unwrap();
    assert_eq!(receiver.got().len(), 30);
    assert_eq!(post.wait(now).await, None);
    assert_eq!(most.load(Ordering::SeqCst), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_is_woken_by_what_is_settled_and_ends_when_told() {
    let post = Post::new();
    let receiver = Receiver::start(|_| answer("200 OK", ""));
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move { drop(ended.await) };
    let running = tokio::spawn(outbox::run(post.outbox.clone(), post.courier(&receiver.url()), shutdown));
    for count in 1..=3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        settled(&post.outbox, clock::now()).await;
        let began = Instant::now();
        while receiver.got().len() < count {
            assert!(began.elapsed() < Duration::from_secs(5), "it sleeps");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    end.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(2), running).await.unwrap().unwrap();
}

/// A receiver that speaks TLS, with a certificate that vouches for itself.
fn secure(dir: &Path) -> (u16, std::path::PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), connection);
            converse(tls, &std::sync::Mutex::default(), &|_| answer("200 OK", ""));
        }
    });
    let path = dir.join("ca.pem");
    std::fs::write(&path, certificate.pem()).unwrap();
    (port, path)
}

#[tokio::test]
async fn an_authority_of_its_own_may_vouch_for_the_webhook() {
    let post = Post::new();
    let (number, ca_file) = secure(post.dir.path());
    let url = format!("https://127.0.0.1:{number}/");
    let now = clock::now();
    settled(&post.outbox, now).await;
    post.courier(&url).deliver_due(&post.outbox, now).await.unwrap();
    assert!(post.wait(now).await.is_some(), "nobody vouches for it");
    let courier = Courier::new(&Webhook { ca_file: Some(ca_file), ..post.webhook(&url) }).unwrap();
    courier.deliver_due(&post.outbox, now + 10).await.unwrap();
    assert_eq!(post.wait(now).await, None);
}

#[test]
fn what_cannot_be_used_is_told_by_its_setting() {
    let post = Post::new();
    let good = post.webhook("https://platform.example/hook");
    assert!(Courier::new(&good).is_ok());
    let file = |name: &str, content: &str| {
        let path = post.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        Some(path)
    };
    let missing = Some(post.dir.path().join("missing"));
    let cases = [
        (Webhook { url: "platform.example".into(), ..good.clone() }, "webhook.url"),
        (Webhook { url: "ftp://platform.example/".into(), ..good.clone() }, "webhook.url"),
        (Webhook { secret_file: None, ..good.clone() }, "webhook.secret_file is not"),
        (Webhook { secret_file: missing.clone(), ..good.clone() }, "webhook.secret_file"),
        (Webhook { secret_file: file("short", "12345678901234567890123"), ..good.clone() }, "webhook.secret_file"),
        (Webhook { ca_file: missing, ..good.clone() }, "webhook.ca_file"),
        (Webhook { ca_file: file("no.pem", "nothing"), ..good.clone() }, "webhook.ca_file"),
    ];
    for (webhook, words) in cases {
        let error: WebhookError = Courier::new(&webhook).err().unwrap();
        assert!(error.to_string().contains(words), "{error} does not say {words}");
        assert!(!error.to_string().contains("platform.example"), "{error}");
    }
}
