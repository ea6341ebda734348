//! Ctrl-C as a value: whoever waits is handed one, and cannot tell a keyboard from a time limit.
use tokio::sync::watch;

/// The side that interrupts.
#[derive(Clone, Debug)]
pub struct Interrupter(watch::Sender<u64>);

/// The side that is interrupted. Each interrupt is seen once by each clone.
#[derive(Clone, Debug)]
pub struct Interrupts(watch::Receiver<u64>);

impl Interrupter {
    /// A new pair.
    pub fn new() -> (Self, Interrupts) {
        let (sender, receiver) = watch::channel(0);
        (Self(sender), Interrupts(receiver))
    }

    /// Interrupts whoever waits.
    pub fn interrupt(&self) {
        self.0.send_modify(|count| *count += 1);
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
    async fn one_without_a_sender_waits_for_ever() {
        let mut never = Interrupts::never();
        let fired = tokio::time::timeout(Duration::from_millis(20), never.next()).await;
        assert!(fired.is_err());
    }
}
