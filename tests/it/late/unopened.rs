//! Without an outbox posts are judged, nothing is promised, and whoever looks sees it; with one again it goes on.

use serde_json::Value;

use super::{SLOW, Stand, check, told};
use crate::serve::wait_until;

#[test]
fn an_outbox_that_cannot_be_opened_is_told_and_opened_once_it_can() {
    let stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "listed.test/4");
    let path = stand.files.path().join("state/linkgate/outbox.redb");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "no outbox at all\n".repeat(500)).unwrap();
    let server = stand.serve("");
    assert_eq!(server.figure("linkgate_outbox_open"), Some(0.0));
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!((told(&report)[0], &report["check_id"]), ("flag", &Value::Null));
    std::fs::remove_file(&path).unwrap();
    wait_until("an outbox", || server.count("\"the outbox is open\"") == 1);
    assert_eq!(server.figure("linkgate_outbox_open"), Some(1.0));
    let (report, _) = check(&server, &stand.post("slow.test/2"));
    assert_eq!(stand.only_event()["id"], report["check_id"]);
}
