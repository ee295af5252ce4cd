//! dnsmasq settings: `address=`, `server=` and `local=` block a name and everything below it.

use std::net::IpAddr;

use crate::index::{Entry, Scope};
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal, Remark};
use crate::lists::value;

use super::plain::without_comment;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, line);
}

/// Whether the text begins like a setting that blocks.
pub(in crate::lists) fn is_rule(text: &str) -> bool {
    ["address=/", "server=/", "local=/"].iter().any(|start| text.trim_start_matches('-').starts_with(start))
}

fn line(intake: &mut Intake<'_>, text: &str) -> Outcome {
    if text.starts_with('#') {
        return Ok(Line::Ignored(Ignored::Comment));
    }
    let text = without_comment(text).trim_start_matches('-');
    if !is_rule(text) {
        let is_setting = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) && !text.contains('.')
            || text.contains('=');
        return if is_setting { Ok(Line::Ignored(Ignored::Setting)) } else { Err(Refusal::Malformed) };
    }
    let (setting, rest) = text.split_once("=/").ok_or(Refusal::Malformed)?;
    let (names, target) = rest.rsplit_once('/').ok_or(Refusal::Malformed)?;
    let exception = match Effect::of(setting, target) {
        Effect::Blocks => false,
        Effect::Excepts => true,
        Effect::Rewrites => return Err(Refusal::Rewrite),
        Effect::Forwards => return Ok(Line::Ignored(Ignored::OtherAction)),
    };
    let (mut taken, mut refused) = (false, None);
    for name in names.split('/') {
        match meaning(name, intake) {
            Ok((scope, target)) => {
                intake.give(Entry { exception, ..Entry::new(scope, target) });
                taken = true;
            }
            Err(reason) => refused = Some(reason),
        }
    }
    match (taken, refused) {
        (false, reason) => return Err(reason.unwrap_or(Refusal::Empty)),
        (true, Some(_)) => intake.remark(Remark::PartOfLine),
        (true, None) => {}
    }
    Ok(Line::Taken)
}

/// What a setting does with its names.
enum Effect {
    Blocks,
    /// Back to the usual servers, out of a wider block.
    Excepts,
    /// To another address, which need not be a warning page.
    Rewrites,
    /// To another server.
    Forwards,
}

impl Effect {
    fn of(setting: &str, target: &str) -> Self {
        match (setting, target) {
            (_, "") | ("address", "#") => Self::Blocks,
            ("server" | "local", "#") => Self::Excepts,
            ("address", target) => match target.parse::<IpAddr>() {
                Ok(address) if address.is_unspecified() || address.is_loopback() => Self::Blocks,
                _ => Self::Rewrites,
            },
            _ => Self::Forwards,
        }
    }
}

fn meaning(name: &str, intake: &mut Intake<'_>) -> Result<(Scope, crate::index::Target), Refusal> {
    match name {
        "" | "#" | "*" | "." => Err(Refusal::TooWide),
        _ if name.starts_with("*.") => value::scoped(Scope::Subdomains, name, intake),
        // A star without a dot also matches names that only end in the same letters.
        _ if name.starts_with('*') => Err(Refusal::Wildcard),
        _ => value::scoped(Scope::Domain, name.trim_start_matches('.'), intake),
    }
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    #[test]
    fn settings() {
        for (input, expected) in [
            ("address=/bad.example/0.0.0.0", Seen::entry("domain bad.example")),
            ("address=/bad.example/#", Seen::entry("domain bad.example")),
            ("address=/bad.example/", Seen::entry("domain bad.example")),
            ("address=/bad.example/::", Seen::entry("domain bad.example")),
            ("address=/.bad.example/", Seen::entry("domain bad.example")),
            ("server=/bad.example/", Seen::entry("domain bad.example")),
            ("local=/bad.example/ # why", Seen::entry("domain bad.example")),
            ("address=/a.example/b.example/0.0.0.0", Seen::entries(&["domain a.example", "domain b.example"])),
            ("address=/*.bad.example/", Seen::entry("subdomains bad.example")),
            ("server=/ok.bad.example/#", Seen::entry("allow_domain ok.bad.example")),
            ("address=/*bad.example/0.0.0.0", Seen::refused("Wildcard")),
            ("address=/#/0.0.0.0", Seen::refused("TooWide")),
            ("address=//0.0.0.0", Seen::refused("TooWide")),
            ("address=/com/0.0.0.0", Seen::refused("TooWide")),
            ("address=/good.example/192.0.2.9", Seen::refused("Rewrite")),
            ("server=/good.example/192.0.2.53", Seen::ignored("OtherAction")),
            ("ipset=/good.example/set", Seen::ignored("Setting")),
            ("dhcp-range=192.0.2.10,192.0.2.20", Seen::ignored("Setting")),
            ("no-resolv", Seen::ignored("Setting")),
            ("# x", Seen::ignored("Comment")),
            ("bad.example", Seen::refused("Malformed")),
        ] {
            assert_eq!(seen(input, Format::Dnsmasq), expected, "{input}");
        }
    }
}
