//! `linkgate keys new`: an API key, shown once, and the lines that let it in.

use std::io::Write as _;

use toml::Value;

use crate::lists;
use crate::serve::{Scope, digest};
use crate::telemetry::clock;

use super::args::KeysCommand;
use super::{Exit, usage, word};

/// Tells apart from other secrets what is found in a log or a repository.
const PREFIX: &str = "lg_";
const KEY_BYTES: usize = 32;

pub(super) fn run(command: &KeysCommand) -> anyhow::Result<Exit> {
    let KeysCommand::New { expires, .. } = command;
    if let Some(text) = expires {
        let ends = lists::ending(text).ok_or_else(|| usage("--expires wants 2027-01-31 or 2027-01-31T12:00:00Z"))?;
        if ends.as_second() <= clock::now() {
            return Err(usage("--expires is over already"));
        }
    }
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
    let key = format!("{PREFIX}{}", data_encoding::BASE64URL_NOPAD.encode(&bytes));
    writeln!(anstream::stderr(), "The key, shown this once; clients send it as `Authorization: Bearer KEY`:")?;
    writeln!(anstream::stdout(), "{key}")?;
    writeln!(anstream::stderr(), "For the configuration, which holds only its SHA-256:")?;
    writeln!(anstream::stdout(), "\n[[keys]]")?;
    for (name, value) in lines(command, &key) {
        writeln!(anstream::stdout(), "{name} = {value}")?;
    }
    Ok(Exit::Quiet)
}

/// What the configuration has to say of a key.
fn lines(command: &KeysCommand, key: &str) -> Vec<(&'static str, Value)> {
    let KeysCommand::New { name, scope, tenant, lists, expires } = command;
    let sha256 = data_encoding::HEXLOWER.encode(&digest(key.as_bytes()));
    let scopes: Vec<String> = scope.iter().map(|&scope| word(Scope::from(scope))).collect();
    let mut lines = vec![("name", name.as_str().into()), ("sha256", sha256.into()), ("scopes", scopes.into())];
    lines.extend(tenant.iter().map(|tenant| ("tenant", tenant.as_str().into())));
    lines.extend(expires.iter().map(|day| ("expires", day.as_str().into())));
    if !lists.is_empty() {
        lines.push(("lists", lists.clone().into()));
    }
    lines
}
