//! DNS response policy zones, as zone files.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::index::{Entry, Scope, Target};
use crate::lists::intake::{Intake, Line, Outcome, text_of};
use crate::lists::line::lines;
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    let mut zone = Zone::default();
    for (number, bytes) in (1..).zip(lines(text)) {
        let owner = match bytes.first() {
            Some(b' ' | b'\t') => Owner::AsBefore,
            _ => Owner::Written,
        };
        intake.line(number, |intake| match text_of(bytes, intake.options)? {
            "" => Ok(Line::Ignored(Ignored::Blank)),
            text => zone.line(text, owner, intake),
        });
    }
}

/// Where in the zone file we are.
#[derive(Default)]
struct Zone {
    /// What relative names end in, without dots around it.
    origin: String,
    /// The name of the zone itself, which triggers do not have.
    name: String,
    /// The owner of lines that begin with white space.
    owner: String,
    /// Open brackets: the record goes on.
    open: usize,
    /// The SOA record is being read and its serial has not come yet.
    awaits_serial: bool,
    /// The last trigger given, since several records can belong to one.
    last: Option<(String, bool)>,
}

/// Whether a line says whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Written,
    /// It begins with white space.
    AsBefore,
}

impl Zone {
    fn line(&mut self, text: &str, owner: Owner, intake: &mut Intake<'_>) -> Outcome {
        let text = without_comment(text);
        let was_open = self.open > 0;
        self.open = (self.open + text.matches('(').count()).saturating_sub(text.matches(')').count());
        let mut fields: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c == '(' || c == ')').filter(|field| !field.is_empty()).collect();
        if was_open {
            self.serial(&fields, intake);
            return Ok(Line::Ignored(Ignored::Setting));
        }
        match fields.first() {
            None => return Ok(Line::Ignored(Ignored::Comment)),
            Some(directive) if directive.starts_with('$') => return self.directive(&fields),
            Some(name) if owner == Owner::Written => {
                self.owner = self.absolute(name);
                fields.remove(0);
            }
            Some(_) => {}
        }
        let kind = fields.iter().position(|field| !is_ttl(field) && !is_class(field));
        let rest = kind.and_then(|at| fields.get(at..)).unwrap_or(&[]);
        let [kind, data @ ..] = rest else { return Err(Refusal::Malformed) };
        self.record(&kind.to_ascii_uppercase(), data, intake)
    }

    fn directive(&mut self, fields: &[&str]) -> Outcome {
        match fields {
            ["$ORIGIN", name, ..] => {
                self.origin = self.absolute(name);
                Ok(Line::Ignored(Ignored::Setting))
            }
            ["$TTL", ..] => Ok(Line::Ignored(Ignored::Setting)),
            ["$INCLUDE", ..] => Err(Refusal::Include),
            _ => Err(Refusal::Malformed),
        }
    }

    fn record(&mut self, kind: &str, data: &[&str], intake: &mut Intake<'_>) -> Outcome {
        match kind {
            "SOA" => {
                self.name.clone_from(&self.owner);
                self.awaits_serial = true;
                self.serial(data.get(2..).unwrap_or(&[]), intake);
                Ok(Line::Ignored(Ignored::Setting))
            }
            "CNAME" => self.trigger(data.first().copied().ok_or(Refusal::Malformed)?, intake),
            "A" | "AAAA" => self.trigger("", intake),
            _ if KNOWN_KINDS.contains(&kind) => Ok(Line::Ignored(Ignored::Setting)),
            _ => Err(Refusal::Malformed),
        }
    }

    /// Gives the entry of a record that says what to do about its owner. Local data sends people to a warning page.
    fn trigger(&mut self, target: &str, intake: &mut Intake<'_>) -> Outcome {
        let trigger = self.relative();
        let exception = match target.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "rpz-tcp-only" => return Ok(Line::Ignored(Ignored::OtherAction)),
            "rpz-passthru" => true,
            // The old spelling of passthru: a name that leads to itself.
            own => !own.is_empty() && own == trigger.trim_start_matches("*.").to_ascii_lowercase(),
        };
        let this = (trigger.to_owned(), exception);
        if self.last.as_ref() == Some(&this) {
            return Ok(Line::Ignored(Ignored::Superseded));
        }
        let Some((scope, target)) = meaning(trigger, intake)? else {
            return Ok(Line::Ignored(Ignored::OtherTrigger));
        };
        self.last = Some(this);
        intake.give(Entry { exception, ..Entry::new(scope, target) });
        Ok(Line::Taken)
    }

    fn serial(&mut self, fields: &[&str], intake: &mut Intake<'_>) {
        if self.awaits_serial
            && let Some(serial) = fields.iter().find(|field| field.bytes().all(|byte| byte.is_ascii_digit()))
        {
            intake.declares_version(serial);
            self.awaits_serial = false;
        }
    }

    /// A name with the origin behind it, without the last dot.
    fn absolute(&self, name: &str) -> String {
        match name.strip_suffix('.') {
            _ if name == "@" => self.origin.clone(),
            Some(absolute) => absolute.to_owned(),
            None if self.origin.is_empty() => name.to_owned(),
            None => format!("{name}.{}", self.origin),
        }
    }

    /// The owner without the name of the zone.
    fn relative(&self) -> &str {
        let without_zone = self.owner.strip_suffix(&self.name).and_then(|owner| owner.strip_suffix('.'));
        if self.name.is_empty() { &self.owner } else { without_zone.unwrap_or(&self.owner) }
    }
}

/// What a trigger matches; `None` for triggers that no link has.
fn meaning(trigger: &str, intake: &mut Intake<'_>) -> Result<Option<(Scope, Target)>, Refusal> {
    let lower = trigger.to_ascii_lowercase();
    if let Some(reversed) = lower.strip_suffix(".rpz-ip") {
        let (address, len) = address(reversed).ok_or(Refusal::NotAnAddress)?;
        let (scope, target, _) = value::network(address, len)?;
        return Ok(Some((scope, target)));
    }
    if OTHER_TRIGGERS.iter().any(|end| lower.ends_with(end)) {
        return Ok(None);
    }
    match lower.strip_prefix("*.") {
        Some(name) => value::scoped(Scope::Subdomains, name, intake).map(Some),
        None => value::scoped(Scope::Host, &lower, intake).map(Some),
    }
}

/// `24.0.2.0.192` or `48.zz.66.db8.2001`: prefix length, then the address backwards.
fn address(reversed: &str) -> Option<(IpAddr, u8)> {
    let mut parts: Vec<&str> = reversed.split('.').collect();
    parts.reverse();
    let len = parts.pop()?.parse().ok()?;
    let address = match parts.as_slice() {
        [_, _, _, _] if parts.iter().all(|part| part.parse::<u8>().is_ok()) => {
            IpAddr::V4(parts.join(".").parse::<Ipv4Addr>().ok()?)
        }
        _ => {
            let text = parts.iter().map(|part| if *part == "zz" { "" } else { part }).collect::<Vec<_>>().join(":");
            let starts = if parts.first() == Some(&"zz") { ":" } else { "" };
            let ends = if parts.last() == Some(&"zz") { ":" } else { "" };
            IpAddr::V6(format!("{starts}{text}{ends}").parse::<Ipv6Addr>().ok()?)
        }
    };
    Some((address, len))
}

/// The line up to a `;` that no quotes hold.
fn without_comment(text: &str) -> &str {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ';' && !quoted
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text).trim_end()
}

fn is_ttl(field: &str) -> bool {
    field.starts_with(|c: char| c.is_ascii_digit())
        && field.bytes().all(|byte| byte.is_ascii_digit() || b"smhdwSMHDW".contains(&byte))
}

fn is_class(field: &str) -> bool {
    ["IN", "CH", "HS", "ANY"].iter().any(|class| field.eq_ignore_ascii_case(class))
}

/// Triggers about clients and name servers.
const OTHER_TRIGGERS: [&str; 3] = [".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname"];
/// Records that stand in zones and trigger nothing of ours.
const KNOWN_KINDS: [&str; 14] = [
    "NS",
    "TXT",
    "MX",
    "SRV",
    "CAA",
    "DNAME",
    "PTR",
    "HINFO",
    "RRSIG",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "DNSKEY",
    "TSIG",
];

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(record: &str, expected: &[&str]) {
        let found = seen(&format!("$TTL 300\n@ SOA localhost. admin.localhost. 1 2 3 4 5\n{record}\n"), Format::Rpz);
        let mut expected = expected.to_vec();
        expected.push("ignored: Setting");
        assert_eq!(found, Seen::entries(&expected), "{record}");
    }

    #[test]
    fn actions_and_triggers() {
        check("bad.example CNAME .", &["host bad.example"]);
        check("Bad.Example 300 IN CNAME *.", &["host bad.example"]);
        check("*.bad.example CNAME .", &["subdomains bad.example"]);
        check("ok.bad.example CNAME rpz-passthru.", &["allow_host ok.bad.example"]);
        check("ok.bad.example CNAME ok.bad.example.", &["allow_host ok.bad.example"]);
        check("bad.example CNAME rpz-drop.", &["host bad.example"]);
        check("bad.example A 192.0.2.1", &["host bad.example"]);
        check("bad.example CNAME warn.example. ; why", &["host bad.example"]);
        check("24.0.2.0.192.rpz-ip CNAME .", &["cidr 192.0.2.0/24"]);
        check("32.1.2.0.192.rpz-ip CNAME .", &["ip 192.0.2.1"]);
        check("48.zz.66.db8.2001.rpz-ip CNAME .", &["cidr 2001:db8:66::/48"]);
        check("128.1.zz.db8.2001.rpz-ip CNAME .", &["ip 2001:db8::1"]);
        check("bad.example TXT \"a;b\"", &[]);
    }

    #[test]
    fn what_gives_nothing() {
        for (record, expected) in [
            ("bad.example CNAME rpz-tcp-only.", "ignored: OtherAction"),
            ("32.1.2.0.192.rpz-client-ip CNAME .", "ignored: OtherTrigger"),
            ("ns.bad.example.rpz-nsdname CNAME .", "ignored: OtherTrigger"),
        ] {
            let found = seen(record, Format::Rpz);
            assert_eq!(found, Seen::entries(&[expected]), "{record}");
        }
        for (record, expected) in [
            ("* CNAME .", "TooWide"),
            ("*.com CNAME .", "TooWide"),
            ("0.0.0.0.0.rpz-ip CNAME .", "TooWide"),
            ("24.x.rpz-ip CNAME .", "NotAnAddress"),
            ("bad.example", "Malformed"),
            ("bad.example CNAME", "Malformed"),
            ("$INCLUDE other", "Include"),
            ("$GENERATE 1-9 a$ CNAME .", "Malformed"),
        ] {
            assert_eq!(seen(record, Format::Rpz), Seen::refused(expected), "{record}");
        }
    }

    #[test]
    fn zones_with_an_origin() {
        let text = "$ORIGIN rpz.example.\n@ IN SOA ns.rpz.example. a.rpz.example. (\n 2026010101 ; serial\n 1 2 3 4 )\n\tNS ns.rpz.example.\nbad.example CNAME .\n  A 192.0.2.1\nworse.example.rpz.example. CNAME .\n";
        let found = seen(text, Format::Rpz);
        let expected = ["host bad.example", "host worse.example", "ignored: Setting", "ignored: Superseded"];
        assert_eq!(found, Seen::entries(&expected));
    }
}
