//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::extract::TextFormat;
use crate::serve::Scope;

use super::lines::Links;

/// Keeps links to child sexual abuse material out of social platforms.
///
/// Checks the links of posts against lists shared by child-protection organisations. Without a configuration file it
/// uses a demo list of reserved names: `linkgate check 'see hxxps://listed[.]example/a'`
#[derive(Debug, Clone, Parser)]
#[command(name = "linkgate", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    /// Configuration file; `LINKGATE_CONFIG` names one too.
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(super) config: Option<PathBuf>,
    /// File with the state key; `LINKGATE_KEY_FILE` names one too.
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(super) key_file: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EVERYWHERE: &str = "Options of every command";
const EXIT_CODES: &str = "Exit codes: 0 every action is allow, 1 some action is above allow, \
                          2 failed or input was passed over, 64 wrong usage.";

const INSPECT: &str = "A line is {\"id\":…,\"input\":…,\"options\":{…}}; its answer repeats the id. Try:\n  \
                       echo '{\"id\":1,\"input\":\"listed[.]example\"}' | linkgate inspect links";

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Check posts and say what to do about them.
    Check(CheckArguments),
    /// Judge posts that are published already, from files, and write what is found.
    Rescan(Box<super::rescan::RescanArguments>),
    /// Show every step of one URL: canonical form, nested URLs, aliases, expressions, matches.
    Explain(ExplainArguments),
    /// Run one stage alone: JSON lines in, JSON lines out.
    #[command(after_help = INSPECT)]
    Inspect {
        /// Which stage.
        stage: Stage,
    },
    /// Fetch, compare, approve and take back versions of lists, compile lists, or show their state.
    #[command(subcommand)]
    Lists(ListsCommand),
    /// The record of who approved, rolled back and overruled what, and why.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Serve the check API and, if it is configured, the reverse proxy.
    Serve(ServeArguments),
    /// Send the canary of each list through every door of the server that runs, and certify what comes of it.
    #[command(after_help = "Exit codes: 0 every door sees the canary of every list that has one, 2 not so.")]
    SelfTest(super::self_test::SelfTestArguments),
    /// Keys of the check API.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The operator's own rulings on links.
    #[command(subcommand)]
    Override(super::overrides::OverrideCommand),
    /// Show the configuration.
    Config {
        /// What of it.
        #[arg(default_value = "show")]
        what: ConfigCommand,
    },
    /// Print completions for a shell: `linkgate completions bash`
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page: linkgate man | man -l -
    Man,
}

#[derive(Debug, Clone, Args)]
pub(super) struct CheckArguments {
    /// Posts, one each; `-` or nothing reads standard input as one post.
    #[arg(value_name = "TEXT")]
    pub(super) texts: Vec<String>,
    /// How the text is marked up.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub(super) text_format: Format,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "jsonl")]
    pub(super) json: bool,
    /// Read posts as JSON lines and print a report a line: {"id":…,"text":…,"format":…,"links":[…]}
    #[arg(long, conflicts_with = "texts")]
    pub(super) jsonl: bool,
    /// Show links as the post has them instead of masked.
    #[arg(long)]
    pub(super) show_links: bool,
    /// Ask shorteners where their links lead; a listed page is never asked for.
    #[arg(long)]
    pub(super) follow: bool,
    /// With --jsonl: pass over up to N lines that cannot be read.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) allow_bad: u64,
    /// A list in any known format, or a compiled one, instead of the configured ones; `format:path` names the format.
    #[arg(long, value_name = "SRC")]
    pub(super) lists: Vec<String>,
}

/// How far links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Lists alone tell.
    Lists,
    /// Shorteners are asked.
    Redirects,
}

impl CheckArguments {
    pub(super) fn depth(&self) -> Depth {
        if self.follow { Depth::Redirects } else { Depth::Lists }
    }

    pub(super) fn links(&self) -> Links {
        if self.show_links { Links::Shown } else { Links::Masked }
    }
}

#[derive(Debug, Clone, Args)]
pub(super) struct ServeArguments {
    /// Address and port of the check API; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<std::net::SocketAddr>,
    /// A list in any known format, or a compiled one, instead of the configured ones.
    #[arg(long, value_name = "SRC")]
    pub(super) lists: Vec<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key; it is shown once, with the lines for the configuration.
    New {
        /// Whose it is.
        name: String,
        /// What it may be used for.
        #[arg(long, value_name = "SCOPE", default_value = "check")]
        scope: Vec<KeyScope>,
        /// Whose budgets it shares; its own without one.
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// The lists that answer it, by their names in the configuration; all without any.
        #[arg(long, value_name = "LIST", num_args = 1.., value_delimiter = ',')]
        lists: Vec<String>,
        /// Its last day, which counts to its end in UTC, as 2027-01-31; or the moment it ends, as 2027-01-31T12:00:00Z.
        #[arg(long, value_name = "DAY")]
        expires: Option<String>,
    },
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyScope {
    /// Check posts.
    Check,
    /// See the steps of one URL, redacted.
    Explain,
    /// See them unredacted.
    Reveal,
    /// See and change lists.
    Admin,
}

impl From<KeyScope> for Scope {
    fn from(scope: KeyScope) -> Self {
        match scope {
            KeyScope::Check => Self::Check,
            KeyScope::Explain => Self::Explain,
            KeyScope::Reveal => Self::Reveal,
            KeyScope::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(super) struct ExplainArguments {
    /// The URL, in any spelling.
    pub(super) url: String,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
    /// Ask shorteners where their links lead; a listed page is never asked for.
    #[arg(long)]
    pub(super) follow: bool,
    /// A list in any known format, or a compiled one, instead of the configured ones.
    #[arg(long, value_name = "SRC")]
    pub(super) lists: Vec<String>,
}

impl ExplainArguments {
    pub(super) fn depth(&self) -> Depth {
        if self.follow { Depth::Redirects } else { Depth::Lists }
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum ListsCommand {
    /// Compile lists into one file that opens in milliseconds.
    Compile {
        /// Lists in any known format; `format:path` names the format.
        #[arg(required = true, value_name = "SRC")]
        sources: Vec<String>,
        /// Where to put the compiled list.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Tell for each source what was taken, refused and why, by counts and line numbers.
        #[arg(long)]
        explain: bool,
    },
    /// Show the configured lists, or those given: scopes, age, what is wrong with them.
    Status {
        /// Print JSON.
        #[arg(long, conflicts_with = "explain")]
        json: bool,
        /// Tell for each text list what was taken, refused and why, by counts and line numbers.
        #[arg(long)]
        explain: bool,
        /// A list in any known format, or a compiled one, instead of the configured ones.
        #[arg(long, value_name = "SRC")]
        lists: Vec<String>,
    },
    /// Ask the sources of lists now, and take what passes the guards.
    Fetch {
        /// Lists; all if none is named. One with `path = "-"` is read from standard input when it is named.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Show by the ids of entries what a version of a list has and another has not.
    Diff {
        /// The list.
        name: String,
        /// A version, by the number that `lists status` shows.
        first: u64,
        /// The other one.
        second: u64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what the version that waits would newly match.
    Preview {
        /// The list.
        name: String,
        /// Posts, as JSON lines like those of `check --jsonl`.
        #[arg(long, value_name = "FILE")]
        posts: Option<PathBuf>,
    },
    /// Let the version that waits answer, or an entry that is held back.
    Approve {
        /// The list.
        name: String,
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        by: By,
    },
    /// Refuse the version that waits, so that it is not taken again; or hold an entry back again that was approved.
    Refuse {
        /// The list.
        name: String,
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        by: By,
    },
    /// Show when other entries answered than before, one JSON object a line.
    Changes {
        /// Lists; all if none is named.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Only those behind this number, as the last one that was seen.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
        /// Name the entries that came and went by their ids.
        #[arg(long)]
        entries: bool,
    },
    /// Write a version as a compiled list, for `rescan --only-new` and other machines with the same key.
    Export {
        /// The list.
        name: String,
        /// The version, by the number that `lists status` shows; the one that answers if absent.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
        /// Where to put it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Go back to an earlier version.
    Rollback {
        /// The list.
        name: String,
        /// The version, by the number that `lists status` shows; the one before if absent.
        #[arg(long, value_name = "NUMBER")]
        to: Option<u64>,
        #[command(flatten)]
        by: By,
    },
}

/// What is decided about.
#[derive(Debug, Clone, Args)]
pub(super) struct What {
    /// Only if it is this version that waits, by the number that `lists preview` shows.
    #[arg(long, value_name = "NUMBER", conflicts_with = "entry")]
    pub(super) version: Option<u64>,
    /// Only this entry, by its id, also in versions to come.
    #[arg(long, value_name = "ID")]
    pub(super) entry: Option<String>,
}

/// Who decides something, and why: both go into the audit record.
#[derive(Debug, Clone, Args)]
pub(super) struct By {
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    pub(super) author: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum AuditCommand {
    /// See whether every line is as it was written, and none is missing.
    Verify,
}

/// What of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ConfigCommand {
    /// Each value and where it comes from.
    Show,
    /// Whether it can be used.
    Check,
    /// The default file, with comments.
    Default,
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
    /// Entry or update of a list → whether it goes live by itself.
    Guard,
    /// URL → whether it may be asked where it leads, and which addresses were dialled.
    #[cfg(feature = "test-hooks")]
    #[value(hide = true)]
    Fetch,
}

/// How the text of a post is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// No markup.
    #[value(alias = "text")]
    Plain,
    /// HTML.
    Html,
    /// Markdown.
    Markdown,
}

impl From<Format> for TextFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Plain => Self::Plain,
            Format::Html => Self::Html,
            Format::Markdown => Self::Markdown,
        }
    }
}
