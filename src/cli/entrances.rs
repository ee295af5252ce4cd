//! Where `serve` listens, and who may be let in there.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::config::{Config, Telemetry};
use crate::serve::{Inherited, Server, Watchers};

use super::prove::Places;
use super::session::warn;
use super::usage;

/// Opens the doors, and says where.
pub(super) fn open(server: &mut Server, listen: SocketAddr, config: &Config) -> anyhow::Result<Places> {
    let scheme = if config.tls.cert_file.is_some() { "https" } else { "http" };
    let cannot = |address: SocketAddr| format!("{address} cannot be listened on");
    // Before the API, which has no figures where these have a door of their own.
    let figures = match config.telemetry.listen {
        Some(address) => {
            server.open_telemetry(address, watchers(&config.telemetry)).with_context(|| cannot(address))?
        }
        None => Vec::new(),
    };
    let mut places = Places::default();
    for api in server.open_api(listen).with_context(|| cannot(listen))? {
        warn(&format!("check API on {scheme}://{api}"));
        places.api.get_or_insert(api);
    }
    if let Some(address) = config.proxy.listen {
        let upstream = config.proxy.upstream.as_deref().unwrap_or_default();
        for proxy in server.open_proxy(address).with_context(|| cannot(address))? {
            warn(&format!("proxy on {scheme}://{proxy}, in front of {upstream}"));
            places.proxy.get_or_insert(proxy);
        }
    }
    for address in figures {
        warn(&format!("figures and health on {scheme}://{address}"));
    }
    Ok(places)
}

#[expect(clippy::disallowed_methods, reason = "it says what was handed over, and is no setting")]
pub(super) fn names_of_sockets() -> String {
    std::env::var("LISTEN_FDNAMES").unwrap_or_default()
}

/// An address of the check API that other machines can reach, if there is one.
pub(super) fn reachable(configured: SocketAddr, inherited: &Inherited) -> Option<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = inherited.api().collect();
    if addresses.is_empty() {
        addresses.push(configured);
    }
    addresses.into_iter().find(|address| !address.ip().is_loopback())
}

/// Without keys everybody who can reach the address could read the lists out, one guess at a time.
pub(super) fn may_serve(reachable: Option<SocketAddr>, config: &Config) -> anyhow::Result<()> {
    match reachable {
        Some(address) if config.keys.is_empty() => Err(usage(format!(
            "{address} can be reached from other machines, and there are no keys; make one with `linkgate keys new NAME`"
        ))),
        _ => Ok(()),
    }
}

/// Figures have no key in front of them: that others reach them has to be said.
pub(super) fn may_tell(telemetry: &Telemetry) -> anyhow::Result<()> {
    match telemetry.listen {
        Some(address) if !address.ip().is_loopback() && !telemetry.allow_remote => Err(usage(format!(
            "telemetry.listen is {address}, which can be reached from other machines without a key; \
             if that is wanted, set allow_remote = true below [telemetry]"
        ))),
        _ => Ok(()),
    }
}

fn watchers(telemetry: &Telemetry) -> Watchers {
    if telemetry.allow_remote { Watchers::Anywhere } else { Watchers::Here }
}
