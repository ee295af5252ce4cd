//! `linkgate inspect fetch`: URLs in, whether each may be asked and which addresses were dialled out. For tests only.

use std::io::{self, BufWriter, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{NotRequestable, RequestUrl};
use crate::check::Snapshot;
use crate::fetch::{Chain, FetchError, Follow, Follower, Place, Second, Stop, Visitor};
use crate::telemetry::metrics::Fetches;

use super::Exit;
use super::args::Arguments;
use super::follow::{self, Pace};
use super::jsonl::{self, BadLine};
use super::session::{Session, Settings};

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    url: String,
}

#[derive(Serialize)]
struct Told {
    id: Value,
    outcome: &'static str,
    reason: &'static str,
    connects: Vec<IpAddr>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = Settings::load(arguments)?;
    let snapshot = Session::whole(&settings, arguments, &[])?.checker.snapshot();
    let deep = follow::deep(&settings, Follow::All, Fetches::default(), Pace::Configured)?;
    let follower = deep.follower();
    let mut out = BufWriter::new(io::stdout().lock());
    let bad = jsonl::each_line(io::stdin().lock(), &mut out, |line, out| {
        let question = jsonl::parse::<Question>(line);
        if let Ok(Question { id, url }) = &question {
            let (outcome, reason) = ask(follower, &snapshot, url);
            let connects = follower.dialled().take();
            // The time was over before a name had an address.
            let outcome = if connects.is_empty() && reason == FetchError::Timeout.code() { "deny" } else { outcome };
            let told = Told { id: id.clone(), outcome, reason, connects };
            serde_json::to_writer(&mut *out, &told)?;
            out.write_all(b"\n")?;
            out.flush()?;
        }
        Ok(question.map(|_| ()).map_err(|_: BadLine| BadLine::BadField))
    })?;
    Ok(if bad > 0 { Exit::Failed } else { Exit::Quiet })
}

fn ask(follower: &Follower, snapshot: &Arc<Snapshot>, url: &str) -> (&'static str, &'static str) {
    let guide = Guide(Arc::clone(snapshot));
    let lead = match RequestUrl::read(url) {
        Ok(lead) => lead,
        Err(NotRequestable::Scheme) => return ("deny", "not_http"),
        Err(_) => return ("deny", "not_canonical"),
    };
    if guide.look(url).listed {
        return ("deny", "listed");
    }
    match follower.block_on(follower.follow(lead, Second::IfOdd, guide)) {
        Ok((chain, _)) => told(&chain),
        Err(_) => ("deny", "internal"),
    }
}

/// What was allowed was dialled, whatever came of it.
fn told(chain: &Chain) -> (&'static str, &'static str) {
    match (chain.stop, chain.error) {
        (Stop::Arrived, _) => ("allow", "arrived"),
        (_, Some(FetchError::Refused(refused))) => ("deny", refused.code()),
        (Stop::Network, Some(FetchError::Unresolved)) => ("deny", "unresolved"),
        (Stop::Network, Some(error)) => ("allow", error.code()),
        (stop, _) => ("deny", stop.code()),
    }
}

/// Follows everything that is unlisted.
struct Guide(Arc<Snapshot>);

impl Guide {
    fn look(&self, link: &str) -> Place {
        let mut urls = Vec::new();
        self.0.tables.resolve_into(link, &mut urls);
        let listed = urls.iter().any(|located| self.0.knows(&located.url));
        let leads = RequestUrl::read(link).ok().filter(|_| !listed).into_iter().collect();
        Place { listed, leads }
    }
}

impl Visitor for Guide {
    async fn visit(&mut self, link: &str) -> Place {
        self.look(link)
    }

    fn may_ask(&mut self, _: &RequestUrl) -> bool {
        // Nothing changes within one run.
        true
    }
}
