//! One stage alone, as a filter: for people who debug lists and text, and for conformance suites.
//!
//! It echoes what the caller typed, to stdout.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::canonical::{self, CanonicalUrl, HostKind, Suffixes, Tables};
use crate::expression;
use crate::expression::safe_browsing::{self, Version};
use crate::extract::{self, Schemeless, TextFormat};
use crate::lists::{self, guard};
use crate::telemetry::clock;

use super::Exit;
use super::args::Stage;
use super::jsonl::{self, BadLine};
use super::session::{self, Settings};

/// One line of input; other fields are ignored.
#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    input: Value,
    input_b64: Option<String>,
    #[serde(default)]
    options: Map<String, Value>,
}

impl Question {
    /// The input as text; bytes that are no UTF-8 become percent escapes, which canonicalisation undoes.
    fn text(&self) -> Result<String, BadLine> {
        let Some(encoded) = &self.input_b64 else {
            return self.input.as_str().map(str::to_owned).ok_or(BadLine::BadField);
        };
        let bytes = data_encoding::BASE64.decode(encoded.as_bytes()).map_err(|_| BadLine::BadField)?;
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        Ok(text)
    }

    fn profile(&self) -> Result<Profile, BadLine> {
        let named = self.options.get("profile").map(Option::<Profile>::deserialize).transpose();
        Ok(named.map_err(|_| BadLine::BadField)?.flatten().unwrap_or_default())
    }

    fn option(&self, name: &str) -> &str {
        self.options.get(name).and_then(Value::as_str).unwrap_or("")
    }
}

/// Answers every line of stdin.
pub(super) fn run(stage: Stage, settings: &Settings) -> anyhow::Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    let bad = jsonl::each_line(io::stdin().lock(), &mut out, |line, out| {
        let answered = answer(stage, line, settings);
        if let Ok(answer) = &answered {
            serde_json::to_writer(&mut *out, answer)?;
            out.write_all(b"\n")?;
        }
        Ok(answered.map(|_| ()))
    })?;
    out.flush()?;
    if bad > 0 {
        session::warn(&format!(
            "{} of the input could not be read, the output says which",
            super::counted(bad, "line")
        ));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Quiet)
}

fn answer(stage: Stage, line: &str, settings: &Settings) -> Result<Value, BadLine> {
    let question: Question = jsonl::parse(line)?;
    let mut value = match stage {
        Stage::Links => links(&question.text()?, &question, settings),
        Stage::Canonical => canonical_url(&question.text()?, &question),
        Stage::Expressions => expressions(&question.text()?, question.profile()?, &settings.tables),
        Stage::Suffix => suffix(&question.text()?, settings.tables.suffixes()),
        Stage::List => {
            let request: Value = jsonl::parse(line)?;
            let inspected = lists::inspect(&request, &settings.tables).map_err(|_| BadLine::BadField)?;
            serde_json::to_value(inspected).map_err(|_| BadLine::BadField)?
        }
        Stage::Guard => {
            let case: Value = jsonl::parse(line)?;
            let judged = guard::judge(&case, settings.guards(), &settings.tables, clock::now());
            serde_json::to_value(judged.map_err(|_| BadLine::BadField)?).map_err(|_| BadLine::BadField)?
        }
        #[cfg(feature = "test-hooks")]
        Stage::Fetch => return Err(BadLine::BadField),
    };
    if let Value::Object(fields) = &mut value {
        fields.insert("id".to_owned(), question.id);
    }
    Ok(value)
}

/// Links as the extractor finds them; hosts of all that each stands for, weak ones included.
fn links(text: &str, question: &Question, settings: &Settings) -> Value {
    let schemeless = match question.options.get("schemeless") {
        Some(Value::Bool(false)) => Schemeless::None,
        Some(Value::String(www)) if www == "www" => Schemeless::WwwOnly,
        _ => Schemeless::All,
    };
    let bare_ip = question.options.get("bare_ip") == Some(&Value::Bool(true));
    let options = extract::Options { schemeless, bare_ip, ..settings.extract_options() };
    let format = match question.option("format") {
        "html" => TextFormat::Html,
        "markdown" => TextFormat::Markdown,
        _ => TextFormat::Plain,
    };
    let extractor = settings.extractor(options);
    let found = extractor.links(text, format);
    let mut urls = Vec::new();
    for link in &found.links {
        settings.tables.resolve_into(&link.url, &mut urls);
        if let Some(other) = &link.other_reading {
            settings.tables.resolve_into(other, &mut urls);
        }
    }
    // A weak link is looked up, but it is no link that anybody would call one.
    let strong = || found.links.iter().filter(|link| !link.weak);
    json!({
        "urls": strong().map(|link| &*link.url).collect::<Vec<_>>(),
        "spans_utf8": strong().map(|link| link.span.as_ref().map(|span| [span.start, span.end])).collect::<Vec<_>>(),
        "kinds": strong().map(|link| link.kind).collect::<Vec<_>>(),
        "hosts": urls.iter().map(|located| located.url.host()).collect::<Vec<_>>(),
        "overflow": found.overflow,
    })
}

/// With a Safe Browsing profile all fields are Safe Browsing's; without one, `href` and `host` are the URL standard's.
fn canonical_url(text: &str, question: &Question) -> Value {
    let profile = question.option("profile");
    let ascii = canonical::ascii_host(text);
    let safe_browsing = profile.starts_with("gsb");
    let base = question.options.get("base").and_then(Value::as_str);
    let standard = if safe_browsing { None } else { canonical::standard(text, base) };
    let url = match &standard {
        _ if safe_browsing => canonical::safe_browsing(text),
        Some(standard) => canonical::canonical(&standard.href),
        None => ascii.as_deref().and_then(canonical::canonical),
    };
    let own_host = || url.as_ref().map(|url| safe_browsing_host(url, profile));
    let host = standard.as_ref().map(|standard| standard.host.clone()).or_else(own_host);
    let Some(host) = host else { return json!({"failure": true, "ascii": ascii}) };
    json!({
        "href": standard.map(|standard| standard.href),
        "canonical": url.as_ref().map(CanonicalUrl::expose),
        "host": host,
        "path": url.as_ref().map(CanonicalUrl::path),
        "query": url.as_ref().and_then(CanonicalUrl::query),
        "ascii": ascii,
    })
}

/// Version 5 of Safe Browsing takes an IPv6 address that stands for an IPv4 one as that.
fn safe_browsing_host(url: &CanonicalUrl, profile: &str) -> String {
    let inner = url.address().and_then(canonical::embedded).filter(|_| profile == "gsb-v5");
    inner.map_or_else(|| url.host().to_owned(), |address| address.to_string())
}

/// Whose expressions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
enum Profile {
    #[default]
    #[serde(rename = "gsb-v4", alias = "gsb")]
    GsbV4,
    #[serde(rename = "gsb-v5")]
    GsbV5,
    #[serde(rename = "threatexchange")]
    ThreatExchange,
    /// The forms of our own look-up.
    #[serde(rename = "linkgate")]
    Linkgate,
}

fn expressions(text: &str, profile: Profile, tables: &Tables) -> Value {
    let Some(url) = canonical::canonical(text).filter(|url| url.host_kind() != HostKind::Refused) else {
        return json!({"failure": true});
    };
    let version = match profile {
        Profile::GsbV5 => Version::V5(tables.suffixes()),
        _ => Version::V4,
    };
    let (expressions, hosts, paths) = if profile == Profile::Linkgate {
        (expression::forms(&url), vec![url.host()], vec![url.path().to_owned()])
    } else {
        let expressions = safe_browsing::expressions(&url, version);
        (expressions, safe_browsing::hosts(&url, version), safe_browsing::paths(&url))
    };
    // Without a scheme the input is an expression already.
    let first = if text.contains("://") { expressions.first().map_or("", String::as_str) } else { text };
    json!({
        "expressions": expressions,
        "hosts": hosts,
        "paths": paths,
        "sha256": data_encoding::HEXLOWER.encode(&safe_browsing::sha256(first)),
        "md5": data_encoding::HEXLOWER.encode(&safe_browsing::md5_url(&url)),
    })
}

fn suffix(text: &str, suffixes: &Suffixes) -> Value {
    let host = text.to_lowercase();
    json!({"registrable": suffixes.registrable(&host), "suffix": suffixes.suffix(&host)})
}
