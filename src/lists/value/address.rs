//! Addresses and networks.

use std::net::{IpAddr, Ipv6Addr};

use crate::canonical;
use crate::expression;
use crate::index::{Scope, Target};
use crate::lists::intake::Intake;
use crate::lists::report::{Refusal, Remark};

/// An address or a network, or `None` if the text has the form of neither.
pub(in crate::lists) fn address_or_network(
    text: &str,
    intake: &mut Intake<'_>,
) -> Option<Result<(Scope, Target), Refusal>> {
    if !text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '[') {
        return None;
    }
    if let Some(address) = address(text) {
        return Some(Ok((Scope::Ip, Target::Ip(address))));
    }
    let (address_text, len) = text.split_once('/')?;
    let (address, len) = (address(address_text)?, len.parse().ok()?);
    Some(network(address, len).map(|(scope, target, dropped)| {
        if dropped == Dropped::HostBits {
            intake.remark(Remark::HostBits);
        }
        (scope, target)
    }))
}

/// Whether anything of an address was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lists) enum Dropped {
    Nothing,
    HostBits,
}

/// A network, as an address if it holds no more than one; too large ones are refused.
pub(in crate::lists) fn network(address: IpAddr, len: u8) -> Result<(Scope, Target, Dropped), Refusal> {
    let (address, len) = match (address, canonical::embedded(address)) {
        (IpAddr::V6(v6), Some(v4)) if is_mapped(v6) && len >= 96 => (v4, len - 96),
        _ => (address, len),
    };
    let (full, shortest) = if address.is_ipv4() { (32, V4_SHORTEST) } else { (128, V6_SHORTEST) };
    if len > full {
        return Err(Refusal::NotAnAddress);
    }
    if len < shortest {
        return Err(Refusal::TooWide);
    }
    let base = expression::masked(address, len);
    let dropped = if base == address { Dropped::Nothing } else { Dropped::HostBits };
    Ok(if len == full {
        (Scope::Ip, Target::Ip(base), dropped)
    } else {
        (Scope::Cidr, Target::Cidr(base, len), dropped)
    })
}

fn is_mapped(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some()
}

fn address(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// No registry gives a whole /8 to one who could be listed.
const V4_SHORTEST: u8 = 8;
/// Nor anything near a /16 of IPv6.
const V6_SHORTEST: u8 = 16;
