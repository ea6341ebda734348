//! How often to look, and what ends the looking.
use std::time::Duration;

use crate::livy::{Client, Error, Problem, Reach, Reason, Session, SessionId};

/// The age of a statement up to which looks follow one another without a pause.
const NO_PAUSE: Duration = Duration::from_millis(10);

/// Time to the next look at a statement of this age: none in the first 10 ms, in which a pause would be
/// longer than the statement; then 8 % of its age, at least 2 ms, at most 2 s.
///
/// What the caller waits in vain is then a small part of what the statement took (half an interval in the
/// middle), and the first minute costs fewer than 200 requests.
pub fn statement_interval(age: Duration) -> Duration {
    if age < NO_PAUSE {
        return Duration::ZERO;
    }
    age.mul_f64(0.08)
        .clamp(Duration::from_millis(2), Duration::from_secs(2))
}

/// Time to the next look at a starting session of this age.
pub fn start_interval(age: Duration) -> Duration {
    if age < Duration::from_secs(60) {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(1)
    }
}

/// Time between two looks at a starting session's log.
pub const LOG_INTERVAL: Duration = Duration::from_secs(2);

/// Time to the second look at a session that the first one did not find.
pub const SECOND_LOOK: Duration = Duration::from_millis(300);

/// A look at a session. That the server has none is said only where a second look some time later agrees: one answer
/// of a gateway that has lost its way for a moment ends no session, and strikes none off.
///
/// # Errors
/// What the last look met.
pub async fn look_twice(client: &Client, id: &SessionId) -> Result<Session, Error> {
    match client.session(id).await {
        Err(error) if error.reason() == Some(Reason::NoSuchSession) => {
            tokio::time::sleep(SECOND_LOOK).await;
            client.session(id).await
        }
        look => look,
    }
}

/// Is it worth asking a server again that has answered before? Whatever stands between us and it may say anything
/// for a while: refuse connections, its TLS too, show pages, forget routes.
pub fn passes(client: &Client, error: &Error) -> bool {
    if error.is_passing() {
        return true;
    }
    match &*error.problem {
        Problem::Reach(_) | Problem::Garbled { .. } => true,
        Problem::Failure(failure) => match failure.reason {
            Reason::NoSuchRoute => client.has_statement_route(),
            // a new token can still come
            Reason::WrongCredentials => client.renews(),
            _ => false,
        },
        _ => false,
    }
}

/// How often in a row a server may say that we are not let in before that is believed: with the waits between, for
/// about 10 s.
const SHUT_OUT: u32 = 8;

/// Whether it is worth asking again, over several answers: [`passes`], and for a while also what says that we are not
/// let in. A login that ran out, a gateway that restarts answer so, with a login page elsewhere or a 403; but so does
/// who took our rights away.
#[derive(Debug, Default)]
pub struct Tolerance {
    shut_out: u32,
}

impl Tolerance {
    /// Is it worth asking a server again that has answered before?
    pub fn passes(&mut self, client: &Client, error: &Error) -> bool {
        if passes(client, error) {
            self.reset();
            return true;
        }
        let redirected = matches!(&*error.problem, Problem::Redirect { .. });
        if redirected || error.reason() == Some(Reason::Forbidden) {
            self.shut_out += 1;
            return self.shut_out < SHUT_OUT;
        }
        false
    }

    /// The server let us in.
    pub fn reset(&mut self) {
        self.shut_out = 0;
    }
}

/// The server's own word on when to ask again.
pub(super) fn asked(error: &Error) -> Option<Duration> {
    error.failure().and_then(|failure| failure.retry_after)
}

/// Does it say that the statement, or its session, is not there?
pub(super) fn is_denial(error: &Error) -> bool {
    let reason = error.reason();
    reason == Some(Reason::NoSuchStatement) || is_session_denied(error)
}

/// Does it say that the session is not there?
pub(super) fn is_session_denied(error: &Error) -> bool {
    error.reason() == Some(Reason::NoSuchSession)
}

/// May it fail for this statement alone, whose answer is too large, or cannot be written? A gateway cuts such an
/// answer off, or says that it took too long. Who asks for patience says nothing of the statement.
pub(super) fn may_be_its_own(error: &Error) -> bool {
    match &*error.problem {
        Problem::Garbled { .. } | Problem::Reach(Reach::Timeout { .. } | Reach::Broken { .. }) => {
            true
        }
        Problem::Failure(failure) => match failure.reason {
            Reason::Busy => failure.status != 429 && failure.retry_after.is_none(),
            Reason::Server | Reason::NotReady => true,
            _ => false,
        },
        _ => false,
    }
}

/// Does it say that the session takes no statements yet? One that has taken some comes back after a restart.
pub(super) fn is_early(error: &Error) -> bool {
    error.reason() == Some(Reason::NotReady)
}

/// Is the server, or what stands before it, away? Any other failure is an answer of one that is there.
pub(super) fn is_outage(error: &Error) -> bool {
    matches!(&*error.problem, Problem::Reach(_)) || error.reason() == Some(Reason::Busy)
}

/// Waits between tries at a server that does not answer: doubling from 0.1 s to 5 s, each
/// shortened by up to a third at random, so that many shells do not come back in step.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait; `asked` is the server's own `Retry-After`.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let step = Duration::from_millis(100) * 2_u32.pow(self.failures.min(6));
        self.failures = self.failures.saturating_add(1);
        let wait = step
            .min(Duration::from_secs(5))
            .mul_f64(1.0 - fastrand::f64() / 3.0);
        asked.map_or(wait, |asked| asked.min(Duration::from_secs(60)).max(wait))
    }

    /// How many tries have failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The server answered.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livy::{Connection, Reach, TlsWhy};

    #[test]
    fn the_first_minute_of_a_statement_costs_fewer_than_200_requests() {
        let (mut age, mut looks) = (Duration::ZERO, 0);
        // no server answers sooner than in half a millisecond
        let round_trip = Duration::from_micros(500);
        while age < Duration::from_secs(60) {
            age += round_trip + statement_interval(age);
            looks += 1;
        }
        assert!(looks < 200, "{looks}");
    }

    #[test]
    fn a_statement_of_any_age_is_looked_at_within_two_seconds() {
        assert_eq!(statement_interval(Duration::ZERO), Duration::ZERO);
        assert_eq!(statement_interval(NO_PAUSE), Duration::from_millis(2));
        assert_eq!(
            statement_interval(Duration::from_secs(100_000)),
            Duration::from_secs(2)
        );
    }

    #[test]
    fn waits_grow_to_five_seconds_and_heed_the_servers_own_word() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(None) <= Duration::from_millis(100));
        for _ in 0..20 {
            backoff.next(None);
        }
        let late = backoff.next(None);
        assert!(late > Duration::from_secs(3) && late <= Duration::from_secs(5));
        assert_eq!(
            backoff.next(Some(Duration::from_secs(17))),
            Duration::from_secs(17)
        );
        let long = Duration::from_secs(3600);
        assert_eq!(backoff.next(Some(long)), Duration::from_secs(60));
        assert!(backoff.next(Some(Duration::ZERO)) > Duration::from_secs(3));
    }

    #[test]
    fn no_way_to_reach_a_server_ends_the_looks_whichever_it_is() {
        let client = Client::new(Connection::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
        let (to, cause) = (String::new(), String::new());
        let (why, after) = (TlsWhy::Closed, Duration::from_secs(1));
        for reach in [
            Reach::Dns { host: to.clone() },
            Reach::Connect {
                to: to.clone(),
                cause: cause.clone(),
            },
            Reach::ConnectTimeout {
                to: to.clone(),
                after,
            },
            Reach::Tls {
                to,
                why,
                cause: cause.clone(),
            },
            Reach::Timeout { after },
            Reach::Broken { cause },
        ] {
            let error = Error {
                method: "GET",
                path: String::new(),
                problem: Box::new(reach.into()),
            };
            let mut tolerance = Tolerance::default();
            let all = (0..1_000).all(|_| tolerance.passes(&client, &error));
            assert!(all, "{error}");
        }
    }

    #[test]
    fn many_shells_do_not_come_back_in_step() {
        let waits = || {
            let mut backoff = Backoff::default();
            (0..20).map(|_| backoff.next(None)).collect::<Vec<_>>()
        };
        assert_ne!(waits(), waits());
    }
}
