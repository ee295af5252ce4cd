//! `linkgate override`: the operator's own rulings, sealed in the state directory.

use std::io::{self, Write as _};

use crate::index::{Action, Scope};
use crate::lists::{Override, OverrideError, Overrides};
use crate::telemetry::clock;

use super::args::{NewOverride, OverrideCommand};
use super::session::Settings;
use super::{Exit, usage};

pub(super) fn run(command: &OverrideCommand, settings: &Settings) -> anyhow::Result<Exit> {
    let path = Overrides::path_in(&settings.state_dir()?);
    let mut kept =
        if path.exists() { Overrides::open(&path, &settings.existing_key()?)? } else { Overrides::default() };
    let mut out = io::stdout().lock();
    match command {
        OverrideCommand::Add(new) => {
            kept.add(ruling(new)?, &settings.tables, clock::now()).map_err(|error| match error {
                OverrideError::Io(_) | OverrideError::Sealed(_) => error.into(),
                error => usage(error),
            })?;
            kept.save(&path, &settings.key()?)?;
            writeln!(out, "{} overrides", kept.all().len())?;
        }
        OverrideCommand::Remove { value, scope } => {
            let scope = scope.as_deref().map(scope_named).transpose()?;
            let removed = kept.remove(value, scope, &settings.tables);
            anyhow::ensure!(removed > 0, "there is no override on that value");
            kept.save(&path, &settings.key()?)?;
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
        action: Action::from_name(&new.action).ok_or_else(|| usage("--action wants allow, flag, hold or reject"))?,
        reason: new.reason.clone(),
        author: new.author.clone(),
        expires: new.expires.as_deref().map(time).transpose()?,
    })
}

fn scope_named(name: &str) -> anyhow::Result<Scope> {
    Scope::from_name(name)
        .ok_or_else(|| usage(format!("--scope wants one of: {}", Scope::ALL.map(Scope::name).join(", "))))
}

/// A day, or a moment.
fn time(text: &str) -> anyhow::Result<jiff::Timestamp> {
    let midnight = || {
        text.parse::<jiff::civil::Date>().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC)).map(|at| at.timestamp())
    };
    text.parse().or_else(|_| midnight()).map_err(|_| usage("--expires wants 2027-01-31 or 2027-01-31T12:00:00Z"))
}
