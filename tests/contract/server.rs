//! A server under test, and what checks ask it all the time.
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::Scene;
use super::http::{Answer, Place};

/// No state takes longer to come on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);
const HEADERS: [(&str, &str); 2] = [
    ("Content-Type", "application/json"),
    ("X-Requested-By", "contract"),
];

/// A server, and the release that it claims.
#[derive(Debug)]
pub struct Server {
    pub place: Place,
    /// The 9 of 0.9.
    pub release: u32,
    doomed: Mutex<Vec<i64>>,
    /// A dead session that checks only look at.
    pub dead: Mutex<Option<i64>>,
}

impl Server {
    /// Looks which release answers there: by its version, else by the keys of a session.
    pub fn at(place: Place) -> Self {
        let mut server = Self {
            place,
            release: 0,
            doomed: Mutex::default(),
            dead: Mutex::default(),
        };
        let version = server.get("/version");
        server.release = release(&version).unwrap_or_else(|| server.release_by_keys());
        server
    }

    fn release_by_keys(&self) -> u32 {
        let made = self.post("/sessions", &json!({})).json();
        self.delete(&format!("/sessions/{}", made["id"]));
        [("idleTimeout", 9), ("ttl", 8), ("name", 6), ("appInfo", 3)]
            .into_iter()
            .find_map(|(key, release)| made.get(key).map(|_| release))
            .unwrap_or(2)
    }

    /// As it is told, but for what the place itself asks.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.place.send(method, path, headers, body)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("Accept", "application/json")], b"")
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    /// A body that need not be JSON.
    #[track_caller]
    pub fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &HEADERS, body.as_bytes())
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &HEADERS, b"")
    }

    /// What a release before 0.8 leaves out.
    pub fn rejected(&self, reason: &str) -> String {
        let prefix = if self.release < 8 {
            ""
        } else {
            "Rejected, Reason: "
        };
        format!("{prefix}{reason}")
    }

    /// The state, or the status when there is none.
    #[track_caller]
    pub fn state(&self, session: i64) -> String {
        let answer = self.get(&format!("/sessions/{session}/state"));
        match answer.status {
            200 => text(&answer.json()["state"]),
            status => status.to_string(),
        }
    }

    /// Waits until the session is in one of these states, and tells all that were seen.
    #[track_caller]
    pub fn until(&self, session: i64, wanted: &[&str]) -> Vec<String> {
        let mut seen = Vec::new();
        wait(&format!("session {session} as {wanted:?}"), || {
            let now = self.state(session);
            let there = wanted.contains(&now.as_str());
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            there.then_some(()).ok_or_else(|| format!("{seen:?}"))
        });
        seen
    }

    /// A session whose Java never starts: it costs no Spark, and is soon dead. Only a few are on their way at once.
    #[track_caller]
    pub fn doomed(&self, mut body: Value) -> Value {
        body["driverMemory"] = "bad".into();
        let made = self.post("/sessions", &body).is(201);
        let oldest = {
            let mut doomed = self.doomed.lock().unwrap();
            doomed.push(number(&made["id"]));
            (doomed.len() > 4).then(|| doomed.remove(0))
        };
        if let Some(oldest) = oldest {
            self.until(oldest, &["dead", "killed", "404"]);
        }
        made
    }
}

/// The number of the release in `0.9.0-incubating`.
fn release(version: &Answer) -> Option<u32> {
    let version: Value = serde_json::from_slice(&version.body).ok()?;
    let mut numbers = version["version"].as_str()?.split('.');
    (numbers.next()? == "0").then_some(())?;
    numbers.next()?.parse().ok()
}

/// Waits for a value; it is asked for again and again, and the last complaint is told at the end.
#[track_caller]
pub fn wait<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(value) => return value,
            Err(now) => assert!(Instant::now() < end, "{what} never came: {now}"),
        }
        std::thread::sleep(Duration::from_millis(40));
    }
}

/// A name that no other session has.
pub fn name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("contract-{}-{number}", std::process::id())
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

#[track_caller]
pub fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("no whole number: {value}"))
}

/// The names of an object's keys, sorted.
#[track_caller]
pub fn keys(value: &Value) -> Vec<&str> {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("no object: {value}"));
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// What checks ask of the group's session.
impl Scene<'_> {
    /// A path below the session.
    pub fn path(&self, below: &str) -> String {
        format!("/sessions/{}{below}", self.session)
    }

    #[track_caller]
    pub fn get(&self, below: &str) -> Answer {
        self.server.get(&self.path(below))
    }

    #[track_caller]
    pub fn post(&self, below: &str, body: &Value) -> Answer {
        self.server.post(&self.path(below), body)
    }

    /// A statement of the session's kind: its number.
    #[track_caller]
    pub fn submit(&self, code: &str) -> i64 {
        self.submit_as(code, None)
    }

    #[track_caller]
    pub fn submit_as(&self, code: &str, kind: Option<&str>) -> i64 {
        let mut body = json!({ "code": code });
        if let Some(kind) = kind {
            body["kind"] = kind.into();
        }
        number(&self.post("/statements", &body).is(201)["id"])
    }

    #[track_caller]
    pub fn statement(&self, number: i64) -> Value {
        self.get(&format!("/statements/{number}")).is(200)
    }

    /// Waits until the statement is in this state, and whole.
    #[track_caller]
    pub fn until(&self, number: i64, state: &str) -> Value {
        self.until_it(number, state, |it| it["state"] == state)
    }

    /// Waits until this is so of the statement, and it is whole.
    #[track_caller]
    pub fn until_it(&self, number: i64, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait(&format!("statement {number}: {what}"), || {
            let now = self.statement(number);
            if wanted(&now) && !torn(&now) {
                Ok(now)
            } else {
                Err(now.to_string())
            }
        })
    }

    /// Runs code to its end.
    #[track_caller]
    pub fn run(&self, code: &str, kind: Option<&str>) -> Value {
        let number = self.submit_as(code, kind);
        self.until(number, "available")
    }

    /// The text that code answers with.
    #[track_caller]
    pub fn answer(&self, code: &str, kind: Option<&str>) -> String {
        let ended = self.run(code, kind);
        let text = &ended["output"]["data"]["text/plain"];
        text.as_str()
            .unwrap_or_else(|| panic!("no text: {ended}"))
            .to_owned()
    }

    #[track_caller]
    pub fn cancel(&self, number: i64) -> Answer {
        let path = self.path(&format!("/statements/{number}/cancel"));
        self.server.post_text(&path, "")
    }

    /// A statement that runs until its gate is opened.
    #[track_caller]
    pub fn gated(&self) -> (i64, Gate) {
        let gate = Gate(self.folder.join(format!("gate-{}", name())));
        let code = format!(
            "import os, time\nend = time.time() + 280\nwhile not os.path.exists('{}') and time.time() < end: time.sleep(0.02)\nprint('through')",
            gate.0.display()
        );
        (self.submit_as(&code, Some("pyspark")), gate)
    }
}

/// A driver writes output, times, progress and state of a statement one after the other, and a server tells what it
/// finds in between: such an answer is none that a check may judge.
fn torn(statement: &Value) -> bool {
    // a release without such a key has nothing that could be late; an end's progress is 1, times are far above
    let late = |key: &str| statement[key].as_f64().is_some_and(|it| it < 1.0);
    let unended = late("completed") || late("progress");
    match statement["state"].as_str() {
        Some("running") => late("started"),
        Some("available") => unended || statement["output"].is_null(),
        Some("cancelled") => unended,
        _ => false,
    }
}

/// A file that a statement waits for. It is opened at the latest when the check ends, however it ends.
pub struct Gate(std::path::PathBuf);

impl Gate {
    pub fn open(&self) {
        std::fs::write(&self.0, "").unwrap();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.0, "");
    }
}
