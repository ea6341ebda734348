//! Statements through a proxy that loses, cuts, delays and doubts. Each leaves a mark where it runs, so that
//! it can be told how often it did.
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::proxy::{Fate, Proxy, Weather};
use super::run::{Home, Job};

/// How many statements: 150 in every test run, a thousand by hand (`LIVYSH_TEST_STORM=1000`).
fn statements() -> usize {
    let asked = std::env::var("LIVYSH_TEST_STORM").ok();
    asked.map_or(150, |count| count.parse().unwrap())
}
/// A gateway's 60 s and the 10 s after which a late request is delivered, in a hundredth of the time.
const SEARCH: Duration = Duration::from_millis(600);
const LATE: Duration = Duration::from_millis(100);
/// Nothing may take longer, on a busy machine.
const LIMIT: Duration = Duration::from_secs(380);

/// Which of 100 requests meet what.
fn storm() -> Weather {
    Weather {
        seed: 5,
        shares: vec![
            (Fate::AnswerLost, 10),
            (Fate::CutBefore, 4),
            (Fate::CutInside, 3),
            (Fate::AnswerTorn, 3),
            (Fate::Refused, 2),
            (Fate::TimedOut, 2),
            (Fate::DeliveredLate, 3),
        ],
        late: LATE,
    }
}

/// How it is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Once each.
    Once,
    /// What left no trace is sent again (`--resend`): half as many, each of which takes its time.
    Again,
}

/// Runs them in one session on `server`: none runs twice, no result is lost, every doubt is told as such.
#[track_caller]
pub fn through_a_storm(home: &Home, server: &str, sent: Sent, run: impl Fn(&[&str]) -> Job) {
    let (count, more) = match sent {
        Sent::Once => (statements(), &[][..]),
        Sent::Again => (statements() / 2, &["--resend"][..]),
    };
    let proxy = Proxy::start(server, Weather::default());
    let marks = home.path("marks");
    let mut script = String::new();
    for number in 0..count {
        let file = marks.display();
        let _ = writeln!(
            script,
            "(open('{file}', 'a').write('{number}\\n'), {number})[1]"
        );
    }
    let script = home.write("storm.py", script);
    let results = home.path("results.ndjson");
    let (url, output) = (proxy.url(), results.display().to_string());
    let options = [
        "-k",
        "pyspark",
        "--continue",
        "--no-history",
        "-o",
        "ndjson",
    ];
    let began = Instant::now();
    let mut started = run(&[
        &options[..],
        more,
        &["--output", &output, "-f", &script, &url],
    ]
    .concat())
    .env("LIVYSH_TEST_SEARCH_MS", &SEARCH.as_millis().to_string())
    .start();
    // the session comes and goes in fair weather
    until(&mut started, "the first mark", || lines(&marks).len() > 1);
    proxy.weather(storm());
    until(&mut started, "nearly all results", || {
        lines(&results).len() > count - 5
    });
    proxy.weather(Weather::default());
    let ended = started.end();
    let told = lines(&results);
    let unknown = told.iter().filter(|it| it.contains("\"unknown\"")).count();
    let ended = ended.exits(i32::from(unknown > 0));
    judge(count, &told, &lines(&marks), &ended.err, sent);
    let met = proxy.met();
    assert!(met.len() == 8, "{met:?}");
    note(&format!(
        "{count} statements in {:?}, {unknown} unknown; requests: {met:?}",
        began.elapsed()
    ));
    match sent {
        Sent::Once => assert!(unknown > 0, "a storm in which nothing was lost"),
        // twice no trace of the same
        Sent::Again => assert!(unknown <= count / 10, "{unknown} unknown"),
    }
}

/// Seen with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures of a run")]
fn note(text: &str) {
    eprintln!("{text}");
}

#[track_caller]
fn judge(count: usize, results: &[String], marks: &[String], said: &str, sent: Sent) {
    let mut ran: HashMap<usize, usize> = HashMap::new();
    for mark in marks {
        *ran.entry(mark.parse().unwrap()).or_default() += 1;
    }
    let twice: Vec<_> = ran.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "run twice: {twice:?}; {said}");
    assert_eq!(results.len(), count, "{said}");
    let mut ended: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, line) in results.iter().enumerate() {
        let result: Value = serde_json::from_str(line).unwrap();
        let status = result["status"].as_str().unwrap().to_owned();
        if status == "ok" {
            assert_eq!(result["text"], number.to_string(), "another's result");
            assert_eq!(ran.get(&number), Some(&1), "{line}");
        }
        ended.entry(status).or_default().push(number);
    }
    let known = ["ok", "unknown"];
    assert!(
        ended.keys().all(|it| known.contains(&&**it)),
        "{ended:?}; {said}"
    );
    if sent == Sent::Again {
        // one that was sent twice and is there once may be either
        return;
    }
    // what ran has its result: only what arrived after the search may have run unseen
    let unknown = ended.get("unknown").map_or(&[][..], Vec::as_slice);
    let unseen = unknown.iter().filter(|number| ran.contains_key(number));
    let (unseen, most) = (unseen.count(), LATE_AT_MOST.max(count / 50));
    assert!(unseen <= most, "{unseen} of {unknown:?}; {said}");
}

/// Statements that may arrive later than they are looked for, where the machine is slow; in many, one in fifty.
const LATE_AT_MOST: usize = 3;

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn until(started: &mut super::run::Started, what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so() {
        assert!(Instant::now() < end, "never: {what}");
        let ended = started.child.try_wait().unwrap();
        assert!(ended.is_none() || so(), "it ended before {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
