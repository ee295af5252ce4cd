//! Guards of list updates as the command line has them: they remark on lists that are used whatever they say.

use std::sync::Arc;

use crate::lists::guard::{GuardOptions, GuardTexts, Guards};
use crate::lists::{LineReport, Options, Remark, Source};

use super::session::Settings;

impl Settings {
    /// The guards of this installation, made when they are first needed.
    pub(super) fn guards(&self) -> &Arc<Guards> {
        self.guards.get_or_init(|| {
            let texts = GuardTexts { suffixes: &self.suffixes, ..GuardTexts::shipped() };
            let setting = &self.loaded.config.guards;
            let options = GuardOptions {
                growth_max_share: setting.growth_max_share,
                shrink_max_share: setting.shrink_max_share,
                bad_lines_max_share: setting.bad_lines_max_share,
                newly_matched_max_share: setting.newly_matched_max_share,
                ..GuardOptions::default()
            };
            Arc::new(Guards::new(&texts, &self.tables, options).protecting(&setting.protect))
        })
    }

    /// The source with guards that remark on it. Of one that is compiled already nothing can be said any more.
    pub(super) fn guarded(&self, source: Source) -> Source {
        let guards = (!source.is_compiled()).then(|| Arc::clone(self.guards()));
        Source { options: Options { guards, ..source.options }, ..source }
    }
}

/// How many entries of a list would wait for a human if they came by an update.
fn waiting(lines: &LineReport) -> u64 {
    let of = |remark| lines.remarks.get(&remark).map_or(0, |tally| tally.count);
    Remark::OF_GUARDS.into_iter().map(of).sum()
}

/// The same in words; none if there are none.
pub(super) fn told(lines: &LineReport) -> String {
    match waiting(lines) {
        0 => String::new(),
        wide => format!("{} hit more than a list should", super::counted(wide, "entry")),
    }
}
