//! The example of a shortener, as a reader would run it.

use std::process::Command;

use crate::root;

#[test]
fn the_example_refuses_the_post_and_asks_no_listed_host() {
    let mut run = Command::new(root().join("examples/shortener/run"));
    let ran = run.arg(env!("CARGO_BIN_EXE_linkgate")).output().unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    for line in
        ["reject: 1 link, 1 listed", "a listed place, which was not asked", "requests that the listed host got: 0"]
    {
        assert!(told.contains(line), "{told}");
    }
    for request in ["1 short.test /a", "1 between.test /b", "1 last.test /c"] {
        assert!(told.contains(request), "{told}");
    }
    assert!(!told.contains("listed.test"), "{told}");
}
