//! The canaries of lists at every door of a server: what is asked, and what was seen.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Canary, Checker, Report};
use crate::config::Config;
use crate::serve::{Platform, digest};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::pinned::{self, Shown};
use super::platform;
use super::probe::{Asker, Entrance};

/// Where doors are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    pub(super) api: Option<SocketAddr>,
    pub(super) proxy: Option<SocketAddr>,
}

/// Files with what whoever asks doors shows of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    /// Certificate and intermediates, PEM.
    pub(super) chain: Option<PathBuf>,
    /// The key of the certificate, PEM.
    pub(super) key: Option<PathBuf>,
    /// A key of the check API.
    pub(super) api_key: Option<PathBuf>,
}

impl Credentials {
    /// Those of the configuration.
    pub(super) fn of(config: &Config) -> Self {
        let serve = &config.serve;
        Self {
            chain: serve.self_test_cert_file.clone(),
            key: serve.self_test_key_file.clone(),
            api_key: serve.self_test_api_key_file.clone(),
        }
    }

    /// Every file that they are in.
    pub(super) fn files(self) -> impl Iterator<Item = PathBuf> {
        [self.chain, self.key, self.api_key].into_iter().flatten()
    }

    fn certificate(&self) -> anyhow::Result<Option<Shown<'_>>> {
        match (&self.chain, &self.key) {
            (Some(cert_file), Some(key_file)) => Ok(Some(Shown { cert_file, key_file })),
            (None, None) => Ok(None),
            _ => bail!("serve.self_test_cert_file and serve.self_test_key_file go together"),
        }
    }
}

/// The doors, in the order in which they are tried; by default there are none.
#[derive(Default)]
pub(super) struct Doors {
    api: Option<Api>,
    proxy: Option<(Entrance, Platform)>,
}

/// The check API, and the key for it if there is one.
struct Api {
    entrance: Entrance,
    key: Option<HeaderValue>,
    /// The lists that the key sees, if not all.
    sees: Option<Vec<String>>,
    /// Why it is not asked.
    skipped: Option<&'static str>,
}

/// What becomes of doors for which there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unarmed {
    /// They are asked all the same, and say what they want.
    Asks,
    /// They are left out.
    Skips,
}

/// One list at one door. No link stands in it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Proof {
    pub(super) door: &'static str,
    pub(super) list: String,
    /// Whether the canary was matched; at the proxy, whether it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<bool>,
    /// Whether the link was matched that must not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) anti_seen: Option<bool>,
    /// Why there was nothing to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) skipped: Option<&'static str>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// The library itself, which is no door.
pub(super) const CHECKER: &str = "checker";

impl Doors {
    pub(super) fn of(
        config: &Config,
        places: Places,
        credentials: &Credentials,
        unarmed: Unarmed,
    ) -> anyhow::Result<Self> {
        let shown = credentials.certificate()?;
        let tls = pinned::client(&config.tls, shown)?;
        let wants_certificate = config.tls.wants_certificate() && shown.is_none();
        if wants_certificate && unarmed == Unarmed::Skips {
            tracing::info!("doors want a certificate, and there is none for self-tests: they are not asked");
            return Ok(Self::default());
        }
        let entrance = |address: SocketAddr| Entrance { address, tls: tls.clone() };
        let proxy = match places.proxy {
            Some(address) => Some((entrance(address), platform::of(&config.proxy)?)),
            None => None,
        };
        let key = credentials.api_key.as_deref().map(read_key).transpose()?;
        let lacks_key = key.is_none() && !config.keys.is_empty() && unarmed == Unarmed::Skips;
        if lacks_key && places.api.is_some() {
            tracing::info!("the check API wants a key, and there is none for self-tests: it is not asked");
        }
        let api = places.api.map(|address| Api {
            entrance: entrance(address),
            sees: key.as_deref().and_then(|key| lists_of(config, key)),
            key: key.as_deref().and_then(bearer),
            skipped: lacks_key.then_some("no_api_key"),
        });
        Ok(Self { api, proxy })
    }

    /// What each door says of each list, and the library before them. A door that cannot be asked is not waited for again.
    pub(super) fn prove(&self, asker: &Asker, checker: &Checker, canaries: &[Canary]) -> Vec<Proof> {
        let mut round = Round { doors: self, asker, silent: BTreeMap::new() };
        canaries.iter().flat_map(|canary| round.prove(checker, canary)).collect()
    }
}

/// One time that all doors are asked.
struct Round<'d> {
    doors: &'d Doors,
    asker: &'d Asker,
    /// What was wrong with doors that cannot be asked.
    silent: BTreeMap<&'static str, String>,
}

type Seen = (Option<bool>, Option<bool>);

impl Round<'_> {
    fn prove(&mut self, checker: &Checker, canary: &Canary) -> Vec<Proof> {
        let sight = canary.sight(checker, clock::now());
        let (seen, anti_seen) = (sight.seen, sight.anti_seen);
        let own = Proof { seen, anti_seen, ..Proof::new(CHECKER, canary) };
        let (Some(link), true) = (&canary.link, seen.is_some()) else {
            return vec![Proof { skipped: Some("no_canary"), ..own }];
        };
        let mut proofs = vec![own];
        if let Some(api) = &self.doors.api {
            let skipped = api.skipped.or_else(|| api.cannot_see(&canary.list));
            proofs.push(self.at("api", canary, skipped, |asker| api.sees(asker, canary, link)));
        }
        if let Some((entrance, platform)) = &self.doors.proxy {
            // Sent, it would be published.
            let skipped = (sight.action < Action::Hold).then_some("not_refused_by_policy");
            let is_refused = |asker: &Asker| {
                let answer = asker.ask(entrance, platform.probe(link))?;
                Ok((Some(platform.is_refusal(&answer)), None))
            };
            proofs.push(self.at("proxy", canary, skipped, is_refused));
        }
        proofs
    }

    fn at(
        &mut self,
        door: &'static str,
        canary: &Canary,
        skipped: Option<&'static str>,
        see: impl FnOnce(&Asker) -> anyhow::Result<Seen>,
    ) -> Proof {
        let none = Proof::new(door, canary);
        if skipped.is_some() {
            return Proof { skipped, ..none };
        }
        if let Some(error) = self.silent.get(door) {
            return Proof { error: Some(error.clone()), ..none };
        }
        match see(self.asker) {
            Ok((seen, anti_seen)) => Proof { seen, anti_seen, ..none },
            Err(error) => {
                let error = format!("{error:#}");
                self.silent.insert(door, error.clone());
                Proof { error: Some(error), ..none }
            }
        }
    }
}

impl Api {
    fn cannot_see(&self, list: &String) -> Option<&'static str> {
        let is_hidden = self.sees.as_ref().is_some_and(|lists| !lists.contains(list));
        is_hidden.then_some("not_a_list_of_this_key")
    }

    fn sees(&self, asker: &Asker, canary: &Canary, link: &str) -> anyhow::Result<Seen> {
        let anti_link = canary.anti_link.as_ref();
        let anti_seen = anti_link.map(|link| self.is_told(asker, &canary.list, link)).transpose()?;
        Ok((Some(self.is_told(asker, &canary.list, link)?), anti_seen))
    }

    fn is_told(&self, asker: &Asker, list: &str, link: &str) -> anyhow::Result<bool> {
        let mut request = Request::post("/v1/check").body(Bytes::from(json!({ "links": [link] }).to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.key {
            request.headers_mut().insert(AUTHORIZATION, key.clone());
        }
        let answer = asker.ask(&self.entrance, request)?;
        if answer.status() != StatusCode::OK {
            let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let code = problem.get("code").and_then(Value::as_str).unwrap_or_default();
            let hint = if code == "no_key" { "; give one by --api-key-file" } else { "" };
            bail!("{} {code}{hint}", answer.status().as_u16());
        }
        let report: Report = serde_json::from_slice(answer.body()).map_err(|_| anyhow::anyhow!("no report"))?;
        Ok(report.tells_of(list))
    }
}

impl Proof {
    fn new(door: &'static str, canary: &Canary) -> Self {
        Self { door, list: canary.list.clone(), seen: None, anti_seen: None, skipped: None, error: None }
    }

    pub(super) fn is_right(&self) -> bool {
        self.error.is_none() && self.seen != Some(false) && self.anti_seen != Some(true)
    }

    /// Whether there was something to see, or it could not be looked for.
    pub(super) fn tells(&self) -> bool {
        self.error.is_some() || self.seen.is_some() || self.anti_seen.is_some()
    }
}

fn read_key(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the key for self-tests, {}", path.display()))?;
    let key = text.trim();
    if bearer(key).is_none() {
        bail!("the key for self-tests, {}, is none", path.display());
    }
    Ok(key.to_owned())
}

fn bearer(key: &str) -> Option<HeaderValue> {
    let mut field = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
    field.set_sensitive(true);
    Some(field)
}

/// The lists that a key sees, if the configuration limits it.
fn lists_of(config: &Config, key: &str) -> Option<Vec<String>> {
    let sha256 = data_encoding::HEXLOWER.encode(&digest(key.as_bytes()));
    config.keys.iter().find(|own| own.sha256.eq_ignore_ascii_case(&sha256))?.lists.clone()
}
