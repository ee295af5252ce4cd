//! The settings of `[webhook]`: where the platform is told of checks that are finished later, and of changes of lists.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::outbox::Webhook;

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct WebhookSetting {
    pub url: String,
    pub secret_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub timeout_ms: u64,
}

impl Default for WebhookSetting {
    fn default() -> Self {
        Self { url: String::new(), secret_file: None, ca_file: None, timeout_ms: 10_000 }
    }
}

impl WebhookSetting {
    /// The webhook; nothing if no address is set, and then nothing is delivered.
    pub fn webhook(&self) -> Option<Webhook> {
        (!self.url.is_empty()).then(|| Webhook {
            url: self.url.clone(),
            secret_file: self.secret_file.clone(),
            ca_file: self.ca_file.clone(),
            timeout: Duration::from_millis(self.timeout_ms),
        })
    }
}

/// Every key with what it means.
pub(super) const DOCS: &[(&str, &str)] = &[
    (
        "webhook.url",
        "Address that gets an event, signed, when a late check is finished or a list has changed; none if empty.",
    ),
    (
        "webhook.secret_file",
        "File with the secret that events are signed with: whsec_ and Base64, or 24 bytes and more.",
    ),
    ("webhook.ca_file", "Authorities, PEM, that are trusted besides those of the system."),
    ("webhook.timeout_ms", "How long a delivery may take."),
];
