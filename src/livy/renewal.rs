//! Credentials that run out while they are in use: they are fetched anew when the server refuses them.
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::sync::Mutex;

use super::request::Wire;
use super::{Credentials, headers};

/// A way to fetch credentials again; it may block for as long as a token service takes.
#[derive(Clone)]
pub struct Renewal(Arc<dyn Fn() -> Option<Credentials> + Send + Sync>);

impl Renewal {
    /// By this; none when there are none now.
    pub fn new(fetch: impl Fn() -> Option<Credentials> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fetch))
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewal")
    }
}

/// New credentials that are refused like those before, in a row, after which no more are hoped for.
const REFUSALS: u32 = 3;
/// And this long after the first of them, where the server took a login before: whoever writes a token to a file may be
/// late by seconds, and a gateway may lose its own way to where logins are checked.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tests of the whole program, which is built for debugging then, cannot wait for a minute each time.
#[cfg(debug_assertions)]
fn patience() -> Duration {
    let asked = std::env::var("LIVYSH_TEST_RENEWAL_MS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    asked.map_or(PATIENCE, Duration::from_millis)
}

#[cfg(not(debug_assertions))]
fn patience() -> Duration {
    PATIENCE
}

/// What came of fetching credentials anew for a request that was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewed {
    /// It could not be done, or there was no way to do it.
    #[default]
    No,
    /// They are the same as those that were refused.
    Same,
    /// The new ones were refused as well.
    Refused,
}

/// What was fetched since the start.
#[derive(Default)]
pub(super) struct Renewals {
    current: RwLock<(u64, Option<HeaderValue>)>,
    /// Many calls may be refused at once; one fetches for all.
    fetching: Mutex<()>,
    asked: AtomicU64,
    /// How often in a row what was fetched did not help.
    vain: AtomicU32,
    /// Since when, where a login was taken before.
    vain_since: RwLock<Vain>,
}

/// How logins fared.
#[derive(Clone, Copy, Debug, Default)]
enum Vain {
    /// None was taken yet.
    #[default]
    Always,
    /// The last one was taken.
    Never,
    /// None is taken any more.
    Since(Instant),
}

impl Renewals {
    /// How often there were new ones, and the newest.
    pub(super) fn current(&self) -> (u64, Option<HeaderValue>) {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Others that begin with the newest ones; without them where a bug holds those for good.
    pub(super) fn carried(&self) -> Self {
        let current = match self.current.try_read() {
            Ok(current) => current.clone(),
            Err(TryLockError::Poisoned(current)) => current.into_inner().clone(),
            Err(TryLockError::WouldBlock) => (0, None),
        };
        Self {
            current: RwLock::new(current),
            ..Self::default()
        }
    }

    /// Is there still hope that new ones help?
    pub(super) fn may_help(&self) -> bool {
        let since = *self
            .vain_since
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let patient = match since {
            Vain::Always => false,
            Vain::Never => true,
            Vain::Since(since) => since.elapsed() < patience(),
        };
        patient || self.vain.load(Ordering::Relaxed) < REFUSALS
    }

    /// The server took what it was shown.
    pub(super) fn taken(&self) {
        self.vain.store(0, Ordering::Relaxed);
        self.set(|_| Vain::Never);
    }

    /// The server refused the new ones as well.
    pub(super) fn refused(&self) {
        self.vain.fetch_add(1, Ordering::Relaxed);
        self.began();
    }

    /// There were no new ones: to show the same again would be refused again.
    fn same(&self) {
        self.vain.store(REFUSALS, Ordering::Relaxed);
        self.began();
    }

    fn began(&self) {
        self.set(|vain| match vain {
            Vain::Never => Vain::Since(Instant::now()),
            other => other,
        });
    }

    fn set(&self, now: impl FnOnce(Vain) -> Vain) {
        let mut since = self
            .vain_since
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *since = now(*since);
    }
}

impl Wire {
    /// The server refused what `used` counts: are there newer ones? Else what came of the attempt.
    pub(super) async fn renew(&self, used: u64) -> Result<(), Renewed> {
        let Some(renewal) = self.connection.renewal.clone() else {
            return Err(Renewed::No);
        };
        let asked = self.renewals.asked.load(Ordering::SeqCst);
        let _one_at_a_time = self.renewals.fetching.lock().await;
        if self.renewals.current().0 != used {
            return Ok(());
        }
        // whoever had the turn before asked for this one, too
        if self.renewals.asked.load(Ordering::SeqCst) != asked {
            let hope = self.renewals.may_help();
            return Err(if hope { Renewed::No } else { Renewed::Same });
        }
        self.renewals.asked.fetch_add(1, Ordering::SeqCst);
        let fetched = tokio::task::spawn_blocking(move || (renewal.0)()).await;
        let Some(credentials) = fetched.ok().flatten() else {
            return Err(Renewed::No);
        };
        let Ok(Some(header)) = headers::login(&credentials, &self.secrets) else {
            return Err(Renewed::No);
        };
        let old = self.renewals.current().1;
        if old.as_ref().or(self.headers.get(AUTHORIZATION)) == Some(&header) {
            self.renewals.same();
            return Err(Renewed::Same);
        }
        let current = self.renewals.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = (used + 1, Some(header));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_was_taken_before_is_hoped_for_longer_than_one_that_never_was() {
        let renewals = Renewals::default();
        assert!(renewals.may_help());
        renewals.same();
        assert!(!renewals.may_help(), "never taken");
        renewals.taken();
        renewals.same();
        for _ in 0..10 {
            renewals.refused();
        }
        assert!(renewals.may_help(), "it may be late");
        let long_ago = Instant::now().checked_sub(PATIENCE).unwrap();
        renewals.set(|_| Vain::Since(long_ago));
        assert!(!renewals.may_help());
        renewals.taken();
        assert!(renewals.may_help());
    }
}
