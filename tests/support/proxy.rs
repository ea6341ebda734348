//! A proxy that loses, cuts, delays and doubts, by a plan that a seed decides.
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is delivered, and its answer too.
    Passed,
    /// The connection ends before anything is delivered.
    CutBefore,
    /// Only its head is delivered: the server never has all of it.
    CutInside,
    /// It is delivered and done; the answer is lost.
    AnswerLost,
    /// It is delivered and done; half of the answer arrives.
    AnswerTorn,
    /// A gateway's page instead of a delivery.
    Refused,
    /// It is delivered and done; a gateway's page instead of the answer.
    TimedOut,
    /// The connection ends, and it is delivered some time afterwards.
    DeliveredLate,
}

/// Shares of all requests, in percent.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    pub seed: u64,
    pub shares: Vec<(Fate, u64)>,
    /// How long after its connection's end a late one is delivered.
    pub late: Duration,
}

impl Weather {
    fn fate(&self, number: u64) -> Fate {
        let mut dice =
            fastrand::Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut thrown = dice.u64(0..100);
        for (fate, share) in &self.shares {
            if thrown < *share {
                return *fate;
            }
            thrown -= share;
        }
        Fate::Passed
    }
}

/// The running proxy; it ends with the value.
pub struct Proxy {
    addr: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: String,
    weather: Mutex<Weather>,
    /// While it is down, every connection is closed at once.
    down: AtomicBool,
    closed: AtomicBool,
    number: AtomicU64,
    met: Mutex<BTreeMap<Fate, u64>>,
}

impl Proxy {
    /// In front of `upstream`, which is an URL without a path.
    pub fn start(upstream: &str, weather: Weather) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            upstream: upstream
                .trim_start_matches("http://")
                .trim_end_matches('/')
                .to_owned(),
            weather: Mutex::new(weather),
            down: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            number: AtomicU64::new(0),
            met: Mutex::default(),
        });
        let held = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if held.closed.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), held) = (stream, Arc::clone(&held)) else {
                    continue;
                };
                // a client that goes away in between is no failure of the proxy's
                std::thread::spawn(move || held.serve(&stream));
            }
        });
        Self { addr, inner }
    }

    /// Where clients find the server behind it.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// From now on nothing passes, until it is up again.
    pub fn down(&self, down: bool) {
        self.inner.down.store(down, Ordering::SeqCst);
    }

    /// From now on this.
    pub fn weather(&self, weather: Weather) {
        *self.inner.weather.lock().unwrap() = weather;
    }

    /// How many requests met which fate.
    pub fn met(&self) -> BTreeMap<Fate, u64> {
        self.inner.met.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.inner.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.addr);
    }
}

/// A request or an answer: the head with its last empty line, and the body.
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Inner {
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client);
        loop {
            if reader.fill_buf()?.is_empty() {
                return Ok(());
            }
            if self.down.load(Ordering::SeqCst) {
                // what was not read makes the kernel answer with a reset
                return Ok(());
            }
            let number = self.number.fetch_add(1, Ordering::SeqCst);
            let weather = self.weather.lock().unwrap().clone();
            let fate = weather.fate(number);
            *self.met.lock().unwrap().entry(fate).or_default() += 1;
            if fate == Fate::CutBefore {
                return Ok(());
            }
            let request = read(&mut reader, None)?;
            if !self.meets(fate, &request, client, weather.late)? {
                client.shutdown(Shutdown::Both)?;
                return Ok(());
            }
        }
    }

    /// Does the connection go on?
    fn meets(
        &self,
        fate: Fate,
        request: &Message,
        client: &TcpStream,
        late: Duration,
    ) -> io::Result<bool> {
        match fate {
            Fate::Passed => answer(client, &self.deliver(request)?, 1.0)?,
            Fate::CutBefore => return Ok(false),
            Fate::CutInside => {
                let mut server = TcpStream::connect(&self.upstream)?;
                server.write_all(&request.head.as_bytes()[..request.head.len() - 4])?;
                return Ok(false);
            }
            Fate::AnswerLost => {
                self.deliver(request)?;
                return Ok(false);
            }
            Fate::AnswerTorn => {
                answer(client, &self.deliver(request)?, 0.5)?;
                return Ok(false);
            }
            Fate::Refused => gateway(client, "503 Service Unavailable")?,
            Fate::TimedOut => {
                self.deliver(request)?;
                gateway(client, "504 Gateway Timeout")?;
            }
            Fate::DeliveredLate => {
                client.shutdown(Shutdown::Both)?;
                std::thread::sleep(late);
                self.deliver(request)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// As HTTP/1.0: then the answer has no chunks, and ends with its connection.
    fn deliver(&self, request: &Message) -> io::Result<Message> {
        let mut server = TcpStream::connect(&self.upstream)?;
        server.set_nodelay(true)?;
        let head = request.head.replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1);
        server.write_all(head.as_bytes())?;
        server.write_all(&request.body)?;
        read(&mut BufReader::new(&server), Some(()))
    }
}

/// Reads a message; an answer's body may go on to the end of the connection.
fn read(from: &mut impl BufRead, is_answer: Option<()>) -> io::Result<Message> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = Vec::new();
    match (length, is_answer) {
        (Some(length), _) => {
            body.resize(length, 0);
            from.read_exact(&mut body)?;
        }
        (None, Some(())) => {
            from.read_to_end(&mut body)?;
        }
        (None, None) => {}
    }
    Ok(Message { head, body })
}

/// Sends an answer, or the first part of it, on a connection that stays open.
fn answer(mut client: &TcpStream, answer: &Message, part: f64) -> io::Result<()> {
    let mut head: String = answer
        .head
        .lines()
        .filter(|line| {
            let name = line
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            !line.is_empty() && !["connection", "content-length"].contains(&name.as_str())
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    head = head.replacen("HTTP/1.0 ", "HTTP/1.1 ", 1);
    head += &answer_length(answer.body.len());
    let bytes = [head.as_bytes(), &answer.body].concat();
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a half"
    )]
    let end = (bytes.len() as f64 * part) as usize;
    client.write_all(&bytes[..end])
}

fn gateway(mut client: &TcpStream, status: &str) -> io::Result<()> {
    let page = format!("<html><title>{status}</title><body>the gateway's own page</body></html>");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    client.write_all(head.as_bytes())?;
    client.write_all(page.as_bytes())
}

fn answer_length(length: usize) -> String {
    format!("Content-Length: {length}\r\n\r\n")
}
