//! The lists of the configuration that are downloaded, and how each list is read.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::canonical::RequestUrl;
use crate::config::ListSetting;
use crate::fetch::{BackOff, DownloadOptions, Downloader, Identity, Reach, Token};
use crate::lists::{Format, ListKey, PlainMeans, Proof, RootUrlMeans, Source};
use crate::store::{Failure, Notes, Store, StoreError};
use crate::telemetry::clock;
use crate::update::{Outcome, Subscription};

use super::session::Settings;

impl Settings {
    /// What downloads lists, by their names; within the runtime in which that is to happen. What is wrong with one, as a file that
    /// cannot be read, is that one's failure alone.
    pub(super) fn subscriptions(&self) -> Vec<(String, anyhow::Result<Subscription>)> {
        let subscription = |setting: &ListSetting| {
            let about = || format!("list {:?} in the configuration", setting.name);
            (setting.name.clone(), self.subscription(setting).with_context(about))
        };
        self.loaded.config.lists.iter().filter(|setting| setting.url.is_some()).map(subscription).collect()
    }

    fn subscription(&self, setting: &ListSetting) -> anyhow::Result<Subscription> {
        let url = setting.url.as_deref().unwrap_or_default();
        let url = RequestUrl::read(url).context("`url` is no address of a web server")?;
        Ok(Subscription {
            listing: self.listing(setting)?,
            downloader: Downloader::new(self.download(setting, url)?)?,
            back_off: back_off(setting),
            asked_as: blake3::hash(&serde_json::to_vec(setting)?).to_hex().to_string(),
        })
    }

    fn download(&self, setting: &ListSetting, url: RequestUrl) -> anyhow::Result<DownloadOptions> {
        let (token, reach) = (token(setting)?, self.reach(setting)?);
        let bytes_max = setting.bytes_max;
        let usual = DownloadOptions::new(url);
        Ok(DownloadOptions { token, reach, sent_max_bytes: bytes_max, unpacked_max_bytes: bytes_max, ..usual })
    }

    /// How servers of a list are reached.
    pub(super) fn reach(&self, setting: &ListSetting) -> anyhow::Result<Reach> {
        let fetch = &self.loaded.config.fetch;
        let identity = match (&setting.client_cert_file, &setting.client_key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate_file: certificate.clone(), key_file: key.clone() })
            }
            _ => anyhow::bail!("`client_cert_file` and `client_key_file` go together"),
        };
        Ok(Reach {
            resolvers: fetch.resolvers.clone(),
            allow_nets: setting.allow_nets.clone(),
            egress_proxy: fetch.proxy.clone(),
            ca_file: setting.ca_file.clone().or_else(|| fetch.ca_file.clone()),
            identity,
            ..Reach::default()
        })
    }
}

/// What is noted where a list cannot be asked for by its settings.
pub(super) fn unusable(store: &Store, list: &str, error: &anyhow::Error) -> Result<Outcome, StoreError> {
    let (code, text, at) = ("settings".to_owned(), format!("{error:#}"), clock::now());
    let failure = Failure { code, line: None, text, at };
    let notes = store.notes(list).unwrap_or_default();
    store.note(list, &Notes { last_error: Some(failure.clone()), ..notes })?;
    Ok(Outcome::Failed(failure))
}

/// What a list has to come with.
pub(super) fn proof_of(setting: &ListSetting) -> anyhow::Result<Proof> {
    let about = || format!("list {:?} in the configuration", setting.name);
    let (key, digest) = (&setting.minisign_key, setting.sha256);
    let is_handed = setting.path.as_deref() == Some(Path::new("-"));
    ensure!(
        !is_handed || (key.is_none() && !digest),
        "{}: `minisign_key` and `sha256` are about files beside the list, and there is none beside standard input",
        about()
    );
    let name = setting.minisign_file.as_deref();
    ensure!(
        name.is_none_or(|name| key.is_some() && !name.is_empty()),
        "{}: `minisign_file` is the name that the signature gives, and goes with `minisign_key`",
        about()
    );
    let keys = key.iter().map(|text| ListKey::parse(text).context("`minisign_key`"));
    let keys = keys.collect::<Result<_, _>>().with_context(about)?;
    let url = setting.url.as_deref().and_then(|url| RequestUrl::read(url).ok());
    let path = url.as_ref().map(|url| url.expose().path().to_owned());
    let path = path.or_else(|| Some(setting.path.as_ref()?.to_string_lossy().into_owned()));
    let file = path.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let signed_as = setting.minisign_file.clone().unwrap_or_else(|| file.clone());
    Ok(Proof { keys, digest, file, signed_as: Some(signed_as).filter(|name| name != "*") })
}

/// What servers of a list are shown.
pub(super) fn token(setting: &ListSetting) -> anyhow::Result<Option<Token>> {
    let Some(path) = &setting.token_file else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| format!("`token_file`: {} cannot be read", path.display()))?;
    Token::parse(&text).map(Some).with_context(|| format!("`token_file`: {}", path.display()))
}

/// As often as the operator says; after failures no later than usually, and at first after seconds.
fn back_off(setting: &ListSetting) -> BackOff {
    let every = Duration::from_secs(setting.poll_s.max(1).into());
    let usual = BackOff::default();
    BackOff { every, min: usual.min.min(every), first: usual.first.min(every), max: usual.max.max(every) }
}

pub(super) fn source_of(setting: &ListSetting, path: &Path) -> anyhow::Result<Source> {
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
