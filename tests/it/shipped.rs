//! What is shipped has no doors for tests: the build script, compiled and run as Cargo would.

use std::path::Path;
use std::process::Command;

use crate::root;

/// What the build script says of a build into that folder.
fn said(script: &Path, out: &str, hooks: &str) -> String {
    let mut command = Command::new(script);
    command.env_clear().env("OUT_DIR", out);
    if !hooks.is_empty() {
        command.env(hooks, "1");
    }
    let output = command.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_hooks_of_tests_cannot_be_shipped() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let mut rustc = Command::new(option_env!("RUSTC").unwrap_or("rustc"));
    let compiled = rustc.args(["--edition=2024", "-o"]).arg(&script).arg(root().join("build.rs")).status();
    assert!(compiled.unwrap().success());
    let hooks = "CARGO_FEATURE_TEST_HOOKS";
    for (out, feature, is_refused) in [
        ("/home/target/dist/build/linkgate-0123456789abcdef/out", hooks, true),
        ("/home/target/x86_64-unknown-linux-musl/dist/build/linkgate-0123456789abcdef/out", hooks, true),
        ("target/dist/build/linkgate-0123456789abcdef/out", hooks, true),
        ("/home/target/dist/build/linkgate-0123456789abcdef/out", "", false),
        ("/home/target/dist/build/linkgate-0123456789abcdef/out", "CARGO_FEATURE_REDIS", false),
        ("/home/target/release/build/linkgate-0123456789abcdef/out", hooks, false),
        ("/home/target/debug/build/linkgate-0123456789abcdef/out", hooks, false),
        ("/home/target/release/build/linkgate-0123456789abcdef/out", "", false),
        ("/home/dist/target/release/build/linkgate-0123456789abcdef/out", hooks, false),
        ("", hooks, false),
    ] {
        let said = said(&script, out, feature);
        assert_eq!(said.contains("cargo::error="), is_refused, "{out} {feature}: {said}");
        assert!(said.contains("cargo::rerun-if-changed=build.rs"), "{said}");
        if is_refused {
            assert!(said.contains("`test-hooks` lets the environment"), "{said}");
        }
    }
}
