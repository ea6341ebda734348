//! One session: what its clients see and ask, and the task that keeps its host.
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::create::Create;
use super::durations;
use super::host::Event;
use super::kinds::KindName;
use super::life::{AskError, Clocks, Expiry, Life, NotReady, Over, Times};
use super::log::Log;
use super::statements::{Statement, Statements};
use crate::livy::SessionState;

struct Inner {
    life: Life,
    statements: Statements,
    clocks: Clocks,
    ui: Option<String>,
    asked: HashMap<u64, oneshot::Sender<Result<Vec<String>, String>>>,
    next_seq: u64,
}

impl Inner {
    fn state(&self) -> SessionState {
        self.life.state(self.statements.is_busy())
    }
}

/// One session. Every method returns at once, but for those that ask the host or end it.
pub(super) struct Session {
    pub(super) id: i32,
    pub(super) create: Create,
    /// Its own folder, removed at its end.
    pub(super) folder: PathBuf,
    pub(super) log: Arc<Log>,
    pub(super) stop: CancellationToken,
    pub(super) over: watch::Sender<bool>,
    times: Times,
    requests: mpsc::UnboundedSender<String>,
    inner: Mutex<Inner>,
}

impl Session {
    /// A session that is starting, and what its host will read.
    pub(super) fn new(
        id: i32,
        create: Create,
        folder: PathBuf,
        mut times: Times,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<String>) {
        let conf = |key: &str| create.conf.get(key);
        let duration = |key: &str| conf(key).and_then(|text| durations::parse(text).ok());
        let retained = conf("livy.rsc.retained-statements")
            .and_then(|text| text.parse().ok())
            .unwrap_or(100);
        times.cancel = duration("livy.rsc.job-cancel.timeout").unwrap_or(times.cancel);
        times.start = duration("livy.rsc.server.connect.timeout").unwrap_or(times.start);
        let idle = create.idle_timeout.as_deref();
        times.idle = idle
            .and_then(|text| durations::parse(text).ok())
            .unwrap_or(times.idle);
        let (requests, to_host) = mpsc::unbounded_channel();
        let session = Arc::new(Self {
            id,
            folder,
            log: Arc::default(),
            stop: CancellationToken::new(),
            over: watch::Sender::new(false),
            times,
            requests,
            inner: Mutex::new(Inner {
                life: Life::Starting,
                statements: Statements::new(retained),
                clocks: Clocks::start(Instant::now()),
                ui: None,
                asked: HashMap::new(),
                next_seq: 1,
            }),
            create,
        });
        (session, to_host)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the host may take to be ready.
    pub(super) fn start_limit(&self) -> Duration {
        self.times.start
    }

    /// How long the host may take to end by itself.
    pub(super) fn end_limit(&self) -> Duration {
        self.times.end
    }

    /// The word that clients read.
    pub(super) fn state(&self) -> SessionState {
        self.lock().state()
    }

    /// Does it still have a host?
    pub(super) fn is_live(&self) -> bool {
        self.lock().life != Life::Dead
    }

    /// Somebody asked for something below this session: the heartbeat.
    pub(super) fn heard_of(&self) {
        self.lock().clocks.heard_of = Instant::now();
    }

    /// Somebody used it: the idle clock starts again.
    pub(super) fn used(&self) {
        self.lock().clocks.used = Instant::now();
    }

    /// Is there a reason to end it, or to forget it?
    pub(super) fn expiry(&self, now: Instant) -> Option<Expiry> {
        let heartbeat = u64::try_from(self.create.heartbeat_timeout_in_second).unwrap_or(0);
        let heartbeat = (heartbeat > 0).then(|| Duration::from_secs(heartbeat));
        let inner = self.lock();
        inner.clocks.expiry(now, inner.life, heartbeat, &self.times)
    }

    /// State and the address of Spark's own pages, for a view.
    pub(super) fn shown(&self) -> (SessionState, Option<String>) {
        let inner = self.lock();
        (inner.state(), inner.ui.clone())
    }

    fn ready(&self) -> Result<MutexGuard<'_, Inner>, NotReady> {
        let inner = self.lock();
        if inner.life == Life::Ready {
            Ok(inner)
        } else {
            Err(NotReady(inner.state()))
        }
    }

    /// Takes a statement; it runs when those before it are through.
    pub(super) fn submit(&self, code: &str, kind: KindName) -> Result<Statement, NotReady> {
        let mut inner = self.ready()?;
        inner.clocks.used = Instant::now();
        let statement = inner.statements.submit(code, kind);
        self.run_next(&mut inner);
        Ok(statement)
    }

    fn run_next(&self, inner: &mut Inner) {
        if let Some(turn) = inner.statements.next() {
            self.send(&json!({
                "op": "execute", "id": turn.id, "kind": turn.kind.name(), "code": &*turn.code,
            }));
        }
    }

    /// Cancels a statement; unknown and ended ones are left as they are, without complaint.
    pub(super) fn cancel(self: &Arc<Self>, id: i64) -> Result<(), NotReady> {
        let mut inner = self.ready()?;
        inner.clocks.used = Instant::now();
        if inner.statements.cancel(id, epoch_ms()) {
            self.send(&json!({"op": "cancel", "id": id}));
            let session = Arc::clone(self);
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(session.times.cancel) => {
                        session.lock().statements.give_up(id, epoch_ms());
                    }
                    () = session.stop.cancelled() => {}
                }
            });
        }
        Ok(())
    }

    /// Its statements, oldest first. Before it is ready there are none yet.
    pub(super) fn statements(&self) -> Result<Vec<Statement>, Over> {
        let inner = self.lock();
        inner.life.shows_statements()?;
        Ok(inner.statements.all())
    }

    /// One statement, if it is remembered.
    pub(super) fn statement(&self, id: i64) -> Result<Option<Statement>, Over> {
        let inner = self.lock();
        inner.life.shows_statements()?;
        Ok(inner.statements.get(id))
    }

    /// Asks the host for completions.
    pub(super) async fn complete(
        &self,
        kind: &str,
        code: &str,
        cursor: i32,
    ) -> Result<Vec<String>, AskError> {
        let request = json!({"op": "complete", "kind": kind, "code": code, "cursor": cursor});
        self.ask(request).await
    }

    /// Asks the host to add a jar or file.
    pub(super) async fn add(&self, what: &str, path: &str) -> Result<(), AskError> {
        let request = json!({"op": "add", "what": what, "path": path});
        self.ask(request).await.map(|_| ())
    }

    /// Is it not over yet?
    pub(super) fn check_active(&self) -> Result<(), Over> {
        self.lock().life.shows_statements()
    }

    /// Is it up? The error says how it is instead.
    pub(super) fn check_ready(&self) -> Result<(), NotReady> {
        self.ready()
            .map(|mut inner| inner.clocks.used = Instant::now())
    }

    async fn ask(&self, mut request: Value) -> Result<Vec<String>, AskError> {
        let (answer, answered) = oneshot::channel();
        let seq = {
            let mut inner = self.ready()?;
            inner.clocks.used = Instant::now();
            let seq = inner.next_seq;
            inner.next_seq += 1;
            inner.asked.insert(seq, answer);
            seq
        };
        request["seq"] = seq.into();
        self.send(&request);
        // Without a limit, as in Livy: the first completion starts the Scala interpreter, which takes minutes where the
        // machine is starved. Who asks has a limit of its own, and the host's end ends this.
        match answered.await {
            Ok(answer) => answer.map_err(AskError::Refused),
            Err(_) => Err(AskError::NoAnswer),
        }
    }

    /// Ends the session and waits until its host and its folder are gone.
    pub(super) async fn end(&self) {
        self.stop.cancel();
        let mut over = self.over.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = over.wait_for(|over| *over).await;
    }

    /// A line for the host. When the host is gone its end is being handled already.
    pub(super) fn send(&self, request: &Value) {
        let _ = self.requests.send(request.to_string());
    }

    /// The host is ready.
    pub(super) fn began(&self, ui: Option<String>) {
        let mut inner = self.lock();
        if inner.life == Life::Starting {
            inner.life = Life::Ready;
            inner.ui = ui;
            inner.clocks.used = Instant::now();
        }
    }

    /// Is the host still to say that it is ready?
    pub(super) fn is_starting(&self) -> bool {
        self.lock().life == Life::Starting
    }

    /// A statement moved on, or a question is answered.
    pub(super) fn heard(&self, event: Event) {
        let mut inner = self.lock();
        let id = event.id.unwrap_or(-1);
        match event.name.as_str() {
            "running" => inner
                .statements
                .began(id, event.started.unwrap_or_else(epoch_ms)),
            "progress" => inner
                .statements
                .progressed(id, event.progress.unwrap_or(0.0)),
            "done" => {
                let output = event
                    .output
                    .unwrap_or_else(|| lost(id, "the host gave no output"));
                let completed = event.completed.unwrap_or_else(epoch_ms);
                inner.statements.ended(id, output, completed);
                if !inner.statements.is_busy() {
                    inner.clocks.used = Instant::now();
                }
                self.run_next(&mut inner);
            }
            "completion" | "added" => {
                let asked = event.seq.and_then(|seq| inner.asked.remove(&seq));
                if let Some(answer) = asked {
                    // Who asked may have gone.
                    let _ = answer.send(event.error.map_or(Ok(event.candidates), Err));
                }
            }
            other => self
                .log
                .push(&format!("The host told something unknown: {other}")),
        }
    }

    /// The answer of the running statement cannot be had; the session goes on.
    pub(super) fn answer_lost(&self, why: &str) {
        let mut inner = self.lock();
        if let Some(id) = inner.statements.current() {
            inner.statements.ended(id, lost(id, why), epoch_ms());
            self.run_next(&mut inner);
        }
    }

    /// On its way out: nothing more is taken, and who waits for the host is told.
    pub(super) fn shutting_down(&self) {
        let mut inner = self.lock();
        inner.life = Life::ShuttingDown;
        inner.asked.clear();
    }

    /// Gone.
    pub(super) fn dead(&self) {
        {
            let mut inner = self.lock();
            inner.life = Life::Dead;
            inner.clocks.over_since = Some(Instant::now());
            inner.statements = Statements::new(0);
        }
        self.stop.cancel();
        self.over.send_replace(true);
    }
}

/// What stands for an output that never came.
fn lost(id: i64, why: &str) -> Box<serde_json::value::RawValue> {
    let output = json!({
        "status": "error", "execution_count": id, "ename": "Error", "evalue": why, "traceback": [],
    });
    // A value made here always is valid JSON.
    serde_json::value::RawValue::from_string(output.to_string()).unwrap_or_default()
}

fn epoch_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(body: &str) -> (Arc<Session>, mpsc::UnboundedReceiver<String>) {
        let hour = Duration::from_secs(3_600);
        let times = Times {
            idle: hour,
            retain: hour,
            start: hour,
            cancel: hour,
            end: hour,
        };
        Session::new(
            3,
            Create::read(body.as_bytes()).unwrap(),
            PathBuf::new(),
            times,
        )
    }

    fn event(text: &str) -> Event {
        serde_json::from_str(text).unwrap()
    }

    fn kind() -> KindName {
        KindName::parse("pyspark").unwrap()
    }

    #[test]
    fn nothing_is_taken_before_it_is_ready() {
        let (session, _host) = session("{}");
        let refused = session.submit("1", kind()).unwrap_err();
        assert_eq!(refused.to_string(), "Session is in state starting");
        session.began(None);
        assert!(session.submit("1", kind()).is_ok());
    }

    #[test]
    fn the_host_gets_the_next_statement_only_after_the_one_before() {
        let (session, mut host) = session("{}");
        session.began(None);
        session.submit("1", kind()).unwrap();
        session.submit("2", kind()).unwrap();
        assert!(host.try_recv().unwrap().contains(r#""id":0"#));
        assert!(host.try_recv().is_err());
        assert_eq!(session.state(), SessionState::Busy);
        session.heard(event(
            r#"{"event":"done","id":0,"output":{"status":"ok"},"completed":7}"#,
        ));
        assert!(host.try_recv().unwrap().contains(r#""id":1"#));
    }

    #[test]
    fn a_lost_answer_is_an_error_of_its_statement_and_the_session_goes_on() {
        let (session, _host) = session("{}");
        session.began(None);
        session.submit("1", kind()).unwrap();
        session.answer_lost("too large");
        let output = session.statement(0).unwrap().unwrap().output.unwrap();
        assert!(output.get().contains("too large"));
        assert_eq!(session.state(), SessionState::Idle);
    }

    #[test]
    fn heartbeat_and_idle_limits_are_the_sessions_own() {
        let now = Instant::now();
        let (silent, _host) = session(r#"{"heartbeatTimeoutInSecond":60}"#);
        assert_eq!(silent.expiry(now + Duration::from_secs(30)), None);
        let late = silent.expiry(now + Duration::from_secs(90));
        assert_eq!(late, Some(Expiry::Heartbeat));
        let (idle, _host) = session(r#"{"idleTimeout":"1m"}"#);
        assert_eq!(idle.expiry(now + Duration::from_secs(90)), None);
        idle.began(None);
        let late = idle.expiry(now + Duration::from_secs(90));
        assert_eq!(late, Some(Expiry::Idle));
        let (dead, _host) = session("{}");
        dead.dead();
        assert_eq!(dead.expiry(now + Duration::from_secs(90)), None);
        let late = dead.expiry(now + Duration::from_secs(9_000));
        assert_eq!(late, Some(Expiry::Retained));
    }

    #[test]
    fn being_heard_of_and_being_used_are_two_clocks() {
        let body = r#"{"heartbeatTimeoutInSecond":60,"idleTimeout":"1m"}"#;
        let (session, _host) = session(body);
        session.began(None);
        let now = Instant::now();
        let earlier = now.checked_sub(Duration::from_secs(90)).unwrap();
        {
            let mut inner = session.lock();
            inner.clocks.used = earlier;
            inner.clocks.heard_of = earlier;
        }
        assert_eq!(session.expiry(now), Some(Expiry::Heartbeat));
        session.heard_of();
        assert_eq!(session.expiry(now), Some(Expiry::Idle));
        session.used();
        assert_eq!(session.expiry(now), None);
    }

    #[test]
    fn a_dead_session_shows_no_statements() {
        let (session, _host) = session("{}");
        session.began(None);
        session.submit("1", kind()).unwrap();
        session.dead();
        assert!(session.statements().is_err());
    }
}
