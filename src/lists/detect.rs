//! Finds out which format a list has, by its first lines.

use super::body::without_bom;
use super::format::{Format, is_house_header};
use super::line::lines;

/// The format that most of the first lines have.
pub fn detect(body: &[u8]) -> Format {
    let text = without_bom(body);
    let sample: Vec<&str> = lines(text)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(SAMPLE_LINES)
        .collect();
    by_mark(&sample).unwrap_or_else(|| by_vote(&sample))
}

/// Formats that one line gives away.
fn by_mark(sample: &[&str]) -> Option<Format> {
    let first = *sample.iter().find(|line| !is_comment(line))?;
    if is_house_header(first) {
        return Some(Format::HouseCsv);
    }
    if first.starts_with('{') {
        return Some(if first.contains("\"value\"") { Format::HouseJsonl } else { Format::Sha256 });
    }
    None
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
    line.starts_with(['#', ';', '!']) || line.starts_with("//")
}

/// Whether a line looks like one of a format.
type Looks = fn(&str) -> bool;

/// Formats by the look of their lines; the first that fits has the line.
const CANDIDATES: [(Format, Looks); 3] =
    [(Format::Hosts, is_hosts), (Format::Sha256, is_sha256), (Format::Plain, |_| true)];

fn is_hosts(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let is_address =
        |field: &str| field == "0" || field.split('%').next().unwrap_or("").parse::<std::net::IpAddr>().is_ok();
    fields.next().is_some_and(is_address) && fields.next().is_some_and(|name| !name.starts_with(['#', ';']))
}

fn is_sha256(line: &str) -> bool {
    line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const SAMPLE_LINES: usize = 200;
