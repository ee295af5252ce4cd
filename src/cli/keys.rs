//! `linkgate keys new`: an API key, shown once, and the lines that let it in.

use std::io::Write as _;

use crate::serve::{Scope, digest};

use super::args::KeysCommand;
use super::{Exit, word};

/// Tells apart from other secrets what is found in a log or a repository.
const PREFIX: &str = "lg_";
const KEY_BYTES: usize = 32;

pub(super) fn run(command: &KeysCommand) -> anyhow::Result<Exit> {
    let KeysCommand::New { name, scope } = command;
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
    let key = format!("{PREFIX}{}", data_encoding::BASE64URL_NOPAD.encode(&bytes));
    let scopes: Vec<Scope> = scope.iter().map(|&scope| scope.into()).collect();
    let scopes: Vec<String> = scopes.into_iter().map(|scope| format!("{:?}", word(scope))).collect();
    let sha256 = data_encoding::HEXLOWER.encode(&digest(key.as_bytes()));
    writeln!(anstream::stderr(), "The key, shown this once; clients send it as `Authorization: Bearer KEY`:")?;
    writeln!(anstream::stdout(), "{key}")?;
    writeln!(anstream::stderr(), "For the configuration, which holds only its SHA-256:")?;
    writeln!(
        anstream::stdout(),
        "\n[[keys]]\nname = {}\nsha256 = \"{sha256}\"\nscopes = [{}]",
        toml::Value::from(name.as_str()),
        scopes.join(", ")
    )?;
    Ok(Exit::Quiet)
}
