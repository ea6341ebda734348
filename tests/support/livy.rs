//! A Livy in memory, on the scripted server: sessions and statements with their states, in the
//! dialect and with the faults that a test plans. It keeps every request.
#[path = "answers.rs"]
mod answers;
#[path = "memory.rs"]
mod memory;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Gate, Reply, Request, Server};
pub use answers::{Ran, interpret, table, text};
use memory::{Held, Memory};

/// What code does, by code and kind.
type Interpreter = dyn Fn(&str, &str) -> Ran + Send + Sync;

/// What becomes of a request.
pub enum Fault {
    /// It is served.
    None,
    /// Nothing is done, and this goes back.
    Instead(Reply),
    /// It is done, and this goes back.
    Then(Reply),
    /// It is done, and the answer comes late.
    Late(Duration),
    /// It is done, and the answer comes when the gate is opened.
    Held(Gate),
    /// The first session, in another state than it has.
    Shown(&'static str),
    /// This goes back, and it is done when that many more requests have come.
    Later(u32, Reply),
    /// This goes back, and it is done right after the next submission.
    Behind(Reply),
    /// This goes back, and it is done once an ended statement was looked at.
    Ended(Reply),
}

/// Which Livy it is. The default is a well one of today.
pub struct Plan {
    /// The path above `/sessions`.
    pub base: &'static str,
    /// The status of a creation.
    pub created: u16,
    /// Only the keys, statuses and routes of the documented `HDInsight` service.
    pub documented: bool,
    /// The user and the password that it wants, and the status of a refusal.
    pub login: Option<(&'static str, &'static str, u16)>,
    /// Does it want `X-Requested-By`?
    pub csrf: bool,
    /// Fields of a creation that this release does not know.
    pub unknown_fields: &'static [&'static str],
    /// Looks at a new session that see it starting.
    pub starting: u32,
    /// The state of a session after its start.
    pub started: &'static str,
    /// Every session's log.
    pub log: Vec<String>,
    /// What code does, by code and kind.
    pub interpreter: Box<Interpreter>,
    /// Does a statement wait for those before it?
    pub queues: bool,
    /// How many of the newest statements it keeps, whatever their state.
    pub retained: usize,
    /// What goes wrong.
    pub fault: Box<dyn Fn(&Request) -> Fault + Send + Sync>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            base: "",
            created: 201,
            documented: false,
            login: None,
            csrf: false,
            unknown_fields: &[],
            starting: 0,
            started: "idle",
            log: vec!["stdout: ".to_owned(), "logline".to_owned()],
            interpreter: Box::new(interpret),
            queues: false,
            retained: 100,
            fault: Box::new(|_| Fault::None),
        }
    }
}

/// The running server.
pub struct Livy {
    server: Server,
    memory: Arc<Mutex<Memory>>,
    base: &'static str,
}

impl Livy {
    /// A well Livy.
    pub fn new() -> Self {
        Self::start(Plan::default())
    }

    /// A well Livy with faults.
    pub fn failing(fault: impl Fn(&Request) -> Fault + Send + Sync + 'static) -> Self {
        Self::start(Plan {
            fault: Box::new(fault),
            ..Plan::default()
        })
    }

    /// One whose statements answer so.
    pub fn answering(interpreter: impl Fn(&str, &str) -> Ran + Send + Sync + 'static) -> Self {
        Self::start(Plan {
            interpreter: Box::new(interpreter),
            ..Plan::default()
        })
    }

    /// The planned one, over plain http.
    pub fn start(plan: Plan) -> Self {
        Self::run(plan, None)
    }

    /// The planned one; over TLS where a configuration is given.
    pub fn run(plan: Plan, tls: Option<rustls::ServerConfig>) -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let (base, held) = (plan.base, Arc::clone(&memory));
        let script = move |request: &Request| plan.reply(request, &mut held.lock().unwrap());
        let server = match tls {
            Some(tls) => Server::start_tls(tls, script),
            None => Server::start(script),
        };
        Self {
            server,
            memory,
            base,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url(self.base)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// How many requests' `METHOD /target` begin so.
    pub fn asked(&self, begin: &str) -> usize {
        let lines = self.server.lines();
        lines.iter().filter(|line| line.starts_with(begin)).count()
    }

    /// Waits until a request that begins so was made.
    pub fn until(&self, begin: &str) {
        let end = Instant::now() + Duration::from_secs(40);
        while self.asked(begin) == 0 {
            assert!(
                Instant::now() < end,
                "no {begin} in {:?}",
                self.server.lines()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a request that begins so was made after one that began as `first`.
    pub fn until_after(&self, first: &str, begin: &str) {
        let end = Instant::now() + Duration::from_secs(40);
        loop {
            let lines = self.server.lines();
            let after = lines.iter().skip_while(|line| !line.starts_with(first));
            if after.skip(1).any(|line| line.starts_with(begin)) {
                return;
            }
            assert!(Instant::now() < end, "no {begin} in {lines:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The bodies of the requests whose `METHOD /target` is this.
    pub fn bodies(&self, line: &str) -> Vec<Value> {
        let requests = self.requests().into_iter();
        requests
            .filter(|it| it.line() == line)
            .map(|it| it.json())
            .collect()
    }

    /// The code of every submission, in order.
    pub fn submitted(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests
            .filter(|it| it.method == "POST" && it.target.ends_with("/statements"))
            .map(|it| it.json()["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How many sessions were made, deleted, and are still there.
    pub fn counts(&self) -> (usize, usize, usize) {
        let memory = self.memory.lock().unwrap();
        (memory.created, memory.deleted, memory.sessions.len())
    }

    /// One session was made and none is left.
    pub fn assert_clean(&self) {
        assert_eq!(self.counts(), (1, 1, 0), "{:?}", self.server.lines());
    }

    /// Nothing was made.
    pub fn assert_untouched(&self) {
        assert_eq!(self.counts(), (0, 0, 0), "{:?}", self.server.lines());
    }

    /// Makes a session as another user would, and returns its id.
    pub fn make(&self, body: Value) -> String {
        self.memory.lock().unwrap().make(body)
    }

    /// Starts anew: ids count from 0 again, and somebody else made the first session, in which that code has run.
    pub fn restart(&self, body: Value, code: Option<&str>) {
        self.memory.lock().unwrap().restart(body, code);
    }

    /// Ends all that runs, well.
    pub fn finish(&self) {
        self.memory.lock().unwrap().finish();
    }

    /// Gives up waiting for all code that a cancel did not reach: it runs on, and its output follows when it ends.
    pub fn give_up_cancels(&self) {
        self.memory.lock().unwrap().give_up_cancels();
    }

    /// Takes all sessions away, as a restart does.
    pub fn forget(&self) {
        self.memory.lock().unwrap().sessions.clear();
    }
}

fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"msg": text}).to_string())
}

fn bare(status: u16, text: &str) -> Reply {
    Reply::json(status, json!(text).to_string())
}

impl Plan {
    fn reply(&self, request: &Request, memory: &mut Memory) -> Reply {
        for late in memory.due() {
            self.serve(&late, memory);
        }
        match (self.fault)(request) {
            Fault::Later(requests, reply) => {
                memory.later.push((requests, request.clone()));
                reply
            }
            Fault::Behind(reply) => {
                memory.behind = Some(request.clone());
                reply
            }
            Fault::Ended(reply) => {
                memory.ended = Some(request.clone());
                reply
            }
            Fault::None => self.serve(request, memory),
            Fault::Instead(reply) => reply,
            Fault::Shown(state) => {
                let mut shown = self.shown("0", &memory.sessions["0"]);
                shown["state"] = json!(state);
                Reply::json(200, shown.to_string())
            }
            Fault::Then(reply) => {
                self.serve(request, memory);
                reply
            }
            Fault::Late(wait) => self.serve(request, memory).after(wait),
            Fault::Held(gate) => self.serve(request, memory).held(&gate),
        }
    }

    fn serve(&self, request: &Request, memory: &mut Memory) -> Reply {
        let reply = self.served(request, memory);
        if request.method == "POST"
            && request.target.ends_with("/statements")
            && let Some(late) = memory.behind.take()
        {
            self.served(&late, memory);
        }
        let look = request.method == "GET" && request.target.contains("/statements/");
        if look
            && memory.has_ended()
            && let Some(late) = memory.ended.take()
        {
            self.served(&late, memory);
        }
        reply
    }

    fn served(&self, request: &Request, memory: &mut Memory) -> Reply {
        let path = request.target.split('?').next().unwrap();
        let Some(path) = path.strip_prefix(self.base) else {
            return Reply::html(404, "");
        };
        if let Some((user, password, status)) = self.login
            && !request.is_from(user, password)
        {
            return Reply::html(status, "<html><title>Error</title>Bad credentials</html>");
        }
        if self.csrf && request.method != "GET" && request.header("x-requested-by").is_none() {
            return Reply::html(
                400,
                "<title>Missing Required Header for CSRF protection.</title>",
            );
        }
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["sessions"]) => self.list(memory),
            ("POST", ["sessions"]) => self.create(request, memory),
            (method, ["sessions", id, rest @ ..]) => {
                let by_name = |held: &Held| held.body["name"].as_str() == Some(id);
                let named = memory.sessions.iter().find(|(_, held)| by_name(held));
                let id = named.map_or_else(|| (*id).to_owned(), |(id, _)| id.clone());
                match memory.sessions.get_mut(&id) {
                    None => message(404, &format!("Session '{id}' not found.")),
                    Some(_) if method == "DELETE" && rest.is_empty() => {
                        memory.sessions.remove(&id);
                        memory.deleted += 1;
                        message(200, "deleted")
                    }
                    Some(held) => self.session(method, &id, rest, request, held),
                }
            }
            _ => Reply::html(404, ""),
        }
    }

    fn list(&self, memory: &Memory) -> Reply {
        let all = memory.sessions.iter();
        let all: Vec<Value> = all.map(|(id, held)| self.shown(id, held)).collect();
        let number = |n: usize| {
            if self.documented {
                json!(n.to_string())
            } else {
                json!(n)
            }
        };
        let page = json!({"from": number(0), "total": number(all.len()), "sessions": all});
        Reply::json(200, page.to_string())
    }

    fn create(&self, request: &Request, memory: &mut Memory) -> Reply {
        let body = request.json();
        for field in self.unknown_fields {
            if body.get(field).is_some() {
                let text = format!(
                    "Unrecognized field \"{field}\" (class x.CreateRequest), not marked as ignorable"
                );
                return bare(400, &text);
            }
        }
        let id = memory.make(body);
        memory.created += 1;
        Reply::json(
            self.created,
            self.shown(&id, &memory.sessions[&id]).to_string(),
        )
    }

    fn state(&self, held: &Held) -> &'static str {
        if held.looks <= self.starting {
            "starting"
        } else {
            self.started
        }
    }

    fn shown(&self, id: &str, held: &Held) -> Value {
        let id: u64 = id.parse().unwrap();
        let kind = held
            .body
            .get("kind")
            .cloned()
            .unwrap_or_else(|| json!("spark"));
        let mut shown = json!({"id": id, "state": self.state(held), "kind": kind, "log": self.log});
        if !self.documented {
            for key in ["name", "proxyUser", "driverMemory", "idleTimeout"] {
                shown[key] = held.body.get(key).cloned().unwrap_or(Value::Null);
            }
            shown["owner"] = Value::Null;
            shown["appId"] = Value::Null;
        }
        shown
    }

    fn session(
        &self,
        method: &str,
        id: &str,
        rest: &[&str],
        request: &Request,
        held: &mut Held,
    ) -> Reply {
        match (method, rest) {
            ("GET", []) => {
                held.looks += 1;
                Reply::json(200, self.shown(id, held).to_string())
            }
            ("GET", ["statements"]) => {
                (0..held.statements.len()).for_each(|n| held.look(n));
                let kept = &held.statements[self.oldest(held)..];
                let page = json!({"total_statements": kept.len(), "statements": kept});
                Reply::json(200, page.to_string())
            }
            ("POST", ["statements"]) => self.submit(request, held),
            _ if self.documented => Reply::html(404, ""),
            ("POST", ["connect"]) => Reply::json(200, self.shown(id, held).to_string()),
            ("GET", ["state"]) => {
                held.looks += 1;
                Reply::json(200, json!({"id": 0, "state": self.state(held)}).to_string())
            }
            ("GET", ["log"]) => {
                let page = json!({"id": 0, "from": 0, "total": self.log.len(), "log": self.log});
                Reply::json(200, page.to_string())
            }
            ("GET", ["statements", n]) => {
                let n: usize = n.parse().unwrap();
                if !(self.oldest(held)..held.statements.len()).contains(&n) {
                    return bare(404, "Statement not found");
                }
                held.look(n);
                Reply::json(200, held.statements[n].to_string())
            }
            ("POST", ["statements", n, "cancel"]) => {
                held.cancel(n.parse().unwrap());
                message(200, "canceled")
            }
            _ => Reply::html(404, ""),
        }
    }

    /// The first of the statements that are kept.
    fn oldest(&self, held: &Held) -> usize {
        held.statements.len().saturating_sub(self.retained)
    }

    fn submit(&self, request: &Request, held: &mut Held) -> Reply {
        let body = request.json();
        let code = body["code"].as_str().unwrap();
        let kind = body["kind"]
            .as_str()
            .or(held.body["kind"].as_str())
            .unwrap_or("spark");
        let ran = (self.interpreter)(code, kind);
        held.spins.push(matches!(ran, Ran::Spins));
        held.left.push(match ran {
            Ran::Ends(looks, output) => Some((looks, output)),
            Ran::Runs | Ran::Spins => None,
        });
        let waits = self.queues && held.is_busy(held.statements.len());
        let state = if waits { "waiting" } else { "running" };
        let mut shown = json!({"id": held.statements.len(), "state": state, "output": null});
        if !self.documented {
            shown["code"] = json!(code);
            shown["progress"] = json!(0.0);
            shown["started"] = json!(1_700_000_000_000_u64);
            shown["completed"] = json!(0);
        }
        held.statements.push(shown.clone());
        Reply::json(self.created, shown.to_string())
    }
}
