//! How long a call may take, and how a call that still moves is told from one that hangs.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::error::{Problem, Reach};

/// How long a call may take.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// The read time-out in all.
    Plain,
    /// Twice that: the server itself waits for its driver.
    Double,
    /// The read time-out between bytes, ten times that in all: a large answer on a slow line must not be
    /// lost, and one that drips must end.
    Flowing,
    /// Twice the read time-out between bytes, without a limit in all.
    Upload,
}

impl Patience {
    /// The run's outcome, or a time-out; `plain` is the read time-out.
    pub(super) async fn run<T>(
        self,
        plain: Duration,
        progress: &Progress,
        run: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let (idle, total) = match self {
            Self::Plain => (plain, Some(plain)),
            Self::Double => (2 * plain, Some(2 * plain)),
            Self::Flowing => (plain, Some(10 * plain)),
            Self::Upload => (2 * plain, None),
        };
        tokio::pin!(run);
        loop {
            let last = progress.last();
            let end = total.map(|total| progress.start + total);
            let until = end.map_or(last + idle, |end| end.min(last + idle));
            tokio::select! {
                biased;
                outcome = &mut run => return outcome,
                () = tokio::time::sleep_until(until) => {}
            }
            let overdue = total.filter(|total| progress.start.elapsed() >= *total);
            let stuck = (progress.last() == last).then_some(idle);
            if let Some(after) = overdue.or(stuck) {
                return Err(Reach::Timeout { after }.into());
            }
        }
    }
}

/// When a byte last moved.
pub(super) struct Progress {
    start: Instant,
    /// Milliseconds after `start`; shared with the stream of an upload.
    last: Arc<AtomicU64>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last: Arc::default(),
        }
    }
}

impl Clone for Progress {
    fn clone(&self) -> Self {
        Self {
            start: self.start,
            last: Arc::clone(&self.last),
        }
    }
}

impl Progress {
    pub(super) fn made(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.start + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}
