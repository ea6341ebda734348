//! What others ask of the server while livysh is at work.
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::Genuine;

/// An answer of the server.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Sends one request on a connection of its own; `path` begins with a slash.
pub fn send(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // 1.0: no chunks come back
    let mut request = format!(
        "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    Some(Answer {
        status: lines.next()?.split(' ').nth(1)?.parse().ok()?,
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: answer[end + 4..].to_vec(),
    })
}

/// Asks for a value.
#[track_caller]
pub fn get(livy: &Genuine, path: &str) -> Value {
    let answer = send(&livy.url, "GET", path, &[], b"").unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

/// The sessions that the server lists.
#[track_caller]
pub fn sessions(livy: &Genuine) -> Vec<Value> {
    get(livy, "/sessions")["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

/// The state of the first of them; empty while there is none.
pub fn state(livy: &Genuine) -> String {
    let first = sessions(livy).into_iter().next();
    first.map_or_else(String::new, |it| it["state"].as_str().unwrap().to_owned())
}

/// Makes a session as somebody else would.
#[track_caller]
pub fn create(livy: &Genuine, name: Option<&str>) -> Value {
    let mut body = json!({"kind": "pyspark"});
    if let Some(name) = name {
        body["name"] = json!(name);
    }
    let headers = [("Content-Type", "application/json")];
    let body = body.to_string();
    let answer = send(&livy.url, "POST", "/sessions", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 201);
    serde_json::from_slice(&answer.body).unwrap()
}

/// The state of the first session's newest statement; empty while there is none.
pub fn statement(livy: &Genuine) -> String {
    let Some(session) = sessions(livy).into_iter().next() else {
        return String::new();
    };
    // one that starts may never answer this
    if !["idle", "busy"].contains(&session["state"].as_str().unwrap()) {
        return String::new();
    }
    let all = get(livy, &format!("/sessions/{}/statements", session["id"]));
    let last = all["statements"]
        .as_array()
        .and_then(|all| all.last().cloned());
    last.map_or_else(String::new, |it| it["state"].as_str().unwrap().to_owned())
}
