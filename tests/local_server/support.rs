//! A server with the fake host, and an HTTP client that sends exactly what it is told to.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use livysh::local::server::{Launcher, Limits, Options, Running, Server, SparkDefaults};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const FILES: &[(&str, &str)] = &[("main.py", include_str!("../support/fake_host.py"))];

/// A server, and the folder that it must leave empty.
pub struct Rig {
    pub server: Option<Running>,
    pub addr: String,
    pub root: tempfile::TempDir,
    authorization: Option<String>,
}

pub fn options(root: &Path) -> Options {
    Options {
        port: 0,
        auth: false,
        secret_folder: None,
        work_root: root.join("work"),
        launcher: Launcher {
            python: PathBuf::from("python3"),
            env: vec![("SPARK_LOCAL_IP".to_owned(), "127.0.0.1".into())],
            files: FILES,
        },
        defaults: SparkDefaults::default(),
        limits: Limits::default(),
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Rig {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut options = options(root.path());
        change(&mut options);
        let server = Server::start(options).await.unwrap();
        Self {
            addr: server.addr.to_string(),
            server: Some(server),
            root,
            authorization: None,
        }
    }

    pub fn authorize(&mut self, value: Option<String>) {
        self.authorization = value;
    }

    /// One request, on a connection of its own.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            let _ = write!(head, "Host: {}\r\n", self.addr);
        }
        if let Some(value) = &self.authorization {
            let _ = write!(head, "Authorization: {value}\r\n");
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(&self.addr).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server may answer and close before it has read all.
        let _ = stream.write_all(body).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        parse(&bytes)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.send("POST", path, &headers, body.as_bytes()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"").await
    }

    pub async fn state(&self, id: i64) -> String {
        let answer = self.get(&format!("/sessions/{id}/state")).await;
        match answer.status {
            200 => answer.json()["state"].as_str().unwrap().to_owned(),
            status => status.to_string(),
        }
    }

    /// Waits until the session is in this state; `404` for gone.
    pub async fn until(&self, id: i64, state: &str) {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let now = self.state(id).await;
            if now == state {
                return;
            }
            assert!(Instant::now() < deadline, "{now} never became {state}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A session that is idle.
    pub async fn session(&self, body: &str) -> i64 {
        let answer = self.post("/sessions", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.json()["id"].as_i64().unwrap();
        self.until(id, "idle").await;
        id
    }

    pub async fn submit(&self, session: i64, code: &str) -> i64 {
        let body = serde_json::json!({ "code": code }).to_string();
        let answer = self
            .post(&format!("/sessions/{session}/statements"), &body)
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_i64().unwrap()
    }

    /// Waits until the statement is in this state.
    pub async fn statement(&self, session: i64, id: i64, state: &str) -> Value {
        let path = format!("/sessions/{session}/statements/{id}");
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let now = self.get(&path).await.json();
            if now["state"] == state {
                return now;
            }
            assert!(Instant::now() < deadline, "{now} never became {state}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Runs code and gives its text.
    pub async fn run(&self, session: i64, code: &str) -> String {
        let id = self.submit(session, code).await;
        let statement = self.statement(session, id, "available").await;
        let text = &statement["output"]["data"]["text/plain"];
        text.as_str()
            .unwrap_or_else(|| panic!("no text: {statement}"))
            .to_owned()
    }

    /// Who the host is: pid, environment, folder.
    pub async fn whoami(&self, session: i64) -> Value {
        serde_json::from_str(&self.run(session, "whoami").await).unwrap()
    }

    pub async fn stop(mut self) -> tempfile::TempDir {
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        self.root
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Answer {
        status: status.parse().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        text: body.to_owned(),
    }
}

/// Is there a process of this number that is no zombie? Nobody reaps orphans in some containers.
pub fn is_alive(pid: i64) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()) else {
        return false;
    };
    let zombie = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().unwrap().trim().starts_with('Z'));
    rustix::process::test_kill_process(process).is_ok() && !zombie
}

/// Waits until a process is gone.
pub async fn until_gone(pid: i64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
