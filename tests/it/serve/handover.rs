//! Reload, restart and end under load: every request that was sent whole gets its answer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt as _, FdMapping};

use super::load::{Account, Load};
use super::nginx::Nginx;
use super::{API, PATIENCE, PROXY, Serving, get, wait_until};
use crate::{Home, root};

const LISTED: &str = r#"{"text":"see hxxps://listed[.]example/a"}"#;

fn requests(server: &Serving) -> [(SocketAddr, String); 2] {
    let posted = |path: &str, content_type: &str, body: &str| {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    [
        (server.api, posted("/v1/check", "application/json", LISTED)),
        (server.proxy(), posted("/api/v1/statuses", "application/x-www-form-urlencoded", "status=hello")),
    ]
}

fn config(nginx: &Nginx) -> String {
    format!("[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n", nginx.address)
}

impl Serving {
    /// Lets a successor take over, and follows it.
    pub(crate) fn hand_over(&mut self) {
        let told = "handed over to a successor\",\"pid\":";
        let before = self.count(told);
        self.signal("USR2");
        wait_until("a successor", || self.count(told) > before);
        let log = self.log.lock().unwrap().clone();
        let pid = log.rsplit(told).next().unwrap().split(',').next().unwrap().parse().unwrap();
        let former = std::mem::replace(&mut self.pid, pid);
        self.has_ended(former);
    }

    /// Waits until a process of ours is gone.
    fn has_ended(&mut self, pid: u32) {
        if pid == self.child.id() {
            assert!(self.child.wait().unwrap().success());
        }
        wait_until("the end of a server", || {
            // What has ended and nobody has asked for is there by name only.
            std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
        });
    }
}

fn told(account: &Account) -> String {
    let (answered, closed) = (&account.answered, &account.closed);
    format!("{} answered, {} closed while idle", answered.load(Ordering::Relaxed), closed.load(Ordering::Relaxed))
}

#[test]
fn no_request_is_lost_by_reloads_restarts_and_the_end() {
    let asked = std::env::vars().find(|(name, _)| name == "LINKGATE_TEST_RESTARTS");
    let restarts: usize = asked.map_or(2, |(_, value)| value.parse().unwrap());
    let nginx = Nginx::start();
    let mut server = Serving::start(&config(&nginx));
    let load = Load::start(&requests(&server));
    for _ in 0..restarts {
        load.wait_for(500);
        let before = server.count("\"reloaded\"");
        server.signal("HUP");
        wait_until("a reload", || server.count("\"reloaded\"") > before);
        load.wait_for(500);
        server.hand_over();
    }
    load.wait_for(1_000);
    load.expect_the_end();
    server.signal("TERM");
    server.has_ended(server.pid);
    let account = load.end();
    assert_eq!(*account.lost.lock().unwrap(), Vec::<String>::new(), "{}", told(&account));
    if restarts > 2 {
        writeln!(std::io::stderr(), "{restarts} restarts: {}, none lost", told(&account)).unwrap();
    }
}

#[test]
fn a_request_that_comes_while_the_server_ends_is_answered() {
    let server = Serving::start("");
    let ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let idle = || {
        let stream = TcpStream::connect(server.api).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let (mut used, mut fresh, mut half, mut silent) = (idle(), idle(), idle(), idle());
    used.write_all(ask).unwrap();
    let mut part = [0; 1024];
    assert!(used.read(&mut part).unwrap() > 0);
    half.write_all(&ask[..20]).unwrap();
    wait_until("connections", || get(server.api, "/metrics").body.contains("connections{door=\"api\"} 5"));
    server.signal("TERM");
    wait_until("no more connections", || TcpStream::connect_timeout(&server.api, Duration::from_millis(100)).is_err());
    for (stream, rest) in [(&mut used, &ask[..]), (&mut fresh, ask), (&mut half, &ask[20..])] {
        stream.write_all(rest).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("alive") && answer.contains("connection: close\r\n"), "{answer}");
    }
    let mut nothing = Vec::new();
    silent.read_to_end(&mut nothing).unwrap();
    assert_eq!(nothing, b"");
}

#[test]
fn idle_connections_hold_the_end_up_no_longer_than_they_may() {
    let mut server = Serving::start("[serve.limits]\nidle_grace_ms = 300\ngrace_ms = 60000\n");
    let mut idle = TcpStream::connect(server.api).unwrap();
    wait_until("connections", || get(server.api, "/metrics").body.contains("connections{door=\"api\"} 2"));
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert!(server.child.wait().unwrap().success());
    assert!((Duration::from_millis(300)..Duration::from_secs(10)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn a_successor_that_cannot_start_leaves_everything_as_it_is() {
    let server = Serving::start("");
    server.home.file("linkgate.toml", "[serve]\nlisten = 7\n");
    server.signal("USR2");
    server.wait_for("not handed over, this process goes on");
    assert!(server.log.lock().unwrap().contains("the successor ended before it served"), "{:?}", server.log);
    assert_eq!(get(server.api, "/healthz").status, 200);
    // One that takes too long is ended.
    let slow = Home::new();
    let pipe = slow.path().join("tracking.txt");
    std::fs::write(&pipe, "").unwrap();
    let config =
        format!("[tables]\ntracking = {pipe:?}\n[serve]\nwatch_ms = 0\n[serve.limits]\nsuccessor_timeout_ms = 300\n");
    let server = Serving::start(&config);
    std::fs::remove_file(&pipe).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    server.signal("USR2");
    server.wait_for("the successor did not serve in time");
    assert_eq!(get(server.api, "/healthz").status, 200);
}

#[test]
fn a_successor_without_the_lists_of_its_predecessor_does_not_take_over() {
    let lists = Home::new();
    let path = lists.file("own.txt", "own.test\n");
    let config = format!("[[lists]]\nname = \"own\"\npath = {path:?}\n[serve]\nwatch_ms = 0\n");
    let server = Serving::start(&config);
    assert_eq!(get(server.api, "/readyz").status, 200);
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_dir_all(server.home.path().join("state/linkgate/lists")).unwrap();
    server.signal("USR2");
    server.wait_for("not handed over, this process goes on");
    assert!(server.log.lock().unwrap().contains("in the predecessor they do"), "{:?}", server.log);
    assert_eq!(get(server.api, "/readyz").status, 200);
}

#[test]
fn what_is_said_to_a_server_that_is_starting_does_not_end_it() {
    let home = Home::new();
    let pipe = home.path().join("tracking.txt");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let config = format!("[tables]\ntracking = {pipe:?}\n[serve]\nwatch_ms = 0\n");
    let path = home.file("linkgate.toml", config);
    let arguments = ["--config", path.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"];
    let mut child = home.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    // Opens when the server reads.
    let table = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    assert!(Command::new("kill").args(["-s", "HUP", &child.id().to_string()]).status().unwrap().success());
    drop(table);
    // It reads again for the signal.
    std::thread::spawn(move || while std::fs::OpenOptions::new().write(true).open(&pipe).is_ok() {});
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.any(|line| line.contains("check API on")));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn sockets_of_a_service_manager_lose_nothing_between_two_servers() {
    let nginx = Nginx::start();
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let start = |names: Option<&str>| {
        let home = Home::new();
        let path = home.file("linkgate.toml", config(&nginx));
        let mut command = Command::new("sh");
        command.args(["-c", "LISTEN_PID=$$ exec \"$@\"", "sh", env!("CARGO_BIN_EXE_linkgate"), "--config"]);
        command.arg(&path).arg("serve").env_clear().env("XDG_STATE_HOME", home.path()).env("LISTEN_FDS", "2");
        command.envs(names.map(|names| ("LISTEN_FDNAMES", names))).current_dir(root());
        let mapping = |(socket, child_fd): (&TcpListener, i32)| FdMapping {
            parent_fd: socket.try_clone().unwrap().into(),
            child_fd,
        };
        let given = if names.is_some() { [&sockets[1], &sockets[0]] } else { [&sockets[0], &sockets[1]] };
        command.fd_mappings(given.into_iter().zip(3..).map(mapping).collect()).unwrap();
        Serving::spawn(home, command, &[API, PROXY])
    };
    let mut server = start(None);
    let load = Load::start(&requests(&server));
    for names in [Some("proxy:api"), None] {
        load.wait_for(500);
        server.signal("TERM");
        assert!(server.child.wait().unwrap().success());
        server = start(names);
        let addresses = [server.api, server.proxy()];
        assert_eq!(addresses, [&sockets[0], &sockets[1]].map(|socket| socket.local_addr().unwrap()));
    }
    load.wait_for(500);
    let account = load.end();
    assert_eq!(*account.lost.lock().unwrap(), Vec::<String>::new(), "{}", told(&account));
}

#[test]
fn what_is_handed_over_has_to_be_a_socket_that_listens() {
    let listening = || TcpListener::bind("0.0.0.0:0").unwrap().into();
    let file = || std::fs::File::open("/dev/null").unwrap().into();
    let connected = || UnixDatagram::unbound().unwrap().into();
    let cases: [(&dyn Fn() -> OwnedFd, &str, i32, &str); 4] = [
        (&file, "api", 2, "number 1 of the sockets in LISTEN_FDS is no TCP socket that listens"),
        (&connected, "ready", 64, "can be reached from other machines"),
        (&listening, "ready", 2, "is no datagram socket"),
        (&listening, "api", 64, "can be reached from other machines"),
    ];
    for (made, name, code, expected) in cases {
        let home = Home::new();
        let mut command = home.command(&["serve", "--listen", "0.0.0.0:0"]);
        command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name);
        command.fd_mappings(vec![FdMapping { parent_fd: made(), child_fd: 3 }]).unwrap();
        let ran = crate::finish(command, b"");
        assert!(ran.code == code && ran.stderr.contains(expected), "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_service_manager_is_told_of_everything() {
    let home = Home::new();
    let place = home.path().join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = || {
        let mut text = [0; 256];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &place);
    let mut server = Serving::spawn(home, command, &[API]);
    assert_eq!(heard(), "READY=1\n");
    server.signal("HUP");
    let reloading = heard();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(heard(), "READY=1\n");
    server.hand_over();
    assert_eq!([heard(), heard()], ["READY=1\n".to_owned(), format!("MAINPID={}\nREADY=1\n", server.pid)]);
    server.signal("TERM");
    assert_eq!(heard(), "STOPPING=1\n");
}

#[test]
fn the_units_of_systemd_are_right() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        writeln!(std::io::stderr(), "left out: the units of systemd, since systemd-analyze is not there").unwrap();
        return;
    }
    let home = Home::new();
    let units = ["linkgate.service", "linkgate.socket"].map(|name| {
        let text = std::fs::read_to_string(root().join("examples/systemd").join(name)).unwrap();
        home.file(name, text.replace("/usr/bin/linkgate", env!("CARGO_BIN_EXE_linkgate")))
    });
    let ran = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success() && !told.contains("linkgate"), "{told}");
}
