//! The platform behind the proxy, as the configuration describes it.

use anyhow::{Context as _, ensure};

use crate::config::{ProxySetting, RefusalSetting};
use crate::serve::{Generic, Platform, Refusal, Route};

/// The API that is behind the proxy.
pub(super) fn of(setting: &ProxySetting) -> anyhow::Result<Platform> {
    let name = &setting.platform;
    Platform::preset(name, &generic(setting)?)
        .with_context(|| format!("proxy.platform is {name:?}; known are: {}", Platform::PRESETS.join(", ")))
}

fn generic(setting: &ProxySetting) -> anyhow::Result<Generic> {
    let routes = |key: &str, texts: &[String]| -> anyhow::Result<Vec<Route>> {
        texts.iter().map(|text| Route::parse(text).with_context(|| format!("proxy.{key}: {text:?}"))).collect()
    };
    Ok(Generic {
        html: setting.html.clone(),
        markdown: setting.markdown.clone(),
        links: setting.links.clone(),
        pass: routes("pass", &setting.pass)?,
        uploads: routes("uploads", &setting.uploads)?,
        upgrades: routes("upgrades", &setting.upgrades)?,
        forms: routes("forms", &setting.forms)?,
        refusal: refusal(&setting.refusal)?,
        pass_imports: setting.pass_imports,
    })
}

fn refusal(setting: &RefusalSetting) -> anyhow::Result<Option<Refusal>> {
    let Some(template) = &setting.template else { return Ok(None) };
    let status = setting.status.unwrap_or(422);
    ensure!((400..500).contains(&status), "proxy.refusal.status is not between 400 and 499");
    Ok(Some(Refusal {
        status: http::StatusCode::from_u16(status)?,
        content_type: setting.content_type.clone().unwrap_or_else(|| "application/json".to_owned()),
        template: template.clone(),
    }))
}
