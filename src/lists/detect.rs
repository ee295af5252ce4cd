//! Finds out which format a list has, by its first lines.

use std::net::IpAddr;

use super::body::without_bom;
use super::format::{Format, is_dnsmasq_rule, is_house_header};
use super::line::lines;
use super::options::Column;

/// The format that most of the first lines have.
pub fn detect(body: &[u8]) -> Format {
    let text = without_bom(body).trim_ascii_start();
    if let Some(format) = by_json(text) {
        return format;
    }
    let sample: Vec<&str> = lines(text)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(SAMPLE_LINES)
        .collect();
    by_mark(&sample).or_else(|| by_header(&sample)).unwrap_or_else(|| by_vote(&sample))
}

/// JSON documents and lines, by the names in their beginning.
fn by_json(text: &[u8]) -> Option<Format> {
    let head = String::from_utf8_lossy(text.get(..text.len().min(HEAD_BYTES)).unwrap_or(text));
    let second = head.get(1..)?.trim_start().chars().next();
    let is_json = match head.chars().next()? {
        '{' => matches!(second, Some('"' | '}')),
        '[' => matches!(second, Some('"' | '{' | ']')),
        _ => false,
    };
    if !is_json {
        return None;
    }
    let has = |name: &str| head.contains(&format!("\"{name}\""));
    let known = [
        (has("Event") || has("Attribute"), Format::MispEvent),
        (has("objects") || has("bundle") || has("pattern_type"), Format::Stix21),
        (has("list") && has("type"), Format::MispWarninglist),
        (has("raw_indicator") || has("indicator") || has("data"), Format::ThreatExchange),
        (has("eventType") || has("events"), Format::Ozone),
        (has("blocked_urls") || has("site_view") || head.starts_with('['), Format::Lemmy),
        (has("value"), Format::HouseJsonl),
        (has("h") || has("hash"), Format::Sha256),
    ];
    known.into_iter().find_map(|(fits, format)| fits.then_some(format)).or(Some(Format::HouseJsonl))
}

/// Formats that one line gives away.
fn by_mark(sample: &[&str]) -> Option<Format> {
    let any = |fits: fn(&&&str) -> bool| sample.iter().any(|line| fits(&line));
    if any(|line| line.starts_with("[Adblock") || line.starts_with("[uBlock")) {
        return Some(Format::Adblock);
    }
    if any(|line| E2GUARDIAN_MARKS.iter().any(|mark| line.starts_with(mark))) {
        return Some(Format::E2guardian);
    }
    let zone = any(|line| line.starts_with("$TTL") || line.starts_with("$ORIGIN"))
        || any(|line| line.split_whitespace().any(|field| field == "SOA"));
    zone.then_some(Format::Rpz)
}

/// Tables, by the names of their columns.
fn by_header(sample: &[&str]) -> Option<Format> {
    if sample.first().is_some_and(|line| line.starts_with("#domain,")) {
        return Some(Format::Mastodon);
    }
    let first = *sample.iter().find(|line| !is_comment(line))?;
    if is_house_header(first) {
        return Some(Format::HouseCsv);
    }
    let names: Vec<String> =
        first.split([',', '\t', ';', '|']).map(|name| name.trim().trim_matches('"').to_ascii_lowercase()).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("value") && has("to_ids") {
        return Some(Format::MispCsv);
    }
    if has("domain") && has("severity") {
        return Some(Format::Mastodon);
    }
    let is_name = |name: &String| !name.is_empty() && !name.contains(['.', '/', ':']);
    let has_values = names.iter().any(|name| Column::from_foreign_name(name) == Some(Column::Value));
    (names.len() > 1 && has_values && names.iter().all(is_name)).then_some(Format::Csv)
}

/// What most lines look like.
fn by_vote(sample: &[&str]) -> Format {
    let mut votes = [0_usize; CANDIDATES.len()];
    for line in sample.iter().filter(|line| !is_comment(line)) {
        let candidate = CANDIDATES.iter().position(|(_, fits)| fits(line));
        if let Some(votes) = candidate.and_then(|at| votes.get_mut(at)) {
            *votes += 1;
        }
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    let winner = votes.iter().position(|votes| *votes == most && most > 0);
    winner.and_then(|at| CANDIDATES.get(at)).map_or(Format::Plain, |(format, _)| *format)
}

fn is_comment(line: &str) -> bool {
    let cosmetic = line.starts_with("##") || line.starts_with("#@#");
    (line.starts_with(['#', ';', '!']) || line.starts_with("//")) && !cosmetic
}

/// Whether a line looks like one of a format.
type Looks = fn(&str) -> bool;

/// Formats by the look of their lines; the first that fits has the line.
const CANDIDATES: [(Format, Looks); 6] = [
    (Format::Adblock, is_adblock),
    (Format::Dnsmasq, is_dnsmasq_rule),
    (Format::Rpz, is_zone_record),
    (Format::Hosts, is_hosts),
    (Format::Sha256, is_sha256),
    (Format::Plain, |_| true),
];

fn is_adblock(line: &str) -> bool {
    line.starts_with("||")
        || line.starts_with("@@")
        || line.starts_with("|http")
        || line.contains("##")
        || line.ends_with('^')
}

fn is_zone_record(line: &str) -> bool {
    let fields: Vec<&str> = line.split_whitespace().collect();
    matches!(fields.as_slice(), [_, .., "CNAME", _])
}

fn is_hosts(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let is_address = |field: &str| field == "0" || field.split('%').next().unwrap_or("").parse::<IpAddr>().is_ok();
    fields.next().is_some_and(is_address) && fields.next().is_some_and(|name| !name.starts_with(['#', ';']))
}

fn is_sha256(line: &str) -> bool {
    line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const E2GUARDIAN_MARKS: [&str; 5] = ["#SITELIST:", "#URLLIST:", "#IPSITELIST:", "#listcategory:", ".Include<"];
const SAMPLE_LINES: usize = 200;
const HEAD_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_tell() {
        for (input, expected) in [
            ("bad.example\n", Format::Plain),
            ("", Format::Plain),
            ("# only a comment", Format::Plain),
            ("[2001:db8::2]\n", Format::Plain),
            ("https://bad.example/a,b;c\n", Format::Plain),
            ("# x\n0.0.0.0 bad.example\n", Format::Hosts),
            ("::1 bad.example", Format::Hosts),
            ("# demo\nvalue,scope\nbad.example,host\n", Format::HouseCsv),
            ("value\nbad.example\n", Format::HouseCsv),
            ("{\"value\":\"bad.example\"}\n", Format::HouseJsonl),
            ("{\"h\":\"00\"}\n", Format::Sha256),
            ("d2ef0a8506d7f358357d88b05061ca74e96ad5746ce3b2b3b611ac2a7de418d2\n", Format::Sha256),
            ("! Title: x\n||bad.example^\n", Format::Adblock),
            ("[Adblock Plus 2.0]\nbad.example\n", Format::Adblock),
            ("address=/bad.example/\n", Format::Dnsmasq),
            ("$TTL 300\nbad.example CNAME .\n", Format::Rpz),
            ("bad.example CNAME .\n", Format::Rpz),
            ("#SITELIST:name=a\nbad.example\n", Format::E2guardian),
            ("#domain,#severity\nbad.example,suspend\n", Format::Mastodon),
            ("uuid,event_id,category,type,value,comment,to_ids,date\n", Format::MispCsv),
            ("url,category\nhttp://bad.example/,A\n", Format::Csv),
            ("domain\tadded\nbad.example\t2026\n", Format::Csv),
            ("{\"type\":\"bundle\",\"objects\":[]}", Format::Stix21),
            ("{\"Event\":{}}", Format::MispEvent),
            ("{\"name\":\"x\",\"type\":\"cidr\",\"list\":[]}", Format::MispWarninglist),
            ("{\"data\":[{\"indicator\":\"x\"}]}", Format::ThreatExchange),
            ("[\"bad.example\"]", Format::Lemmy),
            ("{\"site_view\":{\"site\":{\"id\":1}},\"blocked_urls\":[]}", Format::Lemmy),
            ("{\"events\":[]}", Format::Ozone),
        ] {
            assert_eq!(detect(input.as_bytes()), expected, "{input}");
        }
    }
}
