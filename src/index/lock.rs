//! Locks on files: waited for, but not for ever.

use std::fs::{File, TryLockError};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// Whoever holds such a lock writes a few lines.
const WAIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// Waits until nobody else holds it, in this process or another.
///
/// # Errors
/// `TimedOut` if somebody still does after ten seconds; or whatever the system says.
pub fn exclusive(file: &File) -> io::Result<()> {
    within(WAIT, || file.try_lock())
}

/// Waits until nobody holds it exclusively.
///
/// # Errors
/// The same.
pub fn shared(file: &File) -> io::Result<()> {
    within(WAIT, || file.try_lock_shared())
}

fn within(wait: Duration, try_lock: impl Fn() -> Result<(), TryLockError>) -> io::Result<()> {
    let until = Instant::now() + wait;
    while let Err(error) = try_lock() {
        match error {
            TryLockError::Error(error) => return Err(error),
            TryLockError::WouldBlock if Instant::now() >= until => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "somebody else has kept it locked for too long"));
            }
            TryLockError::WouldBlock => thread::sleep(LOOK),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_waited_for_but_not_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let open = || File::create(dir.path().join("lock")).unwrap();
        let (holder, waiter) = (open(), open());
        exclusive(&holder).unwrap();
        let kind = |outcome: io::Result<()>| outcome.unwrap_err().kind();
        let short = Duration::from_millis(30);
        assert_eq!(kind(within(short, || waiter.try_lock())), io::ErrorKind::TimedOut);
        assert_eq!(kind(within(short, || waiter.try_lock_shared())), io::ErrorKind::TimedOut);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| exclusive(&waiter));
            thread::sleep(short);
            holder.unlock().unwrap();
            waiting.join().unwrap().unwrap();
        });
    }
}
