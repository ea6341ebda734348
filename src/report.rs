//! Failures as a person reads them: what happened, the likely cause, what to do next, exit code.
mod login;
mod lost;

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::livy::{self, Failure, Problem, Reach, Reason, SessionState, TlsWhy};
use crate::local::serving::ServeError;
use crate::paths::PathError;
use crate::render::safe_line;
use crate::session::{NotFound, Several, StartError};

pub use lost::of_gone;

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

/// Did the user ask for quiet? Then only failures are told.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only failures are told.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// A word to the user, beside the results; not to one who asked for quiet.
pub fn note(text: &str) {
    if !is_quiet() {
        insist(text);
    }
}

/// Is only to be told what failed?
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// A word about something that failed, or stays behind.
pub fn insist(text: &str) {
    say(&noted(text));
}

/// A line as it is.
pub fn say(line: &str) {
    // a closed stderr must not end the program
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A word to the user as it is shown.
pub fn noted(text: &str) -> String {
    format!("livysh: {}", safe_line(text, true))
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
            Problem::Garbled { begin, reason } => Self::new(
                code::SERVER,
                if begin.is_empty() {
                    format!("the answer to {call} is not Livy's: {reason}")
                } else {
                    format!("the answer to {call} is not Livy's; it begins `{begin}`")
                },
            )
            .because("the address is that of another service, or a proxy answers in Livy's place")
            .advise("check the URL; behind a gateway it often ends in /livy"),
            Problem::TooLarge { limit } => Self::new(
                code::SERVER,
                format!("the answer to {call} is larger than {} MiB", limit >> 20),
            )
            .advise("ask for less: LIMIT, take(n), or write the result to storage"),
            Problem::TooMany { .. } => Self::new(
                code::SERVER,
                format!(
                    "whether there is such a session is not known: {}",
                    error.problem
                ),
            )
            .advise("name the session by its id"),
            Problem::Redirect { to, why, .. } => Self::new(
                code::SERVER,
                format!("{call} is redirected to {to}, which is not followed: {why}"),
            )
            .advise("give that address as the server, if it is the right one"),
            Problem::Setup(text) => Self::new(code::USAGE, text.clone()),
        }
    }
}

impl From<&Several> for Report {
    fn from(several: &Several) -> Self {
        Self::new(code::SERVER, several.to_string()).advise("name the one that you mean by its id")
    }
}

/// A server that has not served us for so long, in words for a status line.
pub fn trouble(long: Duration, error: &livy::Error) -> String {
    let long = long.as_secs();
    let why = error.problem.to_string();
    let why = safe_line(&why, true);
    let pause = error.failure().and_then(|failure| failure.retry_after);
    if let Some(pause) = pause.filter(|_| error.asks_to_wait()) {
        let pause = pause.as_secs();
        return format!("the server asks to wait {pause} s, still trying ({why})");
    }
    if error.asks_to_wait() {
        return format!("the server asks to wait, still trying after {long} s ({why})");
    }
    format!("connection lost {long} s ago, still trying ({why})")
}

impl From<&NotFound> for Report {
    fn from(none: &NotFound) -> Self {
        match none {
            NotFound::Refused(error) => Self::from(error),
            NotFound::Several(several) => Self::from(several),
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
        Reach::Tls { why, .. } => of_tls(report, *why),
        Reach::Timeout { .. } => report
            .because("the server or the cluster is overloaded")
            .advise("try again later"),
        Reach::Broken { .. } => report
            .because("a proxy in between, a server that restarts, or https on that port")
            .advise("try again; if it happens each time, check http:// against https://"),
    }
}

fn of_tls(report: Report, why: TlsWhy) -> Report {
    match why {
        TlsWhy::UnknownIssuer => report
            .because("its certificate comes from a private authority")
            .advise("--cacert FILE names that authority's certificate"),
        TlsWhy::WrongIssuer => report
            .because("the authority that is trusted did not sign the server's certificate, though it has its name")
            .advise("fetch the authority's certificate anew, and name it with --cacert FILE"),
        TlsWhy::OtherName => report
            .because("the certificate is for another host name")
            .advise("use the name that the certificate carries"),
        TlsWhy::Expired => report
            .because("its certificate has expired, or this machine's clock is wrong")
            .advise("check the clock, or tell the server's operator"),
        TlsWhy::NotYetValid => report
            .because("its certificate is not valid yet, or this machine's clock is wrong")
            .advise("check the clock, or tell the server's operator"),
        TlsWhy::NotTls => report
            .because("that port speaks plain http")
            .advise("write http:// instead of https://"),
        TlsWhy::Closed => report
            .because("the server or a gateway before it restarts, or that port speaks no TLS")
            .advise("try again; if it happens each time, check the URL"),
        TlsWhy::ClientCertificate => report
            .because("the server wants a client certificate, or another one than it got")
            .advise("--cert FILE and --key FILE name it"),
        TlsWhy::Incompatible => report
            .because("the server speaks only versions of TLS, or ciphers, that are no longer safe")
            .advise("tell its operator: TLS 1.2 is the oldest that is spoken here"),
        TlsWhy::Other => report
            .advise("check the URL and --cacert; --insecure skips the check, at your own risk"),
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
        Reason::WrongCredentials => login::refused(report, failure),
        Reason::Forbidden => report
            .because("you are not on the server's list of users, or the session is somebody else's")
            .advise("ask the server's operator; --proxy-user and --do-as need rights of their own"),
        Reason::NoSuchSession => report
            .because("it ended (idle limit, heartbeat, a restart of the server), or the id is another server's")
            .advise("`livysh sessions` lists what is there"),
        Reason::NoSuchStatement => report.because("the server keeps only the newest statements (100, unless its operator set another number)"),
        Reason::NoSuchRoute => report
            .because("the address is not that of a Livy server")
            .advise("check the URL; behind a gateway it often ends in /livy"),
        Reason::UnknownField => report
            .because("this release of Livy does not know an option that was given")
            .advise("leave the option away"),
        Reason::TooManySessions => report
            .because("the server's limit of sessions is reached")
            .advise("try again later, or end a session of yours: livysh sessions, livysh sessions kill ID"),
        Reason::DuplicateName => report
            .because("a gateway may have sent the request twice")
            .advise("look for the session: livysh sessions"),
        Reason::Csrf => report.because("a proxy took the X-Requested-By header away"),
        Reason::BadRequest => report.advise("check the session's options"),
        Reason::NotReady => report
            .because("the session is not ready: it starts, or comes back after a restart of its server")
            .advise("try again in a moment"),
        Reason::SessionOver | Reason::DriverGone => report
            .because("the session's driver is gone")
            .advise("start a new session"),
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
                    None => of_start(report, error),
                }
            }
        }
    }
}

/// A start that failed, and no log that says why.
fn of_start(report: Report, error: &StartError) -> Report {
    match error {
        StartError::TimedOut {
            state: SessionState::Other(state),
            ..
        } => report
            .because(format!(
                "livysh does not know the state '{state}', and waited for one that it knows"
            ))
            .advise(
                "ask the server's operator what it means; --start-timeout SECONDS waits longer",
            ),
        StartError::TimedOut { .. } => report
            .because("the cluster is busy")
            .advise("--start-timeout SECONDS waits longer"),
        _ => report.advise("the cluster's own log of that session tells more"),
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
