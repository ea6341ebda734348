//! Keeping a session alive while nobody types, and noticing when it is gone.
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Session;
use super::life::{Fading, Slept};
use super::lost::Gone;
use super::poll::{Backoff, look_twice};
use crate::livy::{Reason, SessionState};

/// How the session is, at the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its state.
    Alive(SessionState),
    /// The machine slept, and the session is still there.
    Woke {
        /// How long it slept.
        slept: Duration,
        /// The session's state.
        state: SessionState,
    },
    /// Nobody has used it for so long that the server will end it soon.
    Fading(Fading),
    /// The server has not answered since then.
    Silent {
        /// First failed look.
        since: Instant,
    },
    /// It will never answer again.
    Gone(Gone),
    /// Its id is another session's now: the server was restarted.
    Replaced,
}

/// Looks at a session at a third of its heartbeat period, which every `GET` of the session
/// satisfies (the list does not), and notices when its id is another's, when the machine slept, and when
/// the server's idle rule is near: it is told of a statement that is waited for, and of nothing else.
/// Ends when dropped, or when the session is gone.
#[derive(Debug)]
pub struct KeepAlive {
    task: JoinHandle<()>,
    health: watch::Receiver<Health>,
}

/// Without a heartbeat the look only serves to notice that the session is gone.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often the clocks are looked at, which costs no request.
const TICK: Duration = Duration::from_secs(2);

impl KeepAlive {
    /// Starts looking; `heartbeat` is the period that the session was created with.
    pub fn start(session: &Session, heartbeat: Option<Duration>) -> Self {
        let every = heartbeat
            .map_or(LOOK_EVERY, |period| (period / 3).min(LOOK_EVERY))
            .max(Duration::from_millis(200));
        session.life.beats(heartbeat);
        let (sender, health) = watch::channel(Health::Alive(SessionState::Idle));
        let watcher = Watcher {
            session: session.clone(),
            every,
            health: sender,
            pause: every,
            silent: None,
            backoff: Backoff::default(),
            slept: None,
        };
        let task = tokio::spawn(watcher.watch());
        Self { task, health }
    }

    /// How the session is; changes can be awaited.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watcher {
    session: Session,
    every: Duration,
    health: watch::Sender<Health>,
    /// Time to the next look.
    pause: Duration,
    silent: Option<Instant>,
    backoff: Backoff,
    /// Slept since the last answer.
    slept: Option<Duration>,
}

impl Watcher {
    async fn watch(mut self) {
        let mut looked = Instant::now();
        let mut known = false;
        loop {
            // the first look tells the limits
            let pause = if known {
                self.pause
            } else {
                self.pause.min(TICK)
            };
            let due = pause.saturating_sub(looked.elapsed());
            tokio::time::sleep(due.min(TICK)).await;
            let woke = notice_sleep(&self.session, &mut self.slept);
            self.tell_idle_rule();
            if !woke && looked.elapsed() < pause {
                continue;
            }
            let now = self.look_awake().await;
            looked = Instant::now();
            if self.silent.is_none() {
                known = true;
                self.pause = self.every;
                self.backoff.reset();
            }
            let gone = matches!(now, Health::Gone(_) | Health::Replaced);
            // whoever waits for a statement finds out, and tells it with the statement's fate
            if gone && self.session.life.is_working() {
                continue;
            }
            self.tell(now);
            if gone {
                return;
            }
        }
    }

    fn tell(&self, now: Health) {
        self.health.send_if_modified(|old| {
            let changed = *old != now;
            *old = now;
            changed
        });
    }

    fn tell_idle_rule(&self) {
        if self.session.life.tells() {
            let session = self.session.clone();
            // not every server has the route, and no answer of it matters here
            tokio::spawn(async move { session.client.connect(&session.id).await });
        }
        if let Some(fading) = self.session.life.fades() {
            self.tell(Health::Fading(fading));
        }
    }

    /// A look, during which the machine may sleep as well.
    async fn look_awake(&mut self) -> Health {
        let (session, mut slept) = (self.session.clone(), self.slept.take());
        let now = {
            let look = self.look();
            tokio::pin!(look);
            loop {
                tokio::select! {
                    now = &mut look => break now,
                    () = tokio::time::sleep(TICK) => {
                        notice_sleep(&session, &mut slept);
                    }
                }
            }
        };
        match (now, slept) {
            (Health::Alive(state), Some(slept)) => Health::Woke { slept, state },
            (now, slept) => {
                self.slept = slept;
                now
            }
        }
    }

    async fn look(&mut self) -> Health {
        let session = &self.session;
        match look_twice(&session.client, &session.id).await {
            Ok(seen) if !session.identity.fits(&seen) => Health::Replaced,
            Ok(seen) if seen.state.is_over() => Health::Gone(session.gone(Some(seen.state)).await),
            Ok(seen) => {
                session.life.shown(&seen);
                self.silent = None;
                let ours = seen.state == SessionState::Busy && session.hidden.is_under_way();
                let state = if ours { SessionState::Idle } else { seen.state };
                Health::Alive(state)
            }
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => {
                Health::Gone(session.gone(None).await)
            }
            Err(error) => {
                session.life.silent();
                let asked = error.failure().and_then(|failure| failure.retry_after);
                // a server that is back is to hear of us before its patience ends
                let refused = error.reason() == Some(Reason::WrongCredentials);
                self.pause = if refused && !session.client.renews() {
                    // the same command would only say the same
                    self.every
                } else {
                    self.backoff.next(asked).min(self.every)
                };
                Health::Silent {
                    since: *self.silent.get_or_insert_with(Instant::now),
                }
            }
        }
    }
}

/// Is a look due because the machine slept, or may have? How long is added to what is known. Nobody knows which
/// connections outlived a sleep, so that new ones are made: for our looks, and for those of whoever waits for a statement.
fn notice_sleep(session: &Session, known: &mut Option<Duration>) -> bool {
    match session.life.slept() {
        Slept::No => return false,
        Slept::Perhaps => {}
        Slept::For(slept) => *known = Some(known.unwrap_or_default() + slept),
    }
    session.client.reconnect();
    true
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};

    use super::*;
    use crate::livy::{Client, Connection, Kind};
    use crate::session::cause::{Away, Cause};
    use crate::session::life::tests::Hands;

    /// A server that answers every request so, for good; asked for a log it has none.
    fn server(status: &'static str, body: &'static str) -> Client {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _ = (&stream).write_all(format!("{head}{body}").as_bytes());
            }
        });
        Client::new(Connection::new(url.parse().unwrap())).unwrap()
    }

    /// The first news after the machine slept for 3 h.
    async fn after_sleep(status: &'static str, body: &'static str) -> Health {
        let hands = Hands::default();
        let shown = serde_json::from_str(r#"{"id": 0}"#).unwrap();
        let mut session = Session::of(server(status, body), &shown, Kind::Pyspark);
        session.life = hands.life();
        hands.sleep(10_800);
        let alive = KeepAlive::start(&session, Some(Duration::from_secs(600)));
        let mut health = alive.health();
        let news = health.wait_for(|now| !matches!(now, Health::Alive(_) | Health::Fading(_)));
        news.await.unwrap().clone()
    }

    #[tokio::test]
    async fn a_sleep_is_noticed_and_the_session_looked_at() {
        let slept = Duration::from_secs(10_800);
        let state = SessionState::Idle;
        let woke = Health::Woke { slept, state };
        assert_eq!(
            after_sleep("200 OK", r#"{"id": 0, "state": "idle"}"#).await,
            woke
        );
    }

    /// Its first connection takes a request, says so, and is silent for good; all others answer.
    fn dead_once(body: &'static str) -> (Client, tokio::sync::oneshot::Receiver<()>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, first) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let (mut asked, mut dead) = (Some(asked), Vec::new());
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                if let Some(asked) = asked.take() {
                    dead.push(stream);
                    let _ = asked.send(());
                    continue;
                }
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _ = (&stream).write_all(format!("{head}{body}").as_bytes());
            }
        });
        let client = Client::new(Connection::new(url.parse().unwrap())).unwrap();
        (client, first)
    }

    /// The news of a look that hangs for good until the clocks are moved; the next one is answered so.
    async fn caught(body: &'static str, moves: impl FnOnce(&Hands)) -> Health {
        let hands = Hands::default();
        let shown = serde_json::from_str(r#"{"id": 0}"#).unwrap();
        let (client, asked) = dead_once(body);
        let mut session = Session::of(client, &shown, Kind::Pyspark);
        session.life = hands.life();
        let alive = KeepAlive::start(&session, Some(Duration::from_secs(600)));
        let mut health = alive.health();
        asked.await.unwrap();
        moves(&hands);
        let before = Health::Alive(SessionState::Idle);
        let news = health.wait_for(|now| *now != before).await;
        news.unwrap().clone()
    }

    #[tokio::test]
    async fn a_look_that_a_sleep_caught_is_asked_again_over_a_fresh_connection() {
        let news = caught(r#"{"id": 0, "state": "idle"}"#, |hands| hands.sleep(300)).await;
        let (slept, state) = (Duration::from_secs(300), SessionState::Idle);
        assert_eq!(news, Health::Woke { slept, state });
    }

    #[tokio::test]
    async fn a_wall_clock_that_jumps_alone_has_the_session_looked_at_and_tells_of_no_sleep() {
        let busy = r#"{"id": 0, "state": "busy"}"#;
        let news = caught(busy, |hands| hands.set_forward(7200)).await;
        assert_eq!(news, Health::Alive(SessionState::Busy));
    }

    #[tokio::test]
    async fn a_session_that_is_gone_after_a_sleep_is_gone_for_its_heartbeat() {
        let gone = after_sleep("404 Not Found", r#"{"msg": "Session '0' not found."}"#).await;
        let Health::Gone(gone) = gone else {
            panic!("{gone:?}");
        };
        let (away, limit) = (Duration::from_secs(10_800), Duration::from_secs(600));
        let cause = Cause::Heartbeat {
            away,
            limit,
            why: Away::Slept,
        };
        assert_eq!((gone.state, gone.cause), (None, Some(cause)));
    }
}
