//! The calls about a server and its sessions. Statements are in `submission`, files in `upload`.
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::answer::Answer;
use super::error::{Error, Problem, Reason};
use super::headers;
use super::patience::Patience;
use super::renewal::Renewals;
use super::request::{Call, Wire};
use super::trace::Secrets;
use super::transport::Transport;
use super::{
    Connection, CreateSession, LogPage, Session, SessionId, SessionPage, SessionState, Version,
};

/// A client of one Livy server. Clones share the connection, the cookies and what was learned about
/// the server. It repeats nothing by itself, but for what its calls say, and looks under way at [`Client::reconnect`].
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    wire: Wire,
    lacking: Lacking,
}

/// What this server has not, found out by asking.
#[derive(Default)]
pub(super) struct Lacking {
    /// `GET /sessions/{id}/state`.
    pub(super) state_route: AtomicBool,
    /// `GET /sessions/{id}/statements/{n}`.
    pub(super) statement_route: AtomicBool,
    /// That one it has, for certain.
    pub(super) statement_route_seen: AtomicBool,
    /// `kind` of a statement (since 0.5).
    pub(super) statement_kind: AtomicBool,
}

/// The sessions of a server, in order of creation.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionList {
    /// As far as they were read.
    pub sessions: Vec<Session>,
    /// There are more: what is not in the list may still be there.
    pub cut: bool,
}

impl SessionList {
    /// What is to be said where the list lacks something: an error where it is cut.
    ///
    /// # Errors
    /// `Problem::TooMany`.
    pub fn is_whole(&self) -> Result<(), Error> {
        if !self.cut {
            return Ok(());
        }
        let read = self.sessions.len();
        Err(Error {
            method: "GET",
            path: "/sessions".to_owned(),
            problem: Box::new(Problem::TooMany { read }),
        })
    }
}

/// A session just made.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The session.
    pub session: Session,
    /// Fields of the request that the server does not know; it was created without them.
    pub left_out: Vec<String>,
}

/// How a DELETE ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The server ended the session.
    Now,
    /// It was gone before.
    AlreadyGone,
}

#[derive(Deserialize)]
struct StateAnswer {
    #[serde(default)]
    state: SessionState,
}

impl Client {
    /// A client for a connection. Nothing is sent and no file is read before the first call.
    ///
    /// # Errors
    /// `Problem::Setup` for an address, a header or credentials that cannot be used.
    pub fn new(connection: Connection) -> Result<Self, Error> {
        Self::begun(connection, Renewals::default())
    }

    fn begun(connection: Connection, renewals: Renewals) -> Result<Self, Error> {
        Self::prepare(connection, renewals).map_err(|problem| Error {
            method: "GET",
            path: "/".to_owned(),
            problem: Box::new(problem),
        })
    }

    fn prepare(connection: Connection, renewals: Renewals) -> Result<Self, Problem> {
        let base = checked_base(&connection.base)?;
        let secrets = Secrets::default();
        let (headers, login) = headers::own(&connection, &secrets)?;
        let wire = Wire {
            base,
            headers,
            login,
            secrets,
            transport: Transport::new(),
            spoken: AtomicBool::new(false),
            served: AtomicBool::new(false),
            renewals,
            connection,
        };
        Ok(Self(Arc::new(Inner {
            wire,
            lacking: Lacking::default(),
        })))
    }

    /// One of the same server that shares nothing with this one: no connection, no cookie, no lock. It
    /// begins with the newest credentials.
    ///
    /// # Errors
    /// Those of [`Client::new`].
    pub fn anew(&self) -> Result<Self, Error> {
        let wire = self.wire();
        Self::begun(wire.connection.clone(), wire.renewals.carried())
    }

    /// Leaves every connection, as after a sleep of the machine, in which the other side may have dropped them without a
    /// word: looks under way are asked again over new ones, other calls wait for their answers.
    pub fn reconnect(&self) {
        self.wire().transport.renew();
    }

    /// The address above `/sessions`, without a trailing slash.
    pub fn base(&self) -> &Url {
        &self.wire().base
    }

    /// What the server says about itself (since 0.3).
    pub async fn version(&self) -> Result<Version, Error> {
        self.value(&Call::get(&["version"])).await
    }

    /// A page of the sessions, in order of creation; the server's own page is the first 100.
    pub async fn sessions(
        &self,
        from: Option<u64>,
        size: Option<u64>,
    ) -> Result<SessionPage, Error> {
        self.value(&Self::page(from, size)).await
    }

    fn page(from: Option<u64>, size: Option<u64>) -> Call<'static> {
        Call::get(&["sessions"])
            .with("from", from)
            .with("size", size)
    }

    /// Every session, page by page: 10,000 at most. Totals are hints only, since servers give
    /// wrong ones, and some give the same page whatever is asked.
    ///
    /// # Errors
    /// `Problem::TooLarge` where they have more than 64 MiB, beside those of a page.
    pub async fn all_sessions(&self) -> Result<SessionList, Error> {
        const PAGE: u64 = 100;
        const MOST_PAGES: usize = 100;
        const MOST_BYTES: u64 = 64 << 20;
        let mut known = HashSet::new();
        let (mut all, mut cut) = (Vec::new(), true);
        let (mut from, mut bytes) = (0, 0);
        for _ in 0..MOST_PAGES {
            let call = Self::page(Some(from), Some(PAGE));
            let answer = self.wire().send(&call).await?;
            bytes += answer.size();
            if bytes > MOST_BYTES {
                let limit = MOST_BYTES;
                return Err(self.wire().unreadable(&call, Problem::TooLarge { limit }));
            }
            let page: SessionPage = self.read(&call, &answer)?;
            let got = page.sessions.len() as u64;
            let before = all.len();
            all.extend(
                page.sessions
                    .into_iter()
                    .filter(|session| known.insert(session.id.clone())),
            );
            from += got;
            let total = page.total.and_then(|total| u64::try_from(total).ok());
            let more = total.is_some_and(|total| total > from);
            if all.len() == before || !(more || got >= PAGE) {
                cut = false;
                break;
            }
            // a total is a hint only, but one that fits is believed
            cut = total != Some(from);
        }
        let sessions = all;
        Ok(SessionList { sessions, cut })
    }

    /// Creates a session. A field that the server does not know is left out and the rest sent again,
    /// which is safe: the refused request made nothing.
    pub async fn create(&self, wanted: &CreateSession) -> Result<Created, Error> {
        let mut body = match serde_json::to_value(wanted) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        let mut left_out = Vec::new();
        loop {
            let call = Call {
                patience: Patience::Double,
                ..Call::post(&["sessions"], Self::json(&body))
            };
            match self.value(&call).await {
                Ok(session) => return Ok(Created { session, left_out }),
                Err(error) => {
                    let unknown = error
                        .failure()
                        .filter(|failure| failure.reason == Reason::UnknownField)
                        .and_then(|failure| failure.field.clone())
                        .filter(|field| body.shift_remove(field).is_some());
                    match unknown {
                        Some(field) => left_out.push(field),
                        None => return Err(error),
                    }
                }
            }
        }
    }

    /// A session, with all that the server tells about it.
    pub async fn session(&self, id: &SessionId) -> Result<Session, Error> {
        self.value(&Call::get(&["sessions", id.as_str()])).await
    }

    /// A session's state: the cheapest question. A server without that route is asked for the session.
    pub async fn state(&self, id: &SessionId) -> Result<SessionState, Error> {
        let lacking = &self.lacks().state_route;
        if !lacking.load(Ordering::Relaxed) {
            let call = Call::get(&["sessions", id.as_str(), "state"]);
            match self.value::<StateAnswer>(&call).await {
                Err(error) if error.reason() == Some(Reason::NoSuchRoute) => {}
                answer => return answer.map(|answer| answer.state),
            }
        }
        let session = self.session(id).await?;
        lacking.store(true, Ordering::Relaxed);
        Ok(session.state)
    }

    /// Lines of the session's log. `from` absent or negative: the last `size` (100) lines; `size` -1: all.
    pub async fn log(
        &self,
        id: &SessionId,
        from: Option<i64>,
        size: Option<i64>,
    ) -> Result<LogPage, Error> {
        let call = Call::get(&["sessions", id.as_str(), "log"])
            .with("from", from)
            .with("size", size);
        self.value(&call).await
    }

    /// Ends a session; the server waits for its driver, so this takes seconds. Where something on the way
    /// does not let a DELETE through (405, 501), Livy's header for that case is tried.
    pub async fn delete(&self, id: &SessionId) -> Result<Deleted, Error> {
        let segments = ["sessions", id.as_str()];
        let mut call = Call {
            method: "DELETE",
            patience: Patience::Double,
            ..Call::get(&segments)
        };
        let mut answer = self.wire().send(&call).await;
        let blocked = answer.as_ref().err().and_then(Error::failure).cloned();
        if blocked.is_some_and(|failure| matches!(failure.status, 405 | 501)) {
            call = Call {
                instead_of: Some("DELETE"),
                patience: Patience::Double,
                ..Call::post(&segments, b"{}".to_vec())
            };
            // When that fails as well, it is the first answer that explains.
            answer = self.wire().send(&call).await.or(answer);
        }
        match answer {
            Ok(answer) => {
                let done = answer.done().map(|()| Deleted::Now);
                done.map_err(|problem| self.wire().unreadable(&call, problem))
            }
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => Ok(Deleted::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    /// Tells the server that the session is in use, which starts its idle clock anew; reads do not.
    pub async fn connect(&self, id: &SessionId) -> Result<Session, Error> {
        // An object as body: gateways that parse what claims to be JSON take it, Livy ignores it.
        let segments = ["sessions", id.as_str(), "connect"];
        let call = Call::post(&segments, b"{}".to_vec());
        let answer = self.wire().send(&call).await?;
        if answer.is_empty() {
            return self.session(id).await;
        }
        self.read(&call, &answer)
    }

    /// Has the server ever answered a call well?
    pub fn has_served(&self) -> bool {
        self.wire().served.load(Ordering::Relaxed)
    }

    /// Can its credentials be fetched anew when the server takes them no longer? Not for ever: when the same come
    /// again, or several new ones in a row were refused, that will not help.
    pub fn renews(&self) -> bool {
        self.wire().connection.renewal.is_some() && self.wire().renewals.may_help()
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.0.wire
    }

    pub(super) fn lacks(&self) -> &Lacking {
        &self.0.lacking
    }

    /// Sends a call whose answer is a value.
    pub(super) async fn value<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        let answer = self.wire().send(call).await?;
        self.read(call, &answer)
    }

    fn read<T: DeserializeOwned>(&self, call: &Call<'_>, answer: &Answer) -> Result<T, Error> {
        answer
            .value()
            .map_err(|problem| self.wire().unreadable(call, problem))
    }

    /// A body. Maps of texts and numbers cannot fail to be written.
    pub(super) fn json(body: &impl Serialize) -> Vec<u8> {
        serde_json::to_vec(body).unwrap_or_default()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client")
            .field(&self.base().as_str())
            .finish()
    }
}

/// The base address, fit to have paths added; what is refused is not repeated, for it may be secret.
fn checked_base(base: &Url) -> Result<Url, Problem> {
    let refuse = |why: &str| Err(Problem::Setup(why.to_owned()));
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return refuse("a Livy server's address begins with http:// or https:// and a host name");
    }
    if !base.username().is_empty() || base.password().is_some() {
        return refuse(
            "a user name or password inside the server's address is not used: it would be seen by \
             everybody who sees the command line; name the user by an option, and let the password come \
             from a prompt, a file or the environment",
        );
    }
    if base.query().is_some() {
        return refuse("the server's address ends before `?`: parameters in it cannot be kept");
    }
    let mut base = base.clone();
    base.set_fragment(None);
    let trimmed = base.path().trim_end_matches('/').to_owned();
    base.set_path(&trimmed);
    Ok(base)
}
