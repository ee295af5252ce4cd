//! Redirects that servers share through Redis: sealed, a favour, and never a condition.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{PATIENT, Stand, check, told};
use crate::serve::{Serving, free_port, wait_until};

/// A Redis that runs as long as this is held.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Nothing where there is no Redis.
    fn start() -> Option<Self> {
        let port = free_port();
        let number = port.to_string();
        let arguments = ["--port", &number, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let quiet = Command::new("redis-server").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = quiet else {
            eprintln!("left out: redirects in Redis, since there is no redis-server");
            return None;
        };
        wait_until("Redis", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self { child, port })
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    fn ask<T: ::redis::FromRedisValue>(&self, words: &[&[u8]]) -> T {
        let mut connection = ::redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut command = ::redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut connection).unwrap()
    }

    fn names(&self) -> Vec<Vec<u8>> {
        self.ask(&[b"KEYS", b"*"])
    }

    fn value(&self, name: &[u8]) -> Vec<u8> {
        self.ask(&[b"GET", name])
    }

    fn put(&self, name: &[u8], value: &[u8]) {
        self.ask::<()>(&[b"SET", name, value]);
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Servers that share a state key and a Redis, and nothing else.
struct Servers {
    redis: Redis,
    stand: Stand,
}

impl Servers {
    fn new() -> Option<Self> {
        let (redis, stand) = (Redis::start()?, Stand::new());
        stand.files.file("redis.url", redis.url());
        stand.files.file("state.key", "07".repeat(32));
        stand.web.chain(&["a.test/1", "b.test/2", "listed.test/4"]);
        stand.web.chain(&["c.test/1", "end.test/"]);
        Some(Self { redis, stand })
    }

    fn start(&self, name: &str) -> Serving {
        let [url, key] = ["redis.url", "state.key"].map(|name| self.stand.path(name));
        self.stand.serve_as(&format!("{PATIENT}[cache]\nredis_url_file = {url:?}\n[state]\nkey_file = {key:?}\n"), name)
    }

    fn told(&self, server: &Serving, place: &str) -> String {
        told(&check(server, &self.stand.post(place)).0)[3].to_owned()
    }
}

#[test]
fn what_one_server_has_asked_the_others_know() {
    let Some(servers) = Servers::new() else { return };
    assert_eq!(servers.told(&servers.start("one"), "a.test/1"), "listed");
    let names = servers.redis.names();
    assert_eq!(names.len(), 2);
    for name in &names {
        // Shorter words may stand in what is sealed, and numbers in names, by chance.
        let value = servers.redis.value(name);
        for (text, words) in [(name, &["test", "http"][..]), (&value, &["test", "http", "302"])] {
            let text = String::from_utf8_lossy(text);
            assert!(words.iter().all(|word| !text.contains(word)), "{text}");
        }
        let kept_s: i64 = servers.redis.ask(&[b"TTL", name]);
        assert!((1..=3_600).contains(&kept_s), "{kept_s}");
    }
    let second = servers.start("two");
    assert_eq!(servers.told(&second, "a.test/1"), "listed");
    assert_eq!(servers.stand.web.counts(["a.test", "b.test", "listed.test"]), [1, 1, 0]);
    assert_eq!(second.figure("linkgate_redirect_hops_total{outcome=\"shared\"}"), Some(2.0));
}

#[test]
fn what_was_tampered_with_is_asked_anew() {
    let Some(servers) = Servers::new() else { return };
    let first = servers.start("one");
    assert_eq!(servers.told(&first, "c.test/1"), "arrived");
    let harmless = servers.redis.names().remove(0);
    let sealed = servers.redis.value(&harmless);
    assert_eq!(servers.told(&first, "a.test/1"), "listed");
    let others: Vec<Vec<u8>> = servers.redis.names().into_iter().filter(|name| *name != harmless).collect();
    let flipped = sealed.iter().map(|byte| byte ^ 1).collect();
    let lies: [(&str, Vec<u8>); 5] = [
        ("another's value", sealed),
        ("a changed one", flipped),
        ("none", Vec::new()),
        ("garbage", b"{\"status\":302,\"next\":[]}".to_vec()),
        ("a large one", vec![7; (1 << 20) + 1]),
    ];
    for (number, (lie, value)) in lies.into_iter().enumerate() {
        for name in &others {
            servers.redis.put(name, &value);
        }
        assert_eq!(servers.told(&servers.start(lie), "a.test/1"), "listed", "{lie}");
        assert_eq!(servers.stand.web.counts(["a.test", "b.test"]), [number + 2; 2], "{lie}");
        // And is as it was.
        assert!(others.iter().all(|name| servers.redis.value(name) != value), "{lie}");
    }
}

#[test]
fn checks_go_on_when_it_hangs_or_is_gone() {
    let Some(mut servers) = Servers::new() else { return };
    let server = servers.start("one");
    servers.stand.web.slow("a.test/*", Duration::ZERO, "listed.test/4");
    let check = |number: u32, what: &str| {
        let (report, _) = check(&server, &servers.stand.post(&format!("a.test/{number}")));
        // Told in time, that is.
        assert_eq!(told(&report)[3], "listed", "{what}");
    };
    check(10, "it is there");
    servers.redis.signal("STOP");
    (11..15).for_each(|number| check(number, "it hangs"));
    servers.redis.signal("CONT");
    (15..18).for_each(|number| check(number, "it is back"));
    servers.redis.signal("KILL");
    (18..22).for_each(|number| check(number, "it is gone"));
    assert_eq!(servers.stand.web.counts(["a.test"]), [12]);
    servers.redis.child.wait().unwrap();
}
