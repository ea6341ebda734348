//! How long livysh takes to be there: `cargo bench --bench startup`.
//!
//! Each figure stands beside a floor of the same run: starting a program that does nothing
//! (`true`), in a terminal of its own where the prompt is measured.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints, and stops at the first surprise"
)]
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROUNDS: usize = 40;
const PROGRAM: &str = env!("CARGO_BIN_EXE_livysh");

fn main() {
    let home = tempfile::tempdir().unwrap();
    let floor = median(|| run("true", &[]));
    let help = median(|| run(PROGRAM, &["--help"]));
    let floor_terminal = median(|| in_terminal("true", &[], home.path(), None).0);
    // nothing listens there: the prompt must not wait for a server
    let shell = ["http://127.0.0.1:1"];
    let mut memory = 0;
    let prompt = median(|| {
        let (took, resident) = in_terminal(PROGRAM, &shell, home.path(), Some("> "));
        memory = memory.max(resident);
        took
    });
    let size = std::fs::metadata(PROGRAM).unwrap().len();
    line("--help", help, floor, 5.0);
    line("exec to prompt", prompt, floor_terminal, 10.0);
    println!("binary           {:>7.1} MB   (goal 8)", size as f64 / 1e6);
    println!(
        "at the prompt    {:>7.1} MB   (goal 12, resident)",
        memory as f64 / 1e3
    );
}

fn line(what: &str, took: Duration, floor: Duration, goal: f64) {
    let (took, floor) = (took.as_secs_f64() * 1e3, floor.as_secs_f64() * 1e3);
    println!(
        "{what:<16} {took:>7.2} ms   floor {floor:.2} ms   ratio {:.2}   (goal {goal} ms)",
        took / floor
    );
}

fn median(measure: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = std::iter::repeat_with(measure).take(ROUNDS).collect();
    all.sort();
    all[ROUNDS / 2]
}

fn run(program: &str, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    began.elapsed()
}

/// From exec to the text on the screen, or to the end where there is none; and the resident
/// memory in kB at that moment, where the system tells.
fn in_terminal(
    program: &str,
    arguments: &[&str],
    home: &Path,
    wanted: Option<&str>,
) -> (Duration, u64) {
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(program);
    command.args(arguments);
    command.env("LIVYSH_HOME", home);
    command.env("TERM", "xterm-256color");
    let mut reader = pair.master.try_clone_reader().unwrap();
    let began = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut screen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // a terminal whose program has ended answers with an error
        let read = reader.read(&mut chunk).unwrap_or(0);
        screen.extend_from_slice(&chunk[..read]);
        let seen = wanted.is_some_and(|text| String::from_utf8_lossy(&screen).contains(text));
        if read == 0 || seen {
            break;
        }
    }
    let took = began.elapsed();
    let resident = child.process_id().and_then(resident).unwrap_or(0);
    // one that has ended by itself cannot be killed
    let _ = child.kill();
    child.wait().unwrap();
    (took, resident)
}

fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
