//! The way out: signals, and what must be done before the program ends.
mod duties;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, watch};
use tokio::task;
use tokio::time::{Instant, timeout, timeout_at};

use crate::session::{Interrupter, Interrupts};
use crate::terminal;
pub use duties::Duty;
use duties::{Duties, Stage};

/// How long all duties together may take.
pub const LIMIT: Duration = Duration::from_secs(30);
/// One part in so many of the limit is for what others need, who have ended or are given up by then.
const LAST: u32 = 3;
/// How much longer [`Shutdown::last_resort`] waits for whoever keeps that limit.
const MORE: Duration = Duration::from_secs(5);

/// How long a look at what is owed may take that a bug may have locked.
const LOOK: Duration = Duration::from_millis(500);
/// The thread that takes the last resort.
const WAY_OUT: &str = "way out";

/// What the main thread does when a signal ends the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Main {
    /// It may sit in a read that nothing can wake.
    Elsewhere,
    /// It notices, and ends its results as their form demands.
    Heeds,
    /// It has nothing more to do.
    Done,
}

/// How long the main thread has to end its results when a signal ends a script.
const GRACE: Duration = Duration::from_secs(2);

/// Signals, and the duties of the way out. Clones share them.
#[derive(Clone)]
pub struct Shutdown(Arc<Inner>);

struct Inner {
    interrupter: Interrupter,
    /// The task that heeds signals.
    heeds: OnceLock<task::Id>,
    duties: Duties,
    leaving: Mutex<()>,
    begun: AtomicBool,
    /// Somebody takes the last resort.
    resorts: AtomicBool,
    ending: watch::Sender<Option<u8>>,
    main: watch::Sender<Main>,
}

impl Shutdown {
    /// Takes over INT, TERM, HUP and QUIT (Ctrl-\, which ends the program as TERM does). Call it before the first prompt: the line editor puts back
    /// the handlers that it found.
    pub fn install(runtime: &Handle) -> std::io::Result<Self> {
        let (interrupter, _) = Interrupter::new();
        let shutdown = Self(Arc::new(Inner {
            interrupter,
            heeds: OnceLock::new(),
            duties: Duties::default(),
            leaving: Mutex::new(()),
            begun: AtomicBool::new(false),
            resorts: AtomicBool::new(false),
            ending: watch::Sender::new(None),
            main: watch::Sender::new(Main::Elsewhere),
        }));
        let _inside = runtime.enter();
        let mut int = signal(SignalKind::interrupt())?;
        let mut term = signal(SignalKind::terminate())?;
        let mut hup = signal(SignalKind::hangup())?;
        let mut quit = signal(SignalKind::quit())?;
        let ours = shutdown.clone();
        runtime.spawn(async move {
            let _ = ours.0.heeds.set(task::id());
            loop {
                tokio::select! {
                    _ = int.recv() => if ours.0.interrupter.is_heard() {
                        ours.0.interrupter.interrupt();
                    } else {
                        // a script that is still being read, a password command that hangs
                        break ours.end(130, &mut term, &mut int).await;
                    },
                    _ = term.recv() => break ours.end(143, &mut term, &mut int).await,
                    _ = hup.recv() => break ours.end(129, &mut hup, &mut int).await,
                    _ = quit.recv() => break ours.end(131, &mut quit, &mut int).await,
                }
            }
        });
        Ok(shutdown)
    }

    /// Is this the task that heeds signals? Without it none would have an effect.
    pub fn heeds_signals(&self) -> bool {
        let heeds = self.0.heeds.get();
        heeds.is_some() && heeds == task::try_id().as_ref()
    }

    /// Ctrl-C from now on.
    pub fn interrupts(&self) -> Interrupts {
        self.0.interrupter.subscribe()
    }

    /// The exit code of the signal that is ending the program, if one is.
    pub fn ending(&self) -> Option<u8> {
        *self.0.ending.borrow()
    }

    /// Returns when a signal is ending the program. The main thread of whoever asks then stops, and
    /// says so by [`Shutdown::done`]: a moment is left for that.
    pub async fn ended(&self) {
        self.0.main.send_replace(Main::Heeds);
        let mut ending = self.0.ending.subscribe();
        // the sender lives as long as this value does
        let _ = ending.wait_for(Option::is_some).await;
    }

    /// Leaves the end of the program to the signal that is ending it.
    pub async fn done(&self) {
        self.0.main.send_replace(Main::Done);
        std::future::pending::<()>().await;
    }

    /// Is the program on its way out? What fails from now on is no news.
    pub fn is_leaving(&self) -> bool {
        self.0.begun.load(Ordering::SeqCst)
    }

    /// Adds something to do before the program ends. False when the way out is already
    /// being taken: then it will not be done, and what would need it must not be begun.
    #[must_use]
    pub fn owe(&self, duty: Duty) -> bool {
        // whoever leaves says so first and takes the duties after
        self.0.duties.owe(duty, || self.is_leaving())
    }

    /// Is there a session to delete?
    pub fn is_owing(&self) -> bool {
        self.0.duties.would_leave()
    }

    /// The same for whoever met a bug, and may hold what is looked at: then in doubt there is one.
    pub fn may_be_owing(&self) -> bool {
        let (sender, answer) = mpsc::channel();
        let shutdown = self.clone();
        let asked = thread::Builder::new().spawn(move || sender.send(shutdown.is_owing()).is_ok());
        asked.map_or(true, |_| answer.recv_timeout(LOOK).unwrap_or(true))
    }

    /// What stays behind when the program ends now.
    pub fn owed(&self) -> Vec<String> {
        self.0.duties.left(&Stage::ALL)
    }

    /// Does what is owed, once, and returns what the user should know. What cannot be done within
    /// the limit stays behind, and that is said.
    pub async fn leave(&self, limit: Duration) -> Vec<String> {
        self.0.begun.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        let mut notes = Vec::new();
        let Ok(_one_at_a_time) = timeout(limit, self.0.leaving.lock()).await else {
            return no_answer(self.owed(), limit);
        };
        for stage in Stage::ALL {
            let others_wait = stage == Stage::First && self.0.duties.has(Stage::Last);
            let limit = if others_wait {
                limit.saturating_sub(limit / LAST)
            } else {
                limit
            };
            let work = self.0.duties.work(stage, &mut notes);
            if timeout_at(begun + limit, work).await.is_err() {
                notes.extend(no_answer(self.0.duties.left(&[stage]), limit));
            }
        }
        notes
    }

    /// Ends the program where a bug of ours broke the way out, or would keep the caller from it: unwinding that meets
    /// the lock which the bug held ends in an abort. Whatever the caller holds it keeps, so all is done elsewhere,
    /// with nothing that may be broken; what cannot be done stays behind, and that is said.
    pub fn last_resort(&self, code: u8) -> ! {
        let here = thread::current();
        // one who ended the program before the other is done would leave what that one has begun; a bug of the
        // last resort itself takes it once more
        while self.0.resorts.swap(true, Ordering::SeqCst) && here.name() != Some(WAY_OUT) {
            thread::park();
        }
        self.0.begun.store(true, Ordering::SeqCst);
        self.0.ending.send_replace(Some(code));
        terminal::hand_back();
        // the main thread cannot heed what it calls itself
        let waits = here.name() != Some("main");
        let notes = self
            .leave_elsewhere(waits)
            .or_else(|| self.leave_elsewhere(waits));
        // the main thread may have been about to wait, or to read
        terminal::restore();
        for note in notes.unwrap_or_else(|| self.owed()) {
            let _ = writeln!(std::io::stderr(), "livysh: {note}");
        }
        std::process::exit(i32::from(code));
    }

    /// [`Shutdown::leave_anew`] on a thread of its own; none where it met a bug itself.
    fn leave_elsewhere(&self, waits: bool) -> Option<Vec<String>> {
        let (sender, notes) = mpsc::channel();
        let shutdown = self.clone();
        let elsewhere = thread::Builder::new().name(WAY_OUT.to_owned());
        let begun = elsewhere.spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let notes = runtime.map(|runtime| {
                runtime.block_on(async {
                    let notes = shutdown.leave_anew(LIMIT).await;
                    if waits {
                        shutdown.main_stopped().await;
                    }
                    notes
                })
            });
            notes.is_ok_and(|notes| sender.send(notes).is_ok())
        });
        match begun.ok().map(|_| notes.recv_timeout(LIMIT + MORE)) {
            Some(Ok(notes)) => Some(notes),
            // no second time for what takes so long
            Some(Err(RecvTimeoutError::Timeout)) => Some(self.owed()),
            Some(Err(RecvTimeoutError::Disconnected)) | None => None,
        }
    }

    /// [`Shutdown::leave`] where nothing that was used before may be used.
    async fn leave_anew(&self, limit: Duration) -> Vec<String> {
        // held where nobody has it: another who leaves would find nothing to do, and end the program too early
        let _turn = self.0.leaving.try_lock();
        let mut notes = Vec::new();
        let all = async {
            for stage in Stage::ALL {
                self.0.duties.work_anew(stage, &mut notes).await;
            }
        };
        if timeout(limit, all).await.is_err() {
            notes.extend(self.owed());
        }
        notes
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
        terminal::hand_back();
        {
            // kept while `owed` looks: the main thread waits for the same turn
            let leaving = self.leave(LIMIT);
            tokio::pin!(leaving);
            let notes = tokio::select! {
                notes = &mut leaving => notes,
                _ = again.recv() => self.owed(),
                _ = int.recv() => self.owed(),
            };
            for note in notes {
                // a hang-up has taken the terminal away; there is nobody to tell then
                let _ = writeln!(std::io::stderr(), "livysh: {note}");
            }
        }
        self.main_stopped().await;
        // the main thread may be inside a blocking read that cannot be woken
        std::process::exit(i32::from(code));
    }

    /// Returns when the main thread has ended its results, where it notices; it has a moment for that.
    async fn main_stopped(&self) {
        let mut main = self.0.main.subscribe();
        let stopped = main.wait_for(|main| *main != Main::Heeds);
        let _ = timeout(GRACE, stopped).await;
    }
}

/// What nobody answered.
fn no_answer(left: Vec<String>, limit: Duration) -> Vec<String> {
    let after = limit.as_secs_f32();
    let left = left.into_iter();
    left.map(|left| format!("{left}: no answer within {after} s"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn duties_are_begun_newest_first_and_none_is_taken_on_once_the_way_out_is_taken() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        for name in ["server", "session"] {
            let owed = shutdown.owe(Duty::new(|| None, async move { Some(name.to_owned()) }));
            assert!(owed);
        }
        assert_eq!(shutdown.leave(LIMIT).await, ["session", "server"]);
        assert!(!shutdown.owe(Duty::new(|| None, async { None })));
        assert!(shutdown.leave(LIMIT).await.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_stays_behind_is_told_without_being_done() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        let left = || Some("session 7 may still be there".to_owned());
        assert!(shutdown.owe(Duty::new(left, std::future::pending())));
        assert_eq!(shutdown.owed(), ["session 7 may still be there"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_duty_that_never_ends_holds_the_way_out_for_a_limited_time_and_is_told() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        let left = |id: u8| move || Some(format!("session {id} may still be there"));
        assert!(shutdown.owe(Duty::new(left(7), std::future::pending())));
        assert!(shutdown.owe(Duty::new(left(8), async { Some("done".to_owned()) })));
        // the duties are begun before the limit is looked at: no machine is too slow for the one that ends
        assert_eq!(
            shutdown.leave(Duration::ZERO).await,
            ["done", "session 7 may still be there: no answer within 0 s"]
        );
    }

    /// A duty that takes so long.
    fn takes(seconds: u64, name: &'static str) -> Duty {
        Duty::new(move || Some(format!("{name} is left")), async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Some(format!("{name} done"))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_duty_that_hangs_takes_no_time_from_others() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        for duty in [
            takes(25, "the first"),
            takes(1000, "the second"),
            takes(20, "the newest"),
        ] {
            assert!(shutdown.owe(duty));
        }
        let begun = Instant::now();
        assert_eq!(
            shutdown.leave(LIMIT).await,
            [
                "the newest done",
                "the first done",
                "the second is left: no answer within 30 s"
            ]
        );
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_need_is_done_after_them_and_has_a_share_of_the_time() {
        for (session, said, took) in [
            (2, "session done", 11),
            (1000, "session is left: no answer within 20 s", 29),
        ] {
            let shutdown = Shutdown::install(&Handle::current()).unwrap();
            assert!(shutdown.owe(takes(9, "server").at_last()));
            assert!(shutdown.owe(takes(session, "session")));
            let begun = Instant::now();
            assert_eq!(shutdown.leave(LIMIT).await, [said, "server done"]);
            assert_eq!(begun.elapsed().as_secs(), took);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_panic_that_held_the_duties_loses_none() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        assert!(shutdown.owe(Duty::new(|| None, async { Some("done".to_owned()) })));
        let inner = Arc::clone(&shutdown.0);
        let poisoned = thread::spawn(move || {
            let _held = inner.duties.hold();
            panic!("a bug");
        });
        assert!(poisoned.join().is_err());
        assert!(shutdown.owe(Duty::new(|| None, async { None })));
        assert_eq!(shutdown.leave(LIMIT).await, ["done"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn after_a_bug_on_the_way_out_each_duty_is_done_anew() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        let left = |what: &'static str| move || Some(format!("{what} is left"));
        let anew = |what: &'static str| move || async move { Some(format!("{what} anew")) };
        let waits = || std::future::pending();
        let duties = [
            Duty::new(left("a server"), waits()).at_last(),
            Duty::new(left("the first"), waits()).or_anew(anew("the first")),
            Duty::new(left("the newest"), waits()).or_anew(anew("the newest")),
        ];
        for duty in duties {
            assert!(shutdown.owe(duty));
        }
        // as where the thread is held for good: the turn is not given back
        let _turn = shutdown.0.leaving.lock().await;
        let mut none = Vec::new();
        let met = shutdown.0.duties.work(Stage::First, &mut none);
        assert!(timeout(Duration::ZERO, met).await.is_err());
        assert_eq!(
            shutdown.leave_anew(LIMIT).await,
            ["the newest anew", "the first anew", "a server is left"]
        );
        assert!(shutdown.owed().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_bug_of_the_last_resort_loses_no_duty() {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        let (bugs, left) = (AtomicBool::new(true), || Some("the first".to_owned()));
        let duty = Duty::new(left, std::future::pending()).or_anew(move || {
            assert!(!bugs.swap(false, Ordering::SeqCst), "a bug");
            async { Some("the first anew".to_owned()) }
        });
        assert!(shutdown.owe(duty));
        assert_eq!(shutdown.leave_elsewhere(false), None);
        assert!(shutdown.is_owing());
        let notes = shutdown.leave_elsewhere(false);
        assert_eq!(notes.unwrap(), ["the first anew"]);
        assert!(!shutdown.is_owing());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn who_met_a_bug_is_told_whether_there_is_something_to_delete_and_in_doubt_that_there_is()
    {
        let shutdown = Shutdown::install(&Handle::current()).unwrap();
        assert!(shutdown.owe(Duty::new(|| None, async { None })));
        assert!(!shutdown.may_be_owing());
        let _held = shutdown.0.duties.hold();
        assert!(shutdown.may_be_owing());
    }
}
