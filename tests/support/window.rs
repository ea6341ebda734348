//! A terminal's window that can be closed while a program runs in it.
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::pty::DEADLINE;
use super::run::Home;

/// What is open as long as the window is.
struct Ends {
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn portable_pty::MasterPty + Send>,
}

/// One end of a terminal, read only as far as it is looked at: it can be closed, since no thread holds it.
pub struct Window {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    ends: Option<Ends>,
}

impl Window {
    /// Runs livysh in one.
    pub fn open(home: &Home, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_livysh"));
        command.args(arguments);
        command.env_clear();
        command.cwd("/");
        command.env("PATH", "/usr/bin:/bin");
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path(""));
        command.env("LIVYSH_HOME", home.path("livysh"));
        let child = pair.slave.spawn_command(command).unwrap();
        let (reader, writer) = (pair.master.try_clone_reader(), pair.master.take_writer());
        let ends = Some(Ends {
            reader: reader.unwrap(),
            writer: writer.unwrap(),
            master: pair.master,
        });
        Self { child, ends }
    }

    /// Reads until this was written.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let (mut seen, mut bytes) = (String::new(), [0; 4096]);
        let reader = &mut self.ends.as_mut().unwrap().reader;
        while !seen.contains(text) {
            let count = reader.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "no {text} in {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    /// Types that.
    pub fn send(&mut self, keys: &str) {
        let writer = &mut self.ends.as_mut().unwrap().writer;
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Types as a person does: the Enter a moment after the text, or it counts as a paste.
    pub fn enter(&mut self, text: &str) {
        self.send(text);
        std::thread::sleep(Duration::from_millis(150));
        self.send("\r");
    }

    /// Closes it, as far as its program can tell: whoever had it as the terminal gets a HUP. Returns when that is so.
    #[track_caller]
    pub fn close(&mut self) {
        let ends = self.ends.take().unwrap();
        // without a key for the end, its writer types none into it when it is dropped
        let device = std::fs::File::open(ends.master.tty_name().unwrap()).unwrap();
        let mut mode = tcgetattr(&device).unwrap();
        mode.special_codes[SpecialCodeIndex::VEOF] = 0;
        tcsetattr(&device, OptionalActions::Now, &mode).unwrap();
        drop(ends);
        // a process that another test is just starting may hold its end for a moment more
        let end = Instant::now() + DEADLINE;
        while tcgetattr(&device).is_ok() {
            assert!(Instant::now() < end, "it is not closed");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
