//! The way out: signals, and what must be done before the program ends.
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, watch};

use crate::session::{Interrupter, Interrupts};
use crate::terminal;

/// Says what stays behind.
type Left = Box<dyn Fn() -> Option<String> + Send>;

/// Something owed before the program ends; it answers with what the user should know.
struct Duty {
    /// What is left when it is not done.
    left: Left,
    work: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
}

/// How long all duties together may take when a signal ends the program.
const LIMIT: Duration = Duration::from_secs(30);

/// Signals, and the duties of the way out. Clones share them.
#[derive(Clone)]
pub struct Shutdown(Arc<Inner>);

struct Inner {
    interrupter: Interrupter,
    duties: std::sync::Mutex<Vec<Duty>>,
    under_way: std::sync::Mutex<Option<Left>>,
    leaving: Mutex<()>,
    ending: watch::Sender<Option<u8>>,
}

impl Shutdown {
    /// Takes over INT, TERM and HUP. Call it before the first prompt: the line editor puts back
    /// the handlers that it found.
    pub fn install(runtime: &Handle) -> std::io::Result<Self> {
        let (interrupter, _) = Interrupter::new();
        let shutdown = Self(Arc::new(Inner {
            interrupter,
            duties: std::sync::Mutex::default(),
            under_way: std::sync::Mutex::default(),
            leaving: Mutex::new(()),
            ending: watch::Sender::new(None),
        }));
        let _inside = runtime.enter();
        let mut int = signal(SignalKind::interrupt())?;
        let mut term = signal(SignalKind::terminate())?;
        let mut hup = signal(SignalKind::hangup())?;
        let ours = shutdown.clone();
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    _ = int.recv() => ours.0.interrupter.interrupt(),
                    _ = term.recv() => break ours.end(143, &mut term, &mut int).await,
                    _ = hup.recv() => break ours.end(129, &mut hup, &mut int).await,
                }
            }
        });
        Ok(shutdown)
    }

    /// Ctrl-C from now on.
    pub fn interrupts(&self) -> Interrupts {
        self.0.interrupter.subscribe()
    }

    /// The exit code of the signal that is ending the program, if one is.
    pub fn ending(&self) -> Option<u8> {
        *self.0.ending.borrow()
    }

    /// Adds something to do before the program ends; the newest is done first. `left` says what
    /// stays behind when it cannot be done.
    pub fn owe(
        &self,
        left: impl Fn() -> Option<String> + Send + 'static,
        work: impl Future<Output = Option<String>> + Send + 'static,
    ) {
        if let Ok(mut duties) = self.0.duties.lock() {
            duties.push(Duty {
                left: Box::new(left),
                work: Box::pin(work),
            });
        }
    }

    /// What stays behind when the program ends now.
    pub fn owed(&self) -> Vec<String> {
        let under_way = self.0.under_way.lock().ok().and_then(|mut it| it.take());
        let waiting = self
            .0
            .duties
            .lock()
            .map(|mut duties| std::mem::take(&mut *duties));
        let waiting = waiting.unwrap_or_default();
        let left = waiting.iter().rev().filter_map(|duty| (duty.left)());
        under_way
            .and_then(|left| left())
            .into_iter()
            .chain(left)
            .collect()
    }

    /// Does what is owed, once, and returns what the user should know.
    pub async fn leave(&self) -> Vec<String> {
        let _one_at_a_time = self.0.leaving.lock().await;
        let mut notes = Vec::new();
        loop {
            let next = self
                .0
                .duties
                .lock()
                .ok()
                .and_then(|mut duties| duties.pop());
            let Some(duty) = next else {
                return notes;
            };
            if let Ok(mut under_way) = self.0.under_way.lock() {
                *under_way = Some(duty.left);
            }
            notes.extend(duty.work.await);
            if let Ok(mut under_way) = self.0.under_way.lock() {
                *under_way = None;
            }
        }
    }

    /// Ends the program because of a signal: the main thread may sit in the line editor, which
    /// nothing can wake.
    async fn end(
        &self,
        code: u8,
        again: &mut tokio::signal::unix::Signal,
        int: &mut tokio::signal::unix::Signal,
    ) {
        self.0.ending.send_replace(Some(code));
        terminal::restore();
        let notes = tokio::select! {
            notes = tokio::time::timeout(LIMIT, self.leave()) => notes.unwrap_or_else(|_| self.owed()),
            _ = again.recv() => self.owed(),
            _ = int.recv() => self.owed(),
        };
        for note in notes {
            // a hang-up has taken the terminal away; there is nobody to tell then
            let _ = writeln!(std::io::stderr(), "livysh: {note}");
        }
        // the main thread is inside a blocking read that cannot be woken
        std::process::exit(i32::from(code));
    }
}
