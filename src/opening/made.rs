//! A new session: asked for, followed until it is idle, and what becomes of one that does not come.
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use super::ends::Ends;
use super::owed::Farewell;
use super::telling::{Telling, Words};
use super::{Asked, Opened, Opener, Owed, Promise, given_up, init, owed, wanted};
use crate::livy::{Client, SessionId};
use crate::report::Report;
use crate::session::{self, KeepAlive, Lease, Session, StartError, Starting};
use crate::settings::Target;

impl Opener {
    /// A new session.
    pub(super) async fn made(&self, to: Asked<'_>, making: Making) -> Result<Opened, Report> {
        let Asked {
            kind,
            lease,
            promise,
            telling,
        } = to;
        let asked = &self.0.settings.session;
        let local = matches!(self.0.settings.target, Target::Local);
        if local {
            telling.status("starting Spark on this machine");
            if let Some(text) = wanted::without_effect(asked) {
                telling.note(&text);
            }
        }
        let client = self.client().await?;
        let mut wanted = wanted(asked, kind);
        making.change(&mut wanted);
        // at the prompt, Ctrl-C is at hand
        wanted.patience = self
            .is_script()
            .then(|| wanted::patience_of_scripts(wanted.create.heartbeat_timeout_in_second));
        let (owed, started) = self
            .created(&wanted, client, (lease, promise, telling), &making)
            .await?;
        match started {
            Ok(Started { session, ends }) => {
                owed.uses(&session, self.0.settings.target.way_to_look(&session.id));
                let keep_alive = KeepAlive::start(&session, ends.heartbeat());
                if let Err(report) = init::run(&session, &self.0.settings, kind, telling).await {
                    self.not_come(owed);
                    return Err(report);
                }
                session.hidden.allow(self.0.settings.shell.asks_hidden());
                if making.stays {
                    self.stays(&session, &owed, &ends, telling);
                }
                Ok(Opened {
                    session,
                    keep_alive,
                    owed,
                    notes: telling.notes.clone(),
                    status: telling.status.subscribe(),
                    ours: true,
                    ends,
                    _picked_up: None,
                })
            }
            Err(error) => {
                self.not_come(owed);
                Err(Report::from(&error))
            }
        }
    }

    /// A session that we made is to stay when we leave.
    fn stays(&self, session: &Session, owed: &Owed, ends: &Ends, telling: &Telling) {
        let (id, ends) = (&session.id, ends.text());
        let back = self.0.settings.target.way_back(id);
        let text = if self.is_script() {
            format!("session {id} stays: {ends}; {back} comes back to it")
        } else {
            format!("session {id} stays: {back} comes back to it")
        };
        owed.stay(Some(Farewell {
            session: session.clone(),
            text,
        }));
        // told when it is so: whoever reads it may leave at once
        if !self.is_script() {
            telling.note(&format!("session {id} stays when you leave: {ends}"));
        }
    }

    /// Asks the server for it; where the address above turns out to be none of Livy's, once below it.
    async fn created(
        &self,
        wanted: &session::Wanted,
        client: Client,
        to: (Lease, &Promise, &Telling),
        making: &Making,
    ) -> Result<(Owed, Result<Started, StartError>), Report> {
        let (lease, promise, telling) = to;
        let name = wanted.create.name.clone().unwrap_or_default();
        let written = |client: &Client| {
            let server = self.journal_name(client);
            let record = &self.0.record;
            record.creating(&name, &server, making.options.as_deref())
        };
        let mut owed = Owed::new(client, lease, self.0.record.clone());
        // owed first: whoever leaves erases what is written by then, and nothing is written after
        if !self.owe(&owed, promise) || !owed.write(|| written(&owed.client)) {
            return Err(given_up());
        }
        let mut started = self.started(wanted, &owed, telling, making.stays).await;
        if let Err(StartError::Create(error)) = &started
            && let Some(other) = self.below_livy(&owed.client, error, telling).await
        {
            owed.client = other.clone();
            if self.owe(&owed, promise) && owed.write(|| written(&other)) {
                // from now on every call goes there
                *self.0.client.lock().await = Some(other);
                started = self.started(wanted, &owed, telling, making.stays).await;
            }
        }
        Ok((owed, started))
    }

    /// Creates the session and follows it until it is idle; what happens is told, and its id is
    /// in the journal as soon as it is known. With it comes what ends it, as far as the server knows that.
    async fn started(
        &self,
        wanted: &session::Wanted,
        owed: &Owed,
        telling: &Telling,
        stays: bool,
    ) -> Result<Started, StartError> {
        let (events, mut seen) = mpsc::unbounded_channel();
        let listener = tokio::spawn({
            let (opener, listening, owed) = (self.clone(), telling.clone(), owed.clone());
            let create = &wanted.create;
            let mut ends = Ends {
                heartbeat_s: create.heartbeat_timeout_in_second,
                idle: create.idle_timeout.clone(),
                ttl: create.ttl.clone(),
            };
            let mut words = Words::new(create.proxy_user.clone(), ends.heartbeat_s.is_some());
            async move {
                while let Some(event) = seen.recv().await {
                    if let Starting::Created { id, left_out, .. } = &event {
                        ends.leave_out(left_out);
                        owed.record.created(owed.journal(), id, ends.heartbeat_s);
                        opener.tell_if_unrecorded(id, &owed, stays, &listening);
                        opener.tell_what_was_left(&owed.client, &listening);
                    }
                    words.hear(event, &listening);
                }
                ends
            }
        });
        let started = session::start(&owed.client, wanted, &owed.lease, &events).await;
        drop(events);
        let ends = listener.await.unwrap_or_default();
        started.map(|session| Started { session, ends })
    }

    /// No later run finds by itself what the record does not hold. A session that stays with nobody who knows of it is
    /// said to be so each time; of the first other one the record's own trouble has told.
    fn tell_if_unrecorded(&self, id: &SessionId, owed: &Owed, stays: bool, telling: &Telling) {
        let is_first = !self.0.has_made.swap(true, Ordering::SeqCst);
        let settings = &self.0.settings;
        let is_told = is_first || settings.run.no_history || settings.target == Target::Local;
        if !owed.is_recorded() && (stays || !is_told) {
            let text = owed::unrecorded(stays);
            telling.note(&format!("session {id} {text}"));
        }
    }

    /// There will be no session: what there is of it goes now, since a shell may stay open for hours.
    fn not_come(&self, owed: Owed) {
        if owed.lease.is_owed() {
            // what could not be deleted is told on the way out, which tries again
            self.0.runtime.spawn(async move { owed.close().await });
        } else {
            owed.erase();
        }
    }
}

/// A session that has come up, and what ends it.
struct Started {
    session: Session,
    ends: Ends,
}

/// How a new session is made, beside what the settings say.
#[derive(Debug, Default)]
pub(super) struct Making {
    /// It stays when we leave.
    pub(super) stays: bool,
    /// It can be taken again by who wants the same.
    pub(super) options: Option<String>,
    /// A word for its name.
    pub(super) word: Option<String>,
}

impl Making {
    pub(super) fn change(&self, wanted: &mut session::Wanted) {
        if self.stays {
            // a heartbeat would end it when we leave
            wanted.create.heartbeat_timeout_in_second = None;
        }
        if let Some(word) = &self.word {
            wanted.create.name = Some(session::unique_name_of(word));
        }
    }
}
