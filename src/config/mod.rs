//! One TOML file, then the environment, then flags: what the operator has set, and where each value came from.
//!
//! Precedence: default < `linkgate.toml` < `LINKGATE_…` < flag. Unknown keys are errors that name file, key and the
//! nearest known key.

mod doors;
mod error;
mod follow;
mod key;
mod lists;
mod load;
mod settings;
mod show;
mod webhook;

pub use doors::{ApiSetting, KeySetting, LogLevel, OnFailure, ProxySetting, RefusalSetting, Serve, Telemetry};
pub use error::ConfigError;
pub use follow::{CacheSetting, FetchSetting};
pub use key::{IfMissing, KeyOrigin, state_key};
pub use lists::{GuardSetting, HashShape, ListSetting, actions_by_list, readings};
pub use load::{Loaded, Origin, load};
pub use settings::{Config, Extract, State, Tables};
pub use show::{default_file, show};
pub use webhook::WebhookSetting;
