//! Posts with more in them than most: they are finished later like others, and told as far as there is room.

use std::fmt::Write as _;

use serde_json::json;

use super::{SLOW, Stand, body, check, told};
use crate::serve::{get, wait_until};

#[test]
fn long_links_are_followed_to_their_end_too() {
    let stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "listed.test/4");
    let server = stand.serve("[api]\ndeadline_ms = 0\n[fetch]\nhost_requests_max = 250\n");
    let links: Vec<String> =
        (0..60).map(|number| stand.web.url(&format!("slow.test/{number}{}", "x".repeat(5_000)))).collect();
    let (report, _) = check(&server, &json!({"text": links.join(" ")}).to_string());
    assert_eq!(told(&report)[3], "deadline");
    let event = stand.only_event();
    assert_eq!(event["id"], report["check_id"]);
    let links = event["report"]["links"].as_array().unwrap();
    assert_eq!(links.iter().filter(|link| link["status"] == "listed").count(), 60);
}

/// Above `record_max_bytes` there is no room for all that is known.
#[test]
fn a_report_without_room_is_told_in_part() {
    const LINKS: usize = 199;
    let stand = Stand::new();
    stand.web.slow("slow.test/1", SLOW, "listed.test/4");
    stand.files.file("long.csv", format!("value,scope,source_ref\nh.test,domain,{}\n", "r".repeat(250)));
    let lists = (0..5).fold(String::new(), |mut lists, number| {
        writeln!(lists, "[[lists]]\nname = \"long{number}\"\npath = {:?}", stand.path("long.csv")).unwrap();
        lists
    });
    let server = stand.serve(&lists);
    let mut links = vec![stand.web.url("slow.test/1")];
    links.extend((0..LINKS).map(|number| format!("https://h.test/{number}")));
    let post = json!({"id": "i".repeat(2_000), "text": links.join(" ")}).to_string();
    let (report, _) = check(&server, &post);
    assert!(report.to_string().len() > 256 << 10, "in time it is told whole");
    let path = format!("/v1/checks/{}", report["check_id"].as_str().unwrap());
    wait_until("the end of it", || body(&get(server.api, &path))["state"] == "settled");
    let settled = body(&get(server.api, &path));
    assert!(settled.to_string().len() < 256 << 10);
    assert_eq!((&settled["report"]["action"], &settled["report"]["reason"]), (&json!("reject"), &json!("limit")));
    let links = settled["report"]["links"].as_array().unwrap();
    assert_eq!(links.len(), LINKS + 1);
    assert!(links.iter().all(|link| link["matches"].as_array().unwrap().len() == 1));
    assert_eq!(settled["subject"], "", "an id of that length is not told");
    assert!(stand.only_event() == settled, "one link more is listed");
}
