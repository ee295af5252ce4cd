//! Keeps out of what is shipped what is only for tests.
#![expect(clippy::disallowed_methods, reason = "Cargo speaks to build scripts through the environment")]

use std::env;
use std::path::Path;

fn main() {
    // This file and the environment that Cargo itself watches decide everything.
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR").unwrap_or_default();
    if env::var("CARGO_FEATURE_TEST_HOOKS").is_ok() && profile(&out) == Some("dist") {
        println!(
            "cargo::error=the profile `dist` builds what is shipped, and the feature `test-hooks` lets the environment \
             say which networks are safe to ask: build without the feature, or with the profile `release`"
        );
    }
}

/// The profile, which Cargo only tells by its folder: `PROFILE` knows no others than debug and release.
fn profile(out: &str) -> Option<&str> {
    // <target>/<profile>/build/<package>/out
    Path::new(out).components().rev().nth(3)?.as_os_str().to_str()
}
