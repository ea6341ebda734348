//! What waiting for an answer costs beside what it took: `cargo bench --bench overhead`.
//!
//! The overhead of a statement is what the caller waits minus what its server says that it ran
//! (completed − started). Each figure of our session layer stands beside a floor of the same run, on the
//! same session in turn: one kept connection, and GET after GET without a pause. Both servers are measured:
//! the genuine Livy (0.7.1, its statements in our host) and `livysh serve`.
//!
//! Looks come at ages that grow by a fixed part, so statements of one exact length all meet the same point
//! between two looks, and their median says only which. The lengths are spread over one such part.
//!
//! `cargo bench --bench overhead genuine` (or `ours`) measures that server alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints, and stops at the first surprise"
)]

#[path = "../tests/support/genuine.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod genuine;
#[path = "../tests/program/run.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod run;
#[path = "../tests/support/spark.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod spark;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use livysh::livy::{Client, Connection, CreateSession, Kind, SessionState};
use livysh::session::{Interrupts, Session, Submission};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;

/// Seconds that a statement sleeps, how often it is measured, and what its overhead may be at most.
const LENGTHS: [(f64, usize, Goal); 6] = [
    (0.0, 100, Goal::Times(1.3)),
    (0.05, 40, Goal::Above(10.0)),
    (0.3, 21, Goal::Above(15.0)),
    (1.0, 11, Goal::Above(40.0)),
    (2.5, 9, Goal::Above(100.0)),
    (5.0, 9, Goal::Above(200.0)),
];
const WARM_UP: usize = 10;
/// Time between two looks, as a part of the statement's age.
const INTERVAL: f64 = 0.05;

/// Measured against the floor.
#[derive(Clone, Copy)]
enum Goal {
    /// That many times the floor.
    Times(f64),
    /// That many milliseconds more.
    Above(f64),
}

fn main() {
    // `cargo bench` adds options of its own
    let only = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let wanted = |server: &str| only.as_deref().is_none_or(|only| only == server);
    let runtime = Runtime::new().unwrap();
    println!("medians in ms of what the caller waits beyond what the statement ran");
    println!("server   sleep      n    floor     ours   ratio   more   goal");
    if wanted("genuine") {
        let _slot = spark::slot();
        let server = genuine::Genuine::start(&[]);
        measure("genuine", &server.url, &runtime);
    }
    if wanted("ours") {
        let _slot = spark::slot();
        let home = run::Home::new();
        let (server, url) = serve(&home);
        measure("ours", &url, &runtime);
        server.signal(Signal::INT);
        server.end().exits(0);
    }
}

/// `livysh serve`, and where it answers.
fn serve(home: &run::Home) -> (run::Started, String) {
    let job = home.livysh(&["serve", "--port", "0", "--no-auth"]);
    let mut server = spark::environment()
        .iter()
        .fold(job, |job, (name, value)| job.env(name, value))
        .start();
    let mut said = String::new();
    BufReader::new(server.child.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    let url = said.trim().rsplit(' ').next().unwrap().to_owned();
    (server, url)
}

fn measure(server: &str, url: &str, runtime: &Runtime) {
    let session = runtime.block_on(start(url));
    let mut raw = Raw::connect(url, &session);
    for _ in 0..WARM_UP {
        ours(&session, "0", runtime);
        raw.overhead("0");
    }
    for (sleep, rounds, goal) in LENGTHS {
        let (mut mine, mut floor) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let longer = sleep * INTERVAL * round as f64 / rounds as f64;
            let code = format!("import time\ntime.sleep({})", sleep + longer);
            mine.push(ours(&session, &code, runtime));
            floor.push(raw.overhead(&code));
        }
        line(server, sleep, &mut mine, &mut floor, goal);
    }
    runtime
        .block_on(session.client.delete(&session.id))
        .unwrap();
}

async fn start(url: &str) -> Session {
    let client = Client::new(Connection::new(url.parse().unwrap())).unwrap();
    let wanted = CreateSession {
        kind: Some("pyspark"),
        ..CreateSession::default()
    };
    let made = client.create(&wanted).await.unwrap().session;
    loop {
        match client.state(&made.id).await.unwrap() {
            SessionState::Idle => break,
            state if state.is_over() => panic!("the session is {}", state.name()),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    Session::of(client, &made, Kind::Pyspark)
}

/// The overhead of one statement that our session layer runs, in ms.
fn ours(session: &Session, code: &str, runtime: &Runtime) -> f64 {
    let (events, mut seen) = unbounded_channel();
    let submission = Submission {
        code,
        kind: Kind::Pyspark,
    };
    let mut never = Interrupts::never();
    let began = Instant::now();
    let execution = runtime
        .block_on(session.execute(submission, &mut never, &events))
        .unwrap();
    let waited = began.elapsed();
    while seen.try_recv().is_ok() {}
    let statement = execution.statement;
    let ran = match (statement.started, statement.completed) {
        (Some(started), Some(completed)) if completed > 0 => completed - started,
        // some releases write it a moment after the answer
        _ => {
            let statement = session.client.statement(&session.id, statement.id);
            let statement = runtime.block_on(statement).unwrap();
            statement.completed.unwrap() - statement.started.unwrap()
        }
    };
    waited.as_secs_f64() * 1e3 - ran as f64
}

/// One kept connection, and nothing above it.
struct Raw {
    stream: BufReader<TcpStream>,
    host: String,
    path: String,
}

impl Raw {
    fn connect(url: &str, session: &Session) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            host,
            path: format!("/sessions/{}/statements", session.id),
        }
    }

    /// The overhead of one statement in a busy loop, in ms.
    fn overhead(&mut self, code: &str) -> f64 {
        let body = json!({"code": code, "kind": "pyspark"}).to_string();
        let path = self.path.clone();
        let began = Instant::now();
        let mut statement = self.ask("POST", &path, &body);
        let path = format!("{path}/{}", statement["id"]);
        while statement["state"] != "available" {
            statement = self.ask("GET", &path, "");
        }
        let waited = began.elapsed();
        while statement["completed"] == 0 {
            statement = self.ask("GET", &path, "");
        }
        let time = |key: &str| statement[key].as_f64().unwrap();
        waited.as_secs_f64() * 1e3 - (time("completed") - time("started"))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Value {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nX-Requested-By: bench\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = None;
        loop {
            let head = self.line();
            let (name, value) = head.split_once(':').unwrap_or((&head, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
            if head.is_empty() {
                break;
            }
        }
        let body = match length {
            Some(length) => self.bytes(length),
            None => self.chunks(),
        };
        serde_json::from_slice(&body)
            .unwrap_or_else(|_| panic!("{method} {path}: {}", String::from_utf8_lossy(&body)))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stream.read_line(&mut line).unwrap(), 0, "hung up");
        line.trim_end().to_owned()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            all.extend(self.bytes(length));
            self.line();
            if length == 0 {
                return all;
            }
        }
    }
}

fn line(server: &str, sleep: f64, mine: &mut [f64], floor: &mut [f64], goal: Goal) {
    let rounds = mine.len();
    let (mine, floor) = (median(mine), median(floor));
    let (met, wanted) = match goal {
        Goal::Times(times) => (mine <= floor * times, format!("{times} x the floor")),
        Goal::Above(more) => (mine <= floor + more, format!("floor + {more}")),
    };
    println!(
        "{server:<8} {sleep:>4} s  {rounds:>4}  {floor:>7.2}  {mine:>7.2}  {:>6.2}  {:>5.1}   {wanted}: {}",
        mine / floor,
        mine - floor,
        if met { "met" } else { "not met" }
    );
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
