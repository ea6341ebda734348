//! Ctrl-C as a value: whoever waits is handed one, and cannot tell a keyboard from a time limit.
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::sync::{oneshot, watch};

/// The side that interrupts.
#[derive(Clone, Debug)]
pub struct Interrupter(watch::Sender<u64>);

/// The side that is interrupted. Each interrupt is seen once by each clone.
#[derive(Clone, Debug)]
pub struct Interrupts(watch::Receiver<u64>);

/// The name of a thread whose work somebody waits for: a panic of it is the waiter's.
pub const WORKER: &str = "worker";

/// In the place of the count: not one more interrupt, but the end.
const STOP: u64 = u64::MAX;

impl Interrupter {
    /// A new pair.
    pub fn new() -> (Self, Interrupts) {
        let (sender, receiver) = watch::channel(0);
        (Self(sender), Interrupts(receiver))
    }

    /// Interrupts whoever waits; after a stop there is nothing more to say.
    pub fn interrupt(&self) {
        self.0.send_if_modified(|count| {
            let goes_on = *count != STOP;
            if goes_on {
                *count = count.saturating_add(1).min(STOP - 1);
            }
            goes_on
        });
    }

    /// Does anybody listen?
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Ends all waiting at once: nobody will ask for the answer.
    pub fn stop(&self) {
        self.0.send_replace(STOP);
    }

    /// A receiver that has seen all interrupts so far.
    pub fn subscribe(&self) -> Interrupts {
        Interrupts(self.0.subscribe())
    }
}

impl Interrupts {
    /// One that never fires.
    pub fn never() -> Self {
        let (sender, receiver) = watch::channel(0);
        drop(sender);
        Self(receiver)
    }

    /// Returns at the next interrupt; several that came before count as one. After a stop there is always one more.
    pub async fn next(&mut self) {
        if self.is_stop() {
            return;
        }
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Does work that blocks (a read from the terminal) on a thread of its own, and waits for its
    /// outcome; none at the next interrupt, and then the work is left to itself. A panic of the work goes on here.
    /// Fails when the system gives no thread.
    pub async fn unless<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (sender, outcome) = oneshot::channel();
        let thread = std::thread::Builder::new().name(WORKER.to_owned());
        thread.spawn(move || {
            // nothing of the work is looked at after a panic
            let outcome = catch_unwind(AssertUnwindSafe(work));
            sender.send(outcome).is_ok()
        })?;
        tokio::select! {
            biased;
            () = self.next() => Ok(None),
            outcome = outcome => match outcome {
                Ok(Ok(outcome)) => Ok(Some(outcome)),
                Ok(Err(panic)) => resume_unwind(panic),
                // the thread always sends
                Err(_) => Ok(None),
            },
        }
    }

    /// Is it the end? Then nothing is waited for, not even a cancel.
    pub fn is_stop(&self) -> bool {
        *self.0.borrow() == STOP
    }

    /// How many there were, for this one and for others that wait: the number of the newest.
    pub fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Forgets what has come so far.
    pub fn forget(&mut self) {
        self.0.mark_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn an_interrupt_wakes_every_waiter_once() {
        let (interrupter, mut first) = Interrupter::new();
        let mut second = first.clone();
        interrupter.interrupt();
        first.next().await;
        second.next().await;
        let more = tokio::time::timeout(Duration::from_millis(20), first.next()).await;
        assert!(more.is_err());
    }

    #[tokio::test]
    async fn a_stop_is_told_from_an_interrupt() {
        let (interrupter, mut waiter) = Interrupter::new();
        interrupter.interrupt();
        waiter.next().await;
        assert!(!waiter.is_stop());
        interrupter.stop();
        waiter.next().await;
        assert!(waiter.is_stop());
        interrupter.interrupt();
        assert!(waiter.is_stop(), "the end stays the end");
    }

    #[tokio::test]
    async fn work_that_blocks_is_left_at_an_interrupt() {
        let (interrupter, mut waiter) = Interrupter::new();
        assert_eq!(waiter.unless(|| 7).await.unwrap(), Some(7));
        let (hold, held) = std::sync::mpsc::channel::<()>();
        interrupter.interrupt();
        let left = waiter.unless(move || held.recv().is_ok()).await;
        assert_eq!(left.unwrap(), None);
        drop(hold);
    }

    #[tokio::test]
    async fn a_panic_of_the_work_is_no_interrupt() {
        let ended = tokio::spawn(async {
            let work = || panic!("a bug");
            Interrupts::never().unless::<()>(work).await
        });
        assert!(ended.await.unwrap_err().is_panic());
    }

    #[tokio::test]
    async fn one_without_a_sender_waits_for_ever() {
        let mut never = Interrupts::never();
        let fired = tokio::time::timeout(Duration::from_millis(20), never.next()).await;
        assert!(fired.is_err());
    }
}
