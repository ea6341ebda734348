//! Using a session that is there: another's, or one of ours that an earlier run left.
use std::time::Duration;

use tokio::sync::mpsc;

use super::ends::Ends;
use super::owed::Farewell;
use super::recap::{self, PickedUp};
use super::telling::{Telling, Words};
use super::wanted::{START_TIMEOUT, patience_of_scripts};
use super::{Asked, Opened, Opener, Owed, given_up};
use crate::livy::{self, Client};
use crate::record::JournalKey;
use crate::report::{Report, code};
use crate::session::{self, KeepAlive, NotFound, Session};

/// A heartbeat that the server does not show may be as short.
const UNSEEN_HEARTBEAT: Duration = Duration::from_secs(60);

/// How a session that is there is used.
pub(super) struct Taking {
    /// Its row, where it is one of ours and no other process uses it.
    pub(super) journal: JournalKey,
    /// Others may send statements to it.
    pub(super) shared: bool,
    /// The heartbeat of a session of ours; servers do not always show it.
    pub(super) heartbeat_s: Option<u32>,
    /// We made it, and it stays for the next.
    pub(super) ours: bool,
    /// It is deleted when we leave.
    pub(super) delete: bool,
}

impl Opener {
    /// The session of that id or name.
    pub(super) async fn attached(
        &self,
        word: &str,
        delete: bool,
        asked: Asked<'_>,
    ) -> Result<Opened, Report> {
        asked.telling.status(&format!("looking for session {word}"));
        let (client, shown) = self.there(word, asked.telling).await?;
        if shown.state.is_over() {
            return Err(Report::new(
                code::SERVER,
                format!(
                    "session {word} takes no statement any more: it is {}",
                    shown.state
                ),
            )
            .advise(format!(
                "`livysh sessions logs {} {}` may tell why; without --attach a new session is made",
                shown.id,
                self.0.settings.target.name()
            )));
        }
        let own = self.own(&client, &shown);
        let journal = own
            .as_ref()
            .filter(|own| !self.0.record.is_in_use(own))
            .and_then(|own| self.0.record.adopt(own));
        let taking = Taking {
            shared: journal.is_none(),
            journal: journal.unwrap_or(JournalKey::NONE),
            heartbeat_s: own.and_then(|own| own.heartbeat_s),
            ours: false,
            delete,
        };
        self.tell_what_was_left(&client, asked.telling);
        self.taken(&client, &shown, &taking, asked).await
    }

    async fn there(
        &self,
        word: &str,
        telling: &Telling,
    ) -> Result<(Client, livy::Session), Report> {
        let client = self.client().await?;
        let none = match session::find(&client, word).await {
            Ok(shown) => return Ok((client, shown)),
            Err(none) => none,
        };
        if let NotFound::Refused(error) = &none
            && let Some(other) = self.below_livy(&client, error, telling).await
        {
            *self.0.client.lock().await = Some(other.clone());
            match session::find(&other, word).await {
                Ok(shown) => return Ok((other, shown)),
                Err(NotFound::Several(several)) => return Err(Report::from(&several)),
                Err(NotFound::Refused(_)) => {}
            }
        }
        let mut report = Report::from(&none);
        report.code = code::SERVER;
        Err(report)
    }

    /// The row of a session that is surely one of ours: ids are given again after a restart, names are not.
    fn own(&self, client: &Client, shown: &livy::Session) -> Option<crate::record::OwnSession> {
        let name = shown.name.as_deref();
        let name = name.filter(|name| session::is_unique_name(name))?;
        let own = self.0.record.own_sessions(&self.journal_name(client));
        own.into_iter()
            .find(|own| own.name == name && own.session.as_deref() == Some(shown.id.as_str()))
    }

    /// What leaving it takes, from now on: a way out that is taken before it takes statements deletes it as well,
    /// where that is wanted.
    fn duty(
        &self,
        client: &Client,
        shown: &livy::Session,
        taking: &Taking,
        asked: &Asked<'_>,
    ) -> Owed {
        let (lease, record) = (asked.lease.clone(), self.0.record.clone());
        let owed = Owed::of(client.clone(), lease, record, taking.journal);
        if taking.delete {
            let there = Session::of(client.clone(), shown, shown.kind_or(asked.kind));
            let _ = owed.delete_later(&there);
        } else {
            owed.let_be(None);
        }
        owed
    }

    /// Uses it, once it takes statements.
    pub(super) async fn taken(
        &self,
        client: &Client,
        shown: &livy::Session,
        taking: &Taking,
        asked: Asked<'_>,
    ) -> Result<Opened, Report> {
        let telling = asked.telling;
        telling.kind(shown.kind_or(asked.kind));
        let owed = self.duty(client, shown, taking, &asked);
        if !self.owe(&owed, asked.promise) {
            return Err(given_up());
        }
        let wishes = &self.0.settings.session;
        let mut session = self.awaited(client, shown, &asked).await?;
        let mut ends = Ends::shown(shown);
        ends.heartbeat_s = ends.heartbeat_s.or(taking.heartbeat_s);
        session.shared = taking.shared;
        use_it(&session);
        let asks = !taking.shared && self.0.settings.shell.asks_hidden();
        session.hidden.allow(asks);
        if taking.ours {
            // it was made with these options, whether the server shows them or not
            let rows = super::wanted(wishes, asked.kind).row_limit;
            session.row_limit = rows.unwrap_or(session.row_limit);
        }
        owed.uses(&session, self.0.settings.target.way_to_look(&session.id));
        session.patience = self
            .is_script()
            .then(|| patience_of_scripts(ends.heartbeat_s));
        let beat = ends
            .heartbeat()
            .or((!taking.ours).then_some(UNSEEN_HEARTBEAT));
        let keep_alive = KeepAlive::start(&session, beat);
        // a guess is no reason why it ended
        session.life.beats(ends.heartbeat());
        let picked_up = if self.is_script() {
            recap::nearby(&session, 1).await;
            None
        } else {
            self.greet(&session, &ends, telling).await
        };
        if taking.delete {
            let _ = owed.delete_later(&session);
        } else {
            let text = format!("session {} stays: {}", session.id, ends.text());
            owed.stay((!self.is_script()).then(|| Farewell {
                text,
                session: session.clone(),
            }));
        }
        Ok(Opened {
            session,
            keep_alive,
            owed,
            notes: telling.notes.clone(),
            status: telling.status.subscribe(),
            ours: taking.ours,
            ends,
            _picked_up: picked_up,
        })
    }

    /// The session, as soon as it takes statements; what happens until then is told.
    async fn awaited(
        &self,
        client: &Client,
        shown: &livy::Session,
        asked: &Asked<'_>,
    ) -> Result<Session, Report> {
        let timeout = self.0.settings.session.start_timeout;
        let timeout = timeout.unwrap_or(START_TIMEOUT);
        let (events, mut seen) = mpsc::unbounded_channel();
        let listener = tokio::spawn({
            let (telling, mut words) = (asked.telling.clone(), Words::of(&shown.id));
            async move {
                while let Some(event) = seen.recv().await {
                    words.hear(event, &telling);
                }
            }
        });
        let attached = session::attach(client, shown, asked.kind, timeout, &events).await;
        drop(events);
        let _ = listener.await;
        attached.map_err(|error| Report::from(&error))
    }

    /// Says what the session is, and shows what ran in it; what still runs is picked up.
    async fn greet(&self, session: &Session, ends: &Ends, telling: &Telling) -> Option<PickedUp> {
        let whose = if session.shared {
            "others may use it too, and init files did not run"
        } else {
            "one of yours"
        };
        telling.note(&format!(
            "attached to session {} ({}, {whose}); {}",
            session.id,
            session.kind,
            ends.text()
        ));
        PickedUp::greeted(session, telling).await
    }
}

/// The idle clock of a session of ours starts anew, beside what is done with it. Another's is not touched.
fn use_it(session: &Session) {
    session.life.was_there(session.shared);
    if session.shared {
        return;
    }
    let session = session.clone();
    tokio::spawn(async move {
        // not every server has the route
        if session.client.connect(&session.id).await.is_ok() {
            session.life.used();
        }
    });
}
