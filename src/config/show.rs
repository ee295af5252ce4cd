//! The configuration as text: what is in force and why, and the default file with its comments.

use std::fmt::Write as _;

use toml::Table;

use super::load::{self, Loaded, at};
use super::settings::{Config, docs};

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
    text.push_str(EXAMPLES);
    text
}

const EXAMPLES: &str = r#"
# One [[lists]] for each list; without any, the demo list is used.
#[[lists]]
#name = "partner"
#path = "/var/lib/linkgate/partner.lgx"   # a source file or a compiled index
#format = "plain"                         # detected if absent
#mode = "report"                          # told, never acted on; "enforce" acts

# The operator's own rulings; `linkgate override add` keeps them out of this file.
#[[overrides]]
#value = "fine.example"
#scope = "domain"
#action = "allow"
#reason = "listed by mistake, reported to the source"
#author = "t-and-s"
#approver = "lead"                        # a second person; without one csam and the like stay as they are
#expires = "2027-01-31"                   # its last day; required below reject, at most 90 days away

# One [[keys]] for each that may ask the check API; `linkgate keys new NAME` makes a key and these lines.
#[[keys]]
#name = "composer"
#sha256 = "…"                             # of the key, which stands nowhere
#scopes = ["check"]                       # and "explain", "reveal", "admin"
#tenant = "platform"                      # keys of one tenant share budgets; its own name if absent
#expires = "2027-01-31"                   # its last day
#lists = ["partner"]                      # that answer it; all if absent
#policy = { not_canonical = "hold" }      # values of [policy] that are others for it
#requests_per_minute = 6000
#links_per_day = 5000000                  # looked up
#hits_per_day = 1000                      # distinct entries; whoever meets more is reading the list out
"#;

#[cfg(test)]
mod tests {
    use super::*;

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
}
