//! The shell's link to its session: on its way, there, or gone.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::complete::Completer;
use crate::editor::{self, PromptState};
use crate::livy::{Kind, SessionState};
use crate::opening::{Opened, Opener, Opening, Phase, Status};
use crate::progress::StatusLine;
use crate::report::{Report, code, complain, note, shown};
use crate::session::{Health, Interrupts};

/// Where the session is.
pub enum Link {
    /// On its way.
    Opening(Box<Opening>, Told),
    /// There.
    Open(Box<Opened>),
    /// Not there; the reason has been shown, or stands here.
    Closed(Option<Report>),
}

/// Has the user been told of a failure already?
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<AtomicBool>);

impl Told {
    /// Whoever asks first does the telling.
    fn first(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
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
    ) -> Self {
        let opening = opener.open(kind);
        let told = Told::default();
        prompt.set_state(PromptState::Starting);
        completer.set_session(None);
        runtime.spawn(follow_start(
            opening.status.clone(),
            prompt,
            completer,
            told.clone(),
        ));
        Self::Opening(Box::new(opening), told)
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

    /// The session is gone.
    pub fn lost(&mut self) {
        *self = Self::Closed(None);
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
            while let Ok(text) = opening.notes.try_recv() {
                note(&text);
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
        let ended = runtime.block_on(wait(opening, interrupts, visible));
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

async fn wait(
    opening: &mut Opening,
    interrupts: &mut Interrupts,
    visible: bool,
) -> Option<Result<Opened, Report>> {
    let text =
        |status: &Status| format!("{} (runs when it is ready; Ctrl-C drops it)", status.text);
    let line = StatusLine::start(&text(&opening.status.borrow()), visible);
    loop {
        let open = opening.status.has_changed().is_ok();
        tokio::select! {
            biased;
            () = interrupts.next() => return None,
            Some(said) = opening.notes.recv() => line.aside(|| note(&said)),
            changed = opening.status.changed(), if open => {
                if changed.is_ok() {
                    line.say(&text(&opening.status.borrow_and_update()));
                }
            }
            ended = &mut opening.task => return Some(ended.unwrap_or_else(|_| {
                Err(Report::new(code::SERVER, "opening the session met a bug of livysh"))
            })),
        }
    }
}

/// Tells the prompt how the start goes, and the user when it failed.
async fn follow_start(
    mut status: watch::Receiver<Status>,
    prompt: editor::Handle,
    completer: Completer,
    told: Told,
) {
    loop {
        let phase = status.borrow_and_update().phase.clone();
        match phase {
            Phase::Opening => {}
            Phase::Ready { session, health } => {
                completer.set_session(Some(session));
                prompt.set_state(PromptState::Idle);
                follow_health(health, prompt).await;
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

/// Tells the prompt how an idle session is, and the user when it is gone.
async fn follow_health(mut health: watch::Receiver<Health>, prompt: editor::Handle) {
    while health.changed().await.is_ok() {
        let now = health.borrow_and_update().clone();
        match now {
            Health::Alive(SessionState::Busy | SessionState::Running) => {
                prompt.set_state(PromptState::Busy);
            }
            Health::Alive(_) => prompt.set_state(PromptState::Idle),
            Health::Silent { .. } => prompt.set_state(PromptState::Starting),
            Health::Gone(state) => {
                prompt.set_state(PromptState::Dead);
                let why = state.map_or_else(
                    || "the server no longer knows it".to_owned(),
                    |state| format!("its state is {state}"),
                );
                prompt.print(&format!(
                    "livysh: the session is gone ({why}); :restart starts a new one"
                ));
                return;
            }
        }
    }
}
