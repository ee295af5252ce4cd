//! A successor: the program that stands at our path now, started with our arguments and our sockets.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt as _, FdMapping};

use super::listener::{AtLeast, Listener};
use super::supervisor::SERVING;

/// The first descriptor that is handed over, as `systemd` does it.
const FIRST: i32 = 3;
/// Between two looks at a successor that has not said anything.
const GLANCE: Duration = Duration::from_millis(50);

/// Why there is no successor.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandoverError {
    #[error("the program cannot be started")]
    Start(#[source] io::Error),
    #[error("the successor ended before it served: {0}")]
    Ended(ExitStatus),
    #[error("the successor did not serve in time")]
    Late,
    #[error("this process was told to end")]
    Cancelled,
}

/// Starts a successor and waits until it serves, which it does only if it is what it has to be at least; gives back its process id.
pub(super) fn start(
    (listeners, at_least): (&[(&'static str, Listener)], AtLeast),
    within: Duration,
    cancelled: &AtomicBool,
) -> Result<u32, HandoverError> {
    let (word, theirs) = UnixDatagram::pair().map_err(HandoverError::Start)?;
    word.set_read_timeout(Some(GLANCE)).map_err(HandoverError::Start)?;
    let mut child = spawn(listeners, at_least, theirs).map_err(HandoverError::Start)?;
    let outcome = wait(&mut child, &word, Instant::now() + within, cancelled);
    if outcome.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome.map(|()| child.id())
}

fn spawn(listeners: &[(&'static str, Listener)], at_least: AtLeast, word: UnixDatagram) -> io::Result<Child> {
    let mut arguments = std::env::args_os();
    // As it was typed: a link that points elsewhere by now is followed, and a bare name is looked for again.
    let program = arguments.next().ok_or(io::ErrorKind::NotFound)?;
    let (mut names, mut descriptors): (Vec<String>, Vec<OwnedFd>) = (Vec::new(), Vec::new());
    for (door, listener) in listeners {
        names.push(listener.name(door));
        descriptors.push(listener.socket.try_clone()?.into());
    }
    names.push(at_least.name().to_owned());
    descriptors.push(word.into());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("LISTEN_FDS", descriptors.len().to_string())
        .env("LISTEN_FDNAMES", names.join(":"))
        .env_remove("LISTEN_FDS_FIRST_FD")
        .env_remove("LISTEN_PID");
    let mapping = |(child_fd, parent_fd)| FdMapping { parent_fd, child_fd };
    command.fd_mappings((FIRST..).zip(descriptors).map(mapping).collect()).map_err(io::Error::other)?;
    command.spawn()
}

fn wait(
    child: &mut Child,
    word: &UnixDatagram,
    deadline: Instant,
    cancelled: &AtomicBool,
) -> Result<(), HandoverError> {
    let mut heard = [0; SERVING.len()];
    loop {
        if word.recv(&mut heard).is_ok_and(|length| heard.get(..length) == Some(SERVING)) {
            return Ok(());
        }
        if let Some(status) = child.try_wait().map_err(HandoverError::Start)? {
            return Err(HandoverError::Ended(status));
        }
        if cancelled.load(Ordering::Relaxed) {
            return Err(HandoverError::Cancelled);
        }
        if Instant::now() >= deadline {
            return Err(HandoverError::Late);
        }
    }
}
