//! A program in a terminal of its own: type at it, look at its screen.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take before a test gives up; never what decides a test that passes.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// What to run and how.
pub struct Builder {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    size: (u16, u16),
    folder: PathBuf,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    closed: bool,
}

/// A running program and its terminal. Dropping it kills the program.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Builder {
    /// Runs `program` in a terminal of 80 columns and 24 rows, with nothing of this machine's environment.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let environment = [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
            ("HOME", "/nonexistent"),
        ];
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: environment
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            size: (80, 24),
            folder: PathBuf::from("/"),
        }
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Where the program starts; `/` if not said.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// What will run.
    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn spawn(self) -> Pty {
        let pair = native_pty_system().openpty(size(self.size)).unwrap();
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.args);
        command.env_clear();
        // Else it would start in HOME.
        command.cwd(&self.folder);
        for (name, value) in &self.env {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()));
        drop(pair.slave);
        let (columns, rows) = cells(self.size);
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(rows, columns, 2_000),
                raw: Vec::new(),
                closed: false,
            }),
            Condvar::new(),
        ));
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || watch(reader, &seen)
        });
        Pty {
            master: pair.master,
            writer,
            child,
            seen,
        }
    }
}

fn watch(mut reader: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut bytes = [0; 8192];
    loop {
        // A terminal whose program has gone answers with an error.
        let count = reader.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        now.parser.process(&bytes[..count]);
        now.raw.extend_from_slice(&bytes[..count]);
        now.closed = count == 0;
        seen.1.notify_all();
        if count == 0 {
            return;
        }
    }
}

fn size((columns, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells((columns, rows): (u16, u16)) -> (NonZeroU16, NonZeroU16) {
    (
        NonZeroU16::new(columns).unwrap(),
        NonZeroU16::new(rows).unwrap(),
    )
}

impl Pty {
    /// Types. Enter is `\r`, Ctrl-C `\x03`.
    pub fn send(&mut self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Presses a key a moment after those before it, as a person does: what comes in one piece counts as pasted.
    pub fn press(&mut self, key: &str) {
        thread::sleep(Duration::from_millis(150));
        self.send(key);
    }

    pub fn send_bytes(&mut self, keys: &[u8]) {
        self.writer.write_all(keys).unwrap();
        self.writer.flush().unwrap();
    }

    /// Pastes as a terminal does that marks pastes.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// What is on the screen now.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Everything written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().raw.clone()
    }

    /// Asks about the screen's cells, cursor or modes.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.seen.0.lock().unwrap().parser.screen())
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub fn wait_until(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + DEADLINE;
        let (seen, changed) = &*self.seen;
        let mut now = seen.lock().unwrap();
        while !fits(now.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || now.closed {
                let screen = now.parser.screen().contents();
                drop(now);
                panic!("waited for {what}; the screen shows:\n{screen}\n");
            }
            now = changed.wait_timeout(now, left).unwrap().0;
        }
    }

    /// Presses a key again and again, as slowly as a person, until the screen is as it should be.
    #[track_caller]
    pub fn press_until(&mut self, key: &str, what: &str, fits: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            // keys in one piece count as pasted
            thread::sleep(Duration::from_millis(100));
            if self.look(&fits) {
                return;
            }
            assert!(
                Instant::now() < end,
                "pressed for {what}:\n{}",
                self.screen()
            );
            self.send(key);
        }
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut now = self.seen.0.lock().unwrap();
        let (wide, high) = cells((columns, rows));
        now.parser.screen_mut().set_size(high, wide);
        self.master.resize(size((columns, rows))).unwrap();
    }

    /// The terminal's device, to ask for its mode.
    pub fn device(&self) -> PathBuf {
        self.master.tty_name().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until no program has the terminal open any more: then the screen shows all that was written.
    #[track_caller]
    pub fn drain(&self) {
        let end = Instant::now() + DEADLINE;
        let (seen, changed) = &*self.seen;
        let mut now = seen.lock().unwrap();
        while !now.closed {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the terminal is still in use");
            now = changed.wait_timeout(now, left).unwrap().0;
        }
    }

    /// Leaves by Ctrl-D; the exit code. The key is sent again where a prompt stands there all the same: it came while
    /// the program was between two reads.
    #[track_caller]
    pub fn leave(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        loop {
            self.send("\x04");
            let again = Instant::now() + Duration::from_secs(2);
            while Instant::now() < again || !self.is_at_an_empty_prompt() {
                if let Some(code) = self.ended() {
                    return code;
                }
                assert!(Instant::now() < end, "it does not end:\n{}", self.screen());
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Clears the line that stands at the prompt and leaves by Ctrl-D; the exit code. Ctrl-C is sent again where it
    /// came between two reads: then the terminal takes it for a signal, and drops the keys around it.
    #[track_caller]
    pub fn clear_and_leave(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        while !self.is_at_an_empty_prompt() {
            self.send("\x03");
            let again = Instant::now() + Duration::from_secs(1);
            while Instant::now() < again && !self.is_at_an_empty_prompt() {
                if let Some(code) = self.ended() {
                    return code;
                }
                assert!(Instant::now() < end, "it does not end:\n{}", self.screen());
                thread::sleep(Duration::from_millis(20));
            }
        }
        self.leave()
    }

    fn is_at_an_empty_prompt(&self) -> bool {
        let text = self.screen();
        text.trim_end().lines().last().is_some_and(|line| {
            // behind it a session that starts or is dead is told
            let line = line.trim_end();
            let line = line.strip_suffix("(starting)").unwrap_or(line);
            let line = line.strip_suffix("(dead)").unwrap_or(line);
            line.trim_end().ends_with('>')
        })
    }

    /// Has the program ended?
    pub fn has_ended(&mut self) -> bool {
        self.ended().is_some()
    }

    fn ended(&mut self) -> Option<u32> {
        let status = self.child.try_wait().unwrap()?;
        Some(status.exit_code())
    }

    /// Waits for the program to end: its exit code.
    #[track_caller]
    pub fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(code) = self.ended() {
                return code;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.screen());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
