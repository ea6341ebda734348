//! Speaking to the editor from other threads, while it reads.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, MutexGuard};
use std::thread;

use rustyline::ExternalPrinter;

use super::history::Past;
use super::shared::{Shared, lock};

/// A message that leaves no line behind and makes the editor paint prompt and buffer again.
const REPAINT: &str = "\x1b[A\n";

/// The name of the thread that prints.
pub(super) const PRINTER: &str = "prompt";

/// The session's state, shown as the prompt's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PromptState {
    /// The session is not ready yet; what is entered queues.
    #[default]
    Starting,
    /// Ready.
    Idle,
    /// Running something.
    Busy,
    /// Gone.
    Dead,
    /// The server does not answer now.
    Silent,
}

/// What the printing thread is asked to do.
pub(super) enum Job {
    Print(String),
    Repaint,
    /// Everything typed before this read is in the buffer once the editor looks up: then Enter works again.
    Release(u64),
}

/// A way to the editor for other threads and tasks. Nothing here ever blocks.
#[derive(Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
    pub(super) jobs: Option<Sender<Job>>,
    pub(super) interrupt: Option<Sender<super::plain::Event>>,
}

impl Handle {
    /// Shows another state. The prompt is painted again at once when somebody sits at it.
    pub fn set_state(&self, state: PromptState) {
        let changed = self.shared.set_state(state);
        let shared = &self.shared;
        // A buffer taller than the window would leave a copy of itself in the scrollback each time.
        let painted =
            !shared.tall.load(Ordering::Relaxed) || shared.until_ready.load(Ordering::Relaxed);
        if changed && painted && shared.reading.load(Ordering::Relaxed) {
            self.send_repaint();
        }
    }

    /// Does the prompt show a session that starts?
    pub fn is_starting(&self) -> bool {
        self.shared.state() == PromptState::Starting
    }

    /// Ctrl-C for a prompt at which no line is edited: the line editor sees the key by itself. The number
    /// tells it from those that were [for what ran before](super::Start::interrupts).
    pub fn interrupt(&self, number: u64) {
        if let Some(interrupt) = &self.interrupt {
            let _ = interrupt.send(super::plain::Event::Interrupt(number));
        }
    }

    /// Writes lines above the prompt, without disturbing what is typed; straight to the terminal when nobody
    /// is at the prompt. `false` when there is no line editor to do it: print it yourself then.
    ///
    /// The text must be safe for a terminal. It appears late when the user is in a history search.
    pub fn print(&self, text: &str) -> bool {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.send(Job::Print(text))
    }

    /// [`Handle::print`] where somebody is at the prompt, for whoever cannot know whether the thread that prints is well:
    /// `false` on that thread itself, and once it has ended.
    pub fn tell(&self, text: &str) -> bool {
        let prints = thread::current().name() == Some(PRINTER);
        !prints && self.is_reading() && self.print(text)
    }

    /// Takes what [`Handle::print`] took on and could not write, oldest first.
    pub fn take_unprinted(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.shared.unprinted))
    }

    /// The terminal is another program's until the answer is dropped: [`Handle::print`] waits for it back.
    pub fn lend_terminal(&self) -> Lent<'_> {
        Lent(lock(&self.shared.lent))
    }

    /// Is somebody at the prompt? Then only [`Handle::print`] leaves what is typed as it is.
    pub fn is_reading(&self) -> bool {
        self.shared.reading.load(Ordering::Relaxed)
    }

    /// Entries of earlier sessions are on their way: Up and Ctrl-R wait a moment for them, as long as
    /// the answer lives.
    pub fn expect_history(&self) -> Expected {
        self.shared.history.expect();
        Expected(self.clone())
    }

    /// Puts entries of earlier sessions, oldest first, before those of this one. They are there at once, at a
    /// prompt that is already being typed at too.
    pub fn load_history(&self, entries: Vec<Past>) {
        self.shared.history.load(entries);
    }

    fn send_repaint(&self) {
        if !self.shared.repaint_waits.swap(true, Ordering::AcqRel) {
            self.send(Job::Repaint);
        }
    }

    fn send(&self, job: Job) -> bool {
        self.jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

/// The terminal, lent to another program.
#[must_use = "the terminal is ours again once this is dropped"]
pub struct Lent<'a>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>);

/// Entries of earlier sessions that are on their way.
#[must_use = "nobody waits for the entries once this is dropped"]
pub struct Expected(Handle);

impl Expected {
    /// Here they are; as [`Handle::load_history`].
    pub fn load(self, entries: Vec<Past>) {
        self.0.load_history(entries);
    }
}

impl Drop for Expected {
    /// Whoever was to bring them may have failed.
    fn drop(&mut self) {
        self.0.shared.history.expect_no_more();
    }
}

/// Carries out jobs until every handle is gone.
///
/// A thread of its own, because the editor takes one message at a time and none while it searches the
/// history or lists completions: `print` waits for it.
pub(super) fn serve(mut printer: impl ExternalPrinter, jobs: &Receiver<Job>, shared: &Shared) {
    let mut works = true;
    for job in jobs {
        let outcome = match job {
            Job::Print(text) => {
                drop(lock(&shared.lent));
                let printed = if works {
                    printer.print(text.clone())
                } else {
                    gone()
                };
                if printed.is_err() {
                    // whoever reads says it elsewhere
                    lock(&shared.unprinted).push(text);
                }
                printed
            }
            Job::Repaint | Job::Release(_) if !works => gone(),
            Job::Repaint => {
                shared.repaint_waits.store(false, Ordering::Release);
                if shared.reading.load(Ordering::Relaxed) {
                    printer.print(REPAINT.to_owned())
                } else {
                    Ok(())
                }
            }
            Job::Release(read) => {
                // The editor prefers keys to messages and has room for one message: the second is taken in
                // only after it has seen the first, that is, after every key that had arrived before.
                let seen = printer
                    .print(REPAINT.to_owned())
                    .and_then(|()| printer.print(REPAINT.to_owned()));
                shared.release(read);
                seen
            }
        };
        if outcome.is_err() {
            // The terminal is gone; the reading side finds out by itself.
            works = false;
            shared.release_all();
        }
    }
}

fn gone() -> rustyline::Result<()> {
    Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::history::Entries;
    use std::sync::mpsc;

    struct Printer(usize);

    impl ExternalPrinter for Printer {
        fn print(&mut self, _: String) -> rustyline::Result<()> {
            self.0 = self
                .0
                .checked_sub(1)
                .ok_or(std::io::ErrorKind::BrokenPipe)?;
            Ok(())
        }
    }

    /// A prompt whose printing thread is the test's.
    fn at_prompt() -> (Handle, Arc<Shared>, Receiver<Job>) {
        let (jobs, waiting) = mpsc::channel();
        let shared = Arc::new(Shared::new(false, Entries::default(), Some(jobs.clone())));
        let handle = Handle {
            shared: Arc::clone(&shared),
            jobs: Some(jobs),
            interrupt: None,
        };
        (handle, shared, waiting)
    }

    #[test]
    fn what_the_printing_thread_meets_itself_is_left_to_whoever_tells_it() {
        let (handle, shared, waiting) = at_prompt();
        assert!(!handle.tell("nobody is at the prompt"));
        shared.begin(crate::language::Language::Python, false);
        assert!(handle.tell("somebody is"));
        let printer = thread::Builder::new().name(PRINTER.to_owned());
        let itself = handle.clone();
        let told = printer.spawn(move || itself.tell("its own bug")).unwrap();
        assert!(!told.join().unwrap());
        drop(waiting);
        assert!(!handle.tell("it has ended"));
    }

    #[test]
    fn what_cannot_be_printed_is_kept_and_nothing_typed_is_held_for_ever() {
        let (handle, shared, waiting) = at_prompt();
        for text in ["printed", "lost", "and lost"] {
            assert!(handle.print(text));
        }
        shared.begin(crate::language::Language::Python, true);
        assert!(shared.holds());
        shared.saw("", 0);
        let printer = thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(Printer(1), &waiting, &shared)
        });
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while shared.holds() || lock(&shared.unprinted).len() < 2 {
            assert!(std::time::Instant::now() < end, "lost or held");
            thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(handle.take_unprinted(), ["lost\n", "and lost\n"]);
        assert!(!printer.is_finished(), "it goes on keeping");
    }
}
