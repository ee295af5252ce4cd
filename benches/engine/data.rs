//! Made-up lists, URLs and posts: a pure function of their index, reserved names only.

use std::sync::Arc;

use linkgate::canonical::{TableTexts, Tables, canonical};
use linkgate::expression::safe_browsing;
use linkgate::extract::{Options, TopLevels};
use linkgate::index::{Builder, Entry, Index, Keys, List, Scope, StateKey, Target};
use linkgate::lists::{self, Format};

const WORDS: [&str; 32] = [
    "amber", "basil", "cedar", "delta", "ember", "fable", "garnet", "harbor", "indigo", "jade", "kestrel", "lark",
    "maple", "north", "ocean", "pebble", "quartz", "river", "sable", "tidal", "velvet", "willow", "zephyr", "board",
    "craft", "depot", "forum", "gallery", "media", "photo", "studio", "vault",
];
const SUFFIXES: [&str; 5] = [".example", ".test", ".invalid", ".co.example", ".com.test"];
const SUBDOMAINS: [&str; 6] = ["", "", "", "www.", "cdn.", "img.eu."];

pub(crate) fn entries_wanted() -> usize {
    let wanted = std::env::vars().find(|(name, _)| name == "LINKGATE_BENCH_ENTRIES");
    wanted.and_then(|(_, number)| number.parse().ok()).unwrap_or(1_000_000)
}

/// `splitmix64`
fn mix(number: usize) -> usize {
    let mut x = (number as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as usize
}

fn name(number: usize) -> String {
    let h = mix(number);
    format!("{}{}{number}{}", WORDS[h % 32], WORDS[(h >> 8) % 32], SUFFIXES[(h >> 16) % 5])
}

fn path(h: usize) -> String {
    format!("/{}/{}/{:x}", WORDS[h % 32], WORDS[(h >> 5) % 32], (h >> 20) % 1_000_000)
}

/// What a line of the list says: 70 % domains, 20 % prefixes, 10 % URLs.
pub(crate) fn line(number: usize) -> String {
    match number % 10 {
        0..7 => name(number),
        7 | 8 => format!("{}{}/", name(number / 8), path(mix(number))),
        _ => format!("https://{}{}", name(number / 8), path(mix(number))),
    }
}

pub(crate) fn list_text(entries: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(entries * 32);
    for number in 0..entries {
        text.extend_from_slice(line(number).as_bytes());
        text.push(b'\n');
    }
    text
}

fn keys() -> Keys {
    Keys::derive(&StateKey::new([1; StateKey::LEN]))
}

pub(crate) fn compile(text: &[u8], tables: &Arc<Tables>) -> Index {
    let mut builder = Builder::new(keys(), Arc::clone(tables));
    let number = builder.list(List::new("bench", "1")).unwrap();
    let mut sink = |entry: Entry| builder.add(number, &entry).unwrap();
    lists::read(text, Format::Plain, &lists::Options::default(), tables, &mut sink).unwrap();
    builder.finish()
}

pub(crate) fn index(entries: usize, tables: &Arc<Tables>) -> Index {
    compile(&list_text(entries), tables)
}

/// Hashes of host expressions alone.
pub(crate) fn hash_index(entries: usize, tables: &Arc<Tables>) -> Index {
    let mut builder = Builder::new(keys(), Arc::clone(tables));
    let number = builder.list(List::new("hashes", "1")).unwrap();
    for entry in 0..entries {
        let hash = safe_browsing::sha256(&format!("{}/", name(entry)));
        builder.add(number, &Entry::new(Scope::Sha256, Target::Sha256(hash.into()))).unwrap();
    }
    builder.finish()
}

/// URLs as posts have them, one in a hundred listed.
pub(crate) fn urls(entries: usize, wanted: usize) -> Vec<String> {
    (0..wanted)
        .map(|number| {
            let h = mix(number ^ 0x5EED);
            if number.is_multiple_of(100) {
                return format!("https://{}/x", name(h % entries / 10 * 10));
            }
            let query = if h.is_multiple_of(3) { "?id=7" } else { "" };
            format!("https://{}z{}{}{query}", SUBDOMAINS[h % 6], name(entries + h % 200_000), path(h))
        })
        .collect()
}

/// URLs that need the whole way: escapes, Unicode hosts, user names, other URLs inside.
pub(crate) fn odd_urls(wanted: usize) -> Vec<String> {
    (0..wanted)
        .map(|number| {
            let host = name(mix(number) % 5_000_000);
            match number % 4 {
                0 => format!("https://{host}/caf%C3%A9/%61b?q=%20x"),
                1 => format!("https://bücher-{host}/a"),
                2 => format!("http://user@{host}:8080/a/../b"),
                _ => format!("https://{host}/out?u=https%3A%2F%2Fother{host}%2Fa"),
            }
        })
        .collect()
}

/// Posts of about 240 bytes with one link each.
pub(crate) fn posts(entries: usize, wanted: usize) -> Vec<String> {
    urls(entries, wanted)
        .iter()
        .enumerate()
        .map(|(number, url)| format!("{} {url} {}", prose(number, 110), prose(number + 1, 60)))
        .collect()
}

pub(crate) fn posts_without_links(wanted: usize) -> Vec<String> {
    (0..wanted).map(|number| prose(number, 230)).collect()
}

fn prose(number: usize, bytes: usize) -> String {
    let mut text = String::new();
    let mut at = mix(number);
    while text.len() < bytes {
        text.push_str(WORDS[at % 32]);
        text.push_str(if at.is_multiple_of(11) { ". " } else { " " });
        at = mix(at);
    }
    text
}

pub(crate) fn extract_options(tables: &Tables) -> Options {
    Options { deep_link_schemes: tables.aliases().deep_link_schemes().map(Into::into).collect(), ..Options::default() }
}

pub(crate) fn top_levels() -> TopLevels {
    TopLevels::parse(TableTexts::shipped().suffixes)
}

/// The expression under which a peer keeps a line of the list.
pub(crate) fn expression(number: usize) -> String {
    let url = canonical(&line(number)).unwrap();
    format!("{}{}", url.host(), url.path())
}
