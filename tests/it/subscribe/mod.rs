//! Lists that are subscribed to: a real nginx gives them, minisign signs them, and whatever goes wrong the last good one answers.

mod admin;
mod disk;
mod example;
mod kill;
mod leaks;
mod life;
mod local;
mod members;
mod mirror;
mod sample;

use std::path::PathBuf;

use serde_json::Value;

use crate::download::served::Served;
use crate::download::signed::{Form, Publisher};
use crate::serve::{API, Serving};
use crate::{Home, Ran, finish};

/// A publisher, a mirror, and the files of an installation that subscribes.
struct Stand {
    publisher: Publisher,
    mirror: Served,
    files: Home,
}

impl Stand {
    fn new() -> Self {
        Self { publisher: Publisher::new(), mirror: Served::start(), files: Home::new() }
    }

    /// Publishes a version, signed at a moment.
    fn publish(&self, name: &str, list: &str, timestamp: u64) {
        let file = self.mirror.file(name);
        // The signature first: whoever reads in between is told that it does not fit, and comes again.
        std::fs::write(&file, list).unwrap();
        self.publisher.sign(&file, &format!("timestamp:{timestamp}\tfile:{name}"), Form::Hashed);
    }

    /// The configuration of a signed list by https, with these lines more in its section.
    fn config(&self, more: &str) -> PathBuf {
        let text = format!(
            "[[lists]]\nname = \"partner\"\nurl = \"https://127.0.0.1:{}/partner.csv\"\nca_file = '{}'\n\
             minisign_key = {:?}\nallow_nets = [\"127.0.0.0/8\"]\npoll_s = 1\n{more}",
            self.mirror.tls,
            self.mirror.file("authority.pem").display(),
            self.publisher.public
        );
        self.files.file("linkgate.toml", text)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let config = self.files.path().join("linkgate.toml");
        finish(self.files.command(&[&["--config", config.to_str().unwrap()], arguments].concat()), b"")
    }

    fn serve(&self) -> Serving {
        let config = self.files.path().join("linkgate.toml");
        let arguments = ["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"];
        Serving::spawn(Home::new(), self.files.command(&arguments), &[API])
    }

    /// The state of the list as `lists status` tells of it.
    fn state(&self) -> Value {
        let ran = self.run(&["lists", "status", "--json"]);
        let states: Value = serde_json::from_str(&ran.stdout).unwrap();
        states[0].clone()
    }
}

/// A list of so many entries, each with the version in it.
fn list(version: &str, count: usize) -> String {
    (0..count)
        .map(|number| format!("{version}-{number}.example,domain\n"))
        .fold("value,scope\n".into(), |all, line| all + &line)
}
