//! What tests see: which addresses the client was given to dial. Without the feature `test-hooks` nothing is kept.

#[cfg(feature = "test-hooks")]
pub use with_hooks::Dialled;
#[cfg(not(feature = "test-hooks"))]
pub(super) use without::Dialled;

#[cfg(feature = "test-hooks")]
mod with_hooks {
    use std::net::IpAddr;
    use std::sync::{Arc, Mutex};

    /// The addresses that the client was given to dial.
    #[derive(Debug, Clone, Default)]
    pub struct Dialled(Arc<Mutex<Vec<IpAddr>>>);

    impl Dialled {
        pub(in crate::fetch) fn note(&self, addresses: &[IpAddr]) {
            if let Ok(mut kept) = self.0.lock() {
                kept.extend(addresses);
            }
        }

        /// Those since the last time, each once.
        pub fn take(&self) -> Vec<IpAddr> {
            let mut taken = self.0.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default();
            taken.sort_unstable();
            taken.dedup();
            taken
        }
    }
}

#[cfg(not(feature = "test-hooks"))]
mod without {
    use std::net::IpAddr;

    #[derive(Debug, Clone, Default)]
    pub(in crate::fetch) struct Dialled(());

    #[expect(clippy::unused_self, reason = "with the feature it keeps them")]
    impl Dialled {
        pub(in crate::fetch) fn note(&self, _: &[IpAddr]) {}
    }
}
