//! What a bad way to the server does to statements.
use std::io::{BufRead, BufReader};

use rustix::process::Signal;

use super::*;

/// A server of ours on real Spark, for what `storm` does through it.
#[track_caller]
fn served(storm: impl Fn(&Home, &str)) {
    let _slot = spark::slot();
    let home = Home::new();
    let mut server = livysh(&home, &["serve", "--no-auth", "--port", "0"]).start();
    let mut out = BufReader::new(server.child.stdout.take().unwrap());
    let mut said = String::new();
    out.read_line(&mut said).unwrap();
    let url = said.trim().rsplit(' ').next().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{said}");
    storm(&home, url);
    server.signal(Signal::INT);
    server.end().exits(0);
    assert!(
        processes::of(&home).is_empty(),
        "{:?}",
        processes::of(&home)
    );
}

#[test]
fn of_many_statements_in_a_storm_none_runs_twice_and_no_result_is_lost() {
    served(|home, url| {
        storm::through_a_storm(home, url, storm::Sent::Once, |arguments| {
            livysh(home, arguments)
        });
    });
}

#[test]
fn of_many_statements_in_a_storm_what_left_no_trace_is_sent_again_on_demand() {
    served(|home, url| {
        storm::through_a_storm(home, url, storm::Sent::Again, |arguments| {
            livysh(home, arguments)
        });
    });
}
