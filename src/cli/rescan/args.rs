//! What can be typed behind `linkgate rescan`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::Format;
use crate::extract::TextFormat;
use crate::rescan::{Fields, Kind, Others, Pointer, Preset, Shard, TextField, seconds};

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RescanArguments {
    /// Files, directories, patterns in quotes, or `-`: .jsonl, .json, .csv, .tsv, each also .gz and .zst; .parquet.
    #[arg(value_name = "INPUT", required = true)]
    pub(super) inputs: Vec<String>,
    /// A list in any known format, or a compiled one, instead of the configured ones; `format:path` names the format.
    #[arg(long, value_name = "SRC", conflicts_with = "only_new")]
    pub(super) lists: Vec<String>,
    /// Where findings go; a name that ends in .csv gets a table, all others JSON lines.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(super) out: PathBuf,
    /// Write what came of the whole as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,
    /// Tell every post, with its unlisted links, not only findings.
    #[arg(long, conflicts_with = "only_new")]
    pub(super) all: bool,
    /// Show links as the posts have them. Without it, no text of a post is written anywhere.
    #[arg(long)]
    pub(super) show_links: bool,

    /// Where posts have their parts: that of an export of this platform.
    #[arg(long, value_name = "NAME", value_parser = preset, help_heading = FIELDS)]
    pub(super) preset: Option<Preset>,
    /// The id: a column, or a JSON pointer as /post/id
    #[arg(long, value_name = "FIELD", help_heading = FIELDS)]
    id: Option<Pointer>,
    /// A text; can be given several times.
    #[arg(long, value_name = "FIELD", help_heading = FIELDS)]
    text: Vec<Pointer>,
    /// How the texts are marked up.
    #[arg(long, value_name = "FORMAT", default_value = "plain", conflicts_with = "preset", help_heading = FIELDS)]
    text_format: Format,
    /// Links beside the text: a column, or a JSON pointer in which `*` is every element, as /facets/*/uri
    #[arg(long, value_name = "FIELD", help_heading = FIELDS)]
    links: Vec<Pointer>,
    /// When the post was written.
    #[arg(long, value_name = "FIELD", help_heading = FIELDS)]
    time: Option<Pointer>,
    /// The list of posts in a file that is one JSON document, as /orderedItems
    #[arg(long, value_name = "POINTER", help_heading = FIELDS)]
    items: Vec<Pointer>,
    /// What the inputs are, whatever their names: jsonl, json, csv, tsv or parquet
    #[arg(long, value_name = "KIND", value_parser = kind, help_heading = FIELDS)]
    pub(super) input_format: Option<Kind>,

    /// Leave out posts written before this day or time.
    #[arg(long, value_name = "TIME", value_parser = since, help_heading = WHICH)]
    pub(super) since: Option<i64>,
    /// Judge one share of the posts, as 2/4 on the second of four machines.
    #[arg(long, value_name = "I/N", help_heading = WHICH)]
    pub(super) shard: Option<Shard>,
    /// Tell only what changed between two compiled lists: entries that are new, and entries that are gone.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], help_heading = WHICH)]
    pub(super) only_new: Vec<String>,
    /// Say how much work it is, from a sample, and judge nothing.
    #[arg(long, help_heading = WHICH)]
    pub(super) plan: bool,

    /// Ask shorteners where their links lead; a listed page is never asked for.
    #[arg(long, conflicts_with_all = ["only_new", "plan"], help_heading = HOW)]
    pub(super) follow: bool,
    /// Requests to shorteners in a second, all hosts and threads together.
    #[arg(long, value_name = "N", default_value = "10", requires = "follow", help_heading = HOW)]
    pub(super) follow_rate: NonZeroU32,
    /// Keep in this file how far the rescan is, so that the same command goes on where it was ended.
    #[arg(long, value_name = "FILE", help_heading = HOW)]
    pub(super) checkpoint: Option<PathBuf>,
    /// Forget the checkpoint and what was found, and start anew.
    #[arg(long, requires = "checkpoint", help_heading = HOW)]
    pub(super) restart: bool,
    /// Go on although the lists changed since the rescan began.
    #[arg(long, requires = "checkpoint", help_heading = HOW)]
    pub(super) other_lists: bool,
    /// How many threads judge; as many as there are processors if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = HOW)]
    threads: Option<u16>,
    /// How progress is told on standard error; `auto` is a bar on a terminal, else a line now and then.
    #[arg(long, value_name = "HOW", default_value = "auto", help_heading = HOW)]
    pub(super) progress: ProgressKind,
    /// Pass over up to N records that cannot be read.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = HOW)]
    pub(super) allow_bad: u64,
}

const FIELDS: &str = "Where posts have their parts";
const WHICH: &str = "Which posts";
const HOW: &str = "How";
const EXAMPLES: &str = "Examples:\n  \
    linkgate rescan posts.jsonl.gz --lists partner.lgx --out findings.jsonl --checkpoint rescan.state\n  \
    linkgate rescan outbox.json --preset mastodon --lists partner.lgx\n  \
    linkgate rescan posts.csv --id post_id --text body --text-format html --out findings.csv";

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressKind {
    /// A bar on a terminal, else plain.
    Auto,
    /// A line now and then.
    Plain,
    /// A JSON object a line.
    Json,
    /// Not at all.
    None,
}

impl RescanArguments {
    /// Where the parts of a post stand: by preset or by the names that `check --jsonl` has, and then by flag.
    pub(super) fn fields(&self) -> Fields {
        let mut fields = self.preset.map_or_else(usual, Preset::fields);
        let format = TextFormat::from(self.text_format);
        if self.preset.is_none() {
            fields.texts.iter_mut().for_each(|field| field.format = format);
        }
        if let Some(id) = &self.id {
            fields.id = vec![vec![id.clone()]];
        }
        if !self.text.is_empty() {
            fields.texts = self.text.iter().map(|at| TextField { at: at.clone(), format }).collect();
        }
        for (given, place) in [(&self.links, &mut fields.links), (&self.items, &mut fields.items)] {
            if !given.is_empty() {
                place.clone_from(given);
            }
        }
        if let Some(time) = &self.time {
            fields.time = vec![time.clone()];
        }
        let named = self.id.iter().chain(&self.text).chain(&self.links).chain(&self.time);
        fields.required = named.cloned().collect();
        fields
    }

    pub(super) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(all, usize::from)
    }
}

/// The fields of `check --jsonl`.
fn usual() -> Fields {
    let at = |name: &str| name.parse::<Pointer>().into_iter();
    Fields {
        id: vec![at("id").collect()],
        texts: at("text").map(|at| TextField { at, format: TextFormat::Plain }).collect(),
        links: at("links").collect(),
        format: at("format").next(),
        others: Others::Bad,
        ..Fields::default()
    }
}

fn preset(name: &str) -> Result<Preset, String> {
    let known = || Preset::ALL.map(|(name, _)| name).join(", ");
    Preset::from_name(name).ok_or_else(|| format!("known are: {}", known()))
}

fn kind(name: &str) -> Result<Kind, &'static str> {
    Kind::from_name(name).ok_or("known are: jsonl, json, csv, tsv, parquet")
}

fn since(text: &str) -> Result<i64, &'static str> {
    seconds(text).ok_or("write a day, as 2026-01-31, or a time, as 2026-01-31T12:00:00Z")
}
