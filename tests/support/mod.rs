//! A scripted HTTP server: it does what no real Livy does on demand. Each request is handed to a
//! closure, which may assert on it as it was sent and says what goes back, byte for byte.
//!
//! It runs on a thread of its own, so that tests of the client and of the whole program can use it, and
//! ends when it is dropped.
pub mod tls;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path and query, not unescaped.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, out of its chunks.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Method and target, as in `GET /sessions`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// Does it carry this user and password?
    pub fn is_from(&self, user: &str, password: &str) -> bool {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization") == Some(&format!("Basic {pair}"))
    }
}

/// Holds answers back until it is opened, so that a test acts while they are due. Clones share it.
#[derive(Clone, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Lets go what waits, and all that follows.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Was it opened?
    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    async fn opened(&self) {
        // the sender lives as long as this value does
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

enum Step {
    Send(Vec<u8>),
    Repeat(Vec<u8>, u64),
    Wait(Duration),
    Until(Gate),
    Close,
}

/// What goes back.
pub struct Reply(Vec<Step>);

impl Reply {
    /// JSON with a status; the header and the body leave in one write.
    pub fn json(status: u16, body: impl AsRef<str>) -> Self {
        Self::with(
            status,
            &[("Content-Type", "application/json;charset=utf-8")],
            body.as_ref(),
        )
    }

    /// A page, as a gateway makes it.
    pub fn html(status: u16, body: &str) -> Self {
        Self::with(status, &[("Content-Type", "text/html")], body)
    }

    /// Any headers and body.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = head(status, headers, &format!("Content-Length: {}", body.len()));
        bytes.extend_from_slice(body);
        Self(vec![Step::Send(bytes)])
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::with(status, &[("Location", location)], "")
    }

    /// These bytes as they are, then the connection closes.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Step::Send(bytes.into()), Step::Close])
    }

    /// The connection closes without a word.
    pub fn dropped() -> Self {
        Self(vec![Step::Close])
    }

    /// Nothing comes, and the connection stays.
    pub fn never() -> Self {
        Self(vec![Step::Wait(Duration::from_secs(3600))])
    }

    /// JSON in chunks, with a pause before each but the first.
    pub fn chunks(pieces: &[&str], pause: Duration) -> Self {
        let json = [("Content-Type", "application/json")];
        let mut steps = vec![Step::Send(head(200, &json, "Transfer-Encoding: chunked"))];
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                steps.push(Step::Wait(pause));
            }
            steps.push(Step::Send(
                format!("{:x}\r\n{piece}\r\n", piece.len()).into(),
            ));
        }
        steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
        Self(steps)
    }

    /// `before`, then `piece` as often as told, without announcing a length; then the connection closes.
    pub fn flood(status: u16, before: &str, piece: Vec<u8>, times: u64) -> Self {
        let mut start = head(
            status,
            &[("Content-Type", "application/json")],
            "Connection: close",
        );
        start.extend_from_slice(before.as_bytes());
        Self(vec![
            Step::Send(start),
            Step::Repeat(piece, times),
            Step::Close,
        ])
    }

    /// The same after a wait.
    pub fn after(mut self, wait: Duration) -> Self {
        self.0.insert(0, Step::Wait(wait));
        self
    }

    /// The same when the gate is opened.
    pub fn held(mut self, gate: &Gate) -> Self {
        self.0.insert(0, Step::Until(gate.clone()));
        self
    }
}

fn head(status: u16, headers: &[(&str, &str)], framing: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str(framing);
    head.push_str("\r\n\r\n");
    head.into_bytes()
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    /// What an assertion in the script said; kept for the test's own thread.
    panics: Mutex<Vec<String>>,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves plain HTTP on a free port of loopback.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::run(None, Box::new(script))
    }

    /// Serves HTTPS.
    pub fn start_tls(
        config: rustls::ServerConfig,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::run(Some(TlsAcceptor::from(Arc::new(config))), Box::new(script))
    }

    fn run(tls: Option<TlsAcceptor>, script: Box<Script>) -> Self {
        let shared = Arc::new(Shared {
            script,
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            panics: Mutex::default(),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept(&listener, tls, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            scheme,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT` and a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The same as `METHOD /target`.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let panics = self.shared.panics.lock().unwrap();
        if !std::thread::panicking() {
            assert!(
                panics.is_empty(),
                "the scripted server's expectations failed: {panics:?}"
            );
        }
    }
}

async fn accept(listener: &TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(&shared);
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => serve(stream, &shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, &shared).await;
                    }
                }
            }
        });
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        shared.requests.lock().unwrap().push(request.clone());
        let answer =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (shared.script)(&request)));
        let reply = answer.unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            shared.panics.lock().unwrap().push(said.unwrap_or_default());
            Reply::json(500, "\"the script's expectation failed\"")
        });
        if play(&mut stream, reply).await.is_none() {
            return;
        }
    }
}

async fn play(stream: &mut (impl AsyncWrite + Unpin), reply: Reply) -> Option<()> {
    for step in reply.0 {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes).await.ok()?,
            Step::Repeat(piece, times) => {
                for _ in 0..times {
                    stream.write_all(&piece).await.ok()?;
                }
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Until(gate) => gate.opened().await,
            Step::Close => {
                let _ = stream.shutdown().await;
                return None;
            }
        }
        let _ = stream.flush().await;
    }
    Some(())
}

async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<Request> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut request = Request {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
    };
    if request.header("transfer-encoding") == Some("chunked") {
        request.body = read_chunks(stream, buffer).await?;
    } else {
        let length = request
            .header("content-length")
            .and_then(|text| text.parse().ok());
        request.body = take(stream, buffer, length.unwrap_or(0)).await?;
    }
    Some(request)
}

async fn read_chunks(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(2).position(|two| two == b"\r\n") {
                break at + 2;
            }
            more(stream, buffer).await?;
        };
        let line = String::from_utf8(buffer.drain(..end).collect()).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let chunk = take(stream, buffer, length + 2).await?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

async fn take(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    length: usize,
) -> Option<Vec<u8>> {
    while buffer.len() < length {
        more(stream, buffer).await?;
    }
    Some(buffer.drain(..length).collect())
}

async fn more(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<()> {
    let mut piece = vec![0; 64 * 1024];
    match stream.read(&mut piece).await {
        Ok(0) | Err(_) => None,
        Ok(read) => {
            buffer.extend_from_slice(&piece[..read]);
            Some(())
        }
    }
}
