//! Downloads from real servers on this machine, which count as the operator's own: a real nginx, and servers that misbehave.

pub(crate) mod faults;
mod framing;
mod full_hashes;
mod mirror;
mod names;
pub(crate) mod served;
pub(crate) mod signed;

use std::net::SocketAddr;
use std::time::Duration;

use linkgate::canonical::RequestUrl;
use linkgate::fetch::{DownloadOptions, Downloaded, Downloader, Reach, Validators};
use tokio::runtime::{Builder, Runtime};

/// What a test may take of a download, so that faults end soon.
const IDLE: Duration = Duration::from_millis(1_500);
const TOTAL: Duration = Duration::from_secs(8);
const BODY_MAX_BYTES: u64 = 8 << 20;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn reach() -> Reach {
    Reach {
        allow_nets: vec!["127.0.0.0/8".parse().unwrap()],
        total_timeout: TOTAL,
        connect_timeout: Duration::from_millis(500),
        idle_timeout: IDLE,
        ..Reach::default()
    }
}

fn options(url: &str) -> DownloadOptions {
    DownloadOptions {
        reach: reach(),
        sent_max_bytes: BODY_MAX_BYTES,
        unpacked_max_bytes: BODY_MAX_BYTES,
        ..DownloadOptions::new(RequestUrl::read(url).unwrap())
    }
}

fn at(server: SocketAddr, path: &str) -> DownloadOptions {
    options(&format!("http://{server}{path}"))
}

/// The body, or the name of what is wrong.
async fn body(options: DownloadOptions) -> Result<Vec<u8>, &'static str> {
    match Downloader::new(options).unwrap().get(&Validators::default()).await {
        Ok(Downloaded::Body { bytes, .. }) => Ok(bytes),
        Ok(Downloaded::Unchanged { .. }) => Err("unchanged"),
        Err(error) => Err(error.code()),
    }
}
