//! Is the session that answers to our id still ours? A server that restarts counts its ids from 0 again, so that a
//! stranger's session can stand where ours stood.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::livy::{self, Client, Error, Kind, Reason, SessionId};

/// What tells a session from another of the same id. Clones share it.
#[derive(Clone, Debug)]
pub struct Identity(Arc<Mutex<Known>>);

#[derive(Debug)]
struct Known {
    name: Option<String>,
    /// A look showed a name, and not only the answer to the creation: then its lack says something.
    name_shown: bool,
    owner: Option<String>,
    kind: Option<String>,
    app_id: Option<String>,
    /// The last answer that surely came from it. The wall clock, which a suspended machine does not stop.
    seen: SystemTime,
    replaced: bool,
}

/// What a look at the session said.
#[derive(Debug)]
pub enum Check {
    /// It is ours.
    Ours,
    /// The server knows none of that id.
    Gone,
    /// The id is another session's now.
    Replaced,
    /// The server did not say.
    Unknown(Error),
}

/// No server is up again with a stranger's session that takes statements sooner than this after its last answer: the
/// server's start alone takes seconds, the session's as many more.
pub const STATEMENT_FRESH: Duration = Duration::from_secs(5);
/// The same for a session that can be deleted, which needs no start.
pub const DELETE_FRESH: Duration = Duration::from_secs(1);

impl Identity {
    /// Of a session that is known to be ours, as the answer to its creation or the list told it. A look at it may
    /// spell things otherwise, or leave them out: [`Identity::learn`].
    pub(super) fn of(session: &livy::Session) -> Self {
        let mut known = Known {
            name: None,
            name_shown: false,
            owner: None,
            kind: None,
            app_id: None,
            seen: SystemTime::now(),
            replaced: false,
        };
        known.take(session);
        Self(Arc::new(Mutex::new(known)))
    }

    /// The first look after the creation, before a restart can have come between: what it tells counts from now on.
    pub(super) fn learn(&self, session: &livy::Session) {
        self.known(|known| {
            known.take(session);
            known.name_shown = said(session.name.as_ref()).is_some();
            known.seen = SystemTime::now();
        });
    }

    /// As if it had not been seen for a long time.
    #[cfg(test)]
    pub(super) fn rests(&self) {
        self.known(|known| known.seen = SystemTime::UNIX_EPOCH);
    }

    /// An answer came that was surely ours.
    pub(super) fn seen(&self) {
        self.known(|known| known.seen = SystemTime::now());
    }

    /// Is this session ours? What one side does not say is no proof, but for a name that earlier looks showed.
    pub(super) fn fits(&self, session: &livy::Session) -> bool {
        self.known(|known| {
            known.replaced |= known.differs(session);
            if !known.replaced {
                known.seen = SystemTime::now();
                known.name_shown |= said(session.name.as_ref()).is_some();
                known.add(session);
            }
            !known.replaced
        })
    }

    /// Looks, unless the last answer is younger than `fresh`.
    pub(super) async fn check(&self, client: &Client, id: &SessionId, fresh: Duration) -> Check {
        let (replaced, age) = self.known(|known| (known.replaced, known.seen.elapsed()));
        if replaced {
            return Check::Replaced;
        }
        // a clock that was set back says nothing
        if age.is_ok_and(|age| age < fresh) {
            return Check::Ours;
        }
        match client.session(id).await {
            Ok(session) if self.fits(&session) => Check::Ours,
            Ok(_) => Check::Replaced,
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => Check::Gone,
            Err(error) => Check::Unknown(error),
        }
    }

    fn known<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn differs(&self, session: &livy::Session) -> bool {
        let other = |ours: &Option<String>, theirs: &Option<String>| matches!((said(ours.as_ref()), said(theirs.as_ref())), (Some(ours), Some(theirs)) if ours != theirs);
        let other_kind = matches!(
            (said(self.kind.as_ref()), said(session.kind.as_ref())),
            (Some(ours), Some(theirs)) if !is_same_kind(ours, theirs)
        );
        other_kind
            || other(&self.name, &session.name)
            || (self.name_shown && said(session.name.as_ref()).is_none())
            || other(&self.owner, &session.owner)
            || other(&self.app_id, &session.app_id)
    }

    /// Takes what the answer says in the place of what was known.
    fn take(&mut self, session: &livy::Session) {
        for (known, told) in self.beside(session) {
            *known = said(told.as_ref())
                .map(str::to_owned)
                .or_else(|| known.take());
        }
    }

    /// Takes what was not known before: the cluster's id comes some time after the start.
    fn add(&mut self, session: &livy::Session) {
        for (known, told) in self.beside(session) {
            *known = known
                .take()
                .or_else(|| said(told.as_ref()).map(str::to_owned));
        }
    }

    fn beside<'a>(
        &'a mut self,
        session: &'a livy::Session,
    ) -> [(&'a mut Option<String>, &'a Option<String>); 4] {
        [
            (&mut self.name, &session.name),
            (&mut self.owner, &session.owner),
            (&mut self.kind, &session.kind),
            (&mut self.app_id, &session.app_id),
        ]
    }
}

/// An empty text says as little as none.
fn said(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|text| !text.is_empty())
}

/// Servers spell one kind in more than one way.
fn is_same_kind(ours: &str, theirs: &str) -> bool {
    match (ours.parse::<Kind>(), theirs.parse::<Kind>()) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        _ => ours.eq_ignore_ascii_case(theirs),
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Identity {}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(text: &str) -> livy::Session {
        serde_json::from_str(text).unwrap()
    }

    fn fits(ours: &str, theirs: &str) -> bool {
        Identity::of(&session(ours)).fits(&session(theirs))
    }

    #[test]
    fn a_session_of_another_name_is_a_strangers_and_one_of_none_only_where_looks_showed_ours() {
        let ours = r#"{"id": 0, "name": "livysh-1"}"#;
        assert!(fits(ours, ours));
        assert!(!fits(ours, r#"{"id": 0, "name": "other"}"#));
        for nameless in [r#"{"id": 0, "name": null}"#, r#"{"id": 0, "name": ""}"#] {
            // only the answer to the creation had it
            assert!(fits(ours, nameless));
            for show in [Identity::learn, |identity: &Identity, session: &_| {
                assert!(identity.fits(session));
            }] {
                let identity = Identity::of(&session(ours));
                show(&identity, &session(ours));
                assert!(!identity.fits(&session(nameless)));
            }
        }
    }

    #[test]
    fn other_words_for_the_same_are_no_proof() {
        let created = r#"{"id": 0, "kind": "pyspark", "owner": "", "appId": ""}"#;
        let later = r#"{"id": 0, "kind": "PySpark", "owner": "ann", "appId": "a_1"}"#;
        assert!(fits(created, later));
        assert!(fits(r#"{"id": 0, "kind": "python"}"#, later));
        // nor is what the first look spells otherwise
        let identity = Identity::of(&session(r#"{"id": 0, "kind": "shared", "owner": "a"}"#));
        identity.learn(&session(later));
        assert!(identity.fits(&session(later)));
        assert!(!identity.fits(&session(r#"{"id": 0, "owner": "a"}"#)));
    }

    #[test]
    fn without_names_owner_kind_and_application_tell() {
        let ours = r#"{"id": 0, "owner": "ann", "kind": "spark", "appId": "a_1"}"#;
        assert!(fits(ours, ours));
        for theirs in [
            r#"{"id": 0, "owner": "bob", "kind": "spark", "appId": "a_1"}"#,
            r#"{"id": 0, "owner": "ann", "kind": "sql", "appId": "a_1"}"#,
            r#"{"id": 0, "owner": "ann", "kind": "spark", "appId": "a_2"}"#,
        ] {
            assert!(!fits(ours, theirs), "{theirs}");
        }
        assert!(fits(ours, r#"{"id": 0}"#), "what is not said is no proof");
    }

    #[test]
    fn an_application_that_comes_late_is_learned_and_a_stranger_is_remembered() {
        let identity = Identity::of(&session(r#"{"id": 0}"#));
        assert!(identity.fits(&session(r#"{"id": 0, "appId": "a_1"}"#)));
        assert!(!identity.fits(&session(r#"{"id": 0, "appId": "a_2"}"#)));
        assert!(!identity.fits(&session(r#"{"id": 0, "appId": "a_1"}"#)));
    }
}
