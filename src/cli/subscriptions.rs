//! The lists of the configuration: which are read from files, which are kept in the store, and what is asked of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::canonical::RequestUrl;
use crate::config::{IfMissing, ListSetting};
use crate::fetch::{BackOff, DownloadOptions, Downloader, Identity, Reach, Token};
use crate::lists::{Format, ListKey, PlainMeans, RootUrlMeans, Source};
use crate::store::{Listing, Live, Store};
use crate::update::{Digest, Subscription};

use super::session::Settings;

/// Where a list of the configuration is.
enum From<'s> {
    /// In a file or directory.
    File(&'s Path),
    /// It is downloaded.
    Url,
}

fn place(setting: &ListSetting) -> anyhow::Result<From<'_>> {
    match (&setting.path, &setting.url) {
        (Some(path), None) => Ok(From::File(path)),
        (None, Some(_)) => Ok(From::Url),
        _ => anyhow::bail!("list {:?} in the configuration: set either `path` or `url`", setting.name),
    }
}

impl Settings {
    /// Lists that are read from files.
    pub(super) fn list_files(&self) -> anyhow::Result<Vec<Source>> {
        let mut sources = Vec::new();
        for setting in &self.loaded.config.lists {
            if let From::File(path) = place(setting)? {
                sources.push(self.guarded(source_of(setting, path)?));
            }
        }
        Ok(sources)
    }

    /// Lists that are kept in the store.
    pub(super) fn subscribed(&self) -> anyhow::Result<Vec<&ListSetting>> {
        let mut subscribed = Vec::new();
        for setting in &self.loaded.config.lists {
            if let From::Url = place(setting)? {
                subscribed.push(setting);
            }
        }
        Ok(subscribed)
    }

    /// The store, under the key of the installation.
    pub(super) fn store(&self, missing: IfMissing) -> anyhow::Result<Store> {
        let key = if missing == IfMissing::Make { self.key()? } else { self.existing_key()? };
        Ok(Store::in_dir(&self.state_dir()?, &key, &self.tables))
    }

    /// What is asked of a list that is kept in the store.
    pub(super) fn listing(&self, setting: &ListSetting) -> anyhow::Result<Listing> {
        ensure!(
            (1..=2).contains(&setting.approvers),
            "list {:?} in the configuration: `approvers` is neither 1 nor 2",
            setting.name
        );
        Ok(Listing {
            source: source_of(setting, Path::new(""))?,
            guards: Arc::clone(self.guards()),
            canary: setting.canary.clone(),
            anti_canary: setting.anti_canary.clone(),
            approvers: setting.approvers.into(),
        })
    }

    /// The versions that answer, and the names of lists that have none yet.
    pub(super) fn live_lists(&self) -> anyhow::Result<(Vec<Live>, Vec<String>)> {
        let subscribed = self.subscribed()?;
        let (mut live, mut absent) = (Vec::new(), Vec::new());
        if subscribed.is_empty() {
            return Ok((live, absent));
        }
        let store = self.store(IfMissing::Make)?;
        for setting in subscribed {
            match store.live(&self.listing(setting)?).with_context(|| format!("list {:?}", setting.name))? {
                Some(one) => live.push(one),
                None => absent.push(setting.name.clone()),
            }
        }
        Ok((live, absent))
    }

    /// What downloads the subscribed lists; within the runtime in which that is to happen.
    pub(super) fn subscriptions(&self) -> anyhow::Result<Vec<Subscription>> {
        let subscription = |setting: &&ListSetting| {
            self.subscription(setting).with_context(|| format!("list {:?} in the configuration", setting.name))
        };
        self.subscribed()?.iter().map(subscription).collect()
    }

    fn subscription(&self, setting: &ListSetting) -> anyhow::Result<Subscription> {
        let url = setting.url.as_deref().unwrap_or_default();
        let url = RequestUrl::read(url).context("`url` is no address of a web server")?;
        let path = url.expose().path();
        let file = path.rsplit('/').next().unwrap_or_default().to_owned();
        let key = |text: &String| ListKey::parse(text).context("`minisign_key`");
        Ok(Subscription {
            listing: self.listing(setting)?,
            downloader: Downloader::new(self.download(setting, url)?)?,
            keys: setting.minisign_key.iter().map(key).collect::<Result<_, _>>()?,
            digest: if setting.sha256 { Digest::Sha256 } else { Digest::None },
            file,
            back_off: back_off(setting),
            asked_as: blake3::hash(&serde_json::to_vec(setting)?).to_hex().to_string(),
        })
    }

    fn download(&self, setting: &ListSetting, url: RequestUrl) -> anyhow::Result<DownloadOptions> {
        let fetch = &self.loaded.config.fetch;
        let identity = match (&setting.client_cert_file, &setting.client_key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate_file: certificate.clone(), key_file: key.clone() })
            }
            _ => anyhow::bail!("`client_cert_file` and `client_key_file` go together"),
        };
        let reach = Reach {
            resolvers: fetch.resolvers.clone(),
            allow_nets: setting.allow_nets.clone(),
            egress_proxy: fetch.proxy.clone(),
            ca_file: setting.ca_file.clone().or_else(|| fetch.ca_file.clone()),
            identity,
            ..Reach::default()
        };
        let token = setting.token_file.as_ref().map(token).transpose()?;
        let bytes_max = setting.bytes_max;
        let usual = DownloadOptions::new(url);
        Ok(DownloadOptions { token, reach, sent_max_bytes: bytes_max, unpacked_max_bytes: bytes_max, ..usual })
    }
}

fn token(path: &PathBuf) -> anyhow::Result<Token> {
    let text = fs::read_to_string(path).with_context(|| format!("`token_file`: {} cannot be read", path.display()))?;
    Token::parse(&text).with_context(|| format!("`token_file`: {}", path.display()))
}

/// As often as the operator says; after failures no later than usually, and at first after seconds.
fn back_off(setting: &ListSetting) -> BackOff {
    let every = Duration::from_secs(setting.poll_s.max(1).into());
    let usual = BackOff::default();
    BackOff { every, min: usual.min.min(every), first: usual.first.min(every), max: usual.max.max(every) }
}

fn source_of(setting: &ListSetting, path: &Path) -> anyhow::Result<Source> {
    let unknown = |key: &str, value: &str, known: &str| {
        anyhow::anyhow!("list {:?} in the configuration: `{key}` is {value:?}; known are: {known}", setting.name)
    };
    let format = setting.format.as_deref().map(|name| {
        Format::from_name(name).ok_or_else(|| unknown("format", name, &Format::ALL.map(Format::name).join(", ")))
    });
    let format = format.transpose()?;
    ensure!(
        (0.0..=1.0).contains(&setting.rollout_share),
        "list {:?} in the configuration: `rollout_share` is not between 0.0 and 1.0",
        setting.name
    );
    let (name, mode) = (setting.name.clone(), setting.mode);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and a million")]
    let rollout_ppm = (setting.rollout_share * 1e6).round() as u32;
    let mut source = Source { name, mode, rollout_ppm, ..Source::new(path, format) };
    let options = &mut source.options;
    options.bytes_max = setting.bytes_max;
    options.default_category = setting.default_category;
    options.categories = setting.categories.clone();
    options.www_twin = setting.www_twin;
    options.label_private = setting.label_private;
    options.plain_means = match setting.plain_means.as_deref() {
        None | Some("domain") => PlainMeans::Domain,
        Some("exact") => PlainMeans::Exact,
        Some(other) => return Err(unknown("plain_means", other, "domain, exact")),
    };
    options.root_url_means = match setting.root_url_means.as_deref() {
        None | Some("page") => RootUrlMeans::Page,
        Some("host") => RootUrlMeans::Host,
        Some(other) => return Err(unknown("root_url_means", other, "page, host")),
    };
    Ok(source)
}
