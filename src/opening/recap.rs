//! What ran in a session before we came: shown, and what still runs is picked up.
use std::io;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::telling::Telling;
use crate::livy::{Outcome, Statement, StatementState};
use crate::render::{Answer, Format, Renderer, Style};
use crate::report::Report;
use crate::session::{self, Lost, Newest, Session};

/// Statements that are shown of a session that was not ours until now.
const RECAP: usize = 5;
/// How long they are waited for: the session can be used without them.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long many are looked through beside what is going on.
const PATIENCE_FAR_OFF: Duration = Duration::from_secs(60);

const UNREAD: &str = "its last statements could not be read; :statements tries again";

/// Shows them; the one that still runs is what there is to pick up.
fn recap(last: &Newest, telling: &Telling) -> Option<Statement> {
    if let Some(why) = last.none() {
        telling.note(why);
    }
    for statement in &last.statements {
        telling.show(&line(statement));
    }
    let open = |it: &&Statement| !it.state.is_over() && !session::is_unreadable(it);
    let running = last.statements.iter().find(open)?;
    telling.note(&format!(
        "statement {} {}: its answer is shown when it is there, and what you send waits for it",
        running.id,
        doing(&running.state)
    ));
    Some(running.clone())
}

/// Its users' newest statements, oldest first, from which the search for a lost one begins; none where they cannot be had in
/// time.
pub(super) async fn nearby(session: &Session, most: usize) -> Option<Newest> {
    let newest = session::newest_nearby(&session.client, &session.id, most);
    let found = tokio::time::timeout(PATIENCE, newest).await.ok()?.ok()?;
    saw(session, &found);
    Some(found)
}

fn saw(session: &Session, found: &Newest) {
    // what the server failed to show may not be there at all, and a search must not begin behind the end
    let all = found.statements.iter().rev();
    let mut shown = all.filter(|it| !session::is_unreadable(it));
    match shown.next() {
        Some(last) => session.sent.saw(last.id),
        None if found.statements.is_empty() => session.sent.saw_none(),
        None => {}
    }
}

fn doing(state: &StatementState) -> &'static str {
    match state {
        StatementState::Waiting => "waits for its turn",
        _ => "still runs",
    }
}

fn line(statement: &Statement) -> String {
    let code = statement.code.as_deref().unwrap_or_default();
    let mut lines = code.lines().filter(|line| !line.trim().is_empty());
    let first: String = lines.next().unwrap_or_default().chars().take(70).collect();
    let more = if lines.next().is_some() { " …" } else { "" };
    format!(
        "  {:>3}  {:<10} {first}{more}",
        statement.id,
        statement.state.name()
    )
}

/// A statement that ran before we came, looked at until its answer is there; given up when dropped, which the
/// statement does not notice.
#[derive(Debug)]
pub(super) struct PickedUp(JoinHandle<()>);

impl PickedUp {
    /// Shows what ran in a session last; what still runs is picked up.
    pub(super) async fn greeted(session: &Session, telling: &Telling) -> Option<Self> {
        match nearby(session, RECAP).await {
            Some(last) if last.statements.is_empty() && !last.others => {
                Some(Self::far_off(session, telling))
            }
            Some(last) => {
                let running = recap(&last, telling)?;
                Some(Self::start(session, running, telling))
            }
            None => {
                telling.note(UNREAD);
                None
            }
        }
    }

    fn start(session: &Session, statement: Statement, telling: &Telling) -> Self {
        let (session, telling) = (session.clone(), telling.clone());
        Self(tokio::spawn(async move {
            pick_up(&session, statement, &telling).await;
        }))
    }

    /// Where a short look found nothing: the session can be used while a longer one goes on.
    fn far_off(session: &Session, telling: &Telling) -> Self {
        let (session, telling) = (session.clone(), telling.clone());
        Self(tokio::spawn(async move {
            let newest = session::newest_far_off(&session.client, &session.id, RECAP);
            let found = tokio::time::timeout(PATIENCE_FAR_OFF, newest).await;
            let Ok(Ok(mut found)) = found else {
                telling.note(UNREAD);
                return;
            };
            saw(&session, &found);
            // ours may be among them by now
            let all = found.statements.len();
            found.statements.retain(|it| !session.sent.is_ours(it.id));
            if found.statements.is_empty() && all > 0 {
                return;
            }
            if let Some(running) = recap(&found, &telling) {
                pick_up(&session, running, &telling).await;
            }
        }))
    }
}

/// Waits for a statement that ran before we came, and shows its answer.
async fn pick_up(session: &Session, statement: Statement, telling: &Telling) {
    let id = statement.id;
    match session.pick_up(statement).await {
        Ok(statement) => {
            telling.note(&format!("statement {id} has ended"));
            telling.show(&rendered(session, statement));
        }
        // whoever looks after the session tells that
        Err(Lost::SessionGone { .. } | Lost::Replaced { .. }) => {}
        Err(lost) => telling.failed(&format!(
            "the answer of statement {id} is not waited for any longer: {}",
            Report::from(&lost)
        )),
    }
}

impl Drop for PickedUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn rendered(session: &Session, mut statement: Statement) -> String {
    let outcome = Outcome::take(&mut statement, session.kind, Some(session.row_limit));
    let answer = Answer {
        number: 0,
        server_id: Some(statement.id),
        kind: session.kind,
        code: statement.code.as_deref().unwrap_or_default(),
        state: statement.state.name(),
        outcome: &outcome,
        started_ms: statement.started,
        completed_ms: statement.completed,
        waited: Duration::ZERO,
    };
    let (mut text, mut notes) = (Vec::new(), Vec::new());
    let plain = Style::default();
    let written =
        Renderer::new(Format::Text, plain.clone(), plain).answer(&answer, &mut text, &mut notes);
    // writing to memory cannot fail
    let _: Result<(), io::Error> = written.map(drop);
    text.extend(notes);
    String::from_utf8_lossy(&text).into_owned()
}
