//! An axum service that publishes no listed links: the layer is one line.
//!
//! ```sh
//! cargo run --release --example axum &
//! curl -s localhost:3000/api/v1/statuses -d 'status=see hxxps://listed[.]example/a'
//! curl -s localhost:3000/api/v1/statuses -d 'status=see https://fine.example/'
//! ```

use std::error::Error;
use std::sync::Arc;

use axum::routing::post;
use axum::{Extension, Router};
use linkgate::canonical::{TableTexts, Tables};
use linkgate::check::{Checker, Snapshot};
use linkgate::extract::{Extractor, Options, TopLevels};
use linkgate::index::{Builder, Keys, List, StateKey};
use linkgate::lists::{self, Format};
use linkgate::serve::{CheckLayer, Gate, Generic, Judgement, Limits, Platform};
use linkgate::verdict::Policy;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let platform = Platform::preset("mastodon", &Generic::default()).ok_or("no such preset")?;
    let gate = Gate { checker: checker()?, platform: Arc::new(platform), body_max_bytes: 1 << 20 };
    let service =
        Router::new().route("/api/v1/statuses", post(publish)).layer(CheckLayer::new(gate, &Limits::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service).await?;
    Ok(())
}

/// Only posts without listed links get here, with what was found in them.
async fn publish(Extension(judgement): Extension<Judgement>, post: String) -> String {
    format!("published, {} links looked at, {} bytes\n", judgement.links, post.len())
}

fn checker() -> Result<Checker, Box<dyn Error>> {
    let tables = Arc::new(Tables::shipped()?);
    let mut builder = Builder::new(Keys::derive(&StateKey::new([7; 32])), Arc::clone(&tables));
    let list = builder.list(List::new("demo", "1"))?;
    let mut added = Ok(());
    lists::read(b"listed.example\n", Format::Plain, &lists::Options::default(), &tables, &mut |entry| {
        added = builder.add(list, &entry);
    })?;
    added?;
    let extractor = Extractor::new(Options::default(), TopLevels::parse(TableTexts::shipped().suffixes));
    Ok(Checker::new(extractor, Snapshot::new(tables, vec![Arc::new(builder.finish())], Policy::default())))
}
