//! What can be typed.

use clap::{Parser, Subcommand, ValueEnum};

/// Keeps links to child sexual abuse material out of social platforms.
#[derive(Debug, Parser)]
#[command(name = "linkgate", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run one stage alone: JSON lines in, JSON lines out.
    Inspect {
        /// Which stage.
        stage: Stage,
    },
}

/// A stage of the way from text to verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    /// Text → links.
    Links,
    /// Link → canonical URL.
    Canonical,
    /// URL → expressions and their hashes.
    Expressions,
    /// Host → registrable domain and public suffix.
    Suffix,
    /// Content of a list → entries.
    List,
}
