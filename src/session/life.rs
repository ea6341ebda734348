//! What ends a session that nobody looks at: the server's idle rule, a missed heartbeat, a machine that slept.
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::cause::{Away, Cause};
use crate::livy::{self, SessionState};

/// Livy's idle limit where nothing else is known.
const USUAL_LIMIT: Duration = Duration::from_secs(3600);
/// The most that a warning comes before the end; for short limits it is a sixth of them.
const WARN_BEFORE: Duration = Duration::from_secs(300);
/// How long the idle rule may lag: servers look once a minute.
const COLLECTED_EVERY: Duration = Duration::from_secs(60);
/// One clock that runs ahead of the other by more than this was not only corrected.
const SLEPT: Duration = Duration::from_secs(30);

/// The clocks are looked at every few seconds: where they were not for longer, the program could not run.
const STOPPED: Duration = Duration::from_secs(10);

/// What the clocks show: the one that stands still while the machine sleeps, the one that does not, since a start of its
/// own, and the one on the wall, which can be set.
type Moment = (Instant, Duration, Duration);

/// Has the machine slept?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slept {
    /// No sign of it.
    No,
    /// Only the wall clock jumped: it was set, or this is a guest whose host slept, which stops every other clock.
    Perhaps,
    /// For so long.
    For(Duration),
}

/// The clocks.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// One that answers so.
    pub fn new(now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    fn now(&self) -> Moment {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(|| {
            let wall = SystemTime::now().duration_since(UNIX_EPOCH);
            let wall = wall.unwrap_or_default();
            (Instant::now(), sleepless(since_boot(), wall), wall)
        })
    }
}

/// A time that runs on in sleep: the system's own. A wall clock can be set, which looks like a sleep; it must do where
/// there is nothing else.
fn sleepless(since_boot: Option<Duration>, wall: Duration) -> Duration {
    since_boot.unwrap_or(wall)
}

/// None before Linux 2.6.39, and in sandboxes that forbid it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Option<Duration> {
    use rustix::time::{DynamicClockId, clock_gettime_dynamic};
    let time = clock_gettime_dynamic(DynamicClockId::Boottime).ok()?;
    time.try_into().ok()
}

/// The monotonic clock runs on in sleep there; `Instant` reads one that does not.
#[cfg(target_vendor = "apple")]
fn since_boot() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::Monotonic).try_into().ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn since_boot() -> Option<Duration> {
    None
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// What is known of a session's end. Clones share it.
#[derive(Clone, Debug)]
pub struct Life {
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    /// The last call that the idle rule counts, as far as we know.
    used: Moment,
    /// It was used before us, nobody knows when: only a use of ours tells.
    used_before: bool,
    /// Others may use it as well.
    others: bool,
    /// The last answer of the server.
    seen: Moment,
    /// The idle limit, where the server told.
    limit: Option<Duration>,
    heartbeat: Option<Duration>,
    working: usize,
    warned: bool,
    /// The machine slept since the last answer.
    slept: bool,
    /// The server did not answer since then.
    troubled: bool,
    /// For how long the program could not run since then.
    stopped: Duration,
    /// At the last look at the clocks.
    clocks: Moment,
}

/// An end for idleness that is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fading {
    /// About how long is left.
    pub left: Duration,
    /// For how long nobody has used it.
    pub idle: Duration,
    /// Did the server tell its limit? Else it is Livy's usual one.
    pub told: bool,
    /// May others use it, so that only our own idleness is known?
    pub others: bool,
}

/// Somebody waits for a statement, until this is dropped.
#[derive(Debug)]
pub struct Working(Life);

impl Life {
    /// Of a session that was used just now.
    pub fn new(clock: Clock) -> Self {
        let clocks = clock.now();
        let known = Known {
            used: clocks,
            used_before: false,
            others: false,
            seen: clocks,
            limit: None,
            heartbeat: None,
            working: 0,
            warned: false,
            slept: false,
            troubled: false,
            stopped: Duration::ZERO,
            clocks,
        };
        let known = Arc::new(Mutex::new(known));
        Self { clock, known }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was there before us, and the idle rule counts from a time that we do not know, until we use it; `others`
    /// may use it as well, which we do not hear of.
    pub fn was_there(&self, others: bool) {
        let mut known = self.known();
        (known.used_before, known.others) = (true, others);
    }

    /// The period after which a session ends that nobody looks at; none where it is not known.
    pub fn beats(&self, heartbeat: Option<Duration>) {
        self.known().heartbeat = heartbeat;
    }

    /// The server showed the session: it is there, and its limits may stand in the answer.
    pub(super) fn shown(&self, session: &livy::Session) {
        let now = self.clock.now();
        let field = |name: &str| {
            session
                .more
                .get(name)
                .and_then(|value| duration(value.as_str()?))
        };
        // `ttl` is an idle limit only where there is no other (0.8); later it is a limit of life
        let limit = if session.more.contains_key("idleTimeout") {
            field("idleTimeout")
        } else {
            field("ttl")
        };
        let mut known = self.known();
        known.limit = limit.or(known.limit);
        (known.seen, known.slept, known.troubled) = (now, false, false);
        known.stopped = Duration::ZERO;
    }

    /// The server did not answer.
    pub(super) fn silent(&self) {
        self.known().troubled = true;
    }

    /// A call that the idle rule counts has been answered.
    pub fn used(&self) {
        let now = self.clock.now();
        let mut known = self.known();
        known.used = now;
        (known.warned, known.used_before) = (false, false);
    }

    /// A statement is sent and waited for.
    pub fn work(&self) -> Working {
        self.known().working += 1;
        self.used();
        Working(self.clone())
    }

    pub(super) fn is_working(&self) -> bool {
        self.known().working > 0
    }

    /// Has the user been warned of an end for idleness?
    pub fn is_fading(&self) -> bool {
        self.known().warned
    }

    /// The user has not seen the warning: where its time has come it is given again.
    pub fn warn_again(&self) {
        self.known().warned = false;
    }

    /// Is it time to tell the idle rule that somebody waits? Then it is taken to be told.
    pub(super) fn tells(&self) -> bool {
        let now = self.clock.now();
        let mut known = self.known();
        let due = known.working > 0 && age(known.used, now) >= known.limit() / 3;
        if due {
            known.used = now;
        }
        due
    }

    /// An end for idleness that is near, once.
    pub(super) fn fades(&self) -> Option<Fading> {
        let now = self.clock.now();
        let mut known = self.known();
        let (limit, idle) = (known.limit(), age(known.used, now));
        let left = limit.saturating_sub(idle);
        let silent = known.working > 0 || known.warned || known.used_before;
        if silent || left > WARN_BEFORE.min(limit / 6) {
            return None;
        }
        known.warned = true;
        let (told, others) = (known.limit.is_some(), known.others);
        Some(Fading {
            left,
            idle,
            told,
            others,
        })
    }

    /// Has the machine slept since the last call of this?
    pub(super) fn slept(&self) -> Slept {
        let now = self.clock.now();
        let mut known = self.known();
        let then = std::mem::replace(&mut known.clocks, now);
        let ran = now.0.saturating_duration_since(then.0);
        let slept = age(then, now).saturating_sub(ran);
        known.slept |= slept > SLEPT;
        if ran > STOPPED {
            known.stopped += ran;
        }
        if slept > SLEPT {
            return Slept::For(slept);
        }
        let jumped = now.2.saturating_sub(then.2).saturating_sub(ran) > SLEPT;
        if jumped { Slept::Perhaps } else { Slept::No }
    }

    /// Why the session is gone, as its state, its log and the clocks tell.
    pub(super) fn cause(&self, state: Option<&SessionState>, log: &[String]) -> Option<Cause> {
        let killed = (state == Some(&SessionState::Killed)).then_some(Cause::Killed);
        if let Some(cause) = Cause::of_running(log).or(killed) {
            return Some(cause);
        }
        if state.is_some_and(|state| !state.is_over()) {
            return Some(Cause::ChannelBroken);
        }
        let now = self.clock.now();
        let known = self.known();
        let (away, idle) = (age(known.seen, now), age(known.used, now));
        if let Some(limit) = known.heartbeat.filter(|limit| away >= *limit) {
            let why = if known.slept {
                Away::Slept
            } else if known.troubled && known.stopped < away / 2 {
                Away::Unreached
            } else {
                // a look that was under way meanwhile fails for that
                Away::Stopped
            };
            return Some(Cause::Heartbeat { away, limit, why });
        }
        let limit = known.limit();
        if !known.used_before && idle + COLLECTED_EVERY.min(limit / 2) >= limit {
            let told = known.limit.is_some();
            return Some(Cause::Idle { idle, limit, told });
        }
        (state.is_none() && known.troubled).then_some(Cause::Restarted)
    }
}

impl Known {
    fn limit(&self) -> Duration {
        self.limit.unwrap_or(USUAL_LIMIT)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.known().working -= 1;
        self.0.used();
    }
}

/// The time between, sleep included. Where a wall clock was set back, the other one knows better.
fn age(then: Moment, now: Moment) -> Duration {
    let ran = now.0.saturating_duration_since(then.0);
    now.1.saturating_sub(then.1).max(ran)
}

/// A duration as Livy echoes it: digits and a unit, milliseconds without one.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().to_ascii_lowercase();
    let unit = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..unit].parse().ok()?;
    let duration = match text[unit..].trim() {
        "" | "ms" => Duration::from_millis(number),
        "us" => Duration::from_micros(number),
        "s" | "sec" => Duration::from_secs(number),
        "m" | "min" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        "d" => Duration::from_secs(number.checked_mul(86400)?),
        _ => return None,
    };
    (!duration.is_zero()).then_some(duration)
}

/// A duration as people say it.
pub fn spoken(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", (seconds + 30) / 60),
        seconds @ 7200..172_800 => format!("{} h", (seconds + 1800) / 3600),
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

#[cfg(test)]
pub(super) mod tests;
