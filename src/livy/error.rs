//! What can go wrong between us and a server, as values.
use std::time::Duration;

use super::{Renewed, Scheme};

/// A failed call: what was asked, and what went wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} {path}: {problem}")]
pub struct Error {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Path and query below the server's base; never holds a secret.
    pub path: String,
    /// What went wrong.
    pub problem: Box<Problem>,
}

/// What went wrong with a call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// No answer came, or only a part of one.
    #[error("{0}")]
    Reach(#[from] Reach),
    /// The server answered that it will not, or cannot.
    #[error("{0}")]
    Failure(#[from] Failure),
    /// A success that cannot be read.
    #[error("the server's answer cannot be read: {reason}; it begins `{begin}`")]
    Garbled {
        /// What the reader said.
        reason: String,
        /// The first characters of the body, control characters removed.
        begin: String,
    },
    /// More than the client is willing to hold.
    #[error("the answer is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A list that is longer than what is read of it, and lacks what was looked for as far as it was read.
    #[error("the server's list is longer than the {read} sessions that are read of it")]
    TooMany {
        /// How many were read.
        read: usize,
    },
    /// A redirect to another host, down from https, or without end.
    #[error("the server redirects to {to}, which is not followed: {why}")]
    Redirect {
        /// Where to, without credentials.
        to: String,
        /// Why not.
        why: &'static str,
        /// Can it be the answer to a call that was acted on?
        acted: bool,
    },
    /// The client cannot be set up as asked (a CA file that cannot be read, a bad header, ...).
    #[error("{0}")]
    Setup(String),
}

/// No answer: did the request leave, and why was there nothing back?
#[derive(Clone, Debug, thiserror::Error)]
pub enum Reach {
    /// The host's name is unknown.
    #[error("the host name {host} is not known")]
    Dns {
        /// The name.
        host: String,
    },
    /// Nothing listens, or the network refuses.
    #[error("no connection to {to}: {cause}")]
    Connect {
        /// Host and port.
        to: String,
        /// The innermost cause.
        cause: String,
    },
    /// Connecting took too long.
    #[error("no connection to {to} within {} s", after.as_secs_f32())]
    ConnectTimeout {
        /// Host and port.
        to: String,
        /// The limit.
        after: Duration,
    },
    /// TLS failed: an unknown issuer, a wrong name, or no TLS at all on that port.
    #[error("TLS with {to} failed: {cause}")]
    Tls {
        /// Host and port.
        to: String,
        /// What is wrong, as far as it can be known.
        why: TlsWhy,
        /// The innermost cause, in the library's words.
        cause: String,
    },
    /// The request left and no whole answer came in time: the server may have acted on it.
    #[error("no answer within {} s", after.as_secs_f32())]
    Timeout {
        /// The limit.
        after: Duration,
    },
    /// The connection broke after the request left: the server may have acted on it.
    #[error("the connection broke: {cause}")]
    Broken {
        /// The innermost cause.
        cause: String,
    },
}

/// Why TLS failed, decided once, from the error's own type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsWhy {
    /// Nobody that this machine trusts signed the server's certificate.
    UnknownIssuer,
    /// The CA that was named has the issuer's name, and has not signed the server's certificate.
    WrongIssuer,
    /// The certificate is for another host name.
    OtherName,
    /// The certificate has run out.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The other side speaks no TLS on that port, plain http perhaps.
    NotTls,
    /// The other side closed the connection during the handshake.
    Closed,
    /// The server broke off for want of a client certificate that it takes.
    ClientCertificate,
    /// No version of TLS, or no cipher, that both sides speak.
    Incompatible,
    /// Anything else.
    Other,
}

impl Reach {
    /// Can the server have received the request?
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Broken { .. })
    }
}

/// What a refusing answer means, decided once, here, from status, shape and text together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 401, or 403 as LDAP's filter says it.
    WrongCredentials,
    /// 403 of any other sort.
    Forbidden,
    /// 404 naming a session.
    NoSuchSession,
    /// 404 naming a statement.
    NoSuchStatement,
    /// 404 of any other sort, or 405: no such route, perhaps the wrong base path.
    NoSuchRoute,
    /// 400 for a field that this release does not know.
    UnknownField,
    /// 400 because the cap of sessions is reached.
    TooManySessions,
    /// 400 because the name is taken.
    DuplicateName,
    /// 400 for a missing CSRF header.
    Csrf,
    /// 400 of any other sort.
    BadRequest,
    /// Session is starting: too early.
    NotReady,
    /// Session is over, or its channel to the driver is closed.
    SessionOver,
    /// The driver dropped the call while dying (`CancellationException`).
    DriverGone,
    /// 429, 503, 502, 504, 408 and their like: somebody between us and Livy asks for patience, or lost it.
    Busy,
    /// 500 of any other sort.
    Server,
    /// Any other status.
    Other,
}

/// An answer that refuses or fails, with all that it said.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{status}{}{message}", if message.is_empty() { "" } else { ": " })]
pub struct Failure {
    /// HTTP status.
    pub status: u16,
    /// What it means.
    pub reason: Reason,
    /// The server's text: first line of the cause, control characters removed; may be empty.
    pub message: String,
    /// The rest of the server's text (a stack trace), for `-vv`.
    pub detail: Option<String>,
    /// The field that an `UnknownField` names.
    pub field: Option<String>,
    /// `Retry-After`, in whole seconds from now.
    pub retry_after: Option<Duration>,
    /// The ways to log in that a 401 offers, in the server's order.
    pub asks_for: Vec<Scheme>,
    /// The way in which the refused request had logged in.
    pub sent: Option<Scheme>,
    /// Credentials that a command gives were asked for again because of this.
    pub renewed: Renewed,
}

impl Error {
    /// The failure, where the server answered with one.
    pub fn failure(&self) -> Option<&Failure> {
        match &*self.problem {
            Problem::Failure(failure) => Some(failure),
            _ => None,
        }
    }

    /// The failure's meaning, where the server answered with one.
    pub fn reason(&self) -> Option<Reason> {
        self.failure().map(|failure| failure.reason)
    }

    /// Is it worth asking again, when the call changes nothing on the server?
    pub fn is_passing(&self) -> bool {
        match &*self.problem {
            Problem::Reach(reach) => !matches!(reach, Reach::Tls { .. }),
            Problem::Failure(failure) => {
                matches!(
                    failure.reason,
                    Reason::Busy | Reason::Server | Reason::DriverGone
                )
            }
            _ => false,
        }
    }

    /// Did the call surely not arrive, for a reason that passes? Then it can be sent again as if for the first time.
    pub fn never_arrived(&self) -> bool {
        match &*self.problem {
            Problem::Reach(reach) => matches!(
                reach,
                Reach::Dns { .. } | Reach::Connect { .. } | Reach::ConnectTimeout { .. }
            ),
            // 429 is said before anything is done; the others are Cloudflare's where it gets no connection
            Problem::Failure(failure) => matches!(failure.status, 429 | 521 | 523 | 525 | 526),
            _ => false,
        }
    }

    /// Does the server, or what stands before it, ask us to wait? The connection is well then.
    pub fn asks_to_wait(&self) -> bool {
        self.failure().is_some_and(|failure| {
            let told_when = failure.reason == Reason::Busy && failure.retry_after.is_some();
            failure.status == 429 || told_when
        })
    }

    /// Can the server have acted on the call although it looks failed?
    pub fn may_have_arrived(&self) -> bool {
        match &*self.problem {
            Problem::Reach(reach) => reach.may_have_arrived(),
            // Livy's 500 may come from the way back.
            Problem::Failure(failure) => {
                // a redirect that leads nowhere
                let done = matches!(failure.status, 302 | 303);
                let lost = matches!(
                    failure.reason,
                    Reason::Busy | Reason::Server | Reason::DriverGone
                );
                done || (lost && !self.never_arrived())
            }
            Problem::Garbled { .. } | Problem::TooLarge { .. } => true,
            Problem::Redirect { acted, .. } => *acted,
            Problem::Setup(_) | Problem::TooMany { .. } => false,
        }
    }
}
