//! The dashboard and the alarms that come with linkgate, beside a server's own figures, and before a real Prometheus.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{Serving, free_port, get, request, wait_until};
use crate::root;

fn example(name: &str) -> PathBuf {
    root().join("examples/observability").join(name)
}

/// Runs promtool, which `tests/run` installs, with that on its standard input.
fn promtool(arguments: &[&str], stdin: &str) {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(root().join("examples/observability"));
    let ran = crate::finish(command, stdin.as_bytes());
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{arguments:?}: {}", ran.stdout);
}

#[test]
fn the_examples_are_what_prometheus_takes() {
    promtool(&["check", "config", "prometheus.yml"], "");
    promtool(&["check", "rules", "rules.yml"], "");
    promtool(&["test", "rules", "rules_test.yml"], "");
    let server = Serving::start("");
    promtool(&["check", "metrics"], &get(server.api, "/metrics").body);
}

/// Names of figures in a text, without what the parts of histograms end in.
fn figures(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let named = words.filter(|word| word.starts_with("linkgate_") || word.starts_with("process_"));
    named.map(|word| word.trim_end_matches("_bucket").to_owned()).collect()
}

#[test]
fn every_figure_is_on_the_dashboard_and_alarms_look_at_nothing_else() {
    let lists = crate::Home::new();
    let list = lists.file("own.txt", "one.test\n");
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
    let server = Serving::start(&format!(
        "lists = [{{ name = \"own\", path = {list:?}, canary = \"one.test\" }},\
         {{ name = \"other\", url = \"http://192.0.2.1/\", required = false, full_hash_url = \"https://hashes.test/\", \
         full_hash_shape = \"files\" }}]\n\
         overrides = [{{ value = \"two.test\", scope = \"host\", action = \"hold\", reason = \"r\", author = \"a\", \
         approver = \"b\", expires = {soon:?} }}]\n\
         [proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:9\"\n"
    ));
    assert_eq!(server.check("{\"text\":\"https://two.test/\"}").status, 200);
    wait_until("an attempt to update", || get(server.api, "/metrics").body.contains("linkgate_list_updates_total{"));
    let told = get(server.api, "/metrics").body;
    let types = told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let told: BTreeSet<String> = types.map(str::to_owned).collect();
    assert!(told.len() > 20, "{told:?}");
    let text = std::fs::read_to_string(example("dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let shown = figures(&targets.map(|target| target["expr"].as_str().unwrap()).collect::<Vec<_>>().join(" "));
    assert_eq!(shown, told);
    let rules = std::fs::read_to_string(example("rules.yml")).unwrap();
    let watched = figures(&rules.lines().filter(|line| !line.contains(": \"")).collect::<Vec<_>>().join(" "));
    assert!(watched.len() > 8 && watched.is_subset(&told), "{watched:?}");
}

/// A Prometheus that runs as long as this is held.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_prometheus_raises_the_alarm() {
    let lists = "[[lists]]\nname = \"gone\"\npath = \"/nonexistent/list.txt\"\n";
    let server = Serving::start(&format!("[telemetry]\nlisten = \"127.0.0.1:0\"\n{lists}"));
    let home = crate::Home::new();
    // As shipped, but faster.
    let config = std::fs::read_to_string(example("prometheus.yml")).unwrap();
    let config = config.replace("127.0.0.1:9099", &server.figures.unwrap().to_string()).replace("15s", "1s");
    let config = home.file("prometheus.yml", config);
    home.file("rules.yml", std::fs::read_to_string(example("rules.yml")).unwrap());
    let port = free_port();
    let flag = |name: &str, value: &dyn std::fmt::Display| format!("--{name}={value}");
    let mut command = Command::new("prometheus");
    command
        .arg(flag("config.file", &config.display()))
        .arg(flag("storage.tsdb.path", &home.path().join("data").display()))
        .arg(flag("web.listen-address", &format!("127.0.0.1:{port}")))
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    let _running = Prometheus(command.spawn().unwrap());
    let address = ([127, 0, 0, 1], port).into();
    wait_until("Prometheus", || std::net::TcpStream::connect(address).is_ok());
    let answers = |query: &str, value: &str| {
        let path = format!("/api/v1/query?query={query}");
        request(address, "GET", &path, &[], b"").body.contains(value)
    };
    wait_until("figures", || answers("linkgate_ready", "\"instance\":\"127.0.0.1:"));
    wait_until("the alarm", || answers("ALERTS", "\"alertname\":\"LinkgateNotReady\",\"alertstate\":\"pending\""));
    assert!(answers("count(process_start_time_seconds{job=%22linkgate%22})", "\"1\"]"));
    assert!(!answers("ALERTS", "LinkgateDown"));
}
