//! Credentials that run out while they are in use: they are fetched anew when the server refuses them.
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::header::HeaderValue;
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

/// What was fetched since the start.
#[derive(Default)]
pub(super) struct Renewed {
    current: RwLock<(u64, Option<HeaderValue>)>,
    /// Many calls may be refused at once; one fetches for all.
    fetching: Mutex<()>,
}

impl Renewed {
    /// How often there were new ones, and the newest.
    pub(super) fn current(&self) -> (u64, Option<HeaderValue>) {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Wire {
    /// The server refused what `used` counts: are there newer ones?
    pub(super) async fn renew(&self, used: u64) -> bool {
        let Some(renewal) = self.connection.renewal.clone() else {
            return false;
        };
        let _one_at_a_time = self.renewed.fetching.lock().await;
        if self.renewed.current().0 != used {
            return true;
        }
        let fetched = tokio::task::spawn_blocking(move || (renewal.0)()).await;
        let Some(credentials) = fetched.ok().flatten() else {
            return false;
        };
        let Ok(Some(header)) = headers::login(&credentials, &self.secrets) else {
            return false;
        };
        let current = self.renewed.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = (used + 1, Some(header));
        true
    }
}
