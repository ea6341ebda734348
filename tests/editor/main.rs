//! The line editor and the terminal's modes, on real terminals.

// A helper that fails is a test that fails; clippy knows tests by their attribute only.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../support/pty.rs"]
#[allow(dead_code)] // whole-program tests use the rest of it
mod pty;

mod keys;
mod paste;
mod recall;
mod screen;
mod typeahead;
mod window;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use pty::{Builder, Pty};
use tempfile::TempDir;

/// The probe in a terminal.
struct Probe {
    pty: Pty,
    folder: TempDir,
}

fn builder(options: &[&str], folder: &TempDir) -> Builder {
    // target/<profile>/deps/<this test> -> target/<profile>/examples/editor_probe
    let mut program: PathBuf = env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples/editor_probe");
    assert!(
        program.exists(),
        "build it first: cargo build --example editor_probe"
    );
    options
        .iter()
        .fold(Builder::new(program), Builder::arg)
        .env("PROBE_GATE", folder.path().join("gate"))
        .env("PROBE_REPORT", folder.path().join("report"))
}

impl Probe {
    fn start(options: &[&str]) -> Self {
        Self::with(options, |builder| builder)
    }

    fn with(options: &[&str], change: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pty = change(builder(options, &folder)).spawn();
        pty.wait_for("py 1> ");
        Self { pty, folder }
    }

    /// Lets the probe go on.
    fn open_gate(&self) {
        fs::write(self.folder.path().join("gate"), "").unwrap();
    }

    /// Types text and waits until it is on the screen and cannot be taken for a paste with what follows. Longer
    /// waits change nothing.
    fn type_slowly(&mut self, text: &str) {
        for key in text.chars() {
            let before = self.pty.raw().len();
            self.pty.send(&key.to_string());
            // a slow machine is still at it; a few keys show nothing
            let end = Instant::now() + Duration::from_millis(300);
            while self.pty.raw().len() == before && Instant::now() < end {
                pause();
            }
            pause();
        }
    }

    /// Presses Enter until `text` shows: while keys typed ahead are held back, an Enter only adds a line.
    #[track_caller]
    fn enter_until(&mut self, text: &str) {
        for _ in 0..400 {
            if self.pty.screen().contains(text) {
                return;
            }
            pause();
            self.pty.send("\r");
        }
        panic!("no {text:?} after many Enters:\n{}", self.pty.screen());
    }
}

fn pause() {
    thread::sleep(Duration::from_millis(25));
}
