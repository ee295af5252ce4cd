//! What whoever started this process is told: a service manager by `sd_notify`, a predecessor by a datagram.

use std::os::unix::net::UnixDatagram;

use sd_notify::{NotifyState, notify};

/// What a successor says when it serves.
pub(super) const SERVING: &[u8] = b"READY=1";

/// Requests are answered from now on.
pub(super) fn ready(predecessor: Option<&UnixDatagram>) {
    tell(&[NotifyState::Ready]);
    if let Some(predecessor) = predecessor {
        // If it is gone, the sockets are ours all the same.
        let _ = predecessor.send(SERVING);
    }
}

pub(super) fn reloading() {
    let now = NotifyState::monotonic_usec_now().ok();
    tell(&[Some(NotifyState::Reloading), now].into_iter().flatten().collect::<Vec<_>>());
}

pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Another process is the service now, whatever we were about.
pub(super) fn succeeded_by(pid: u32) {
    tell(&[NotifyState::MainPid(pid), NotifyState::Ready]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::warn!(kind = ?error.kind(), "the service manager cannot be told");
    }
}
