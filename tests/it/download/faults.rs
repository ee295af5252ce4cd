//! Servers that misbehave in every way of HTTP: each download ends by a name, in time, with little memory.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::serve::{free_port, wait_until};
use crate::shared;

use super::{BODY_MAX_BYTES, TOTAL, at, body, runtime};

/// The faulty server, as long as this is held.
pub(crate) struct Faulty {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Faulty {
    /// `None` if it is not there, which is said.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let script = shared("security/fault_upstream.py")?;
        let port = free_port();
        let mut command = Command::new("python3");
        command.arg("-B").arg(script).args(["--port", &port.to_string(), "--seconds", "300", "--max-mb", "64"]);
        let child = command.args(arguments).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_until("the faulty server", || std::net::TcpStream::connect(address).is_ok());
        // It takes seconds to make its bombs, and keeps them: what is measured is not that.
        for bomb in ["gzip_bomb", "deflate_bomb"] {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(format!("GET /f/{bomb} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
            stream.read_exact(&mut [0]).unwrap();
        }
        Some(Self { child, address })
    }

    /// What it can do, by its own account, in the line that has `kind`.
    pub(crate) fn names(kind: &str) -> Option<Vec<String>> {
        let script = shared("security/fault_upstream.py")?;
        let listed = Command::new("python3").arg("-B").arg(script).args(["--port", "1", "--list"]).output().unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        let (_, names) = text.lines().find_map(|line| line.split_once(kind)).unwrap();
        Some(names.split(' ').map(str::to_owned).collect())
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Those that are told by one name only; of the others it matters that they end.
const EXPECTED: &[(&str, &str)] = &[
    ("ok", "body"),
    ("slow1", "body"),
    ("slow10", "stalled"),
    ("hang_headers", "stalled"),
    ("hang_body", "stalled"),
    ("drip", "stalled"),
    ("reset_headers", "cut_off"),
    ("reset_body", "cut_off"),
    ("close_headers", "cut_off"),
    ("close_body", "cut_off"),
    ("short_body", "cut_off"),
    ("garbage_tls", "garbled"),
    ("endless_body", "too_large"),
    ("endless_chunked", "too_large"),
    ("huge_header", "garbled"),
    ("many_headers", "garbled"),
    ("bad_version", "garbled"),
    ("cl_dup", "garbled"),
    ("cl_neg", "garbled"),
    ("chunk_bad", "garbled"),
    ("chunk_never", "stalled"),
    ("gzip_bomb", "too_large"),
    ("gzip_bomb_double", "packing"),
    ("deflate_bomb", "packing"),
    ("br_claim", "packing"),
    ("gzip_truncated", "cut_off"),
    ("gzip_garbage", "packing"),
    ("s204_body", "status"),
    ("s304_body", "not_modified_unasked"),
    ("s500", "status"),
    ("s503", "retry_later"),
    ("s429", "retry_later"),
    ("s401", "status"),
    ("s407", "status"),
    ("redir_self", "redirect_downgrade"),
    ("redir_metadata", "redirect_downgrade"),
    ("redir_loopback", "redirect_downgrade"),
    ("redir_file", "redirect_unusable"),
    ("redir_scheme_rel", "redirect_downgrade"),
    ("redir_none", "redirect_unusable"),
    ("redir_two", "redirect_unusable"),
    ("early_hints", "body"),
];

#[test]
fn every_fault_ends_by_a_name_and_in_time() {
    let Some(faulty) = Faulty::start(&[]) else { return };
    let modes = Faulty::names("modes: ").unwrap();
    let mut told = Vec::new();
    let used = allocation_counter::measure(|| {
        told = runtime().block_on(async {
            let ways: Vec<_> = modes.iter().map(|mode| (mode, at(faulty.address, &format!("/f/{mode}/x")))).collect();
            let mut all = Vec::new();
            for (mode, options) in ways {
                let mode = mode.clone();
                all.push(tokio::spawn(async move {
                    let began = Instant::now();
                    let code = body(options).await.err().unwrap_or("body");
                    (mode, code, began.elapsed())
                }));
            }
            let mut told = Vec::new();
            for one in all {
                told.push(one.await.unwrap());
            }
            told
        });
    });
    assert_eq!(told.len(), modes.len());
    for (mode, code, took) in &told {
        assert!(*took < TOTAL + Duration::from_secs(1), "{mode}: {took:?}");
        let expected = EXPECTED.iter().find(|(known, _)| known == mode);
        assert!(expected.is_none_or(|(_, expected)| expected == code), "{mode}: {code}");
    }
    assert!(EXPECTED.iter().all(|(known, _)| modes.iter().any(|mode| mode == known)));
    // All of them at once.
    assert!(used.bytes_max < 12 * BODY_MAX_BYTES, "{} bytes", used.bytes_max);
}
