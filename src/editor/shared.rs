//! What the reading thread, the key handlers and other threads share.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::enter::Arrival;
use super::handle::{Job, PromptState};
use super::history::Entries;
use super::indent::Redent;
use super::wake::Wake;
use crate::language::Language;
use crate::terminal;

/// Keys closer together than this do not come from fingers (repeated keys come every 30 ms).
const BURST_GAP: Duration = Duration::from_millis(10);
/// Longer than this nobody waits for keys that are there already.
const FORGOTTEN: Duration = Duration::from_secs(1);
/// Two keys may roll under fast fingers; this many gaps in a row may not.
const BURST_GAPS: u32 = 2;

pub(super) struct Shared {
    state: AtomicU8,
    language: Mutex<Language>,
    buffer: Mutex<Buffer>,
    pulse: Mutex<Pulse>,
    /// The read under way whose type-ahead is held back, counted from 1; 0 when none is.
    held: AtomicU64,
    reads: AtomicU64,
    /// Set when the line editor reads; its first look at the buffer sends the release.
    release_wanted: AtomicBool,
    jobs: Option<Sender<Job>>,
    pub history: Entries,
    pub reading: AtomicBool,
    /// Ctrl-C was the last key.
    pub interrupted: AtomicBool,
    /// A Tab that was no text was the last key.
    pub tabbed: AtomicBool,
    /// A key that brings earlier entries was pressed in this read.
    pub recalling: AtomicBool,
    /// A history search is under way.
    pub searching: AtomicBool,
    /// More than one name was found: the line editor waits whether another Tab wants to see them.
    pub listing: AtomicBool,
    /// The key before was a character that moves its line. The line editor takes it as a completion, see helper.rs.
    pub redent: Mutex<Option<Redent>>,
    /// The buffer is wanted in an editor program.
    pub edit_wanted: AtomicBool,
    /// Enter only adds lines, Ctrl-D submits.
    pub pasting: AtomicBool,
    /// The read ends as soon as the session no longer starts.
    pub until_ready: AtomicBool,
    wake: Wake,
    /// What stood in the buffer when the read was ended so.
    pub taken: Mutex<Option<String>>,
    /// Held while another program has the terminal: nothing is printed then.
    pub lent: Mutex<()>,
    /// The window's columns and rows before the line editor began to listen for changes of them.
    window: Mutex<Option<(usize, usize)>>,
    /// The buffer has more rows than the window.
    pub tall: AtomicBool,
    pub repaint_waits: AtomicBool,
    /// What could not be printed above the prompt.
    pub unprinted: Mutex<Vec<String>>,
    pub color: bool,
}

/// The buffer as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Buffer {
    pub text: String,
    pub cursor: usize,
}

struct Pulse {
    /// When the last key was done with.
    last: Option<Instant>,
    short_gaps: u32,
    /// Bytes that had arrived while earlier keys were worked on, and are not keys yet.
    waiting: usize,
}

impl Shared {
    pub fn new(color: bool, history: Entries, jobs: Option<Sender<Job>>) -> Self {
        Self {
            state: AtomicU8::new(0),
            language: Mutex::new(Language::Python),
            buffer: Mutex::default(),
            pulse: Mutex::new(Pulse {
                last: None,
                short_gaps: 0,
                waiting: 0,
            }),
            held: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            release_wanted: AtomicBool::new(false),
            jobs,
            history,
            reading: AtomicBool::new(false),
            interrupted: AtomicBool::new(false),
            tabbed: AtomicBool::new(false),
            recalling: AtomicBool::new(false),
            searching: AtomicBool::new(false),
            listing: AtomicBool::new(false),
            redent: Mutex::default(),
            edit_wanted: AtomicBool::new(false),
            pasting: AtomicBool::new(false),
            until_ready: AtomicBool::new(false),
            wake: Wake::default(),
            taken: Mutex::default(),
            lent: Mutex::default(),
            window: Mutex::default(),
            tall: AtomicBool::new(false),
            repaint_waits: AtomicBool::new(false),
            unprinted: Mutex::default(),
            color,
        }
    }

    /// A read begins; with `hold`, Enter submits nothing until all that was typed before is in the buffer.
    pub fn begin(&self, language: Language, hold: bool) {
        *lock(&self.language) = language;
        *lock(&self.window) = terminal::size();
        self.interrupted.store(false, Ordering::Relaxed);
        self.tabbed.store(false, Ordering::Relaxed);
        self.recalling.store(false, Ordering::Relaxed);
        self.searching.store(false, Ordering::Relaxed);
        self.listing.store(false, Ordering::Relaxed);
        self.edit_wanted.store(false, Ordering::Relaxed);
        *lock(&self.taken) = None;
        self.history.stand();
        // Without the printing thread nobody could release it.
        let hold = hold && self.jobs.is_some();
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        self.held
            .store(if hold { read } else { 0 }, Ordering::Release);
        self.release_wanted.store(hold, Ordering::Release);
        *lock(&self.pulse) = Pulse {
            last: Some(Instant::now()),
            short_gaps: BURST_GAPS,
            waiting: 0,
        };
        self.reading.store(true, Ordering::Relaxed);
    }

    pub fn end(&self) {
        self.wake.stop();
        self.reading.store(false, Ordering::Relaxed);
        self.held.store(0, Ordering::Release);
    }

    /// The editor paints its prompt: the moment to end a read that waits for the session.
    pub fn painting(&self) {
        if self.holds()
            || self.state() == PromptState::Starting
            || !self.until_ready.swap(false, Ordering::Relaxed)
        {
            return;
        }
        // else the next Enter ends it
        let _ = self.wake.start();
    }

    /// A key ends the read. What is still painted is the last of it, and nothing may start there: the line editor would
    /// give the terminal back while it reads from elsewhere.
    pub fn ends(&self) {
        self.until_ready.store(false, Ordering::Relaxed);
    }

    /// A key came that is not of [`Wake`]: one that had been read before. It comes first.
    pub fn another_key(&self) {
        if self.wake.stop() {
            self.until_ready.store(true, Ordering::Relaxed);
            if let Some(jobs) = &self.jobs {
                let _ = jobs.send(Job::Repaint);
            }
        }
    }

    /// A key of [`Wake`] came, with this in the buffer. Whether that is taken now; none for a key too many.
    pub fn woken(&self, text: &str) -> Option<bool> {
        let first = self.wake.stop();
        let mut taken = lock(&self.taken);
        if first && taken.is_none() {
            *taken = Some(text.to_owned());
        }
        taken.is_some().then_some(first)
    }

    /// The editor shows this now. Called for every change, the first time as soon as it reads.
    pub fn saw(&self, text: &str, cursor: usize) {
        let mut buffer = lock(&self.buffer);
        text.clone_into(&mut buffer.text);
        buffer.cursor = cursor;
        drop(buffer);
        if let Some(before) = lock(&self.window).take()
            && terminal::size() != Some(before)
        {
            // It took the size before it listened for changes: one in between would be lost.
            terminal::announce_size();
        }
        let tall = text.len() > 200 && taller_than_window(text);
        self.tall.store(tall, Ordering::Relaxed);
        if self.release_wanted.swap(false, Ordering::AcqRel)
            && let Some(jobs) = &self.jobs
        {
            let _ = jobs.send(Job::Release(self.held.load(Ordering::Acquire)));
        }
    }

    /// The editor has worked on a key: that time is no time between keys, or a slow machine would take a paste for typing.
    pub fn worked(&self) {
        lock(&self.pulse).rest(Instant::now(), terminal::waiting());
    }

    pub fn buffer(&self) -> Buffer {
        lock(&self.buffer).clone()
    }

    pub fn language(&self) -> Language {
        *lock(&self.language)
    }

    pub fn release(&self, read: u64) {
        let _ = self
            .held
            .compare_exchange(read, 0, Ordering::AcqRel, Ordering::Relaxed);
    }

    pub fn release_all(&self) {
        self.held.store(0, Ordering::Release);
    }

    pub fn holds(&self) -> bool {
        self.held.load(Ordering::Acquire) != 0
    }

    /// A key of so many bytes came. Any key but Ctrl-C makes an interrupt before it void.
    pub fn key(&self, bytes: usize) {
        self.interrupted.store(false, Ordering::Relaxed);
        lock(&self.pulse).beat(Instant::now(), bytes);
    }

    /// How the key that was noted last arrived.
    pub fn arrival(&self) -> Arrival {
        if self.holds() {
            Arrival::Held
        } else if lock(&self.pulse).is_burst() {
            Arrival::Burst
        } else {
            Arrival::Typed
        }
    }

    /// Did the key that was noted last come by itself, not at once behind another?
    pub fn is_alone(&self) -> bool {
        lock(&self.pulse).short_gaps == 0
    }

    pub fn state(&self) -> PromptState {
        match self.state.load(Ordering::Relaxed) {
            0 => PromptState::Starting,
            1 => PromptState::Idle,
            2 => PromptState::Busy,
            4 => PromptState::Silent,
            _ => PromptState::Dead,
        }
    }

    /// Whether this changed it.
    pub fn set_state(&self, state: PromptState) -> bool {
        let code = match state {
            PromptState::Starting => 0,
            PromptState::Idle => 1,
            PromptState::Busy => 2,
            PromptState::Dead => 3,
            PromptState::Silent => 4,
        };
        self.state.swap(code, Ordering::Relaxed) != code
    }
}

impl Pulse {
    fn beat(&mut self, now: Instant, bytes: usize) {
        let gap = self.last.map(|last| now.saturating_duration_since(last));
        if gap.is_none_or(|gap| gap > FORGOTTEN) {
            self.waiting = 0;
        }
        let short = self.waiting > 0 || gap.is_some_and(|gap| gap < BURST_GAP);
        self.waiting = self.waiting.saturating_sub(bytes);
        self.short_gaps = if short {
            self.short_gaps.saturating_add(1)
        } else {
            0
        };
        self.last = Some(now);
    }

    fn rest(&mut self, now: Instant, waiting: usize) {
        self.last = Some(now);
        self.waiting = self.waiting.max(waiting);
    }

    fn is_burst(&self) -> bool {
        self.short_gaps >= BURST_GAPS
    }
}

// Rows at most: what wraps is counted by bytes.
fn taller_than_window(text: &str) -> bool {
    let Some((columns, rows)) = terminal::size() else {
        return false;
    };
    let needed: usize = text.split('\n').map(|line| 1 + line.len() / columns).sum();
    needed >= rows
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(gaps_ms: &[u64]) -> bool {
        let mut now = Instant::now();
        let mut pulse = Pulse {
            last: None,
            short_gaps: 0,
            waiting: 0,
        };
        pulse.beat(now, 1);
        for gap in gaps_ms {
            now += Duration::from_millis(*gap);
            pulse.beat(now, 1);
        }
        pulse.is_burst()
    }

    #[test]
    fn a_paste_is_a_burst_on_a_machine_that_is_slow_with_each_key_too() {
        let mut now = Instant::now();
        // the time is spent before the painting (which the pulse sees), or in it (then keys arrive meanwhile)
        for (work, painting, waiting) in [(50, 1, 0), (1, 50, 9)] {
            let mut pulse = Pulse {
                last: None,
                short_gaps: 0,
                waiting: 0,
            };
            for _ in 0..4 {
                pulse.beat(now, 1);
                now += Duration::from_millis(work);
                pulse.rest(now, waiting);
                now += Duration::from_millis(painting);
            }
            assert!(pulse.is_burst());
            // and a key that comes later is a person's
            now += Duration::from_secs(2);
            pulse.beat(now, 1);
            assert!(!pulse.is_burst());
        }
    }

    #[test]
    fn the_bytes_of_one_key_are_no_keys() {
        let mut now = Instant::now();
        let mut pulse = Pulse {
            last: None,
            short_gaps: 0,
            waiting: 0,
        };
        // a key of many bytes comes while another is worked on
        pulse.rest(now, 3);
        pulse.beat(now, 3);
        for _ in 0..3 {
            now += Duration::from_millis(100);
            pulse.beat(now, 1);
            assert!(!pulse.is_burst());
        }
    }

    #[test]
    fn fingers_make_no_burst_even_when_two_keys_roll() {
        assert!(!beats(&[120, 80, 3]));
        assert!(!beats(&[30, 30, 30]));
    }

    #[test]
    fn a_paste_is_a_burst() {
        assert!(beats(&[0, 1, 0]));
    }

    #[test]
    fn what_is_held_is_released_only_for_its_own_read() {
        let (jobs, _keep) = std::sync::mpsc::channel();
        let shared = Shared::new(false, Entries::default(), Some(jobs));
        shared.begin(Language::Python, true);
        assert_eq!(shared.arrival(), Arrival::Held);
        shared.end();
        shared.begin(Language::Python, true);
        shared.release(1);
        assert_eq!(shared.arrival(), Arrival::Held);
        shared.release(2);
        assert_ne!(shared.arrival(), Arrival::Held);
    }

    #[test]
    fn the_last_painting_of_a_read_starts_nothing() {
        let shared = Shared::new(false, Entries::default(), None);
        shared.begin(Language::Python, false);
        shared.until_ready.store(true, Ordering::Relaxed);
        shared.ends();
        shared.set_state(PromptState::Idle);
        shared.painting();
        assert!(!shared.wake.stop());
    }

    #[tokio::test]
    async fn a_window_that_changed_before_anybody_listened_is_announced_again() {
        use tokio::signal::unix::{SignalKind, signal};
        let mut changes = signal(SignalKind::window_change()).unwrap();
        let shared = Shared::new(false, Entries::default(), None);
        shared.begin(Language::Python, false);
        *lock(&shared.window) = Some((1, 1));
        shared.saw("", 0);
        assert!(changes.recv().await.is_some());
        assert!(lock(&shared.window).is_none(), "once a read");
    }

    #[test]
    fn a_state_is_repainted_on_change_only() {
        let shared = Shared::new(false, Entries::default(), None);
        assert!(shared.set_state(PromptState::Idle));
        assert!(!shared.set_state(PromptState::Idle));
        assert_eq!(shared.state(), PromptState::Idle);
    }
}
