//! Addresses that are no place of the public internet, by the registries of IANA.
//!
//! Sources: the IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, 8190), the multicast registries, and the
//! allocations of global unicast (RFC 4291, section 2.4): an IPv6 address outside of `2000::/3` is nobody's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::canonical::embedded_ipv4;

/// A block of addresses that are never asked, by the name under which refusals are counted.
type Block<A> = (A, u32, &'static str);

const V4: [Block<[u8; 4]>; 20] = [
    ([0, 0, 0, 0], 8, "this_network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link_local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "protocol"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 31, 196, 0], 24, "protocol"),
    ([192, 52, 193, 0], 24, "protocol"),
    ([192, 88, 99, 0], 24, "protocol"),
    ([192, 168, 0, 0], 16, "private"),
    ([192, 175, 48, 0], 24, "protocol"),
    ([198, 18, 0, 0], 15, "benchmark"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
    // A metadata service that does not hide behind the link: of one large cloud, on an address of its own.
    ([168, 63, 129, 16], 32, "metadata"),
    ([255, 255, 255, 255], 32, "reserved"),
];

const V6: [Block<[u16; 8]>; 14] = [
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, "embedded"),
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "embedded"),
    ([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, "embedded"),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "embedded"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "private"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link_local"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "private"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    // Teredo is among them: it carries addresses of others.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "protocol"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "embedded"),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "protocol"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
];

/// The only prefix of NAT64 that leads to the public internet (RFC 6052).
const NAT64: Block<[u16; 8]> = ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "embedded");
const GLOBAL_UNICAST: Block<[u16; 8]> = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, "");

/// Why the address is no place of the public internet; `None` if it is one.
///
/// An IPv6 address that stands for an IPv4 one is judged as that, and asked only where a translator may be behind it.
pub(crate) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) if holds(&NAT64, address) => embedded_ipv4(address).and_then(special_v4),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|block| holds(block, address)).map(|(_, _, name)| *name);
            named.or_else(|| (!holds(&GLOBAL_UNICAST, address)).then_some("reserved"))
        }
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |(start, length, _): &&Block<[u8; 4]>| {
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        (address.to_bits() ^ u32::from_be_bytes(*start)) & mask == 0
    };
    V4.iter().find(inside).map(|(_, _, name)| *name)
}

fn holds((start, length, _): &Block<[u16; 8]>, address: Ipv6Addr) -> bool {
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    (address.to_bits() ^ Ipv6Addr::from_segments(*start).to_bits()) & mask == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_the_registries_say() {
        for (address, expected) in [
            ("0.255.255.255", Some("this_network")),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some("private")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("shared")),
            ("100.128.0.0", None),
            ("127.255.255.255", Some("loopback")),
            ("128.0.0.0", None),
            ("168.63.129.16", Some("metadata")),
            ("168.63.129.17", None),
            ("169.254.169.254", Some("link_local")),
            ("172.15.255.255", None),
            ("172.31.255.255", Some("private")),
            ("172.32.0.0", None),
            ("192.0.0.9", Some("protocol")),
            ("192.0.1.0", None),
            ("198.19.255.255", Some("benchmark")),
            ("198.20.0.0", None),
            ("203.0.113.255", Some("documentation")),
            ("203.0.114.0", None),
            ("223.255.255.255", None),
            ("239.255.255.255", Some("multicast")),
            ("255.255.255.255", Some("reserved")),
            ("::", Some("embedded")),
            ("::1", Some("loopback")),
            ("::8.8.8.8", Some("embedded")),
            ("::ffff:8.8.8.8", Some("embedded")),
            ("::ffff:0:8.8.8.8", Some("embedded")),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b::10.0.0.1", Some("private")),
            ("64:ff9b:1::8.8.8.8", Some("embedded")),
            ("100::1", Some("reserved")),
            ("1fff:ffff::", Some("reserved")),
            ("2001::1", Some("protocol")),
            ("2001:1ff:ffff::", Some("protocol")),
            ("2001:200::", None),
            ("2001:db8::1", Some("documentation")),
            ("2001:db9::", None),
            ("2002:808:808::1", Some("embedded")),
            ("2606:4700::1111", None),
            ("2620:4f:8000::1", Some("protocol")),
            ("3ffe:ffff::", None),
            ("3fff:fff::1", Some("documentation")),
            ("3fff:1000::", None),
            ("4000::", Some("reserved")),
            ("5f00::1", Some("reserved")),
            ("fd00::1", Some("private")),
            ("fe80::1", Some("link_local")),
            ("fec0::1", Some("private")),
            ("ff02::1", Some("multicast")),
        ] {
            assert_eq!(special(address.parse().unwrap()), expected, "{address}");
        }
    }
}
