//! Publishers of prefix-only lists that are asked for whole hashes, as the configuration says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::canonical::RequestUrl;
use crate::check::{DeepChecker, Publishers};
use crate::config::{HashShape, ListSetting};
use crate::fetch::{FullHashOptions, FullHashes, Reach, Shape};
use crate::telemetry::metrics::Fetches;

use super::session::Settings;
use super::subscriptions;

/// The settings that publishers are made by, with what is in the files that they name.
pub(super) type MadeBy = Vec<WithFiles>;
/// The settings of a list, with what is in the files that they name.
pub(super) type WithFiles = (ListSetting, [Option<Vec<u8>>; FILES]);

const FILES: usize = 4;

/// The files by which servers of a list are asked.
pub(super) fn files(setting: &ListSetting) -> [Option<&PathBuf>; FILES] {
    let ListSetting { token_file, client_cert_file, client_key_file, ca_file, .. } = setting;
    [token_file, client_cert_file, client_key_file, ca_file].map(Option::as_ref)
}

/// A file that cannot be read is told of where it is used.
pub(super) fn with_files(setting: &ListSetting) -> WithFiles {
    (setting.clone(), files(setting).map(|path| path.and_then(|path| std::fs::read(path).ok())))
}

/// The same checker, which asks the publishers of the configured lists; `given` lists stand in place of those.
pub(super) fn confirming(
    deep: DeepChecker,
    settings: &Settings,
    given: &[String],
    figures: Fetches,
) -> anyhow::Result<DeepChecker> {
    let mut by_list = BTreeMap::new();
    for (name, options) in settings.full_hashes(given)? {
        let made = deep.follower().make(|| FullHashes::new(options));
        let hashes = made.with_context(|| about(&name))?;
        by_list.insert(name, hashes);
    }
    Ok(deep.confirming(Publishers::new(by_list, figures)))
}

impl Settings {
    /// Where whole hashes are asked for, by the list.
    pub(super) fn full_hashes(&self, given: &[String]) -> anyhow::Result<Vec<(String, FullHashOptions)>> {
        let options = |setting: &ListSetting| {
            let options = self.options(setting).with_context(|| about(&setting.name))?;
            Ok(options.map(|options| (setting.name.clone(), options)))
        };
        self.asked(given).map(options).filter_map(Result::transpose).collect()
    }

    /// What the publishers are made by; empty if there are none.
    pub(super) fn publishers_made_by(&self, given: &[String]) -> MadeBy {
        self.asked(given).filter(|setting| setting.full_hash_url.is_some()).map(with_files).collect()
    }

    fn asked(&self, given: &[String]) -> impl Iterator<Item = &ListSetting> {
        self.loaded.config.lists.iter().filter(|_| given.is_empty())
    }

    fn options(&self, setting: &ListSetting) -> anyhow::Result<Option<FullHashOptions>> {
        let (url, shape) = match (&setting.full_hash_url, setting.full_hash_shape) {
            (None, None) => return Ok(None),
            (Some(url), Some(shape)) => (url, shape),
            _ => bail!("`full_hash_url` and `full_hash_shape` go together"),
        };
        let endpoint = RequestUrl::read(url).context("`full_hash_url` is no address of a web server")?;
        let threat_types = setting.full_hash_threat_types.clone();
        let usual = FullHashOptions::new(
            endpoint,
            match shape {
                HashShape::SafeBrowsing => Shape::SafeBrowsing { threat_types },
                HashShape::Files => Shape::Files,
            },
        );
        let Reach { total_timeout, connect_timeout, idle_timeout, .. } = usual.reach;
        let reach = Reach { total_timeout, connect_timeout, idle_timeout, ..self.reach(setting)? };
        Ok(Some(FullHashOptions { token: subscriptions::token(setting)?, reach, ..usual }))
    }
}

fn about(list: &str) -> String {
    format!("list {list:?} in the configuration")
}
