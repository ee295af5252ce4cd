//! Which hosts are asked where a link leads.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::shorteners::{Kind, Shorteners};

/// Which hosts are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// None.
    None,
    /// Those of the table of shorteners.
    #[default]
    Known,
    /// All that are unlisted.
    All,
}

/// The hosts that are asked. Clones share the table.
#[derive(Clone)]
pub struct Asked {
    follow: Follow,
    shorteners: Arc<Shorteners>,
}

impl Asked {
    /// Hosts by choice and table.
    pub fn new(follow: Follow, shorteners: Arc<Shorteners>) -> Self {
        Self { follow, shorteners }
    }

    /// Whether any host is asked.
    pub fn asks_any(&self) -> bool {
        self.follow != Follow::None
    }

    /// Whether a host, in canonical spelling, is asked.
    pub fn asks(&self, host: &str) -> bool {
        match self.follow {
            Follow::None => false,
            Follow::Known => self.shorteners.kind(host).is_some(),
            Follow::All => true,
        }
    }

    /// What the table says of a host.
    pub(super) fn kind(&self, host: &str) -> Option<Kind> {
        self.shorteners.kind(host)
    }
}
