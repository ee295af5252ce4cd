//! Who may ask the check API: keys of the configuration, each with its lists, policy and budget.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};

use crate::check::{Checker, Snapshot};
use crate::config::{Config, KeySetting};
use crate::serve::{Budget, Key, Keys, Ledger};

/// All keys; what each is answered by derives from `checker`.
pub(super) fn keys(config: &Config, checker: &Checker, ledger: &Ledger) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for setting in &config.keys {
        let about = || format!("key {:?}", setting.name);
        let hex = data_encoding::HEXLOWER_PERMISSIVE.decode(setting.sha256.as_bytes()).ok();
        let sha256 = hex.and_then(|bytes| bytes.try_into().ok());
        let key = Key {
            name: setting.name.clone(),
            sha256: sha256.context("`sha256` is not 64 hex digits").with_context(about)?,
            scopes: setting.scopes.clone(),
            ends: setting.expires.map(jiff::Timestamp::as_second),
            checker: checker.judging_by(snapshot_for(setting, config, checker).with_context(about)?),
            account: ledger.account(setting.tenant(), budget(setting.tenant(), &config.keys)?),
        };
        ensure!(keys.add(key).is_ok(), "key {:?}: another key has the same `sha256`", setting.name);
    }
    Ok(keys)
}

/// Lists and policy of one key.
fn snapshot_for(setting: &KeySetting, config: &Config, checker: &Checker) -> anyhow::Result<Snapshot> {
    let policy = setting.policy_over(&config.policy)?;
    let snapshot = checker.snapshot().as_ref().clone().with_policy(policy);
    let Some(names) = &setting.lists else { return Ok(snapshot) };
    // One of the configuration that does not answer yet may do so later.
    let configured = config.lists.iter().map(|list| &*list.name);
    let known: BTreeSet<&str> = snapshot.lists().map(|list| &*list.name).chain(configured).collect();
    if let Some(stranger) = names.iter().find(|name| !known.contains(&***name)) {
        let known: Vec<&str> = known.into_iter().collect();
        bail!("there is no list {stranger:?}; there are: {}", known.join(", "));
    }
    Ok(snapshot.limited_to(names))
}

/// The budget of a tenant, which any of its keys may give.
fn budget(tenant: &str, keys: &[KeySetting]) -> anyhow::Result<Budget> {
    let own = || keys.iter().filter(|key| key.tenant() == tenant);
    Ok(Budget {
        requests_per_minute: agreed(tenant, "requests_per_minute", own().map(|key| key.requests_per_minute))?,
        links_per_day: agreed(tenant, "links_per_day", own().map(|key| key.links_per_day))?,
        hits_per_day: agreed(tenant, "hits_per_day", own().map(|key| key.hits_per_day))?,
    })
}

fn agreed<T: PartialEq + Copy>(
    tenant: &str,
    name: &str,
    mut values: impl Iterator<Item = Option<T>>,
) -> anyhow::Result<Option<T>> {
    let first = values.by_ref().flatten().next();
    if values.flatten().any(|other| Some(other) != first) {
        bail!("the keys of tenant {tenant:?} share one budget, and give more than one `{name}`");
    }
    Ok(first)
}
