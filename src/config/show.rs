//! The configuration as text: what is in force and why, and the default file with its comments.

use std::fmt::Write as _;

use toml::Table;

use super::load::{self, Loaded, at};
use super::settings::{ARRAYS, Array, Config, docs};

/// One line a value: `key = value  # where it came from`.
pub fn show(loaded: &Loaded) -> String {
    let values = Table::try_from(&loaded.config).unwrap_or_default();
    let line = |key: &str| {
        let value = at(&values, key).map_or_else(|| "(unset)".to_owned(), ToString::to_string);
        format!("{key} = {value}  # {}\n", load::describe(loaded.origins.get(key)))
    };
    let mut text: String = docs().map(|(key, _)| line(key)).collect();
    for list in &loaded.config.lists {
        let origin = load::describe(loaded.origins.get("lists"));
        for (name, value) in Table::try_from(list).unwrap_or_default() {
            let _ = writeln!(text, "lists.{}.{name} = {value}  # {origin}", list.name);
        }
    }
    for (section, count) in [("overrides", loaded.config.overrides.len()), ("keys", loaded.config.keys.len())] {
        if count > 0 {
            let origin = load::describe(loaded.origins.get(section));
            let _ = writeln!(text, "{section} = {count} in the file  # {origin}");
        }
    }
    text
}

/// The default configuration file: every key with what it means, commented out.
pub fn default_file() -> String {
    let values = Table::try_from(Config::default()).unwrap_or_default();
    let mut text = "# linkgate.toml: every setting with its default. Remove the # to change one.\n".to_owned();
    let mut section = "";
    for (key, meaning) in docs() {
        let (of, name) = key.rsplit_once('.').unwrap_or(("", key));
        if of != section {
            let _ = writeln!(text, "\n[{of}]");
            section = of;
        }
        let value = at(&values, key).map_or_else(|| "\"\"".to_owned(), ToString::to_string);
        let _ = writeln!(text, "# {meaning}\n#{name} = {value}");
    }
    text.extend(ARRAYS.iter().map(example));
    text
}

/// An item of a section in double brackets with every key, commented out.
fn example(array: &Array) -> String {
    let mut text = format!("\n# {}\n#[[{}]]\n", array.meaning, array.name);
    for (key, value, meaning) in array.keys {
        let _ = writeln!(text, "{:<41} # {meaning}", format!("#{key} = {value}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use toml::Value;

    use super::super::{KeySetting, ListSetting};
    use super::*;
    use crate::lists::Override;

    #[test]
    fn every_default_is_described() {
        let values = Table::try_from(Config::default()).unwrap();
        for key in load::leaves(&values) {
            assert!(docs().any(|(known, _)| *known == key), "{key} has no description");
        }
    }

    #[test]
    fn the_default_file_is_read_back_as_the_defaults() {
        let default = default_file();
        let uncommented: Vec<&str> = default
            .lines()
            .filter(|line| !line.starts_with("# ") && !line.ends_with("= \"\""))
            .take_while(|line| !line.contains("[[lists]]"))
            .map(|line| line.trim_start_matches('#'))
            .collect();
        let read: Config = toml::from_str(&uncommented.join("\n")).unwrap();
        assert_eq!(read, Config::default());
    }

    /// The fields that an item may have, as they are told to whoever sets another.
    fn fields<T: DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
        let error = Table::from_iter([("no_such".to_owned(), Value::from(1))]).try_into::<T>().unwrap_err();
        error.message().lines().next().unwrap().split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn items_are_shown_with_every_key_and_its_default() {
        let shown = default_file();
        let (_, items) = shown.split_once("#[[lists]]").unwrap();
        let items: Vec<&str> = items.lines().filter(|line| !line.starts_with("# ")).collect();
        let shown: Table = format!("[[lists]]\n{}", items.join("\n").replace("\n#", "\n")).parse().unwrap();
        let read: Config = shown.clone().try_into().unwrap();
        assert_eq!((read.lists.len(), read.overrides.len(), read.keys.len()), (1, 1, 1));
        let all = [fields::<ListSetting>(), fields::<Override>(), fields::<KeySetting>()];
        for (array, mut fields) in ARRAYS.iter().zip(all) {
            let shown = shown[array.name][0].as_table().unwrap();
            fields.sort();
            assert!(!fields.is_empty() && shown.keys().eq(&fields), "[[{}]] {fields:?}", array.name);
            let least = load::nested(array.name, Value::Array(vec![load::known_good(array).into()]));
            let least = Table::try_from(least.try_into::<Config>().unwrap()).unwrap();
            for (key, default) in least[array.name][0].as_table().unwrap() {
                let is_required = array.required.iter().any(|(required, _)| required == key);
                assert!(is_required || shown[key] == *default, "[[{}]] {key}", array.name);
            }
        }
    }
}
