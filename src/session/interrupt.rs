//! Ctrl-C as a value: whoever waits is handed one, and cannot tell a keyboard from a time limit.
use tokio::sync::watch;

/// The side that interrupts.
#[derive(Clone, Debug)]
pub struct Interrupter(watch::Sender<u64>);

/// The side that is interrupted. Each interrupt is seen once by each clone.
#[derive(Clone, Debug)]
pub struct Interrupts(watch::Receiver<u64>);

/// In the place of the count: not one more interrupt, but the end.
const STOP: u64 = u64::MAX;

impl Interrupter {
    /// A new pair.
    pub fn new() -> (Self, Interrupts) {
        let (sender, receiver) = watch::channel(0);
        (Self(sender), Interrupts(receiver))
    }

    /// Interrupts whoever waits.
    pub fn interrupt(&self) {
        self.0
            .send_modify(|count| *count = count.saturating_add(1).min(STOP - 1));
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

    /// Returns at the next interrupt; several that came before count as one.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Is it the end? Then nothing is waited for, not even a cancel.
    pub fn is_stop(&self) -> bool {
        *self.0.borrow() == STOP
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
    }

    #[tokio::test]
    async fn one_without_a_sender_waits_for_ever() {
        let mut never = Interrupts::never();
        let fired = tokio::time::timeout(Duration::from_millis(20), never.next()).await;
        assert!(fired.is_err());
    }
}
