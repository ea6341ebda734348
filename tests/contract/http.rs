//! An HTTP client that sends exactly what it is told to, one connection a request.
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// No answer takes longer on a busy machine; a server that hangs fails the check.
const LIMIT: Duration = Duration::from_secs(300);
/// What the routes of Livy's servlets call every body, the empty one included.
pub const JSON: &str = "application/json;charset=utf-8";

/// Where a server answers.
#[derive(Clone, Debug)]
pub struct Place {
    /// Host and port.
    pub authority: String,
    /// What comes before `/sessions`: empty, or `/livy`.
    pub base: String,
    /// The value of the `Authorization` header.
    pub authorization: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Place {
    /// One request.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bytes = self
            .exchange(method, path, headers, body, LIMIT)
            .unwrap_or_else(|error| panic!("{method} {path}: no answer: {error}"));
        parse(&bytes, method).unwrap_or_else(|| {
            panic!(
                "{method} {path}: no whole answer: {:?}",
                String::from_utf8_lossy(&bytes)
            )
        })
    }

    /// Reads what may never come: no answer in this time is none.
    #[track_caller]
    pub fn get_within(&self, path: &str, limit: Duration) -> Option<Answer> {
        let accepted = [("Accept", "application/json")];
        match self.exchange("GET", path, &accepted, b"", limit) {
            Ok(bytes) => Some(parse(&bytes, "GET").expect("a whole answer")),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                None
            }
            Err(error) => panic!("GET {path}: no answer: {error}"),
        }
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        limit: Duration,
    ) -> std::io::Result<Vec<u8>> {
        let mut head = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.base, self.authority
        );
        // whoever says who he is, is it
        let said = headers.iter().any(|(name, _)| *name == "Authorization");
        if let Some(value) = self.authorization.as_ref().filter(|_| !said) {
            let _ = write!(head, "Authorization: {value}\r\n");
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !body.is_empty() || !matches!(method, "GET" | "HEAD" | "DELETE") {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(&self.authority)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(head.as_bytes())?;
        // a server may answer and close before it has read all
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn parse(bytes: &[u8], method: &str) -> Option<Answer> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    };
    if method == "HEAD" {
        return Some(answer);
    }
    if answer.header("Transfer-Encoding") == Some("chunked") {
        answer.body = joined(&answer.body)?;
    }
    let length = answer.header("Content-Length");
    let whole = length.is_none_or(|it| it.parse() == Ok(answer.body.len()));
    whole.then_some(answer)
}

/// The chunks of a body, put together.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|it| it == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, of whatever status.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self}"))
    }

    /// This status, with JSON: the body.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("Content-Type"), Some(JSON), "{self}");
        self.json()
    }

    /// Shape A: `{"msg": text}` and nothing else.
    #[track_caller]
    pub fn says(&self, status: u16, text: &str) {
        assert_eq!(self.is(status), serde_json::json!({"msg": text}), "{self}");
    }

    /// Shape B: a bare JSON string with this in it.
    #[track_caller]
    pub fn tells(&self, status: u16, part: &str) {
        let body = self.is(status);
        let text = body.as_str().unwrap_or_else(|| panic!("no string: {self}"));
        assert!(text.contains(part), "no {part:?} in: {self}");
    }

    /// Shape D: nothing, and it is still called JSON.
    #[track_caller]
    pub fn is_empty(&self, status: u16) {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.text(), "", "{self}");
        assert_eq!(self.header("Content-Type"), Some(JSON), "{self}");
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text().chars().take(400).collect();
        let kind = self.header("Content-Type").unwrap_or("no content type");
        write!(f, "{} ({kind}) {text:?}", self.status)
    }
}
