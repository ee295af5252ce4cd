//! Budgets: how much the keys of a tenant may be used in a minute and a day, and what is spent of that.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::check::Report;
use crate::verdict::Status;

/// How much the keys of one tenant may be used, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Requests in a minute, and as many at once.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Links looked up in a day.
    pub links_per_day: Option<u64>,
    /// Distinct entries hit in a day: whoever meets more than posts do is reading the list out.
    pub hits_per_day: Option<usize>,
}

/// The accounts of all tenants. Clones share them: it outlives reloads, which change budgets and not what is spent.
#[derive(Clone, Default)]
pub struct Ledger {
    accounts: Arc<Mutex<HashMap<String, Arc<Account>>>>,
}

/// What a tenant may spend and has spent.
pub struct Account {
    budget: Budget,
    rate: Option<Arc<DefaultDirectRateLimiter>>,
    today: Arc<Mutex<Today>>,
}

/// What was spent on one day.
#[derive(Default)]
struct Today {
    day: i64,
    links: u64,
    /// Entries hit, by digest.
    entries: HashSet<u64, foldhash::fast::RandomState>,
}

const DAY_SECONDS: i64 = 86_400;

/// Which budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    Requests,
    Links,
    Hits,
}

impl Ledger {
    /// The account of a tenant, under this budget from now on.
    pub fn account(&self, tenant: &str, budget: Budget) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = match accounts.get(tenant) {
            Some(known) if known.budget == budget => return Arc::clone(known),
            Some(known) => known.under(budget),
            None => Account { budget, rate: limiter(budget), today: Arc::default() },
        };
        let account = Arc::new(account);
        accounts.insert(tenant.to_owned(), Arc::clone(&account));
        account
    }
}

fn limiter(budget: Budget) -> Option<Arc<DefaultDirectRateLimiter>> {
    budget.requests_per_minute.map(|quota| Arc::new(RateLimiter::direct(Quota::per_minute(quota))))
}

impl Account {
    /// The same account under another budget.
    fn under(&self, budget: Budget) -> Self {
        let same_rate = self.budget.requests_per_minute == budget.requests_per_minute;
        let rate = if same_rate { self.rate.clone() } else { limiter(budget) };
        Self { budget, rate, today: Arc::clone(&self.today) }
    }

    /// Counts one request, unless a budget is spent already.
    pub(super) fn spend_request(&self, now: i64) -> Result<(), Spent> {
        if self.rate.as_ref().is_some_and(|rate| rate.check().is_err()) {
            return Err(Spent::Requests);
        }
        if self.is_daily() { self.within(&self.today(now)) } else { Ok(()) }
    }

    /// Counts the links that were looked up for a report and the entries that it tells of.
    ///
    /// # Errors
    /// If a budget is exceeded by it: the report must not be told, and nothing more is answered on that day. So nobody
    /// learns from refusals what is listed.
    pub(super) fn spend(&self, report: &Report, looked_up: u64, now: i64) -> Result<(), Spent> {
        if !self.is_daily() {
            return Ok(());
        }
        let mut today = self.today(now);
        today.links = today.links.saturating_add(looked_up);
        for one in report.links.iter().filter(|link| link.status == Status::Listed).flat_map(|link| &link.matches) {
            let digest = today.entries.hasher().hash_one((&one.list, &one.entry));
            today.entries.insert(digest);
        }
        self.within(&today)
    }

    fn is_daily(&self) -> bool {
        self.budget.links_per_day.is_some() || self.budget.hits_per_day.is_some()
    }

    fn within(&self, today: &Today) -> Result<(), Spent> {
        match self.budget {
            Budget { links_per_day: Some(max), .. } if today.links > max => Err(Spent::Links),
            Budget { hits_per_day: Some(max), .. } if today.entries.len() > max => Err(Spent::Hits),
            _ => Ok(()),
        }
    }

    fn today(&self, now: i64) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.div_euclid(DAY_SECONDS);
        if today.day != day {
            *today = Today { day, ..Today::default() };
        }
        today
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        use crate::canonical::Tables;
        use crate::check::{Checker, Post, Snapshot};
        use crate::extract::{Extractor, Options, TopLevels};
        let snapshot = Snapshot::new(Arc::new(Tables::shipped().unwrap()), vec![], crate::verdict::Policy::default());
        Checker::new(Extractor::new(Options::default(), TopLevels::parse("test")), snapshot).check(&Post::default(), 0)
    }

    #[test]
    fn what_is_spent_stays_spent_under_another_budget_until_the_day_is_over() {
        let ledger = Ledger::default();
        let links = |max| Budget { links_per_day: Some(max), ..Budget::default() };
        let account = ledger.account("one", links(2));
        assert_eq!(account.spend(&report(), 2, 10), Ok(()));
        assert_eq!(account.spend_request(10), Ok(()));
        assert_eq!(account.spend(&report(), 1, 10), Err(Spent::Links));
        assert_eq!(ledger.account("one", links(2)).spend_request(20), Err(Spent::Links));
        assert_eq!(ledger.account("one", links(3)).spend_request(20), Ok(()));
        assert_eq!(ledger.account("two", links(2)).spend_request(20), Ok(()));
        assert_eq!(account.spend_request(DAY_SECONDS), Ok(()));
    }

    #[test]
    fn a_rate_is_kept_while_it_is_the_same() {
        let ledger = Ledger::default();
        let rate = |max| Budget { requests_per_minute: NonZeroU32::new(max), ..Budget::default() };
        assert_eq!(ledger.account("one", rate(1)).spend_request(0), Ok(()));
        let with_hits = Budget { hits_per_day: Some(1), ..rate(1) };
        assert_eq!(ledger.account("one", with_hits).spend_request(0), Err(Spent::Requests));
        assert_eq!(ledger.account("one", rate(2)).spend_request(0), Ok(()));
    }
}
