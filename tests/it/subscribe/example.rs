//! The example of a subscription, as a reader would run it.

use std::process::Command;

use crate::root;

#[test]
fn the_example_shows_what_the_manual_says() {
    let mut run = Command::new(root().join("examples/subscribe/run"));
    let ran = run.arg(env!("CARGO_BIN_EXE_linkgate")).output().unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    let expected = [
        "== two lists arrive\nlisted.example: reject\npills.example: flag\nnew.example: allow\n",
        "== an entry is added upstream\nnew.example: reject\n",
        "the digest is not one of this list; the version from before answers on\nnew.example: reject\n",
        "== a list is overruled\nadded an override; 1 override kept\npills.example: allow\n",
        "list partner: version 1 answers now\nnew.example: allow\nlisted.example: reject\n",
        "each as it was written\n",
    ];
    for part in expected {
        assert!(told.contains(part), "{part}in\n{told}");
    }
}
