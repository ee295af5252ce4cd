//! `linkgate override`: the operator's own rulings, sealed in the state directory.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::index::{Action, Scope};
use crate::lists::{self, LOWERING_MAX_DAYS, Override, OverrideError, OverrideHits, Overrides};
use crate::telemetry::clock;

use super::args::By;
use super::audit::recorded;
use super::session::{self, Settings};
use super::{Exit, counted, usage};

#[derive(Debug, Clone, Subcommand)]
pub(super) enum OverrideCommand {
    /// Add a ruling.
    Add(NewOverride),
    /// Show the rulings that are kept, by their ids and never by their values.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Approve a ruling as the second person, so that it also says something of grave entries.
    Approve {
        /// The id that `override list` shows.
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Remove the rulings on a value.
    Remove {
        /// The value in any spelling, or the id that `override list` shows.
        value: String,
        /// Only the ruling of this scope.
        #[arg(long, value_name = "SCOPE")]
        scope: Option<String>,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Clone, Args)]
pub(super) struct NewOverride {
    /// A host, URL, address, network, label or hash, by scope.
    pub(super) value: String,
    /// Which links it rules.
    #[arg(long, help = "domain, host, subdomains, url, url_prefix, label, ip, cidr, sha256 or md5_url")]
    pub(super) scope: String,
    /// allow, flag, hold or reject.
    #[arg(long)]
    pub(super) action: String,
    /// Why.
    #[arg(long)]
    pub(super) reason: String,
    /// Who decides.
    #[arg(long)]
    pub(super) author: String,
    /// Its last day, which counts to its end in UTC, as 2027-01-31; or the moment it ends, as 2027-01-31T12:00:00Z.
    /// Required below reject, at most 90 days from now.
    #[arg(long, value_name = "DAY")]
    pub(super) expires: Option<String>,
}

/// The rulings in the state directory, and the command's way to change them.
struct Book<'s> {
    settings: &'s Settings,
    path: PathBuf,
    kept: Overrides,
}

pub(super) fn run(command: &OverrideCommand, settings: &Settings) -> anyhow::Result<Exit> {
    let path = Overrides::path_in(&settings.state_dir()?);
    let kept = if path.exists() { Overrides::open(&path, &settings.existing_key()?)? } else { Overrides::default() };
    let book = Book { settings, path, kept };
    match command {
        OverrideCommand::Add(new) => book.add(new)?,
        OverrideCommand::Approve { id, by } => book.approve(id, by)?,
        OverrideCommand::Remove { value, scope, by } => book.remove(value, scope.as_deref(), by)?,
        OverrideCommand::List { json } => book.list(if *json { Shape::Json } else { Shape::Text })?,
    }
    Ok(Exit::Quiet)
}

#[derive(Clone, Copy)]
enum Shape {
    Json,
    Text,
}

impl Book<'_> {
    fn add(mut self, new: &NewOverride) -> anyhow::Result<()> {
        let by = By { author: new.author.clone(), reason: new.reason.clone() };
        self.kept.add(ruling(new)?, &self.settings.tables, clock::now()).map_err(refused)?;
        let Some(one) = self.kept.all().last() else { return Ok(()) };
        let (id, about, waits) = (one.id.clone(), told(one), one.waits());
        let kept = self.save(&by, ("override_add", &about))?;
        writeln!(io::stdout().lock(), "added {id}; {kept} kept")?;
        if waits {
            session::warn(&format!("{WAITS}: linkgate override approve {id} --author NAME --reason TEXT"));
        }
        Ok(())
    }

    fn approve(mut self, id: &str, by: &By) -> anyhow::Result<()> {
        let about = told(self.kept.approve(id, &by.author).map_err(refused)?);
        self.save(by, ("override_approve", &about))?;
        writeln!(io::stdout().lock(), "approved {id}")?;
        Ok(())
    }

    fn remove(mut self, value: &str, scope: Option<&str>, by: &By) -> anyhow::Result<()> {
        let scope = scope.map(scope_named).transpose()?;
        let removed = self.kept.remove(value, scope, &self.settings.tables);
        let of_scope = if scope.is_some() { " of that scope" } else { "" };
        anyhow::ensure!(
            !removed.is_empty(),
            "there is no override{of_scope} on that value; `linkgate override list` shows all by their ids"
        );
        let about: Vec<String> = removed.iter().map(told).collect();
        let kept = self.save(by, ("override_remove", &about.join(", ")))?;
        writeln!(io::stdout().lock(), "removed {}; {kept} kept", counted(removed.len(), "override"))?;
        Ok(())
    }

    /// Puts what changed on the record, and then in place; tells how many there are.
    fn save(self, by: &By, deed: (&str, &str)) -> anyhow::Result<String> {
        let Self { settings, path, kept } = self;
        recorded(settings, by, deed, || Ok(kept.save(&path, &settings.key()?)?))?;
        Ok(counted(kept.all().len(), "override"))
    }

    fn list(&self, shape: Shape) -> anyhow::Result<()> {
        let hits = OverrideHits::read(&OverrideHits::path_in(&self.settings.state_dir()?))?;
        let summaries = self.kept.summaries(&hits);
        let mut out = io::stdout().lock();
        if matches!(shape, Shape::Json) {
            writeln!(out, "{}", serde_json::to_string(&summaries)?)?;
            return Ok(());
        }
        if summaries.is_empty() {
            session::warn("there are no overrides; `linkgate override add` makes one");
        }
        for one in summaries {
            let (scope, action) = (one.scope.name(), one.action.name());
            let expires = one.expires.map_or_else(|| "never ends".to_owned(), end);
            let seconded = match &one.approver {
                Some(approver) => format!(" and {approver}"),
                None if one.waits => format!(" alone ({WAITS})"),
                None => String::new(),
            };
            let hits = counted(usize::try_from(one.hits)?, "hit");
            let (id, author, reason) = (one.id, one.author, one.reason);
            writeln!(out, "{id}  {scope} → {action}, {expires}, {hits}, by {author}{seconded}: {reason}")?;
        }
        Ok(())
    }
}

/// What one person cannot do alone.
const WAITS: &str = "csam and the like stay as they are until a second person approves";

/// A ruling, as the record knows it.
fn told(one: &Override) -> String {
    format!("{} ({} → {})", one.id, one.scope.name(), one.action.name())
}

fn refused(error: OverrideError) -> anyhow::Error {
    match error {
        OverrideError::Io(_) | OverrideError::Sealed(_) => error.into(),
        OverrideError::Expiry => usage(format!("{error}{}", last_day())),
        error => usage(error),
    }
}

fn ruling(new: &NewOverride) -> anyhow::Result<Override> {
    Ok(Override {
        id: String::new(),
        value: new.value.clone(),
        scope: scope_named(&new.scope)?,
        action: Action::from_name(&new.action).ok_or_else(|| usage("--action wants allow, flag, hold or reject"))?,
        reason: new.reason.clone(),
        author: new.author.clone(),
        approver: None,
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

fn end(at: Timestamp) -> String {
    let word = if at.as_second() <= clock::now() { "ended" } else { "ends" };
    format!("{word} {at}")
}

/// Which day is the last that can be given.
fn last_day() -> String {
    let latest = Timestamp::from_second(clock::now() + LOWERING_MAX_DAYS * 24 * 60 * 60);
    let day = latest.and_then(|at| at.to_zoned(TimeZone::UTC).date().yesterday());
    day.map_or_else(|_| String::new(), |day| format!(" (the last day for --expires is {day})"))
}
