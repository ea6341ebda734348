//! The calls about statements, and completion.
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::error::{Error, Failure, Reason};
use super::renewal::Renewed;
use super::request::Call;
use super::{Client, Kind, SessionId, Statement, StatementPage, lenient};

/// The order of a list of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first, as servers list them unasked.
    Ascending,
    /// Newest first (since 0.8; older servers ignore it).
    Descending,
}

impl Order {
    const fn name(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

#[derive(Serialize)]
struct Submission<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

#[derive(Serialize)]
struct Completion<'a> {
    code: &'a str,
    kind: &'static str,
    cursor: usize,
}

#[derive(Deserialize)]
struct Candidates {
    #[serde(default, deserialize_with = "lenient::texts")]
    candidates: Vec<String>,
}

impl Client {
    /// Sends code to run, once. A server whose statements have no kind (before 0.5) refuses it unread;
    /// then it is sent without, provided that the session's own kind is the one that was asked for: code must
    /// not run in another language.
    pub async fn submit(
        &self,
        session: &SessionId,
        code: &str,
        kind: Option<Kind>,
    ) -> Result<Statement, Error> {
        let kindless = &self.lacks().statement_kind;
        let Some(kind) = kind else {
            return self.send_code(session, code, None).await;
        };
        if kindless.load(Ordering::Relaxed) && self.speaks(session, kind).await? {
            return self.send_code(session, code, None).await;
        }
        let refusal = match self.send_code(session, code, Some(kind)).await {
            Err(error) if is_unknown_kind(&error) => error,
            answer => return answer,
        };
        kindless.store(true, Ordering::Relaxed);
        if self.speaks(session, kind).await? {
            self.send_code(session, code, None).await
        } else {
            Err(refusal)
        }
    }

    /// Has it ever shown a single statement? Then an answer that knows no such route is not the server's.
    pub fn has_statement_route(&self) -> bool {
        self.lacks().statement_route_seen.load(Ordering::Relaxed)
    }

    /// One statement. A server without that route is asked for the list.
    pub async fn statement(&self, session: &SessionId, id: i64) -> Result<Statement, Error> {
        let lacking = &self.lacks().statement_route;
        let number = id.to_string();
        let segments = ["sessions", session.as_str(), "statements", &number];
        let call = Call::get(&segments).for_a_statement();
        if !lacking.load(Ordering::Relaxed) {
            let answer = self.value(&call).await;
            match &answer {
                Err(error)
                    if error.reason() == Some(Reason::NoSuchRoute)
                        && !self.has_statement_route() => {}
                answered => {
                    if answered.is_ok() {
                        let seen = &self.lacks().statement_route_seen;
                        seen.store(true, Ordering::Relaxed);
                    }
                    return answer;
                }
            }
        }
        let list = self.statements(session, None, None, None).await?;
        lacking.store(true, Ordering::Relaxed);
        let found = list.statements.into_iter().find(|one| one.id == id);
        found.ok_or_else(|| self.wire().unreadable(&call, not_listed(id).into()))
    }

    /// The statements that the server retains. `from` counts positions, not ids. All of them together may be more
    /// than a driver can hand over, so this is no way to poll.
    pub async fn statements(
        &self,
        session: &SessionId,
        from: Option<u64>,
        size: Option<u64>,
        order: Option<Order>,
    ) -> Result<StatementPage, Error> {
        let call = Call::get(&["sessions", session.as_str(), "statements"])
            .with("from", from)
            .with("size", size)
            .with("order", order.map(Order::name))
            .for_a_statement();
        self.value(&call).await
    }

    /// Asks for a statement to be cancelled. The answer is the same for one that ended or never was; what
    /// became of it is in the statement.
    pub async fn cancel(&self, session: &SessionId, id: i64) -> Result<(), Error> {
        let number = id.to_string();
        let segments = [
            "sessions",
            session.as_str(),
            "statements",
            &number,
            "cancel",
        ];
        let call = Call::post(&segments, b"{}".to_vec());
        let answer = self.wire().send(&call).await?;
        answer
            .done()
            .map_err(|problem| self.wire().unreadable(&call, problem))
    }

    /// Names that may stand left of the cursor, a byte offset in `code` (since 0.5; Livy knows Scala's only).
    pub async fn complete(
        &self,
        session: &SessionId,
        code: &str,
        kind: Kind,
        cursor: usize,
    ) -> Result<Vec<String>, Error> {
        // The server counts Java's characters.
        let before = code.char_indices().take_while(|(at, _)| *at < cursor);
        let body = Completion {
            code,
            kind: kind.name(),
            cursor: before.map(|(_, c)| c.len_utf16()).sum(),
        };
        let segments = ["sessions", session.as_str(), "completion"];
        let call = Call::post(&segments, Self::json(&body));
        let answer: Candidates = self.value(&call).await?;
        Ok(answer.candidates)
    }

    async fn send_code(
        &self,
        session: &SessionId,
        code: &str,
        kind: Option<Kind>,
    ) -> Result<Statement, Error> {
        let body = Submission {
            code,
            kind: kind.map(Kind::name),
        };
        let segments = ["sessions", session.as_str(), "statements"];
        let call = Call::post(&segments, Self::json(&body)).for_a_statement();
        self.value(&call).await
    }

    /// Is this the session's own kind?
    async fn speaks(&self, session: &SessionId, kind: Kind) -> Result<bool, Error> {
        let session = self.session(session).await?;
        Ok(session.kind.and_then(|own| own.parse().ok()) == Some(kind))
    }
}

fn is_unknown_kind(error: &Error) -> bool {
    error.failure().is_some_and(|failure| {
        failure.reason == Reason::UnknownField && failure.field.as_deref() == Some("kind")
    })
}

fn not_listed(id: i64) -> Failure {
    Failure {
        status: 404,
        reason: Reason::NoSuchStatement,
        message: format!("the server's list of statements has no {id}"),
        detail: None,
        field: None,
        retry_after: None,
        asks_for: Vec::new(),
        sent: None,
        renewed: Renewed::No,
    }
}
