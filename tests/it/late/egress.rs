//! An egress proxy: everything goes through it, and what may not be asked does not even reach it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::{PATIENT, Stand, check, told};

/// A proxy that answers itself; gives back its port and the lines of requests that it gets.
fn proxy(location: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&got);
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&connection).lines().map_while(Result::ok);
            seen.lock().unwrap().push(lines.next().unwrap_or_default());
            lines.find(String::is_empty);
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            (&connection).write_all(answer.as_bytes()).unwrap();
        }
    });
    (port, got)
}

#[test]
fn the_proxy_is_asked_for_everything_that_may_be_asked() {
    let stand = Stand::new();
    let (port, got) = proxy("http://listed.test/4");
    let server = stand.serve(&format!("{PATIENT}[fetch]\nfollow = \"all\"\nproxy = \"http://127.0.0.1:{port}\"\n"));
    let ask = |url: &str| told(&check(&server, &format!(r#"{{"text":"see {url}"}}"#)).0).map(str::to_owned);
    assert_eq!(ask("http://a.test/1"), ["reject", "listed", "-", "listed"]);
    assert_eq!(got.lock().unwrap().split_off(0), ["HEAD http://a.test/1 HTTP/1.1"], "no name is resolved here");
    for inner in ["http://10.1.2.3/", "http://[fd00::1]/", "http://0x0a.1/", "http://a.test:22/"] {
        assert_eq!(ask(inner)[3], "refused_address", "{inner}");
    }
    assert_eq!(*got.lock().unwrap(), [""; 0]);
    assert_eq!(stand.web.counts(["a.test", "listed.test"]), [0, 0]);
}
