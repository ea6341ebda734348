use super::*;

/// Clocks that stand until a test moves them: by running, by sleeping on top, and by setting the wall clock.
#[derive(Clone, Default)]
pub struct Hands(Arc<Mutex<Moved>>);

#[derive(Clone, Copy, Default)]
struct Moved {
    ran: Duration,
    slept: Duration,
    forward: Duration,
    back: Duration,
    /// A system that has no clock but these two.
    wall_only: bool,
}

impl Hands {
    fn wall_only() -> Self {
        let hands = Self::default();
        hands.0.lock().unwrap().wall_only = true;
        hands
    }

    pub fn run(&self, seconds: u64) {
        self.0.lock().unwrap().ran += Duration::from_secs(seconds);
    }

    pub fn sleep(&self, seconds: u64) {
        self.0.lock().unwrap().slept += Duration::from_secs(seconds);
    }

    pub fn set_back(&self, seconds: u64) {
        self.0.lock().unwrap().back += Duration::from_secs(seconds);
    }

    pub fn set_forward(&self, seconds: u64) {
        self.0.lock().unwrap().forward += Duration::from_secs(seconds);
    }

    pub fn life(&self) -> Life {
        let (start, wall, hands) = (Instant::now(), Duration::from_secs(1 << 30), self.clone());
        Life::new(Clock::new(move || {
            let moved = *hands.0.lock().unwrap();
            let on = moved.ran + moved.slept;
            let since_boot = (!moved.wall_only).then_some(on);
            let wall = (wall + on + moved.forward).saturating_sub(moved.back);
            (start + moved.ran, sleepless(since_boot, wall), wall)
        }))
    }
}

fn session(text: &str) -> livy::Session {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_idle_limit_is_the_one_that_the_server_shows() {
    for (shown, limit) in [
        (r#"{"id": 0, "idleTimeout": "10m", "ttl": "8h"}"#, Some(600)),
        (r#"{"id": 0, "idleTimeout": null, "ttl": "8h"}"#, None),
        (r#"{"id": 0, "ttl": "1200s"}"#, Some(1200)),
        (r#"{"id": 0, "ttl": null}"#, None),
        (r#"{"id": 0, "ttl": "soon"}"#, None),
    ] {
        let life = Hands::default().life();
        life.shown(&session(shown));
        assert_eq!(
            life.known().limit,
            limit.map(Duration::from_secs),
            "{shown}"
        );
    }
}

#[test]
fn the_user_is_warned_once_five_minutes_before_and_again_after_use() {
    let hands = Hands::default();
    let life = hands.life();
    hands.run(3290);
    assert_eq!(life.fades(), None);
    hands.run(10);
    let fading = life.fades().unwrap();
    assert_eq!((fading.left.as_secs(), fading.told), (300, false));
    assert_eq!(life.fades(), None);
    assert!(life.is_fading());
    life.used();
    assert!(!life.is_fading());
    hands.run(3400);
    assert!(life.fades().is_some());
}

#[test]
fn a_session_that_was_there_warns_only_once_its_last_use_is_known() {
    let hands = Hands::default();
    let life = hands.life();
    life.was_there(true);
    hands.run(3500);
    assert_eq!(life.fades(), None, "it may have been idle for long before");
    assert_eq!(life.cause(None, &[]), None);
    life.used();
    hands.run(3300);
    assert!(life.fades().is_some_and(|fading| fading.others));
}

#[test]
fn a_wall_clock_that_is_set_back_makes_nothing_younger() {
    let hands = Hands::wall_only();
    let life = hands.life();
    life.used();
    let working = life.work();
    hands.set_back(7200);
    hands.run(1300);
    assert!(life.tells(), "the idle rule is told in time");
    drop(working);
    hands.run(3300);
    assert!(life.fades().is_some());
    assert_eq!(life.slept(), Slept::No);
}

#[test]
fn a_short_limit_warns_a_sixth_before() {
    let hands = Hands::default();
    let life = hands.life();
    life.shown(&session(r#"{"id": 0, "idleTimeout": "60s"}"#));
    hands.run(49);
    assert_eq!(life.fades(), None);
    hands.run(1);
    assert!(life.fades().is_some_and(|fading| fading.told));
}

#[test]
fn the_idle_rule_is_told_at_a_third_of_its_limit_while_somebody_waits_and_never_else() {
    let hands = Hands::default();
    let life = hands.life();
    hands.run(1300);
    assert!(!life.tells(), "nobody works");
    let working = life.work();
    hands.run(1190);
    assert!(!life.tells());
    hands.run(10);
    assert!(life.tells());
    assert!(!life.tells(), "just told");
    hands.run(3590);
    assert_eq!(life.fades(), None, "who works is not warned");
    drop(working);
    assert_eq!(life.fades(), None, "its end was use");
}

#[test]
fn a_sleep_is_told_by_the_clock_that_runs_on_in_it() {
    for hands in [Hands::default(), Hands::wall_only()] {
        let life = hands.life();
        hands.run(1000);
        assert_eq!(life.slept(), Slept::No);
        hands.sleep(10_800);
        hands.run(2);
        assert_eq!(life.slept(), Slept::For(Duration::from_secs(10_800)));
        assert_eq!(life.slept(), Slept::No);
        hands.sleep(5);
        assert_eq!(life.slept(), Slept::No, "a clock is corrected now and then");
    }
}

#[test]
fn a_wall_clock_that_is_set_forward_is_no_sleep_and_makes_nothing_older() {
    let hands = Hands::default();
    let life = hands.life();
    life.beats(Some(Duration::from_secs(600)));
    hands.run(2);
    hands.set_forward(7200);
    assert_eq!(life.slept(), Slept::Perhaps);
    assert_eq!(life.fades(), None);
    assert_eq!(life.cause(None, &[]), None);
    // where there is no other clock that runs on in sleep, nobody can tell
    let hands = Hands::wall_only();
    let life = hands.life();
    hands.set_forward(7200);
    assert_eq!(life.slept(), Slept::For(Duration::from_secs(7200)));
}

#[test]
fn the_systems_clock_that_runs_on_in_sleep_is_read_where_there_is_one() {
    let (then, now) = (since_boot(), since_boot());
    assert!(then <= now);
    assert!(cfg!(not(any(target_os = "linux", target_vendor = "apple"))) || then.is_some());
}

#[test]
fn the_cause_of_an_end_follows_from_clocks_state_and_log() {
    let hands = Hands::default();
    let life = hands.life();
    life.beats(Some(Duration::from_secs(600)));
    assert_eq!(life.cause(None, &[]), None);
    let idle = Some(SessionState::Idle);
    assert_eq!(life.cause(idle.as_ref(), &[]), Some(Cause::ChannelBroken));
    let killed = Some(SessionState::Killed);
    assert_eq!(life.cause(killed.as_ref(), &[]), Some(Cause::Killed));
    let accepted = ["Application report (state: ACCEPTED)".to_owned()];
    assert_eq!(life.cause(None, &accepted), None, "so says every start");
    let memory = ["java.lang.OutOfMemoryError".to_owned()];
    assert_eq!(life.cause(None, &memory), Some(Cause::OutOfMemory));
    life.silent();
    assert_eq!(life.cause(None, &[]), Some(Cause::Restarted));
    hands.sleep(700);
    let _ = life.slept();
    let why = || match life.cause(None, &[]) {
        Some(Cause::Heartbeat { why, .. }) => Some(why),
        _ => None,
    };
    assert_eq!(why(), Some(Away::Slept));
    life.shown(&session(r#"{"id": 0}"#));
    hands.run(500);
    assert_eq!(life.cause(None, &[]), None);
    // Ctrl-Z: no clock jumps, and no look failed
    hands.run(200);
    assert_eq!(why(), Some(Away::Stopped));
    life.silent();
    assert_eq!(why(), Some(Away::Unreached));
    // what fails when it goes on is not why
    life.shown(&session(r#"{"id": 0}"#));
    let _ = life.slept();
    hands.run(700);
    let _ = life.slept();
    life.silent();
    assert_eq!(why(), Some(Away::Stopped));
    for _ in 0..5 {
        hands.run(480);
        life.shown(&session(r#"{"id": 0}"#));
    }
    let cause = life.cause(None, &[]);
    assert!(
        matches!(cause, Some(Cause::Idle { told: false, .. })),
        "{cause:?}"
    );
}

#[test]
fn durations_are_spoken_in_one_unit() {
    for (seconds, text) in [
        (5, "5 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3660, "61 min"),
        (7200, "2 h"),
        (10_800, "3 h"),
        (172_800, "2 days"),
    ] {
        assert_eq!(spoken(Duration::from_secs(seconds)), text);
    }
}
