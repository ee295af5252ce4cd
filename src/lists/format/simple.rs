//! Formats of one name or path per line that differ from plain lists in what a line means.

use crate::index::{Category, Entry, Scope};
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

use super::plain;

/// Wildcard lists: a star also covers the name behind it.
pub(super) fn read_wildcards(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |intake, text| match plain::without_comment(text).strip_prefix("*.") {
        Some(name) => give(Scope::Domain, name, intake),
        None => plain::line(intake, text),
    });
}

/// Label lists: the first label of registrable domains, under any suffix.
pub(super) fn read_labels(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |intake, text| match comment(text) {
        Some(ignored) => Ok(ignored),
        None => give(Scope::Label, plain::without_comment(text), intake),
    });
}

/// `domains` of a squidGuard tree: the host and everything below it.
pub(super) fn read_domains(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |intake, text| match comment(text) {
        Some(ignored) => Ok(ignored),
        None => give(Scope::Domain, first_word(text).trim_start_matches('.'), intake),
    });
}

/// `urls` of a squidGuard tree: everything below a path, without scheme and `www.`.
pub(super) fn read_urls(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |intake, text| match comment(text) {
        Some(ignored) => Ok(ignored),
        None => below(first_word(text), None, intake),
    });
}

/// `expressions` of a squidGuard tree: all refused.
pub(super) fn read_expressions(text: &[u8], intake: &mut Intake<'_>) {
    intake.each_line(text, |_, text| comment(text).ok_or(Refusal::Regex));
}

/// e2guardian lists, in files or several in one stream.
pub(super) fn read_e2guardian(text: &[u8], intake: &mut Intake<'_>) {
    let (mut kind, mut category) = (Kind::Sites, None);
    intake.each_line(text, |intake, text| {
        if let Some(directive) = text.strip_prefix('#') {
            let (name, rest) = directive.split_once(':').unwrap_or((directive, ""));
            match name.trim().to_ascii_uppercase().as_str() {
                "SITELIST" => kind = Kind::Sites,
                "URLLIST" => kind = Kind::Urls,
                "IPSITELIST" => kind = Kind::Addresses,
                "ENDLIST" => (kind, category) = (Kind::Sites, None),
                "LISTCATEGORY" => category = intake.options.categories.category(rest.trim().trim_matches('"')),
                other if other.ends_with("LIST") => kind = Kind::Other,
                _ => {}
            }
            return Ok(Line::Ignored(Ignored::Comment));
        }
        if text.starts_with(".Include") {
            return Err(Refusal::Include);
        }
        match (kind, plain::without_comment(text)) {
            (_, "**" | "*ip" | "**s" | "*ips") => Err(Refusal::TooWide),
            (Kind::Other, _) => Err(Refusal::Regex),
            (Kind::Urls, text) => below(text, category, intake),
            (_, text) if text.contains('/') && kind == Kind::Sites => below(text, category, intake),
            (Kind::Sites, text) => categorised(Scope::Domain, text, category, intake),
            (Kind::Addresses, text) => categorised(Scope::Ip, text, category, intake),
        }
    });
}

/// What the lines of an e2guardian list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sites,
    Urls,
    Addresses,
    /// Expressions and the like.
    Other,
}

/// What a line of a squidGuard tree lists: behind it can stand where to send people instead.
fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or(text)
}

fn comment(text: &str) -> Option<Line> {
    text.starts_with(['#', ';', '!']).then_some(Line::Ignored(Ignored::Comment))
}

fn give(scope: Scope, text: &str, intake: &mut Intake<'_>) -> Outcome {
    categorised(scope, text, None, intake)
}

fn categorised(scope: Scope, text: &str, category: Option<Category>, intake: &mut Intake<'_>) -> Outcome {
    let (scope, target) = value::scoped(scope, text, intake)?;
    intake.give(Entry { category, ..Entry::new(scope, target) });
    Ok(Line::Taken)
}

/// A path covers what is below it; one with a query is a page.
fn below(text: &str, category: Option<Category>, intake: &mut Intake<'_>) -> Outcome {
    let scope = if text.contains('?') { Scope::Url } else { Scope::UrlPrefix };
    if !text.contains('/') {
        return Err(Refusal::NotAUrl);
    }
    categorised(scope, text, category, intake)
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    #[test]
    fn what_lines_mean_in_each_format() {
        for (format, input, expected) in [
            (Format::Wildcard, "*.bad.example", Seen::entry("domain bad.example")),
            (Format::Wildcard, "bad.example", Seen::entry("domain bad.example")),
            (Format::Wildcard, "/^bad[0-9]+\\.example$/", Seen::refused("Regex")),
            (Format::Wildcard, "*.com", Seen::refused("TooWide")),
            (Format::Labels, "badbrand # why", Seen::entry("label badbrand")),
            (Format::Labels, "bad.brand", Seen::refused("NotALabel")),
            (Format::Labels, "# x", Seen::ignored("Comment")),
            (Format::SquidDomains, "bad.example", Seen::entry("domain bad.example")),
            (Format::SquidDomains, ".bad.example", Seen::entry("domain bad.example")),
            (Format::SquidDomains, "bad.example 302:http://stop.invalid/", Seen::entry("domain bad.example")),
            (Format::SquidUrls, "bad.example/a\thttp://stop.invalid/", Seen::entry("url_prefix bad.example/a")),
            (Format::SquidUrls, "bad.example http://stop.invalid/", Seen::refused("NotAUrl")),
            (Format::SquidDomains, "bad.example/a", Seen::refused("NotAHost")),
            (Format::SquidUrls, "bad.example/gallery", Seen::entry("url_prefix bad.example/gallery")),
            (Format::SquidUrls, "bad.example/gallery?x=1", Seen::entry("url bad.example/gallery?x=1")),
            (Format::SquidUrls, "bad.example", Seen::refused("NotAUrl")),
            (Format::SquidExpressions, "(bad|worse)", Seen::refused("Regex")),
            (Format::E2guardian, "bad.example", Seen::entry("domain bad.example")),
            (Format::E2guardian, "bad.example/a", Seen::entry("url_prefix bad.example/a")),
            (Format::E2guardian, ".Include</etc/other>", Seen::refused("Include")),
            (Format::E2guardian, "**", Seen::refused("TooWide")),
            (Format::E2guardian, ".com", Seen::refused("TooWide")),
            (Format::E2guardian, "#time: sat", Seen::ignored("Comment")),
        ] {
            assert_eq!(seen(input, format), expected, "{input}");
        }
    }

    #[test]
    fn several_lists_in_one_stream() {
        let text = "#SITELIST:name=a, path=memory:a\nbad.example\n#ENDLIST\n#URLLIST:name=b, path=memory:b\nbad.example/a\n#ENDLIST\n#REGEXPURLLIST:name=c\nbad.*\n";
        let expected = ["domain bad.example", "url_prefix bad.example/a", "refused: Regex", "ignored: Comment"];
        assert_eq!(seen(text, Format::E2guardian), Seen::entries(&expected));
    }
}
