//! The shell's link to its session: on its way, there, or gone.
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::complete::Completer;
use super::ran::Ran;
use crate::editor::{self, PromptState};
use crate::livy::{Kind, SessionState};
use crate::opening::{News, Notes, Opened, Opener, Opening, Phase, Status};
use crate::progress::StatusLine;
use crate::report::{Report, code, complain, is_quiet, noted, of_gone, say, shown};
use crate::session::{Fading, Health, Interrupts, spoken};

/// How often is looked whether a line is read again, above which something can be said.
const BESIDE: Duration = Duration::from_millis(100);

/// Where the session is.
pub enum Link {
    /// On its way.
    Opening(Box<Opening>, Told),
    /// There.
    Open(Box<Opened>),
    /// Not there; the reason has been shown, or stands here.
    Closed(Option<Report>),
}

/// What the user has been told of a session on its way, and who does the telling.
#[derive(Clone, Debug, Default)]
pub struct Told {
    failure: Arc<AtomicBool>,
    /// Somebody waits with a status line: notes are shown beside it.
    waits: Arc<AtomicBool>,
}

impl Told {
    /// Whoever asks first tells of the failure.
    fn first(&self) -> bool {
        !self.failure.swap(true, Ordering::SeqCst)
    }

    fn waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::SeqCst);
    }
}

/// What came of waiting for a session.
pub enum Wait {
    /// It is there.
    Open,
    /// Ctrl-C; it goes on starting.
    Interrupted,
    /// There is none.
    Failed(Report),
}

impl Link {
    /// Begins to open a session, and lets the prompt's colour follow it.
    pub fn open(
        opener: &Opener,
        kind: Kind,
        runtime: &Handle,
        prompt: editor::Handle,
        completer: Completer,
        ran: Ran,
    ) -> (Self, AbortHandle) {
        Self::follow(opener.open(kind), runtime, prompt, completer, ran)
    }

    /// The same with a session of which more is known.
    pub fn follow(
        opening: Opening,
        runtime: &Handle,
        prompt: editor::Handle,
        completer: Completer,
        ran: Ran,
    ) -> (Self, AbortHandle) {
        let told = Told::default();
        prompt.set_state(PromptState::Starting);
        completer.set_session(None);
        let follower = runtime.spawn(follow_start(
            opening.status.clone(),
            opening.notes.clone(),
            prompt,
            completer,
            told.clone(),
            ran,
        ));
        let link = Self::Opening(Box::new(opening), told);
        (link, follower.abort_handle())
    }

    /// Goes back to a session that was left for another one.
    pub fn resume(
        opened: Box<Opened>,
        runtime: &Handle,
        prompt: editor::Handle,
        completer: Completer,
        ran: Ran,
    ) -> (Self, AbortHandle) {
        let mut health = opened.keep_alive.health();
        let (mut status, notes) = (opened.status.clone(), opened.notes.clone());
        // a warning while nobody looked was none
        opened.session.life.warn_again();
        completer.set_session(Some(opened.session.clone()));
        let follower = runtime.spawn(async move {
            let now = health.borrow_and_update().clone();
            let old = matches!(now, Health::Fading(_));
            if old || !tell_health(now, &prompt, &ran) {
                // what ran there before us may have ended meanwhile
                tokio::select! {
                    () = follow_health(health, prompt.clone(), ran) => {}
                    never = follow_notes(&mut status, &notes, &prompt) => match never {},
                }
            }
            completer.set_session(None);
        });
        (Self::Open(opened), follower.abort_handle())
    }

    /// How the start goes; afterwards, how it went.
    pub fn status(&self) -> Option<watch::Receiver<Status>> {
        match self {
            Self::Opening(opening, _) => Some(opening.status.clone()),
            _ => None,
        }
    }

    /// Is it on its way?
    pub fn is_opening(&self) -> bool {
        match self {
            Self::Opening(opening, _) => !opening.task.is_finished(),
            _ => false,
        }
    }

    /// Did it not come?
    pub fn has_failed(&self) -> bool {
        match self {
            Self::Opening(opening, _) => matches!(opening.status.borrow().phase, Phase::Failed(_)),
            Self::Open(_) => false,
            Self::Closed(_) => true,
        }
    }

    /// Has it been told that the session is gone?
    pub fn is_known_to_be_gone(&self) -> bool {
        let Self::Open(opened) = self else {
            return false;
        };
        opened.is_known_to_be_gone()
    }

    /// Was its session there before us?
    pub fn is_attached(&self) -> bool {
        match self {
            Self::Open(opened) => opened.is_attached(),
            Self::Opening(opening, _) => opening.attached,
            Self::Closed(_) => false,
        }
    }

    /// The session takes no statement any more. It goes now where it still exists (a dead session
    /// stays on the server's list); what cannot be deleted is told on the way out.
    pub fn lost(&mut self, runtime: &Handle) {
        if let Self::Open(opened) = std::mem::replace(self, Self::Closed(None)) {
            runtime.spawn(opened.lost());
        }
    }

    /// Takes a session over that has come up, or failed, while the user typed.
    pub fn take_if_ready(&mut self, runtime: &Handle) {
        let Self::Opening(opening, told) = self else {
            return;
        };
        if !opening.task.is_finished() {
            return;
        }
        *self = match runtime.block_on(&mut opening.task) {
            Ok(Ok(opened)) => Self::Open(Box::new(opened)),
            Ok(Err(report)) => Self::Closed(told.first().then_some(report)),
            Err(_) => Self::Closed(None),
        };
    }

    /// Shows notes that came while the user typed.
    pub fn announce(&mut self) {
        if let Self::Opening(opening, _) = self {
            for said in opening.notes.take() {
                said.show();
            }
        }
    }

    /// Waits until a session that starts is there, with a status line.
    pub fn wait(&mut self, runtime: &Handle, interrupts: &mut Interrupts, visible: bool) -> Wait {
        let (opening, told) = match self {
            Self::Open(_) => return Wait::Open,
            Self::Closed(reason) => {
                return Wait::Failed(
                    reason
                        .take()
                        .unwrap_or_else(|| Report::new(code::SERVER, "there is no session")),
                );
            }
            Self::Opening(opening, told) => (opening, told),
        };
        let line = StatusLine::start(&waiting(&opening.status.borrow().text), visible);
        told.waits(true);
        let ended = runtime.block_on(opening.wait(interrupts, |news| match news {
            News::Doing(text) => line.say(&waiting(text)),
            News::Said(said) => line.aside(|| said.show()),
        }));
        told.waits(false);
        drop(line);
        match ended {
            None => Wait::Interrupted,
            Some(Ok(opened)) => {
                *self = Self::Open(Box::new(opened));
                Wait::Open
            }
            Some(Err(report)) => {
                let first = told.first();
                *self = Self::Closed(None);
                Wait::Failed(if first {
                    report
                } else {
                    Report::new(code::SERVER, "there is no session")
                })
            }
        }
    }
}

fn waiting(doing: &str) -> String {
    format!("{doing} (runs when it is ready; Ctrl-C drops it)")
}

/// Tells the prompt how the start goes, and the user when it failed.
async fn follow_start(
    mut status: watch::Receiver<Status>,
    notes: Notes,
    prompt: editor::Handle,
    completer: Completer,
    told: Told,
    ran: Ran,
) {
    loop {
        // before the notes: one that comes after this look wakes the loop again
        let phase = status.borrow_and_update().phase.clone();
        if !told.waits.load(Ordering::SeqCst) {
            show_above(&notes, &prompt);
        }
        match phase {
            Phase::Opening => {}
            Phase::Ready { session, health } => {
                completer.set_session(Some(session));
                prompt.set_state(PromptState::Idle);
                tokio::select! {
                    () = follow_health(health, prompt.clone(), ran) => {}
                    never = follow_notes(&mut status, &notes, &prompt) => match never {},
                }
                return completer.set_session(None);
            }
            Phase::Failed(report) => {
                prompt.set_state(PromptState::Dead);
                if told.first() && !prompt.print(&shown(&report)) {
                    complain(&report);
                }
                return;
            }
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

fn show_above(notes: &Notes, prompt: &editor::Handle) {
    for said in notes.take() {
        let above = (said.failed || !is_quiet()) && prompt.print(&said.shown());
        if !above {
            said.show();
        }
    }
}

/// Shows what is found out when the session is there already.
async fn follow_notes(
    status: &mut watch::Receiver<Status>,
    notes: &Notes,
    prompt: &editor::Handle,
) -> Infallible {
    loop {
        // not into what a statement shows
        while !notes.is_empty() && !prompt.is_reading() {
            tokio::time::sleep(BESIDE).await;
        }
        show_above(notes, prompt);
        if status.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Tells the prompt how an idle session is, and the user when it is gone, or soon will be.
async fn follow_health(mut health: watch::Receiver<Health>, prompt: editor::Handle, ran: Ran) {
    while health.changed().await.is_ok() {
        let now = health.borrow_and_update().clone();
        if tell_health(now, &prompt, &ran) {
            return;
        }
    }
}

/// Is it gone?
fn tell_health(now: Health, prompt: &editor::Handle, ran: &Ran) -> bool {
    let (state, word) = match now {
        Health::Alive(SessionState::Busy | SessionState::Running) => (PromptState::Busy, None),
        Health::Alive(_) => (PromptState::Idle, None),
        Health::Woke { slept, .. } => (PromptState::Idle, Some(woke(slept))),
        Health::Fading(fading) => (PromptState::Idle, Some(ends_soon(fading))),
        Health::Silent { .. } => (PromptState::Silent, None),
        Health::Gone(gone) => {
            prompt.set_state(PromptState::Dead);
            let report = of_gone(false, &gone).advise(ran.offer());
            if !prompt.print(&shown(&report)) {
                complain(&report);
            }
            return true;
        }
        Health::Replaced => {
            prompt.set_state(PromptState::Dead);
            let why = "the server was restarted, and its id is another's";
            above(
                prompt,
                &format!("the session is gone ({why}); {}", ran.offer()),
            );
            return true;
        }
    };
    prompt.set_state(state);
    if let Some(word) = word.filter(|_| !is_quiet()) {
        above(prompt, &word);
    }
    false
}

/// A word to the user above the prompt; where there is no line editor, below what is typed.
fn above(prompt: &editor::Handle, word: &str) {
    let word = noted(word);
    if !prompt.print(&word) {
        say(&word);
    }
}

fn woke(slept: Duration) -> String {
    format!(
        "this machine slept for {}; the session is still there",
        spoken(slept)
    )
}

/// Servers look at their idle sessions now and then, so that all of it is about so.
fn ends_soon(fading: Fading) -> String {
    let Fading {
        left,
        idle,
        told,
        others,
    } = fading;
    let (left, idle) = (spoken(left), spoken(idle));
    let why = if others {
        format!(
            "this session may end in about {left}, unless others use it: you have not for {idle}"
        )
    } else if told {
        format!("this session ends in about {left} for idleness")
    } else {
        format!(
            "this session may end in about {left}: nobody has used it for {idle}, and most servers end idle sessions after 1 h"
        )
    };
    format!("{why}; press Enter on an empty line to keep it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_says_what_is_known_and_what_is_guessed() {
        let (left, idle) = (Duration::from_secs(300), Duration::from_secs(3300));
        let of = |told, others| {
            ends_soon(Fading {
                left,
                idle,
                told,
                others,
            })
        };
        let said = |told| of(told, false);
        assert!(of(true, true).contains("unless others use it: you have not for 55 min"));
        assert_eq!(
            said(true),
            "this session ends in about 5 min for idleness; press Enter on an empty line to keep it"
        );
        assert!(said(false).contains("may end in about 5 min: nobody has used it for 55 min"));
        assert_eq!(
            woke(Duration::from_secs(10_800)),
            "this machine slept for 3 h; the session is still there"
        );
    }
}
