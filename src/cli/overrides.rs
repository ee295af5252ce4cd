//! `linkgate override`: the operator's own rulings, sealed in the state directory.

use std::io::{self, Write as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::index::{Action, Scope};
use crate::lists::{self, LOWERING_MAX_DAYS, Override, OverrideError, Overrides};
use crate::telemetry::clock;

use super::args::{NewOverride, OverrideCommand};
use super::session::{self, Settings};
use super::{Exit, counted, usage};

pub(super) fn run(command: &OverrideCommand, settings: &Settings) -> anyhow::Result<Exit> {
    let path = Overrides::path_in(&settings.state_dir()?);
    let mut kept =
        if path.exists() { Overrides::open(&path, &settings.existing_key()?)? } else { Overrides::default() };
    let mut out = io::stdout().lock();
    match command {
        OverrideCommand::Add(new) => {
            kept.add(ruling(new)?, &settings.tables, clock::now()).map_err(|error| match error {
                OverrideError::Io(_) | OverrideError::Sealed(_) => error.into(),
                OverrideError::Expiry => usage(format!("{error}{}", last_day())),
                error => usage(error),
            })?;
            kept.save(&path, &settings.key()?)?;
            let id = kept.all().last().map(|one| one.id.as_str()).unwrap_or_default();
            writeln!(out, "added {id}; {} kept", counted(kept.all().len(), "override"))?;
        }
        OverrideCommand::Remove { value, scope } => {
            let scope = scope.as_deref().map(scope_named).transpose()?;
            let removed = kept.remove(value, scope, &settings.tables);
            let of_scope = if scope.is_some() { " of that scope" } else { "" };
            anyhow::ensure!(
                removed > 0,
                "there is no override{of_scope} on that value; `linkgate override list` shows all by their ids"
            );
            kept.save(&path, &settings.key()?)?;
            writeln!(out, "removed {}; {} kept", counted(removed, "override"), counted(kept.all().len(), "override"))?;
        }
        OverrideCommand::List { json: true } => writeln!(out, "{}", serde_json::to_string(&kept.summaries())?)?,
        OverrideCommand::List { json: false } => {
            if kept.all().is_empty() {
                session::warn("there are no overrides; `linkgate override add` makes one");
            }
            for one in kept.summaries() {
                let expires = one.expires.map_or_else(|| "never ends".to_owned(), told);
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
        expires: new.expires.as_deref().map(moment).transpose()?,
    })
}

fn scope_named(name: &str) -> anyhow::Result<Scope> {
    Scope::from_name(name)
        .ok_or_else(|| usage(format!("--scope wants one of: {}", Scope::ALL.map(Scope::name).join(", "))))
}

fn moment(text: &str) -> anyhow::Result<Timestamp> {
    lists::ending(text).ok_or_else(|| usage("--expires wants 2027-01-31 or 2027-01-31T12:00:00Z"))
}

fn told(at: Timestamp) -> String {
    let word = if at.as_second() <= clock::now() { "ended" } else { "ends" };
    format!("{word} {at}")
}

/// Which day is the last that can be given.
fn last_day() -> String {
    let latest = Timestamp::from_second(clock::now() + LOWERING_MAX_DAYS * 24 * 60 * 60);
    let day = latest.and_then(|at| at.to_zoned(TimeZone::UTC).date().yesterday());
    day.map_or_else(|_| String::new(), |day| format!(" (the last day for --expires is {day})"))
}
