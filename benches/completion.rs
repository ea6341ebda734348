//! How long Tab takes, from the key to the name on the screen: `cargo bench --bench completion`.
//!
//! The whole program in a terminal, with a real Spark of this machine. The floor of the same run is an in-shell command,
//! which nobody is asked for: what the terminal, the line editor and this bench's own looks take.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and stops at the first surprise"
)]

#[path = "../tests/support/pty.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod pty;
#[path = "../tests/program/run.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod run;
#[path = "../tests/support/spark.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod spark;
#[path = "../tests/support/typing.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod typing;

use std::time::{Duration, Instant};

use pty::Pty;
use typing::{ask, before_cursor, prompt};

const ROUNDS: usize = 15;
/// Longer than the keys of a paste follow one another.
const APART: Duration = Duration::from_millis(60);

/// What is typed in a round, and what Tab adds.
type Case = dyn Fn(usize) -> (String, &'static str);

fn main() {
    let _slot = spark::slot();
    let home = run::Home::new();
    let mut pty = typing::shell(&home, spark::environment(), &["local"]);
    prompt(&pty, "pyspark 1>");
    let view = "spark.range(5).createOrReplaceTempView('bench_view')";
    ask(&mut pty, view, "", "pyspark 2>");
    ask(&mut pty, ":scala spark.version", "String", "pyspark 3>");
    let floor = median(&mut pty, |_| (":timin".to_owned(), "g"));
    println!("medians in ms from Tab to the name");
    println!("floor (a command)     {floor:>7.1}");
    let first = once(&mut pty, "spark.ran", "ge");
    println!("python, the first     {first:>7.1}");
    let cases: [(&str, f64, &Case); 3] = [
        ("python", 60.0, &|at| (format!("x{at}; spark.ran"), "ge")),
        ("scala, warm", 500.0, &|at| {
            (format!(":scala x{at}; spark.ran"), "ge")
        }),
        ("sql, known", 5.0, &|at| {
            (format!(":sql select {at} from bench_v"), "iew")
        }),
    ];
    for (what, goal, case) in cases {
        // the first asks for what later ones know
        let (typed, rest) = case(ROUNDS);
        once(&mut pty, &typed, rest);
        let took = median(&mut pty, case);
        println!(
            "{what:<21} {took:>7.1}   ratio {:>6.1}   (goal {goal} above the floor: {:.1})",
            took / floor,
            took - floor
        );
    }
    pty.leave();
}

fn median(pty: &mut Pty, case: impl Fn(usize) -> (String, &'static str)) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS)
        .map(|at| {
            let (typed, rest) = case(at);
            once(pty, &typed, rest)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

/// Types, presses Tab, and waits for the rest of the name; milliseconds from Tab on.
fn once(pty: &mut Pty, typed: &str, rest: &str) -> f64 {
    let shows = |pty: &Pty, text: &str| {
        pty.wait_until(text, |screen| before_cursor(screen).ends_with(text));
    };
    pty.send(typed);
    shows(pty, typed);
    std::thread::sleep(APART);
    let began = Instant::now();
    pty.send("\t");
    shows(pty, &format!("{typed}{rest}"));
    let took = began.elapsed();
    pty.send("\x03");
    prompt(pty, "pyspark 3>");
    pty.send("\x0c");
    std::thread::sleep(APART);
    took.as_secs_f64() * 1000.0
}
