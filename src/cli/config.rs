//! `linkgate config`: what is in force, whether it can be used, and the default file.

use std::io::{self, Write as _};

use crate::config;

use super::Exit;
use super::args::{Arguments, ConfigCommand};
use super::session::{Session, Settings};

pub(super) fn run(what: ConfigCommand, arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    match what {
        ConfigCommand::Show => out.write_all(config::show(&Settings::load(arguments)?.loaded).as_bytes())?,
        ConfigCommand::Default => out.write_all(config::default_file().as_bytes())?,
        ConfigCommand::Check => {
            let session = Session::open(arguments, &[])?;
            let lists: usize = session.checker.snapshot().indexes.iter().map(|index| index.lists().len()).sum();
            writeln!(out, "the configuration can be used: {}", super::counted(lists, "list"))?;
        }
    }
    Ok(Exit::Quiet)
}
