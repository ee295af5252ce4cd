//! Where a body ends: what does not tell it, or contradicts itself, is no list.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::KeyPair;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Home;

use super::{at, body, options, runtime};

/// A server that answers one request with these bytes, and closes.
fn answering(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
    });
    address
}

/// What is answered, and the body in it or what is wrong with it.
type Case = (&'static [u8], Result<&'static [u8], &'static str>);

#[test]
fn bodies_are_whole_or_not_there() {
    let cases: &[Case] = &[
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Ok(b"abc")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", Ok(b"abc")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", Ok(b"abc")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Ok(b"abc")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", Err("cut_off")),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", Err("cut_off")),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", Err("cut_off")),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", Err("cut_off")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Err("cut_off")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", Err("cut_off")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\nabc\r\n0\r\n\r\n", Err("garbled")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Err("garbled")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", Err("garbled")),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", Err("packing")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\nabc", Err("too_large")),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc", Err("status")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Err("status")),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", Err("redirect_unusable")),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\nLocation: https://b.example/\r\n\r\n",
            Err("redirect_unusable"),
        ),
        (b"SSH-2.0-OpenSSH_9.9\r\n", Err("garbled")),
        (b"", Err("cut_off")),
    ];
    runtime().block_on(async {
        for (answer, expected) in cases {
            let got = body(at(answering(answer), "/list.txt")).await;
            assert_eq!(got.as_deref().map_err(|code| *code), *expected, "{}", answer.escape_ascii());
        }
    });
}

#[test]
fn a_body_without_end_takes_no_longer_than_all_may_take() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = at(listener.local_addr().unwrap(), "/list.txt");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        // Fast enough never to stand still.
        while stream.write_all(&[b"800\r\n", &[b'a'; 0x800][..], b"\r\n"].concat()).is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    options.reach.total_timeout = Duration::from_secs(3);
    let began = Instant::now();
    assert_eq!(runtime().block_on(body(options)), Err("timeout"));
    assert!(began.elapsed() < Duration::from_secs(4));
}

/// How a server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Said,
    Torn,
}

#[test]
fn an_encrypted_connection_says_that_it_ends() {
    let home = Home::new();
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let authority = home.file("authority.pem", certified.cert.pem());
    let key: KeyPair = certified.signing_key;
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    runtime().block_on(async {
        for (ending, expected) in [(Ending::Said, Ok(&b"abc"[..])), (Ending::Torn, Err("cut_off"))] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = acceptor.accept(stream).await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nabc").await.unwrap();
                stream.flush().await.unwrap();
                if ending == Ending::Said {
                    stream.shutdown().await.unwrap();
                }
            });
            let mut options = options(&format!("https://{address}/list.txt"));
            options.reach.ca_file = Some(authority.clone());
            let got = body(options).await;
            assert_eq!(got.as_deref().map_err(|code| *code), expected, "{ending:?}");
        }
    });
}
