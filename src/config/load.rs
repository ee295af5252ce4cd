//! Default < file < environment < flag, one key at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::ConfigError;
use super::doors::KeySetting;
use super::settings::{ARRAYS, Array, Config, docs};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable of that name.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

/// The configuration and where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// By key, as `policy.min_confidence`; a key that is not in it has its default.
    pub origins: BTreeMap<String, Origin>,
}

/// Environment variables that are read by others, or name a file rather than a setting.
const NOT_SETTINGS: &[&str] = &["LINKGATE_CONFIG", "LINKGATE_KEY_FILE"];
const TEST_PREFIX: &str = "LINKGATE_TEST_";

/// Reads the file at `path` (none: defaults), then the environment variables given, then flags by key.
///
/// # Errors
/// If the file cannot be read, a key is unknown or a value is of the wrong kind.
pub fn load(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&'static str, &'static str, String)],
) -> Result<Loaded, ConfigError> {
    let mut origins = BTreeMap::new();
    let mut table = Table::new();
    if let Some(path) = path {
        table = read(path)?;
        check_keys(&table, path)?;
        for key in leaves(&table) {
            origins.insert(key, Origin::File(path.to_owned()));
        }
    }
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix("LINKGATE_") else { continue };
        let key = if name == "LINKGATE_KEY_FILE" { Some("state.key_file") } else { key_of(rest) };
        match key {
            Some(key) => {
                set(&mut table, key, &text);
                origins.insert(key.to_owned(), Origin::Environment(name));
            }
            None if NOT_SETTINGS.contains(&&*name) || name.starts_with(TEST_PREFIX) => {}
            None => return Err(unknown("the environment", &name, docs().map(|(key, _)| variable(key)))),
        }
    }
    for (flag, key, text) in flags {
        set(&mut table, key, text);
        origins.insert((*key).to_owned(), Origin::Flag(flag));
    }
    let config = typed(&table, &origins)?;
    Ok(Loaded { config, origins })
}

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("LINKGATE_{}", key.replace('.', "_").to_ascii_uppercase())
}

fn key_of(name: &str) -> Option<&'static str> {
    docs().map(|(key, _)| *key).find(|key| key.replace('.', "_").eq_ignore_ascii_case(name))
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    // The parser's own message would quote the line, which may hold an override's value.
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        ConfigError::NotToml { path: path.to_owned(), line }
    })
}

/// Sets `a.b.c` to a text that is read as TOML where it can be, else as a string.
fn set(table: &mut Table, key: &str, text: &str) {
    let value = format!("v = {text}").parse::<Table>().ok().and_then(|mut one| one.remove("v"));
    let mut table = table;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            table.insert(part.to_owned(), value.unwrap_or_else(|| Value::String(text.to_owned())));
            return;
        }
        let inner = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = inner else { return };
        table = inner;
    }
}

/// Keys of all values that are no tables; lists of tables count as one value.
pub(super) fn leaves(table: &Table) -> Vec<String> {
    table
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Table(inner) => leaves(inner).into_iter().map(|key| format!("{name}.{key}")).collect(),
            _ => vec![name.clone()],
        })
        .collect()
}

fn check_keys(table: &Table, path: &Path) -> Result<(), ConfigError> {
    for key in leaves(table) {
        let known = docs().any(|(known, _)| *known == key) || array(&key).is_some();
        let is_section = docs().any(|(known, _)| known.strip_prefix(&*key).is_some_and(|rest| rest.starts_with('.')));
        if is_section {
            let problem = format!("is a section; write `[{key}]` and its keys below");
            return Err(ConfigError::BadValue { origin: path.display().to_string(), key, problem });
        }
        if !known {
            let all = docs().map(|(key, _)| *key).chain(ARRAYS.iter().map(|array| array.name)).map(str::to_owned);
            return Err(unknown(&path.display().to_string(), &key, all));
        }
    }
    Ok(())
}

fn unknown(origin: &str, key: &str, known: impl Iterator<Item = String>) -> ConfigError {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    // All variables begin alike: that makes none of them near.
    let bare = |key: &str| key.strip_prefix("LINKGATE_").unwrap_or(key).to_owned();
    let distance = |other: &String| {
        let moved = if last(other) == last(key) { 1 } else { usize::MAX };
        strsim::damerau_levenshtein(&bare(key), &bare(other)).min(moved)
    };
    // What is far from everything known is no slip of the pen.
    let nearest = known.min_by_key(distance).filter(|nearest| distance(nearest) <= bare(key).len() / 2);
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    ConfigError::UnknownKey { origin: origin.to_owned(), key: key.to_owned(), hint }
}

/// The typed configuration. Each key is tried alone first, so that an error names it and never its value.
fn typed(table: &Table, origins: &BTreeMap<String, Origin>) -> Result<Config, ConfigError> {
    for key in leaves(table) {
        let origin = describe(origins.get(&key));
        match (at(table, &key), array(&key)) {
            (Some(Value::Array(items)), Some(array)) => items_fit(array, items, &origin)?,
            (Some(value), _) => fits(&key, nested(&key, value.clone()), &origin)?,
            (None, _) => {}
        }
    }
    let bad = |key: &str, problem: &str| ConfigError::BadValue {
        origin: describe(origins.get(key)),
        key: key.to_owned(),
        problem: problem.to_owned(),
    };
    let config: Config = table.clone().try_into().map_err(|_| bad("the file", "cannot be used"))?;
    if config.policy.min_confidence > 100 {
        return Err(bad("policy.min_confidence", "is above 100"));
    }
    let is_above = |key: &KeySetting| key.policy_over(&config.policy).is_ok_and(|policy| policy.min_confidence > 100);
    if config.keys.iter().any(is_above) {
        return Err(bad("keys", "has a policy with `min_confidence` above 100"));
    }
    if config.extract.links_max == 0 {
        return Err(bad("extract.links_max", "is 0: no link would be looked at"));
    }
    let names: BTreeSet<&str> = config.lists.iter().map(|list| &*list.name).collect();
    if names.len() < config.lists.len() {
        return Err(bad("lists", "has two lists of one name"));
    }
    Ok(config)
}

fn fits(key: &str, one: Table, origin: &str) -> Result<(), ConfigError> {
    one.try_into::<Config>().map(|_| ()).map_err(|error| {
        let problem = without_value(error.message().lines().next().unwrap_or_default());
        ConfigError::BadValue { origin: origin.to_owned(), key: key.to_owned(), problem }
    })
}

/// Tries each item of a section in double brackets alone; they are counted from 1.
fn items_fit(array: &Array, items: &[Value], origin: &str) -> Result<(), ConfigError> {
    for (number, item) in items.iter().enumerate() {
        let name = format!("{}[{}]", array.name, number + 1);
        for (inner, value) in item.as_table().into_iter().flatten() {
            match value {
                Value::Table(section) if array.sections.contains(&inner.as_str()) => {
                    section_fits(inner, section, &name, origin)?;
                }
                _ => item_key_fits(array, (inner, value), &name, origin)?,
            }
        }
        fits(&name, nested(array.name, Value::Array(vec![item.clone()])), origin)?;
    }
    Ok(())
}

/// One key in an item that is right otherwise, so that an error names it.
fn item_key_fits(array: &Array, (key, value): (&str, &Value), item: &str, origin: &str) -> Result<(), ConfigError> {
    let name = format!("{item}.{key}");
    if !array.keys.iter().any(|(known, ..)| *known == key) {
        return Err(unknown(origin, &name, array.keys.iter().map(|(known, ..)| format!("{item}.{known}"))));
    }
    let mut one = known_good(array);
    one.insert(key.to_owned(), value.clone());
    fits(&name, nested(array.name, Value::Array(vec![one.into()])), origin)
}

/// A section within an item is one of the configuration again.
fn section_fits(section: &str, values: &Table, item: &str, origin: &str) -> Result<(), ConfigError> {
    let whole = Table::from_iter([(section.to_owned(), Value::Table(values.clone()))]);
    for key in leaves(&whole) {
        let name = format!("{item}.{key}");
        if !docs().any(|(known, _)| *known == key) {
            let known = docs().filter(|(known, _)| known.starts_with(section));
            return Err(unknown(origin, &name, known.map(|(known, _)| format!("{item}.{known}"))));
        }
        if let Some(value) = at(&whole, &key) {
            fits(&name, nested(&key, value.clone()), origin)?;
        }
    }
    Ok(())
}

/// An item with every key that it must have.
pub(super) fn known_good(array: &Array) -> Table {
    array.required.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// The section in double brackets of that name.
fn array(name: &str) -> Option<&'static Array> {
    ARRAYS.iter().find(|array| array.name == name)
}

/// A table with one value at a dotted key.
pub(super) fn nested(key: &str, value: Value) -> Table {
    let parts: Vec<&str> = key.split('.').collect();
    let wrapped = parts
        .iter()
        .skip(1)
        .rev()
        .fold(value, |value, part| Value::Table(Table::from_iter([((*part).to_owned(), value)])));
    Table::from_iter([(parts.first().copied().unwrap_or(key).to_owned(), wrapped)])
}

/// The value at a dotted key.
pub(super) fn at<'t>(table: &'t Table, key: &str) -> Option<&'t Value> {
    let mut parts = key.split('.');
    let first = table.get(parts.next()?);
    parts.fold(first, |value, part| value?.get(part))
}

/// "invalid type: string "x", expected u8" without the string, in words that are no programmer's.
fn without_value(message: &str) -> String {
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("lacks {field}");
    }
    // Tables of names say themselves what is wrong with them.
    if message.starts_with("has ") {
        return message.to_owned();
    }
    let Some((_, expected)) = message.rsplit_once("expected ") else {
        return "has a value that cannot be used".to_owned();
    };
    let expected = match expected {
        "u8" => "a whole number from 0 to 100",
        "u16" | "u32" | "a nonzero u32" => "a whole number above 0",
        "socket address" => "an address and a port: \"127.0.0.1:8080\"",
        "u64" | "usize" => "a whole number that is not negative",
        "path string" => "a path in quotes",
        "a string" => "a text in quotes",
        "a map" => "a table in braces: { name = \"value\" }",
        "a boolean" => "true or false",
        "a sequence" => "a section in double brackets for each",
        other => other,
    };
    format!("has a value that cannot be used; expected {expected}")
}

pub(super) fn describe(origin: Option<&Origin>) -> String {
    match origin {
        None | Some(Origin::Default) => "default".to_owned(),
        Some(Origin::File(path)) => path.display().to_string(),
        Some(Origin::Environment(name)) => name.clone(),
        Some(Origin::Flag(flag)) => (*flag).to_owned(),
    }
}
