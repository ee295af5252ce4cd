//! Hosts files: an address that leads nowhere, and names of exact hosts.

use std::net::IpAddr;

use crate::index::Scope;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal, Remark};
use crate::lists::value;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |intake, text| line(intake, text));
}

/// Reads one line that is not blank.
pub(super) fn line(intake: &mut Intake<'_>, text: &str) -> Outcome {
    let text = text.split('#').next().unwrap_or("");
    if text.is_empty() || text.starts_with([';', '!']) {
        return Ok(Line::Ignored(Ignored::Comment));
    }
    let mut fields = text.split_whitespace();
    let first = fields.next().unwrap_or("");
    let Some(address) = address(first) else {
        // Files with bare names between the lines are common.
        let names: &[&str] = if fields.next().is_none() { &[first] } else { return Err(Refusal::Malformed) };
        return take(names.iter().copied(), intake);
    };
    if fields.clone().next().is_none() {
        return Err(Refusal::NotAHost);
    }
    if fields.clone().all(is_system_name) {
        return Ok(Line::Ignored(Ignored::SystemName));
    }
    if !leads_nowhere(address) {
        return Err(Refusal::Rewrite);
    }
    take(fields, intake)
}

/// Whether the text begins like a line of a hosts file.
pub(super) fn is_hosts_line(text: &str) -> bool {
    let mut fields = text.split_whitespace();
    fields.next().and_then(address).is_some() && fields.next().is_some()
}

fn take<'t>(names: impl Iterator<Item = &'t str>, intake: &mut Intake<'_>) -> Outcome {
    let (mut taken, mut refused) = (false, None);
    for name in names.filter(|name| !is_system_name(name)) {
        match value::scoped(Scope::Host, name, intake) {
            Ok((Scope::Host, target)) => {
                intake.give_bare((Scope::Host, target));
                taken = true;
            }
            Ok(_) => refused = Some(Refusal::NotAHost),
            Err(reason) => refused = Some(reason),
        }
    }
    match (taken, refused) {
        (true, Some(_)) => intake.remark(Remark::PartOfLine),
        (true, None) => {}
        (false, Some(reason)) => return Err(reason),
        (false, None) => return Ok(Line::Ignored(Ignored::SystemName)),
    }
    Ok(Line::Taken)
}

fn address(field: &str) -> Option<IpAddr> {
    if field == "0" {
        return Some(IpAddr::from([0, 0, 0, 0]));
    }
    let without_zone = field.split_once('%').map_or(field, |(address, _)| address);
    without_zone.parse().ok()
}

/// Only such addresses block; any other sends people somewhere.
fn leads_nowhere(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_loopback()
}

fn is_system_name(name: &str) -> bool {
    SYSTEM_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) || address(name).is_some()
}

const SYSTEM_NAMES: [&str; 16] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "local",
    "localdomain",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
];

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    #[test]
    fn names_are_exact_hosts() {
        for (input, expected) in [
            ("0.0.0.0 bad.example", Seen::entry("host bad.example")),
            ("127.0.0.1\tbad.example # why", Seen::entry("host bad.example")),
            ("127.1.2.3 bad.example", Seen::entry("host bad.example")),
            (":: bad.example", Seen::entry("host bad.example")),
            ("0 bad.example", Seen::entry("host bad.example")),
            ("bad.example", Seen::entry("host bad.example")),
            ("0.0.0.0 localhost bad.example", Seen::entry("host bad.example")),
            ("0.0.0.0 a.example b.example", Seen::entries(&["host a.example", "host b.example"])),
            ("0.0.0.0 a.example com", Seen::entry("host a.example")),
            ("127.0.0.1 localhost", Seen::ignored("SystemName")),
            ("ff02::1 ip6-allnodes", Seen::ignored("SystemName")),
            ("fe80::1%lo0 localhost", Seen::ignored("SystemName")),
            ("0.0.0.0 0.0.0.0", Seen::ignored("SystemName")),
            ("# comment", Seen::ignored("Comment")),
            ("192.0.2.10 good.example", Seen::refused("Rewrite")),
            ("127.0.0.1", Seen::refused("NotAHost")),
            ("::1 # localhost # comment", Seen::refused("NotAHost")),
            ("0.0.0.0 com", Seen::refused("TooWide")),
            ("two names", Seen::refused("Malformed")),
            ("0.0.0.0 http://bad.example/", Seen::refused("NotAHost")),
        ] {
            assert_eq!(seen(input, Format::Hosts), expected, "{input}");
        }
    }
}
