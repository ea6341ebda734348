//! Failures as a person reads them: what happened, the likely cause, what to do next, exit code.
use std::fmt;
use std::io::Write;

use crate::livy::{self, Failure, Problem, Reach, Reason};
use crate::local::serving::ServeError;
use crate::paths::PathError;
use crate::render::safe_line;
use crate::session::{Lost, StartError};

/// Exit codes that scripts rely on.
pub mod code {
    /// All well.
    pub const OK: u8 = 0;
    /// A statement failed, was cancelled, is unknown, or timed out.
    pub const STATEMENT: u8 = 1;
    /// Usage, configuration or unreadable input.
    pub const USAGE: u8 = 2;
    /// No server, no access, or no session.
    pub const SERVER: u8 = 3;
    /// Ended by INT.
    pub const INTERRUPTED: u8 = 130;
}

/// A word to the user, beside the results.
pub fn note(text: &str) {
    // a closed stderr must not end the program
    let _ = writeln!(std::io::stderr(), "livysh: {}", safe_line(text, true));
}

/// A failure as it is shown: servers' words in it can do a terminal no harm.
pub fn shown(report: &Report) -> String {
    let text: Vec<String> = report
        .to_string()
        .lines()
        .map(|line| safe_line(line, true).into_owned())
        .collect();
    format!("livysh: {}", text.join("\n"))
}

/// Shows a failure.
pub fn complain(report: &Report) {
    // a closed stderr must not end the program
    let _ = writeln!(std::io::stderr(), "{}", shown(report));
}

/// A failure, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub what: String,
    /// The likely cause.
    pub cause: Option<String>,
    /// What to do next.
    pub next: Option<String>,
    /// Lines that help to understand it (a log).
    pub lines: Vec<String>,
    /// The exit code.
    pub code: u8,
}

impl Report {
    /// A failure with nothing but its text.
    pub fn new(code: u8, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
            next: None,
            lines: Vec::new(),
            code,
        }
    }

    /// Adds the likely cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn advise(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    fn with_lines(mut self, lines: Vec<String>) -> Self {
        self.lines = lines;
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for line in &self.lines {
            write!(f, "\n    {line}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, "\n  likely cause: {cause}")?;
        }
        if let Some(next) = &self.next {
            write!(f, "\n  what to do: {next}")?;
        }
        Ok(())
    }
}

impl From<&livy::Error> for Report {
    fn from(error: &livy::Error) -> Self {
        let call = format!("{} {}", error.method, error.path);
        match &*error.problem {
            Problem::Reach(reach) => of_reach(reach),
            Problem::Failure(failure) => of_failure(failure, &call),
            Problem::Garbled { begin, .. } => Self::new(
                code::SERVER,
                format!("the answer to {call} is not Livy's; it begins `{begin}`"),
            )
            .because("the address is that of another service, or a proxy answers in Livy's place")
            .advise("check the URL; behind a gateway it often ends in /livy"),
            Problem::TooLarge { limit } => Self::new(
                code::SERVER,
                format!("the answer to {call} is larger than {} MiB", limit >> 20),
            )
            .advise("ask for less: LIMIT, take(n), or write the result to storage"),
            Problem::Redirect { to, why } => Self::new(
                code::SERVER,
                format!("{call} is redirected to {to}, which is not followed: {why}"),
            )
            .advise("give that address as the server, if it is the right one"),
            Problem::Setup(text) => Self::new(code::USAGE, text.clone()),
        }
    }
}

fn of_reach(reach: &Reach) -> Report {
    let report = Report::new(
        code::SERVER,
        format!("the server cannot be reached: {reach}"),
    );
    match reach {
        Reach::Dns { .. } => report
            .because("a typing error, or a name that only a VPN knows")
            .advise("check the URL"),
        Reach::Connect { .. } => report
            .because("no server runs there, or another port is meant (Livy's own is 8998)")
            .advise("check the URL; `livysh local` needs no server"),
        Reach::ConnectTimeout { .. } => report
            .because("a firewall, or a VPN that is not up")
            .advise("check the way to the host; --connect-timeout waits longer"),
        Reach::Tls { cause, .. } => of_tls(report, cause),
        Reach::Timeout { .. } => report
            .because("the server or the cluster is overloaded")
            .advise("try again later"),
        Reach::Broken { .. } => report
            .because("a proxy in between, a server that restarts, or https on that port")
            .advise("try again; if it happens each time, check http:// against https://"),
    }
}

fn of_tls(report: Report, cause: &str) -> Report {
    let lower = cause.to_lowercase();
    if lower.contains("unknownissuer") || lower.contains("unknown issuer") {
        report
            .because("its certificate comes from a private authority")
            .advise("--cacert FILE names that authority's certificate")
    } else if lower.contains("contenttype") || lower.contains("corrupt message") {
        report
            .because("that port speaks plain http")
            .advise("write http:// instead of https://")
    } else if lower.contains("notvalidforname") || lower.contains("not valid for name") {
        report
            .because("the certificate is for another host name")
            .advise("use the name that the certificate carries")
    } else if lower.contains("expired") {
        report
            .because("its certificate has expired")
            .advise("tell its operator")
    } else {
        report.advise("check the URL and --cacert; --insecure skips the check, at your own risk")
    }
}

fn of_failure(failure: &Failure, call: &str) -> Report {
    let said = if failure.message.is_empty() {
        format!("status {}", failure.status)
    } else {
        format!("status {}: {}", failure.status, failure.message)
    };
    let report = Report::new(code::SERVER, format!("the server refuses {call} ({said})"));
    match failure.reason {
        Reason::WrongCredentials => report
            .because("user, password or token are missing or wrong")
            .advise("--user NAME asks for a password; LIVYSH_PASSWORD, --password-file and --token-command give one to scripts"),
        Reason::Forbidden => report
            .because("you are not on the server's list of users, or the session is somebody else's")
            .advise("ask the server's operator; --proxy-user and --do-as need rights of their own"),
        Reason::NoSuchSession => report
            .because("it ended (idle limit, heartbeat, a restart of the server), or the id is another server's")
            .advise("`livysh sessions` lists what is there"),
        Reason::NoSuchStatement => report.because("the server keeps only the newest 100 statements"),
        Reason::NoSuchRoute => report
            .because("the address is not that of a Livy server")
            .advise("check the URL; behind a gateway it often ends in /livy"),
        Reason::UnknownField => report
            .because("this release of Livy does not know an option that was given")
            .advise("leave the option away"),
        Reason::TooManySessions => report
            .because("the server's limit of sessions is reached")
            .advise("try again later, or end a session of yours: livysh sessions, livysh sessions kill ID"),
        Reason::DuplicateName => report.advise("take another --name"),
        Reason::Csrf => report.because("a proxy took the X-Requested-By header away"),
        Reason::BadRequest => report.advise("check the session's options"),
        Reason::NotReady => report.because("the session is still starting").advise("try again in a moment"),
        Reason::SessionOver | Reason::DriverGone => report
            .because("the session's driver is gone")
            .advise("start a new session (:restart)"),
        Reason::Busy => report
            .because("a gateway or the service is overloaded, or Livy behind it is down")
            .advise("try again later"),
        Reason::Server => report.because("an error inside the server").advise("-vv shows all that it said; its own log tells more"),
        Reason::Other => report,
    }
}

impl From<&StartError> for Report {
    fn from(error: &StartError) -> Self {
        match error {
            StartError::Create(error) | StartError::Follow { error, .. } => {
                let mut report = Self::from(error);
                report.code = code::SERVER;
                report
            }
            StartError::Died { cause, lines, .. } | StartError::TimedOut { cause, lines, .. } => {
                let report = Self::new(code::SERVER, error.to_string()).with_lines(lines.clone());
                match cause {
                    Some(cause) => report.because(cause.to_string()).advise(cause.advice()),
                    None if matches!(error, StartError::TimedOut { .. }) => report
                        .because("the cluster is busy")
                        .advise("--start-timeout SECONDS waits longer"),
                    None => report.advise("the cluster's own log of that session tells more"),
                }
            }
        }
    }
}

impl From<&Lost> for Report {
    fn from(lost: &Lost) -> Self {
        match lost {
            Lost::NotSent(error) => {
                let mut report = Self::from(error);
                report.what = format!("the statement was not run: {}", report.what);
                report.code = code::STATEMENT;
                report
            }
            Lost::Doubt(error) => Self::new(
                code::STATEMENT,
                format!("the statement may or may not have run: {}", error.problem),
            )
            .because("the answer to its submission was lost")
            .advise(":statements shows what the server has; it was not sent again"),
            Lost::SessionGone {
                state,
                cause,
                lines,
                ..
            } => {
                let state = state.as_ref().map_or_else(
                    || "the server no longer knows it".to_owned(),
                    |state| format!("its state is {state}"),
                );
                let report = Self::new(code::STATEMENT, format!("the session is gone: {state}"))
                    .with_lines(lines.clone());
                let report = match cause {
                    Some(cause) => report.because(cause.to_string()),
                    // the log's own lines say more than a guess would
                    None if !lines.is_empty() => report,
                    None => report.because("its idle limit, a missed heartbeat, a restart of the server, or a driver that died"),
                };
                report.advise(":restart starts a new one")
            }
            Lost::Evicted { id } => Self::new(
                code::STATEMENT,
                format!("the server no longer keeps the answer of its statement {id}"),
            )
            .because("it keeps only the newest 100, or the session was replaced"),
            Lost::Unreadable { id, error } => Self::new(
                code::STATEMENT,
                format!(
                    "the answer of the server's statement {id} cannot be fetched: {}",
                    error.problem
                ),
            )
            .because("an output that is too large or that the server cannot write as JSON")
            .advise("print less; the statement itself has run, and the session goes on"),
            Lost::Left { id } => Self::new(
                code::STATEMENT,
                id.map_or_else(
                    || {
                        "left behind before the server had accepted it: it may or may not run"
                            .to_owned()
                    },
                    |id| format!("left behind: it goes on as the server's statement {id}"),
                ),
            )
            .advise(":cancel ends it; what you send next waits for it"),
        }
    }
}

impl From<&PathError> for Report {
    fn from(error: &PathError) -> Self {
        Self::new(code::USAGE, error.to_string())
    }
}

impl From<&ServeError> for Report {
    fn from(error: &ServeError) -> Self {
        Self::new(code::SERVER, error.to_string())
    }
}
