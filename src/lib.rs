//! linkgate checks the outbound links of posts against the lists shared by child-protection organisations.
//!
//! Data flows one way; each module imports only those declared before it.
pub mod telemetry;
pub mod extract;
pub mod canonical;
pub mod expression;
pub mod index;
pub mod verdict;
pub mod lists;
pub mod check;
pub mod config;
pub mod cli;
