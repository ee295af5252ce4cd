//! TLS: real clients on every door, certificates of clients, certificates that change, and what is no TLS.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::nginx::Nginx;
use super::{PATIENCE, Serving, raw, wait_until};
use crate::Home;

const LISTED: &str = r#"{"text":"https://listed.example/"}"#;

/// A certificate of this machine that vouches for itself.
fn certificate() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Files of a server, and of clients.
struct Files(Home);

impl Files {
    fn new() -> Self {
        let files = Self(Home::new());
        files.renew();
        files
    }

    /// Another certificate with another key.
    fn renew(&self) {
        let (certificate, key) = certificate();
        self.put("cert.pem", &certificate);
        self.put("key.pem", &key);
    }

    /// As deployments do it: beside, then in its place.
    fn put(&self, name: &str, text: &str) {
        let beside = self.0.file("beside", text);
        std::fs::rename(beside, self.at(name)).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn settings(&self) -> String {
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| self.at(name).to_str().unwrap().to_owned());
        format!("[tls]\ncert_file = {certificate:?}\nkey_file = {key:?}\n")
    }

    /// An authority, and a client whose certificate it has signed.
    fn authority(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.put(&format!("{name}.pem"), &params.self_signed(&key).unwrap().pem());
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let client = CertificateParams::new(["client.test".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        self.put(&format!("{name}-client.pem"), &(client.pem() + &key.serialize_pem()));
    }

    /// Runs curl, which trusts the present certificate; what it printed, and how it ended.
    fn curl(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = Command::new("curl");
        command.args(["-s", "-m", "20", "-w", " %{http_version} %{http_code}", "--cacert"]).arg(self.at("cert.pem"));
        let ran = command.args(arguments).output().unwrap();
        (String::from_utf8(ran.stdout).unwrap(), ran.status.code().unwrap())
    }
}

fn url(to: SocketAddr, path: &str) -> String {
    format!("https://{to}{path}")
}

/// A connection through TLS, shaken by the first write.
fn connect(to: SocketAddr, trusted: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).unwrap();
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(connection, stream)
}

/// Reads until that has come.
fn read_until(stream: &mut impl std::io::Read, end: &str) -> String {
    let mut text = String::new();
    let mut part = [0; 1024];
    while !text.contains(end) {
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "{text}");
        text.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    text
}

#[test]
fn every_door_speaks_tls() {
    let (nginx, files) = (Nginx::start(), Files::new());
    let proxy = format!("[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\n", nginx.address);
    let server = Serving::start(&(files.settings() + &proxy));
    let (api, page) = (url(server.api, "/v1/check"), url(server.proxy(), "/page"));
    for (flags, version) in [
        (&["--http1.1"][..], "1.1"),
        (&["--http2"], "2"),
        (&["--http1.1", "--tls-max", "1.2"], "1.1"),
        (&["--tls-max", "1.2"], "2"),
    ] {
        let (answer, code) = files.curl(&[flags, &[&*page, "-d", "status=hello"]].concat());
        assert_eq!((answer, code), (format!("{{\"id\":\"1\"}} {version} 200"), 0), "{flags:?}");
    }
    let (answer, _) = files.curl(&["--http1.1", &api, "-H", "Content-Type: application/json", "-d", LISTED]);
    assert!(answer.contains("\"action\":\"reject\"") && answer.ends_with(" 1.1 200"), "{answer}");
    assert!(nginx.got_after(4).iter().all(|got| got["proto"] == "https"));
    // Old versions, and servers that are somebody else.
    assert_ne!(files.curl(&["--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0", &api]).1, 0);
    files.put("cert.pem", &certificate().0);
    assert_eq!(files.curl(&[&api]), (" 0 000".into(), 60));
}

#[test]
fn the_self_test_knows_a_door_by_its_certificate() {
    let files = Files::new();
    let list = files.0.file("own.txt", "listed.test\n");
    let canary = "canary = \"https://listed.test/\"";
    let lists = format!("[[lists]]\nname = \"own\"\npath = {list:?}\n{canary}\n[serve]\nwatch_ms = 0\n");
    let config = files.settings() + &lists;
    let server = Serving::start(&config);
    let (config, api) = (server.home.path().join("linkgate.toml"), server.api.to_string());
    let self_test = || server.home.run(&["--config", config.to_str().unwrap(), "self-test", "--api", &api]);
    let passed = self_test();
    assert_eq!(passed.code, 0, "{}{}", passed.stdout, passed.stderr);
    // Whoever has another certificate is somebody else.
    files.renew();
    let failed = self_test();
    assert!(failed.code == 2 && failed.stdout.contains("tls.cert_file"), "{}{}", failed.stdout, failed.stderr);
}

#[test]
fn the_self_test_passes_doors_that_want_a_certificate() {
    let files = Files::new();
    files.authority("ours");
    files.authority("other");
    let list = files.0.file("own.txt", "listed.test\n");
    let lists =
        format!("[[lists]]\nname = \"own\"\npath = \"{}\"\ncanary = \"https://listed.test/\"\n", list.display());
    let [ours, other] = ["ours-client.pem", "other-client.pem"].map(|name| files.at(name).display().to_string());
    let config = format!("{}client_ca_file = \"{}\"\n{lists}", files.settings(), files.at("ours.pem").display());
    let set = format!("[serve]\nself_test_cert_file = \"{ours}\"\nself_test_key_file = \"{ours}\"\n");
    let seen = |server: &Serving, door: &str| {
        let figures = files.curl(&["--cert", &ours, &url(server.api, "/metrics")]).0;
        let line = format!("linkgate_canary_seen{{list=\"own\",door=\"{door}\"}} ");
        figures.lines().find_map(|found| found.strip_prefix(&*line)?.parse::<f64>().ok())
    };
    let self_test = |server: &Serving, more: &[&str]| {
        let (config, api) = (server.home.path().join("linkgate.toml"), server.api.to_string());
        server.home.run(&[&["--config", config.to_str().unwrap(), "self-test", "--api", &api], more].concat())
    };
    // Without a certificate the server leaves its doors out, and the command finds out.
    let server = Serving::start(&config);
    wait_until("the library", || seen(&server, "checker") == Some(1.0));
    assert_eq!(seen(&server, "api"), None);
    for (more, code) in [
        (&[][..], 2),
        (&["--client-cert-file", &*ours, "--client-key-file", &*ours], 0),
        (&["--client-cert-file", &*other, "--client-key-file", &*other], 2),
        (&["--client-cert-file", &*ours], 2),
        (&["--client-cert-file", &*ours, "--client-key-file", &*other], 2),
    ] {
        let ran = self_test(&server, more);
        assert_eq!(ran.code, code, "{more:?} {}{}", ran.stdout, ran.stderr);
    }
    // With one, both pass.
    let server = Serving::start(&(config + &set));
    wait_until("the door", || seen(&server, "api") == Some(1.0));
    let ran = self_test(&server, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(self_test(&server, &["--client-cert-file", &other, "--client-key-file", &other]).code, 2);
}

#[test]
fn what_is_no_tls_or_not_in_time_ends_and_is_counted() {
    let files = Files::new();
    let server = Serving::start(&(files.settings() + "[serve.limits]\nhead_timeout_ms = 400\n"));
    let plain = raw(server.api, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(plain.status, 0, "{plain:?}");
    // Silent from the beginning, and behind the start of a handshake.
    assert_eq!(raw(server.api, b"").head, "");
    assert_eq!(raw(server.api, b"\x16\x03\x01\x02\0\x01").head, "");
    // The handshake in time, and then silence.
    let mut silent = connect(server.api, &files.at("cert.pem"));
    silent.flush().unwrap();
    let _ = silent.read_to_end(&mut Vec::new());
    let figures = files.curl(&["--http1.1", &url(server.api, "/metrics")]).0;
    for (outcome, count) in [("failed", 1), ("late", 2), ("done", 2)] {
        let line = format!("linkgate_tls_handshakes_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(figures.contains(&line), "{line}{figures}");
    }
}

#[test]
fn http2_is_agreed_on_in_the_handshake_or_not_spoken() {
    let files = Files::new();
    let server = Serving::start(&files.settings());
    let mut stream = connect(server.api, &files.at("cert.pem"));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"");
}

#[test]
fn clients_show_a_certificate_where_they_have_to() {
    let files = Files::new();
    files.authority("ours");
    files.authority("other");
    for (client_auth, expected) in [("required", [false, true, false]), ("optional", [true, true, false])] {
        let more = format!("client_ca_file = {:?}\nclient_auth = {client_auth:?}\n", files.at("ours.pem"));
        let server = Serving::start(&(files.settings() + &more));
        let health = url(server.api, "/healthz");
        let shows = |name: &str| files.curl(&["--cert", files.at(name).to_str().unwrap(), &health]).1 == 0;
        let outcomes = [files.curl(&[&health]).1 == 0, shows("ours-client.pem"), shows("other-client.pem")];
        assert_eq!(outcomes, expected, "{client_auth}");
    }
}

#[test]
fn what_is_wrong_with_certificates_is_told_at_the_start() {
    let files = Files::new();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2020, 1, 1);
    params.not_before = date_time_ymd(2019, 1, 1);
    files.put("old.pem", &(params.self_signed(&key).unwrap().pem() + &key.serialize_pem()));
    (params.not_before, params.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
    files.put("early.pem", &(params.self_signed(&key).unwrap().pem() + &key.serialize_pem()));
    files.put("other.pem", &certificate().1);
    files.put("empty.pem", "-----BEGIN SECRET-----\nbm90aGluZw==\n-----END SECRET-----\n");
    let broken = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n";
    files.put("broken.pem", broken);
    for (settings, expected) in [
        ("cert_file = cert.pem", "tls.cert_file is set and tls.key_file is not"),
        ("key_file = key.pem", "tls.key_file is set and tls.cert_file is not"),
        ("client_ca_file = cert.pem", "tls.client_ca_file is set and tls.cert_file is not"),
        ("cert_file = gone.pem, key_file = key.pem", "tls.cert_file: DIR/gone.pem cannot be read: No such file"),
        ("cert_file = cert.pem, key_file = gone.pem", "tls.key_file: DIR/gone.pem cannot be read: No such file"),
        ("cert_file = empty.pem, key_file = key.pem", "tls.cert_file: DIR/empty.pem holds no certificate"),
        ("cert_file = broken.pem, key_file = key.pem", "tls.key_file: what DIR/key.pem holds cannot be used"),
        ("cert_file = cert.pem, key_file = empty.pem", "tls.key_file: DIR/empty.pem holds no private key"),
        ("cert_file = cert.pem, key_file = other.pem", "tls.key_file: DIR/other.pem is not the key of the certificate"),
        ("cert_file = old.pem, key_file = old.pem", "the certificate in DIR/old.pem is past its end"),
        ("cert_file = early.pem, key_file = early.pem", "the certificate in DIR/early.pem is not valid yet"),
        (
            "cert_file = cert.pem, key_file = key.pem, client_ca_file = key.pem",
            "tls.client_ca_file: DIR/key.pem holds no",
        ),
        (
            "cert_file = cert.pem, key_file = key.pem, client_ca_file = broken.pem",
            "tls.client_ca_file: what DIR/broken.pem",
        ),
    ] {
        let lines = settings.split(", ").map(|setting| {
            let (key, name) = setting.split_once(" = ").unwrap();
            format!("{key} = {:?}\n", files.at(name))
        });
        let config = files.0.file("linkgate.toml", "[tls]\n".to_owned() + &lines.collect::<String>());
        let ran = files.0.run(&["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"]);
        let told = ran.stderr.replace(files.0.path().to_str().unwrap(), "DIR");
        assert!(ran.code == 2 && told.contains(expected) && !told.contains("bm90"), "{settings}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn a_certificate_that_changes_is_taken_and_no_connection_ends_of_it() {
    let files = Files::new();
    let server = Serving::start(&(files.settings() + "[serve]\nwatch_ms = 100\n"));
    let ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut kept = connect(server.api, &files.at("cert.pem"));
    kept.write_all(ask.as_bytes()).unwrap();
    read_until(&mut kept, "alive");
    // A certificate without its key is not taken; the former pair stays.
    let (former, (certificate, key)) = (std::fs::read_to_string(files.at("cert.pem")).unwrap(), certificate());
    files.put("cert.pem", &certificate);
    server.wait_for("tls.key_file");
    files.put("cert.pem", &former);
    assert_eq!(files.curl(&[&url(server.api, "/healthz")]).1, 0);
    files.put("cert.pem", &certificate);
    files.put("key.pem", &key);
    wait_until("the new certificate", || files.curl(&[&url(server.api, "/healthz")]).1 == 0);
    kept.write_all(ask.as_bytes()).unwrap();
    read_until(&mut kept, "alive");
}

#[test]
fn a_websocket_goes_through_tls() {
    let platform = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = platform.local_addr().unwrap();
    let echo = std::thread::spawn(move || {
        let mut stream = platform.accept().unwrap().0;
        read_until(&mut stream, "\r\n\r\n");
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst ")
            .unwrap();
        let said = read_until(&mut stream, "over");
        stream.write_all(said.to_uppercase().as_bytes()).unwrap();
    });
    let files = Files::new();
    let proxy =
        format!("[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{upstream}\"\nupgrades = [\"GET /live\"]\n");
    let server = Serving::start(&(files.settings() + &proxy));
    let mut stream = connect(server.proxy(), &files.at("cert.pem"));
    stream
        .write_all(
            b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nearly ",
        )
        .unwrap();
    let head = read_until(&mut stream, "first ");
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream.write_all(b"and over").unwrap();
    assert_eq!(read_until(&mut stream, "OVER"), "EARLY AND OVER");
    echo.join().unwrap();
}
