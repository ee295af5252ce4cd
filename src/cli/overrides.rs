//! `linkgate override`: the operator's own rulings, sealed in the state directory.

use std::io::{self, Write as _};

use anyhow::Context as _;

use crate::index::{Action, Scope};
use crate::lists::{Override, Overrides};
use crate::telemetry::clock;

use super::Exit;
use super::args::{NewOverride, OverrideCommand};
use super::session::Settings;

pub(super) fn run(command: &OverrideCommand, settings: &Settings) -> anyhow::Result<Exit> {
    let path = Overrides::path_in(&settings.state_dir()?);
    let key = settings.key()?;
    let mut kept = if path.exists() { Overrides::open(&path, &key)? } else { Overrides::default() };
    let mut out = io::stdout().lock();
    match command {
        OverrideCommand::Add(new) => {
            kept.add(ruling(new)?, &settings.tables, clock::now())?;
            kept.save(&path, &key)?;
            writeln!(out, "{} overrides", kept.all().len())?;
        }
        OverrideCommand::Remove { value, scope } => {
            let scope = scope.as_deref().map(scope_named).transpose()?;
            let removed = kept.remove(value, scope);
            anyhow::ensure!(removed > 0, "there is no override on that value");
            kept.save(&path, &key)?;
            writeln!(out, "removed {removed}, {} overrides left", kept.all().len())?;
        }
        OverrideCommand::List { json: true } => writeln!(out, "{}", serde_json::to_string(&kept.summaries())?)?,
        OverrideCommand::List { json: false } => {
            for one in kept.summaries() {
                let expires = one.expires.map_or_else(|| "never ends".to_owned(), |at| format!("ends {at}"));
                writeln!(
                    out,
                    "{}  {} → {}, {expires}, by {}: {}",
                    one.id,
                    one.scope.name(),
                    one.action.name(),
                    one.author,
                    one.reason
                )?;
            }
        }
    }
    Ok(Exit::Quiet)
}

fn ruling(new: &NewOverride) -> anyhow::Result<Override> {
    Ok(Override {
        id: String::new(),
        value: new.value.clone(),
        scope: scope_named(&new.scope)?,
        action: Action::from_name(&new.action).context("--action wants allow, flag, hold or reject")?,
        reason: new.reason.clone(),
        author: new.author.clone(),
        expires: new.expires.as_deref().map(time).transpose()?,
    })
}

fn scope_named(name: &str) -> anyhow::Result<Scope> {
    let known = || format!("--scope wants one of: {}", Scope::ALL.map(Scope::name).join(", "));
    Scope::from_name(name).with_context(known)
}

/// A day, or a moment.
fn time(text: &str) -> anyhow::Result<jiff::Timestamp> {
    let midnight = || {
        text.parse::<jiff::civil::Date>().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC)).map(|at| at.timestamp())
    };
    text.parse().or_else(|_| midnight()).context("--expires wants 2027-01-31 or 2027-01-31T12:00:00Z")
}
