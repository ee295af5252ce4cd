//! `linkgate config`: what is in force, whether it can be used, and the default file.

use std::io::{self, Write as _};

use crate::config;

use super::args::{Arguments, ConfigCommand};
use super::session::Settings;
use super::{Exit, counted, serve};

pub(super) fn run(what: ConfigCommand, arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    match what {
        ConfigCommand::Show => out.write_all(config::show(&Settings::load(arguments)?.loaded).as_bytes())?,
        ConfigCommand::Default => out.write_all(config::default_file().as_bytes())?,
        ConfigCommand::Check => {
            // Only looked at: it makes no key and no generation.
            let settings = Settings::load(arguments)?;
            let snapshot = settings.looked_at(arguments)?;
            let lists: usize = snapshot.indexes.iter().map(|index| index.lists().len()).sum();
            let overrides = snapshot.overrides.as_ref().map_or(0, |index| index.entries());
            let (lists, overrides) = (counted(lists, "list"), counted(overrides, "override"));
            serve::check(&settings, snapshot)?;
            // Downloaders belong to the runtime that they are made in.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let _inside = runtime.enter();
            settings.subscriptions().into_iter().try_for_each(|(_, subscription)| subscription.map(drop))?;
            writeln!(out, "the configuration can be used: {lists}, {overrides}")?;
        }
    }
    Ok(Exit::Quiet)
}
