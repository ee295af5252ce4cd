//! A real nginx that stands for a platform: it takes every request and writes down what it got.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{free_port, wait_until};

/// An nginx that runs as long as this is held.
pub(crate) struct Nginx {
    child: Child,
    dir: tempfile::TempDir,
    pub(crate) address: SocketAddr,
}

/// The body is known to the log only where it was read, which passing it on to itself does.
const CONFIG: &str = r#"
worker_processes 1; daemon off; pid @DIR@/pid; error_log @DIR@/error.log warn; @USER@
events { worker_connections 512; }
http {
  client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p; fastcgi_temp_path @DIR@/f; uwsgi_temp_path @DIR@/u;
  scgi_temp_path @DIR@/s; default_type application/json; client_body_buffer_size 8m; client_max_body_size 64m;
  log_format got escape=json '{"method":"$request_method","target":"$request_uri","host":"$http_host",'
    '"body":"$request_body","length":"$content_length","type":"$content_type","for":"$http_x_forwarded_for",'
    '"proto":"$http_x_forwarded_proto","checked":"$http_linkgate_checked","id":"$http_x_request_id",'
    '"trace":"$http_traceparent","self_test":"$http_linkgate_self_test"}';
  server { listen 127.0.0.1:@PORT@; access_log @DIR@/got.log got;
    location / { proxy_pass http://127.0.0.1:@INNER@; proxy_http_version 1.1; } }
  server { listen 127.0.0.1:@INNER@; access_log off; location / { return 200 '{"id":"1"}'; } }
}
"#;

/// Ends TLS in a real deployment; here it only stands before the proxy.
const FRONT: &str = r"
worker_processes 1; daemon off; pid @DIR@/pid; error_log @DIR@/error.log warn; @USER@
events { worker_connections 512; }
http {
  client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p; fastcgi_temp_path @DIR@/f; uwsgi_temp_path @DIR@/u;
  scgi_temp_path @DIR@/s; access_log off;
  server { listen 127.0.0.1:@PORT@; @LOCATIONS@ }
}
";

impl Nginx {
    /// A platform; `tests/run` installs it.
    pub(crate) fn start() -> Self {
        Self::with(CONFIG)
    }

    /// One that stands in front, with these locations.
    pub(super) fn front(locations: &str) -> Self {
        Self::with(&FRONT.replace("@LOCATIONS@", locations))
    }

    /// One with that configuration; `@DIR@`, `@PORT@`, `@INNER@` and `@USER@` in it are filled in.
    pub(crate) fn with(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (port, inner) = (free_port(), free_port());
        // Started by root, its worker would be somebody else and could not write there.
        let user = if dir.path().exists() && is_root() { "user root;" } else { "" };
        let config = config
            .replace("@DIR@", dir.path().to_str().unwrap())
            .replace("@PORT@", &port.to_string())
            .replace("@INNER@", &inner.to_string())
            .replace("@USER@", user);
        let path = dir.path().join("nginx.conf");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&path).arg("-e").arg(dir.path().join("early.log")).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_until("nginx", || std::net::TcpStream::connect(address).is_ok());
        Self { child, dir, address }
    }

    /// What it got so far, a line a request.
    pub(super) fn got(&self) -> Vec<serde_json::Value> {
        let bytes = std::fs::read(self.dir.path().join("got.log")).unwrap_or_default();
        // It may be writing the last line just now.
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        String::from_utf8_lossy(&bytes[..whole]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it got, once it is as many requests.
    pub(super) fn got_after(&self, count: usize) -> Vec<serde_json::Value> {
        wait_until("requests at nginx", || self.got().len() >= count);
        self.got()
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It ends its workers when it is asked, not when it is killed.
        let pid = std::fs::read_to_string(Path::new(self.dir.path()).join("pid")).unwrap_or_default();
        let _ = Command::new("kill").arg(pid.trim()).status();
        let _ = self.child.wait();
    }
}
