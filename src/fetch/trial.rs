//! What tests steer and see: which resolver is asked, which networks count as public, which addresses were dialled.
//!
//! Without the feature `test-hooks` nothing can be steered and nothing is kept.

use std::net::IpAddr;

/// The addresses that the client was given to dial.
#[derive(Debug, Clone, Default)]
pub struct Dialled {
    #[cfg(feature = "test-hooks")]
    addresses: std::sync::Arc<std::sync::Mutex<Vec<IpAddr>>>,
}

#[cfg(feature = "test-hooks")]
impl Dialled {
    pub(super) fn note(&self, addresses: &[IpAddr]) {
        if let Ok(mut kept) = self.addresses.lock() {
            kept.extend(addresses);
        }
    }

    /// Those since the last time, each once.
    pub fn take(&self) -> Vec<IpAddr> {
        let mut taken = self.addresses.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default();
        taken.sort_unstable();
        taken.dedup();
        taken
    }
}

#[cfg(not(feature = "test-hooks"))]
impl Dialled {
    #[expect(clippy::unused_self, reason = "with the feature it keeps them")]
    pub(super) fn note(&self, _: &[IpAddr]) {}
}
