//! Servers by name: every address of an answer is judged, and where an egress proxy is set nobody else is asked.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use linkgate::fetch::DownloadOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::served::{LIST, Served};
use super::{body, options, runtime};

/// A name server that knows these names, and no other.
fn name_server(names: &'static [(&str, &[[u8; 4]])]) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let _ = socket.send_to(&answer(&packet[..length], names), from);
        }
    });
    address
}

/// An answer to a question (RFC 1035, section 4).
fn answer(question: &[u8], names: &[(&str, &[[u8; 4]])]) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
        at = end;
    }
    let name = labels.join(".");
    let known = names.iter().find(|(known, _)| *known == name);
    let is_ipv4 = question[at + 1..at + 3] == [0, 1];
    let addresses = known.filter(|_| is_ipv4).map_or(&[][..], |(_, addresses)| addresses);
    let code = if known.is_some() { 0x80 } else { 0x83 };
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, code, 0, 1, 0, u8::try_from(addresses.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(&question[12..at + 5]);
    for address in addresses {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address);
    }
    answer
}

fn named(served: &Served, name: &str) -> DownloadOptions {
    let mut options = options(&format!("https://{name}:{}/list.txt", served.tls));
    options.reach.ca_file = Some(served.file("authority.pem"));
    options
}

#[test]
fn every_address_of_a_name_is_judged() {
    let served = Served::start();
    let names: &[(&str, &[[u8; 4]])] = &[
        ("mirror.example", &[[127, 0, 0, 1]]),
        ("mirror.internal", &[[127, 0, 0, 1]]),
        ("other.example", &[[127, 0, 0, 1]]),
        ("two.example", &[[127, 0, 0, 1], [10, 0, 0, 1]]),
        ("metadata.example", &[[169, 254, 169, 254]]),
        ("empty.example", &[]),
    ];
    let resolver = name_server(names);
    runtime().block_on(async {
        for (name, expected) in [
            ("mirror.example", Ok(LIST)),
            ("mirror.internal", Ok(LIST)),
            // Its certificate is of others.
            ("other.example", Err("tls")),
            ("two.example", Err("refused_address")),
            ("metadata.example", Err("refused_address")),
            ("empty.example", Err("unresolved")),
            ("none.example", Err("unresolved")),
        ] {
            let mut options = named(&served, name);
            options.reach.resolvers = vec![resolver];
            let mut public = options.clone();
            public.reach.allow_nets.clear();
            let got = body(options).await;
            assert_eq!(got.as_deref().map_err(|code| *code), expected.map(str::as_bytes), "{name}");
            let inner = match name {
                "mirror.internal" => "refused_name",
                "empty.example" | "none.example" => "unresolved",
                _ => "refused_address",
            };
            assert_eq!(body(public).await, Err(inner), "{name}");
        }
    });
}

/// A proxy that opens a tunnel to this port, whatever name it is asked for, and counts.
async fn egress_proxy(port: u16) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let length = client.read(&mut head).await.unwrap();
            assert!(head[..length].starts_with(b"CONNECT mirror.example:"));
            count.fetch_add(1, Ordering::SeqCst);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (address, asked)
}

#[test]
fn an_egress_proxy_is_the_only_one_that_is_dialled() {
    let served = Served::start();
    runtime().block_on(async {
        let (proxy, asked) = egress_proxy(served.tls).await;
        let mut options = named(&served, "mirror.example");
        options.reach.egress_proxy = Some(format!("http://{proxy}"));
        options.reach.allow_nets.clear();
        // The name is the proxy's to resolve; here nobody would.
        options.reach.resolvers = vec![name_server(&[])];
        assert_eq!(body(options.clone()).await.as_deref(), Ok(LIST.as_bytes()));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        options.url = linkgate::canonical::RequestUrl::read(&format!("https://127.0.0.1:{}/", served.tls)).unwrap();
        assert_eq!(body(options).await, Err("refused_address"));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    });
}
