//! Who may be asked at all: no address but those of the public internet, no name of inner networks, no odd port.
//!
//! A URL is judged before each hop, and every address of the answer for its name before one of them is dialled.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::canonical::RequestUrl;

use super::special::special;

/// The rules.
#[derive(Debug, Clone)]
pub struct Guard {
    ports: Vec<u16>,
    /// Networks that count as public all the same, whatever the port; tests have some.
    allowed: Vec<IpNet>,
    /// Inner networks where the operator's own servers are.
    own: Vec<IpNet>,
}

/// Why something is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A port that no web server stands behind by custom.
    #[error("the port is not among those that are asked")]
    Port,
    /// A name of inner networks, or of nothing.
    #[error("the name is not one of the public internet")]
    Name,
    /// An address of a block that is not public, by the name of the block.
    #[error("the address is not public: {0}")]
    Address(&'static str),
    /// An address of this machine.
    #[error("the address is one of this machine")]
    Own,
}

impl Refused {
    /// The name under which it is counted.
    pub fn code(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Name => "name",
            Self::Address(block) => block,
            Self::Own => "own",
        }
    }
}

/// Top levels that never lead outside: RFC 6761, 6762, 7686, 8375, 9476, ICANN's `internal`, and those that routers use.
const INNER: [&str; 15] = [
    "alt",
    "arpa",
    "corp",
    "domain",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "workgroup",
];

impl Guard {
    /// Rules with these ports.
    pub fn new(ports: Vec<u16>) -> Self {
        Self { ports, allowed: Vec::new(), own: Vec::new() }
    }

    /// The same with networks that count as public.
    #[cfg(feature = "test-hooks")]
    #[must_use]
    pub fn allowing(self, allowed: Vec<IpNet>) -> Self {
        Self { allowed, ..self }
    }

    /// The same for servers that the operator names, some of which stand in inner networks: names of those may be asked too,
    /// and their addresses decide.
    pub(super) fn with_own(self, own: Vec<IpNet>) -> Self {
        Self { own, ..self }
    }

    /// Judges what the URL itself says.
    ///
    /// # Errors
    /// If it is not to be asked.
    pub fn url(&self, url: &RequestUrl) -> Result<(), Refused> {
        match url.address() {
            Some(address) => self.address(address)?,
            None if self.own.is_empty() && is_inner(url.host()) => return Err(Refused::Name),
            None => {}
        }
        let is_usual = self.ports.contains(&url.port());
        // Where the whole network is one of tests, so are its ports; a name is judged again by its addresses.
        let is_of_tests = || url.port() >= UNPRIVILEGED_MIN && !self.allowed.is_empty();
        if is_usual || is_of_tests() { Ok(()) } else { Err(Refused::Port) }
    }

    /// Judges the addresses of a name, all of them: one that is refused makes all suspicious.
    ///
    /// # Errors
    /// If any of them is not to be asked.
    pub fn addresses(&self, addresses: &[IpAddr]) -> Result<(), Refused> {
        addresses.iter().try_for_each(|&address| self.address(address))
    }

    /// Judges one address.
    ///
    /// # Errors
    /// If it is not to be asked.
    pub fn address(&self, address: IpAddr) -> Result<(), Refused> {
        if self.allowed.iter().chain(&self.own).any(|network| network.contains(&address)) {
            return Ok(());
        }
        match special(address) {
            Some(block) => Err(Refused::Address(block)),
            None if is_own(address) => Err(Refused::Own),
            None => Ok(()),
        }
    }

    /// Judges who answered, where that is known.
    ///
    /// # Errors
    /// If it was not to be asked.
    pub(super) fn peer(&self, peer: Option<SocketAddr>) -> Result<(), Refused> {
        peer.map_or(Ok(()), |peer| self.address(peer.ip().to_canonical()))
    }

    /// Whether an address counts as public only because tests say so.
    pub(super) fn is_of_tests(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&address))
    }

    /// Whether a port is one that is asked everywhere.
    pub(super) fn is_usual_port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }
}

/// Ports below belong to services of the system.
const UNPRIVILEGED_MIN: u16 = 1_024;

/// Whether resolvers of an inner network answer for the name: of one label, or below an inner top level.
fn is_inner(host: &str) -> bool {
    match host.rsplit_once('.') {
        None => true,
        Some((_, top)) => INNER.contains(&top),
    }
}

/// Whether an interface of this machine has the address. Clouds give machines public ones.
fn is_own(address: IpAddr) -> bool {
    // Not known: then nothing is asked.
    if_addrs::get_if_addrs().map_or(true, |interfaces| interfaces.iter().any(|interface| interface.ip() == address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports() {
        let guard = Guard::new(vec![80, 443]);
        for (link, expected) in [
            ("http://a.example/", Ok(())),
            ("https://a.test/", Ok(())),
            ("http://a.example:443/", Ok(())),
            ("http://8.8.8.8/", Ok(())),
            ("http://a.example:22/", Err(Refused::Port)),
            ("http://a.example:8080/", Err(Refused::Port)),
            ("http://localhost/", Err(Refused::Name)),
            ("http://a.localhost/", Err(Refused::Name)),
            ("http://instance-data/", Err(Refused::Name)),
            ("http://metadata.google.internal./", Err(Refused::Name)),
            ("http://printer.local/", Err(Refused::Name)),
            ("http://1.0.0.127.in-addr.arpa/", Err(Refused::Name)),
            ("http://a.onion/", Err(Refused::Name)),
            ("http://local.example/", Ok(())),
            ("http://127.1/", Err(Refused::Address("loopback"))),
            ("http://[::ffff:127.0.0.1]/", Err(Refused::Address("embedded"))),
        ] {
            assert_eq!(guard.url(&RequestUrl::read(link).unwrap()), expected, "{link}");
        }
    }

    #[test]
    fn own_networks_are_asked_on_named_ports_only() {
        let guard = Guard::new(vec![443, 8443]).with_own(vec!["10.1.0.0/16".parse().unwrap()]);
        for (link, expected) in [
            ("https://10.1.2.3/", Ok(())),
            ("https://10.1.2.3:8443/", Ok(())),
            ("https://mirror.internal/", Ok(())),
            ("https://10.1.2.3:9443/", Err(Refused::Port)),
            ("https://10.2.0.1/", Err(Refused::Address("private"))),
            ("https://127.0.0.1/", Err(Refused::Address("loopback"))),
        ] {
            assert_eq!(guard.url(&RequestUrl::read(link).unwrap()), expected, "{link}");
        }
    }

    #[test]
    fn one_bad_address_makes_all_bad() {
        let guard = Guard::new(vec![80]);
        for (addresses, expected) in [
            (&["8.8.8.8", "1.1.1.1"][..], Ok(())),
            (&["8.8.8.8", "10.0.0.1"], Err(Refused::Address("private"))),
            (&["10.0.0.1", "8.8.8.8"], Err(Refused::Address("private"))),
            (&["8.8.8.8", "::1"], Err(Refused::Address("loopback"))),
        ] {
            let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(guard.addresses(&addresses), expected, "{addresses:?}");
        }
    }
}
