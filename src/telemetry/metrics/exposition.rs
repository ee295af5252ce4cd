//! Figures as text: the format of Prometheus itself, and `OpenMetrics` for whoever asks for it.

use std::fmt::Write as _;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// A format of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exposition {
    /// Text format 0.0.4 of Prometheus.
    #[default]
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

const OPEN_METRICS: &str = "application/openmetrics-text";

impl Exposition {
    /// What an `Accept` field asks for: `OpenMetrics` only where it is named, and wanted at least as much as plain text.
    pub fn wanted_by(accept: &str) -> Self {
        let weight = |wanted: &str| {
            let ranges = accept.split(',').filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let name = parts.next().filter(|name| name.eq_ignore_ascii_case(wanted))?;
                let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
                Some((name, weight.unwrap_or(1.0)).1)
            });
            ranges.fold(0.0, f32::max)
        };
        let open = weight(OPEN_METRICS);
        if open > 0.0 && open >= weight("text/plain") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Everything in these registries.
    pub(super) fn text(self, registries: &[&Registry]) -> String {
        let mut open = String::new();
        for registry in registries {
            // Writing to a string cannot fail.
            let _ = text::encode_registry(&mut open, registry);
        }
        match self {
            Self::Prometheus => classic(&open),
            Self::OpenMetrics => open + "# EOF\n",
        }
    }
}

/// The same figures in the format that has no `_total` of its own: there it is a part of a counter's name.
fn classic(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        if let Some(about) = line.strip_prefix("# HELP ") {
            help = about.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|about| about.split_once(' ')) {
            let total = if kind == "counter" { "_total" } else { "" };
            if let Some((_, meaning)) = help.take() {
                let _ = writeln!(text, "# HELP {name}{total} {meaning}");
            }
            let _ = writeln!(text, "# TYPE {name}{total} {kind}");
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use Exposition::{OpenMetrics, Prometheus};

    #[test]
    fn who_asks_for_what() {
        for (accept, expected) in [
            ("", Prometheus),
            ("*/*", Prometheus),
            ("text/plain", Prometheus),
            ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Prometheus),
            ("application/openmetrics-text;q=0.2, text/plain", Prometheus),
            ("application/openmetrics-text;q=0", Prometheus),
            ("application/openmetrics", Prometheus),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; version=1.0.0", OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            assert_eq!(Exposition::wanted_by(accept), expected, "{accept}");
        }
    }

    #[test]
    fn counters_have_the_name_that_their_lines_have() {
        let open =
            "# HELP a A.\n# TYPE a counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb{c=\"# TYPE x counter\"} 2\n";
        let expected = "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb{c=\"# TYPE x counter\"} 2\n";
        assert_eq!(classic(open), expected);
    }
}
