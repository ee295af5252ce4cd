//! Figures: their listener, their formats, what they tell of lists and of the platform.

use super::nginx::Nginx;
use super::{Serving, get, post, request, wait_until};

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn figures_come_in_the_format_that_is_asked_for() {
    let server = Serving::start("");
    let ask = |accept: &str| request(server.api, "GET", "/metrics", &[("Accept", accept)], b"");
    let plain = ask("*/*");
    assert!(plain.head.contains("content-type: text/plain; version=0.0.4"), "{}", plain.head);
    assert!(plain.body.contains("# TYPE linkgate_requests_total counter\n"), "{}", plain.body);
    assert!(!plain.body.contains("# EOF"), "{}", plain.body);
    let open = ask("application/openmetrics-text; version=1.0.0, text/plain; q=0.5");
    assert!(open.head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{}", open.head);
    assert!(open.body.contains("# TYPE linkgate_requests counter\n"), "{}", open.body);
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
}

#[test]
fn figures_and_health_have_a_listener_of_their_own_where_it_is_set() {
    let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; // of `test`
    let keys = format!("[[keys]]\nname = \"a\"\nsha256 = \"{sha256}\"\n");
    let server = Serving::start(&format!("[telemetry]\nlisten = \"127.0.0.1:0\"\n{keys}"));
    let figures = server.figures.unwrap();
    for (to, path, status) in [
        (figures, "/metrics", 200),
        (figures, "/healthz", 200),
        (figures, "/readyz", 200),
        (figures, "/v1/lists", 404),
        (figures, "/v1/check", 404),
        (server.api, "/metrics", 404),
        (server.api, "/healthz", 200),
        (server.api, "/readyz", 200),
        (server.api, "/v1/check", 405),
    ] {
        assert_eq!(get(to, path).status, status, "{to} {path}");
    }
    // No web page gets them through a browser on this machine.
    assert_eq!(request(figures, "GET", "/metrics", &[("Origin", "https://page.example")], b"").status, 403);
    let led_here = b"GET /metrics HTTP/1.1\r\nHost: led.example\r\nConnection: close\r\n\r\n";
    assert_eq!(super::raw(figures, led_here).status, 421);
    let open = Serving::start("[telemetry]\nlisten = \"127.0.0.1:0\"\nallow_remote = true\n");
    assert_eq!(super::raw(open.figures.unwrap(), led_here).status, 200);
}

#[test]
fn that_others_reach_figures_has_to_be_said() {
    let home = crate::Home::new();
    let config = home.file("linkgate.toml", "[telemetry]\nlisten = \"0.0.0.0:0\"\n");
    let ran = home.run(&["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 64);
    assert!(ran.stderr.contains("allow_remote = true"), "{}", ran.stderr);
}

#[test]
fn lists_are_told_by_name_with_their_entries_and_age() {
    let lists = crate::Home::new();
    let (text, compiled) = (lists.file("one.txt", "one.test\ntwo.test\n"), lists.path().join("two.lgx"));
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_hours(500_000);
    std::fs::File::options().write(true).open(&text).unwrap().set_modified(old).unwrap();
    let key = lists.file("key", [7; 32]);
    let other = lists.file("other.txt", "three.test\n");
    let key = key.to_str().unwrap();
    let made = lists.run(&[
        "--key-file",
        key,
        "lists",
        "compile",
        other.to_str().unwrap(),
        "--out",
        compiled.to_str().unwrap(),
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let server = Serving::start(&format!(
        "lists = [{{ name = \"one\", path = {text:?} }}, {{ name = \"two\", path = {compiled:?} }}]\n\
         [state]\nkey_file = {key:?}\n"
    ));
    let figure = |name: &str| server.figure(name);
    assert_eq!(figure("linkgate_index_entries{list=\"one\"}"), Some(2.0));
    assert_eq!(figure("linkgate_index_entries{list=\"other\"}"), Some(1.0));
    assert_eq!(figure("linkgate_list_source_timestamp_seconds{list=\"one\"}"), Some(1_800_000_000.0));
    let (read, written) = (
        figure("linkgate_list_timestamp_seconds{list=\"other\"}").unwrap(),
        figure("linkgate_list_source_timestamp_seconds{list=\"other\"}").unwrap(),
    );
    assert!(written > 1_790_000_000.0 && (0.0..60.0).contains(&(read - written)), "{read} {written}");
    assert_eq!((figure("linkgate_generation"), figure("linkgate_ready")), (Some(1.0), Some(1.0)));
    let without = Serving::start("[[lists]]\nname = \"gone\"\npath = \"/nonexistent/list.txt\"\n");
    assert_eq!(without.figure("linkgate_ready"), Some(0.0));
}

#[test]
fn the_platform_is_told_by_requests_time_and_connections() {
    let nginx = Nginx::start();
    let server = Serving::start(&format!(
        "[serve]\nthreads = 1\n[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\n",
        nginx.address
    ));
    for _ in 0..3 {
        assert_eq!(post(server.proxy(), "/", FORM, b"status=hello").status, 200);
    }
    for (name, expected) in [
        ("linkgate_requests_total{door=\"proxy\",outcome=\"forwarded\",platform=\"generic\"}", 3.0),
        ("linkgate_posts_total{door=\"proxy\",action=\"allow\"}", 3.0),
        ("linkgate_upstream_requests_total{outcome=\"answered\"}", 3.0),
        ("linkgate_upstream_seconds_count", 3.0),
        ("linkgate_upstream_in_flight", 0.0),
        ("linkgate_upstream_connections{state=\"open\"}", 1.0),
        ("linkgate_upstream_connections{state=\"idle\"}", 1.0),
    ] {
        wait_until(name, || server.figure(name) == Some(expected));
    }
}

#[test]
fn the_process_is_told_as_by_other_programs() {
    let server = Serving::start("");
    let started = server.figure("process_start_time_seconds").unwrap();
    let now = linkgate::telemetry::clock::now() as f64;
    assert!((now - started).abs() < 60.0, "{started} {now}");
    for (name, least, most) in [
        ("process_resident_memory_bytes", 1e6, 1e9),
        ("process_virtual_memory_bytes", 1e6, 1e12),
        ("process_open_fds", 5.0, 100.0),
        ("process_max_fds", 100.0, 1e10),
        ("process_threads", 2.0, 1_000.0),
        ("process_cpu_seconds_total", 0.0, 60.0),
    ] {
        let value = server.figure(name).unwrap();
        assert!((least..most).contains(&value), "{name} {value}");
    }
}
