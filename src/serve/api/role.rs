//! What a listener of the API is for: everything, or figures and health alone.

use http::request::Parts;

use crate::serve::answer::Problem;

use super::access::admit_program;
use super::{Api, Task};

/// Who may look at figures where they have a listener of their own. Nobody needs a key there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watchers {
    /// Programs on this machine.
    Here,
    /// Whoever reaches the listener.
    Anywhere,
}

/// What a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Role {
    /// Everything.
    All,
    /// Everything but figures, which have a listener of their own.
    WithoutFigures,
    /// Figures and health alone.
    Telemetry(Watchers),
}

impl Role {
    pub(super) fn offers(self, task: Task) -> bool {
        match self {
            Self::All => true,
            Self::WithoutFigures => task != Task::Metrics,
            Self::Telemetry(_) => matches!(task, Task::Metrics | Task::Health | Task::Ready),
        }
    }

    /// Lets in whoever may see figures at this listener.
    pub(super) fn admit_to_figures(self, api: &Api, head: &Parts) -> Result<(), Problem> {
        match self {
            Self::All | Self::WithoutFigures => api.admit_neighbour(head),
            Self::Telemetry(Watchers::Here) => api.admit_program_here(head),
            Self::Telemetry(Watchers::Anywhere) => admit_program(head),
        }
    }

    /// As figures and logs name it.
    pub(in crate::serve) fn name(self) -> &'static str {
        if self.is_telemetry() { "telemetry" } else { "api" }
    }

    pub(in crate::serve) fn is_telemetry(self) -> bool {
        matches!(self, Self::Telemetry(_))
    }
}
