//! Files that a running server was made from: looked at from time to time, so that a change is loaded without a signal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::IfMissing;
use crate::lists::{Look, Overrides, Source};
use crate::serve::Bell;
use crate::update;

use super::args::Arguments;
use super::prove::Credentials;
use super::session::Settings;
use super::{generation, publishers};

/// What has changed all the time for so long is taken as it is.
const RESTLESS_MAX_S: u64 = 60;
/// A reload that failed is tried again after so long, then after twice as long each time …
const AGAIN_FIRST_S: u64 = 10;
/// … up to this.
const AGAIN_MAX_S: u64 = 300;

/// What files were like when they were read.
#[derive(Debug, Default)]
struct Seen {
    /// What they looked like, by path.
    read: BTreeMap<PathBuf, u64>,
    /// The same a period ago.
    before: BTreeMap<PathBuf, u64>,
    /// Since when what is other than it was read has been seen to be so.
    changed_at: BTreeMap<PathBuf, Instant>,
    again: Again,
    /// What we write ourselves.
    own: Vec<PathBuf>,
}

/// When a reload that failed is tried again.
#[derive(Debug, Default)]
struct Again {
    /// The moment of the next, and how long it is waited for.
    next: Option<(Instant, Duration)>,
    /// The same when the reload under way began; nothing if the one before it succeeded.
    former: Option<(Instant, Duration)>,
    /// Whether it rang since the last one began …
    has_rung: bool,
    /// … and whether it did before the one under way: others begin since a file has changed.
    is_for_this: bool,
}

/// Files that are looked at. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Seen>>);

impl Watch {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the configuration file, and at all that was followed until now: they are about to be read.
    pub(super) fn begin(&self, arguments: &Arguments) {
        let mut seen = self.seen();
        if let Some(path) = Settings::config_path(arguments) {
            seen.read.insert(path, 0);
        }
        seen.read = seen.now(seen.read.keys());
        seen.changed_at.clear();
        seen.again.begin();
    }

    /// Rings again after a while, though nothing changes: what was begun has failed, and the reason may pass by itself.
    pub(super) fn try_again(&self) {
        self.seen().again.fail(Instant::now());
    }

    /// Follows what is going to be read by these settings, and only that. `lists` are those of the command line.
    pub(super) fn follow(&self, settings: &Settings, arguments: &Arguments, lists: &[String]) {
        let mut seen = self.seen();
        if let Ok(dir) = settings.state_dir() {
            seen.own = vec![generation::path_in(&dir), generation::lock_in(&dir), dir];
        }
        let all = files(settings, arguments, lists);
        // What was looked at before it was read stays as it was then; books are read later, and written in between.
        let books = kept(settings).unwrap_or_default();
        let read = all.map(|path| {
            let known = seen.read.get(&path).copied().filter(|_| !books.contains(&path));
            let at = known.unwrap_or_else(|| seen.stamp(&path));
            (path, at)
        });
        seen.read = read.collect();
    }

    /// Rings whenever something is other than it was when it was read, and has been so for a period.
    pub(super) fn ring(&self, bell: Bell, period: Duration) -> std::io::Result<()> {
        let watch = self.clone();
        let look = move || {
            loop {
                thread::sleep(period);
                let (mut seen, now) = (watch.seen(), Instant::now());
                let is_due = seen.again.is_due(now);
                if seen.has_settled(now) || is_due {
                    bell.ring();
                }
            }
        };
        thread::Builder::new().name("linkgate-watch".into()).spawn(look).map(drop)
    }
}

impl Again {
    /// A reload begins; unless it fails, nothing is tried again.
    fn begin(&mut self) {
        self.former = self.next.take();
        self.is_for_this = std::mem::take(&mut self.has_rung);
    }

    fn fail(&mut self, at: Instant) {
        let [first, longest] = [AGAIN_FIRST_S, AGAIN_MAX_S].map(Duration::from_secs);
        self.next = Some(match self.former {
            None => (at + first, first),
            Some((_, waited)) if self.is_for_this => {
                let wait = longest.min(waited * 2);
                (at + wait, wait)
            }
            Some(next) => next,
        });
    }

    fn is_due(&mut self, at: Instant) -> bool {
        let Some((due, wait)) = self.next.filter(|(due, _)| *due <= at) else { return false };
        // In case that nobody comes.
        self.next = Some((due + wait, wait));
        self.has_rung = true;
        true
    }
}

impl Seen {
    /// Whether there is a change that has lasted since the last time this was asked, or one without end. Each is told
    /// once, and none waits for another.
    fn has_settled(&mut self, at: Instant) -> bool {
        let now = self.now(self.read.keys());
        let mut has_settled = false;
        for (path, stamp) in &mut self.read {
            let found = now.get(path);
            let Some(&found) = found.filter(|found| *found != stamp) else {
                self.changed_at.remove(path);
                continue;
            };
            let changed_at = *self.changed_at.entry(path.clone()).or_insert(at);
            let is_restless = at.duration_since(changed_at) >= Duration::from_secs(RESTLESS_MAX_S);
            if is_restless || self.before.get(path) == Some(&found) {
                *stamp = found;
                self.changed_at.remove(path);
                has_settled = true;
            }
        }
        self.before = now;
        has_settled
    }

    fn now<'p>(&self, paths: impl Iterator<Item = &'p PathBuf>) -> BTreeMap<PathBuf, u64> {
        paths.map(|path| (path.clone(), self.stamp(path))).collect()
    }

    fn stamp(&self, path: &Path) -> u64 {
        Look::at(path, &self.own).digest
    }
}

fn files(settings: &Settings, arguments: &Arguments, lists: &[String]) -> impl Iterator<Item = PathBuf> {
    let config = &settings.loaded.config;
    let (tables, tls) = (&config.tables, &config.tls);
    let named = [&tables.wrappers, &tables.aliases, &tables.tracking, &tables.suffixes, &tables.shorteners];
    let named = named.into_iter().chain([&tls.cert_file, &tls.key_file, &tls.client_ca_file]).flatten().cloned();
    let shown = Credentials::of(config).files();
    let configured = config.lists.iter().filter(|_| lists.is_empty()).filter_map(|list| list.path.clone());
    let proven = config.lists.iter().filter(|list| lists.is_empty() && (list.sha256 || list.minisign_key.is_some()));
    let beside = proven.filter_map(|list| list.path.as_ref()).flat_map(|path| update::beside(path));
    let asked = config.lists.iter().filter(|_| lists.is_empty()).flat_map(publishers::files).flatten().cloned();
    let given = lists.iter().filter_map(|text| Some(Source::parse(text).ok()?.path()?.to_owned()));
    let subscribed = kept(settings).into_iter().flatten().filter(|_| lists.is_empty());
    let overrides = settings.state_dir().ok().map(|dir| Overrides::path_in(&dir));
    let all: Vec<PathBuf> = Settings::config_path(arguments)
        .into_iter()
        .chain(named)
        .chain(shown)
        .chain(configured)
        .chain(beside)
        .chain(asked)
        .chain(subscribed)
        .chain(given)
        .chain(overrides)
        .collect();
    all.into_iter()
}

/// What changes whenever another version of a list answers.
fn kept(settings: &Settings) -> anyhow::Result<Vec<PathBuf>> {
    let kept = settings.kept()?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let store = settings.store(IfMissing::Refuse)?;
    Ok(kept.into_iter().map(|setting| store.watched(&setting.name)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// Whether each of the changes is told once, a period after it was made.
    #[test]
    fn every_kind_of_change_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("tree/csam")).unwrap();
        fs::create_dir_all(at("state/key")).unwrap();
        for (version, text) in [("one", "a"), ("two", "b")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("cert.pem"), text).unwrap();
        }
        symlink("one", at("live")).unwrap();
        symlink("live/cert.pem", at("cert.pem")).unwrap();
        fs::write(at("list.txt"), "one\n").unwrap();
        fs::write(at("tree/csam/domains"), "one\n").unwrap();
        let mut seen = Seen { own: vec![at("state/generation"), at("state")], ..Seen::default() };
        let paths =
            [at("list.txt"), at("tree"), at("cert.pem"), at("missing.txt"), at("state"), home.path().to_owned()];
        seen.read = seen.now(paths.iter());
        let swap = || {
            symlink("two", at("next")).unwrap();
            fs::rename(at("next"), at("live")).unwrap();
        };
        let replace = || {
            fs::write(at("list.new"), "two\n").unwrap();
            fs::rename(at("list.new"), at("list.txt")).unwrap();
        };
        let rights = || fs::set_permissions(at("list.txt"), fs::Permissions::from_mode(0o600)).unwrap();
        let changes: [(&str, &dyn Fn(), bool); 10] = [
            ("nothing", &|| {}, false),
            ("a longer file", &|| fs::write(at("list.txt"), "one\ntwo\n").unwrap(), true),
            ("a file in its place", &replace, true),
            ("other rights", &rights, true),
            ("a file deep in a directory", &|| fs::write(at("tree/csam/domains"), "one\nmore\n").unwrap(), true),
            ("a new file in a directory", &|| fs::write(at("tree/urls"), "x").unwrap(), true),
            ("a link that points elsewhere", &swap, true),
            ("a file that was missing", &|| fs::write(at("missing.txt"), "").unwrap(), true),
            ("a file that is gone", &|| fs::remove_file(at("missing.txt")).unwrap(), true),
            ("what we write ourselves", &|| fs::write(at("state/generation"), "2").unwrap(), false),
        ];
        for (what, change, expected) in changes {
            change();
            let told: Vec<bool> = (0..4).map(|_| seen.has_settled(Instant::now())).collect();
            assert_eq!(told, [false, expected, false, false], "{what}");
        }
    }

    #[test]
    fn what_is_still_being_written_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list.txt");
        let mut seen = Seen::default();
        seen.read = seen.now([path.clone()].iter());
        for length in 1..5 {
            fs::write(&path, "x".repeat(length)).unwrap();
            assert!(!seen.has_settled(Instant::now()), "{length}");
        }
        assert!(seen.has_settled(Instant::now()));
    }

    #[test]
    fn what_never_rests_holds_up_nothing_else_and_is_taken_at_last() {
        let home = tempfile::tempdir().unwrap();
        let [log, list] = ["log.txt", "list.txt"].map(|name| home.path().join(name));
        let write = |path: &Path, length: u64| fs::write(path, "x".repeat(usize::try_from(length).unwrap())).unwrap();
        let mut seen = Seen::default();
        seen.read = seen.now([log.clone(), list.clone()].iter());
        let began = Instant::now();
        let mut told = Vec::new();
        for second in 0..130 {
            write(&log, second + 1);
            if second == 4 {
                write(&list, 1);
            }
            if seen.has_settled(began + Duration::from_secs(second)) {
                told.push(second);
            }
        }
        assert_eq!(told, [5, RESTLESS_MAX_S, 2 * RESTLESS_MAX_S + 1]);
    }

    #[test]
    fn what_failed_is_tried_again_less_and_less_often_until_it_succeeds() {
        let mut again = Again::default();
        let mut now = Instant::now();
        assert!(!again.is_due(now));
        let mut wait = |again: &mut Again| {
            again.begin();
            again.fail(now);
            let wait = (0..=AGAIN_MAX_S).find(|second| again.is_due(now + Duration::from_secs(*second))).unwrap();
            now += Duration::from_secs(wait);
            wait
        };
        let waits: Vec<u64> = (0..7).map(|_| wait(&mut again)).collect();
        assert_eq!(waits, [AGAIN_FIRST_S, 20, 40, 80, 160, AGAIN_MAX_S, AGAIN_MAX_S]);
        // One that begins since a file has changed puts nothing off.
        again.begin();
        again.fail(Instant::now());
        let due = again.next;
        for _ in 0..5 {
            again.begin();
            again.fail(Instant::now());
        }
        assert_eq!(again.next, due);
        // One that succeeds ends it.
        again.begin();
        assert!(!again.is_due(Instant::now() + Duration::from_secs(10 * AGAIN_MAX_S)));
        again.begin();
        assert_eq!(wait(&mut again), AGAIN_FIRST_S);
    }
}
