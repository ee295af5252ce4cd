//! Adblock and `AdGuard` rules: the part that names hosts and pages, and nothing else.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::index::{Entry, Scope, Target};
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::line::{has, is_space, lines};
use crate::lists::report::{Ignored, Refusal, Remark};
use crate::lists::value;

use super::{hosts, plain};

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) {
    let across = Across::gather(text);
    intake.each_line(text, |intake, line| read_line(line, &across, intake));
}

/// What some rules say about others.
#[derive(Default)]
struct Across {
    /// Rules that a `$badfilter` twin switches off.
    disabled: HashSet<String>,
    /// Hosts of `$important` rules, which exceptions do not touch.
    important: HashSet<String>,
    /// The names above those.
    around_important: HashSet<String>,
}

impl Across {
    fn gather(text: &[u8]) -> Self {
        let mut across = Self::default();
        let with_modifiers = lines(text).filter(|line| memchr::memchr(b'$', line).is_some());
        for line in with_modifiers.filter_map(|line| std::str::from_utf8(line).ok()) {
            let rule = Rule::parse(line.trim());
            if rule.has("badfilter") {
                across.disabled.insert(rule.identity());
            } else if rule.has("important")
                && !rule.exception
                && let Some(host) = rule.host().map(str::to_ascii_lowercase)
            {
                across.around_important.extend(parents(&host).map(str::to_owned));
                across.important.insert(host);
            }
        }
        across
    }

    /// An exception around, at or below an important host would touch it.
    fn forbids(&self, exception: &Entry) -> bool {
        let host: &str = match &exception.target {
            Target::Host(name) => name,
            Target::Url(url) => url.host(),
            _ => return false,
        };
        if self.important.is_empty() {
            return false;
        }
        let at_or_below = self.important.contains(host) || parents(host).any(|parent| self.important.contains(parent));
        at_or_below || self.around_important.contains(host)
    }
}

/// The names above a host.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(host.split_once('.'), |(_, rest)| rest.split_once('.')).map(|(_, parent)| parent)
}

/// One rule taken apart.
struct Rule<'r> {
    exception: bool,
    pattern: &'r str,
    modifiers: Vec<&'r str>,
}

impl<'r> Rule<'r> {
    fn parse(line: &'r str) -> Self {
        let (exception, rest) = line.strip_prefix("@@").map_or((false, line), |rest| (true, rest));
        let cut = rest.rfind('$').filter(|_| !is_regex(rest));
        let (pattern, modifiers) = match cut.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) {
            Some((pattern, modifiers)) => (pattern, modifiers.split(',').map(str::trim).collect()),
            None => (rest, Vec::new()),
        };
        Self { exception, pattern, modifiers }
    }

    fn has(&self, modifier: &str) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// Rules of one identity are the same but for `$badfilter`.
    fn identity(&self) -> String {
        let mut modifiers: Vec<&str> = self.modifiers.iter().copied().filter(|name| *name != "badfilter").collect();
        modifiers.sort_unstable();
        format!("{}{}${}", if self.exception { "@@" } else { "" }, self.pattern, modifiers.join(","))
    }

    fn host(&self) -> Option<&'r str> {
        let rest = self.pattern.strip_prefix("||")?;
        rest.split(['^', '/', ':', '|', '?']).next()
    }
}

fn read_line(text: &str, across: &Across, intake: &mut Intake<'_>) -> Outcome {
    if let Some(ignored) = not_a_rule(text, intake) {
        return Ok(Line::Ignored(ignored));
    }
    if has(text, is_space) {
        return if hosts::is_hosts_line(text) { hosts::line(intake, text) } else { Err(Refusal::Malformed) };
    }
    let rule = Rule::parse(text);
    if rule.has("badfilter") || (!across.disabled.is_empty() && across.disabled.contains(&rule.identity())) {
        return Ok(Line::Ignored(Ignored::Disabled));
    }
    let excepted = excepted_domains(&rule.modifiers)?;
    let (scope, target) = meaning(rule.pattern, intake)?;
    let entry = Entry { exception: rule.exception, ..Entry::new(scope, target) };
    if entry.exception && !rule.has("important") && across.forbids(&entry) {
        return Ok(Line::Ignored(Ignored::Disabled));
    }
    intake.give(entry);
    for name in excepted {
        match value::scoped(Scope::Domain, name, intake) {
            Ok((scope, target)) => intake.give(Entry { exception: !rule.exception, ..Entry::new(scope, target) }),
            Err(_) => intake.remark(Remark::PartOfLine),
        }
    }
    Ok(Line::Taken)
}

fn not_a_rule(text: &str, intake: &mut Intake<'_>) -> Option<Ignored> {
    if text.starts_with('!') {
        if let Some(version) = text.strip_prefix("! Version:") {
            intake.declares_version(version.trim());
        }
        return Some(Ignored::Comment);
    }
    if text.starts_with('[') && text.ends_with(']') {
        return Some(Ignored::Header);
    }
    let has_mark = memchr::memchr2(b'#', b'$', text.as_bytes()).is_some();
    if has_mark && COSMETIC.iter().any(|mark| text.contains(mark)) {
        return Some(Ignored::Cosmetic);
    }
    text.starts_with('#').then_some(Ignored::Comment)
}

/// Hosts that a rule leaves out; modifiers that narrow a rule in ways that no link shows are refused.
fn excepted_domains<'r>(modifiers: &[&'r str]) -> Result<Vec<&'r str>, Refusal> {
    let mut excepted = Vec::new();
    for modifier in modifiers.iter().filter(|name| !HARMLESS.contains(name)) {
        match modifier.strip_prefix("denyallow=") {
            Some(names) => excepted.extend(names.split('|')),
            None => return Err(Refusal::Modifier),
        }
    }
    Ok(excepted)
}

/// What a pattern names.
fn meaning(pattern: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    if pattern.chars().all(|c| matches!(c, '*' | '|' | '^' | '.' | '/')) {
        return Err(Refusal::TooWide);
    }
    if is_regex(pattern) {
        return Err(Refusal::Regex);
    }
    if let Some(rest) = pattern.strip_prefix("||") {
        return anchored(rest, intake);
    }
    if let Some(rest) = pattern.strip_prefix('|') {
        return from_the_start(rest, intake);
    }
    let below = pattern.strip_prefix("*.").or_else(|| pattern.strip_prefix('.'));
    match (below, pattern.contains(['*', '^', '|'])) {
        (Some(rest), _) if !rest.contains('/') => value::scoped(Scope::Subdomains, ended(rest), intake),
        (_, true) => Err(Refusal::Substring),
        (_, false) if !pattern.contains('.') => Err(Refusal::Substring),
        (_, false) => match value::plain(pattern, intake) {
            Err(_) if !pattern.contains("://") => Err(Refusal::Substring),
            other => other,
        },
    }
}

/// `||`: the host and everything below it, or a page on that host.
fn anchored(rest: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let host_len = rest.find(['/', '^', '?', '|']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(host_len).ok_or(Refusal::Malformed)?;
    if let Some(below) = host.strip_prefix("*.") {
        return if without_end(path).is_empty() {
            value::scoped(Scope::Subdomains, below, intake)
        } else {
            Err(Refusal::Wildcard)
        };
    }
    if without_end(path).trim_end_matches('/').is_empty() {
        return value::scoped(Scope::Domain, host.trim_end_matches('.'), intake);
    }
    // A separator after the host stands for the slash.
    let path = match path.strip_prefix('^') {
        Some(after) => Cow::Owned(format!("/{}", after.trim_start_matches('/'))),
        None => Cow::Borrowed(path),
    };
    page(&format!("{host}{path}"), intake)
}

/// `|`: a URL from its first letter on.
fn from_the_start(rest: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let Some((_, after_scheme)) = rest.split_once("://") else {
        return Err(if rest.contains('*') { Refusal::TooWide } else { Refusal::Substring });
    };
    match after_scheme.find(['/', '?']) {
        Some(_) => page(rest, intake),
        None => value::scoped(Scope::Host, ended(after_scheme), intake),
    }
}

/// A page, if the pattern says where it ends; otherwise everything below the path.
fn page(pattern: &str, intake: &mut Intake<'_>) -> Result<(Scope, Target), Refusal> {
    let exact = pattern.ends_with('|');
    let text = without_end(pattern);
    if text.contains(['*', '^', '|']) {
        return Err(Refusal::Wildcard);
    }
    let scope = if exact || text.contains('?') { Scope::Url } else { Scope::UrlPrefix };
    value::scoped(scope, text, intake)
}

fn ended(text: &str) -> &str {
    without_end(text)
}

/// The pattern without marks that only say where it ends.
fn without_end(text: &str) -> &str {
    text.trim_end_matches(['*', '^', '|'])
}

fn is_regex(pattern: &str) -> bool {
    pattern.len() > 1 && pattern.starts_with('/') && plain::is_regex(pattern)
}

/// Marks of rules about the look of pages.
const COSMETIC: [&str; 9] = ["##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#$?#", "#%#", "$$"];
/// Modifiers that take nothing away from a rule about links.
const HARMLESS: [&str; 7] = ["important", "all", "document", "doc", "match-case", "badfilter", ""];

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(input: &str, expected: &[&str]) {
        assert_eq!(seen(input, Format::Adblock), Seen::entries(expected), "{input}");
    }

    #[test]
    fn rules_that_name_something() {
        check("||bad.example^", &["domain bad.example"]);
        check("||bad.example", &["domain bad.example"]);
        check("||bad.example^|", &["domain bad.example"]);
        check("||bad.example/", &["domain bad.example"]);
        check("||BÜCHER.example^", &["domain xn--bcher-kva.example"]);
        check("||192.0.2.1^", &["ip 192.0.2.1"]);
        check("||bad.example^$important,document", &["domain bad.example"]);
        check("||*.bad.example^", &["subdomains bad.example"]);
        check("*.bad.example^", &["subdomains bad.example"]);
        check("||bad.example/gallery/", &["url_prefix bad.example/gallery/"]);
        check("||bad.example/gallery^", &["url_prefix bad.example/gallery"]);
        check("||bad.example/gallery*", &["url_prefix bad.example/gallery"]);
        check("||bad.example/a.html|", &["url bad.example/a.html"]);
        check("||bad.example/a?id=7", &["url bad.example/a?id=7"]);
        check("|https://bad.example/a.html|", &["url bad.example/a.html"]);
        check("|https://bad.example/a/", &["url_prefix bad.example/a/"]);
        check("|http://bad.example^", &["host bad.example"]);
        check("@@||bad.example/help^", &["allow_url_prefix bad.example/help"]);
        check("||bad.example^$denyallow=ok.bad.example", &["domain bad.example", "allow_domain ok.bad.example"]);
        check("bad.example", &["domain bad.example"]);
        check("0.0.0.0 bad.example", &["host bad.example"]);
    }

    #[test]
    fn rules_that_do_not() {
        for (input, expected) in [
            ("! Title: x", Seen::ignored("Comment")),
            ("# x", Seen::ignored("Comment")),
            ("[Adblock Plus 2.0]", Seen::ignored("Header")),
            ("bad.example##.ad", Seen::ignored("Cosmetic")),
            ("bad.example#$#x", Seen::ignored("Cosmetic")),
            ("##.ad", Seen::ignored("Cosmetic")),
            ("||bad.example^$third-party", Seen::refused("Modifier")),
            ("||bad.example^$domain=other.example", Seen::refused("Modifier")),
            ("/^bad[0-9]+\\.example$/", Seen::refused("Regex")),
            ("/banner/", Seen::refused("Regex")),
            ("||*^", Seen::refused("TooWide")),
            ("||com^", Seen::refused("TooWide")),
            ("*", Seen::refused("TooWide")),
            ("|http*", Seen::refused("TooWide")),
            ("|http://", Seen::refused("Empty")),
            ("bad.example^", Seen::refused("Substring")),
            ("-banner-", Seen::refused("Substring")),
            ("||bad*.example^", Seen::refused("Wildcard")),
            ("||bad.example/*/a", Seen::refused("Wildcard")),
        ] {
            assert_eq!(seen(input, Format::Adblock), expected, "{input}");
        }
    }

    #[test]
    fn rules_about_rules() {
        let text = "||a.example^\n||a.example^$badfilter\n||x.b.example^$important\n@@||y.x.b.example^\n@@||b.example^\n@@||c.example^\n@@||xb.example^\n";
        let expected = ["domain x.b.example", "allow_domain c.example", "allow_domain xb.example", "ignored: Disabled"];
        assert_eq!(seen(text, Format::Adblock), Seen::entries(&expected));
    }
}
