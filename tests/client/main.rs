//! The Livy client against a scripted server, and against what a genuine one once answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]
#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it has cases"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod support;

mod create;
mod errors;
mod lenient;
mod limits;
mod recorded;
mod recorded_statements;
mod redirects;
mod requests;
mod statements;
mod tls;
mod uploads;

use std::time::Duration;

use livysh::livy::{Client, Connection, Failure, Problem, Reach, SessionId};
use support::Server;

fn connection(url: &str) -> Connection {
    let mut connection = Connection::new(url.parse().unwrap());
    connection.connect_timeout = Duration::from_secs(5);
    connection.read_timeout = Duration::from_secs(20);
    connection
}

fn client(server: &Server) -> Client {
    Client::new(connection(&server.url(""))).unwrap()
}

/// A client that does not wait long, for servers that never answer.
fn hasty(server: &Server) -> Client {
    let mut connection = connection(&server.url(""));
    connection.read_timeout = Duration::from_millis(200);
    Client::new(connection).unwrap()
}

fn id(text: &str) -> SessionId {
    SessionId::new(text)
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> Failure {
    answer.unwrap_err().failure().expect("a refusal").clone()
}

fn problem<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> Problem {
    *answer.unwrap_err().problem
}

fn unreached<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> Reach {
    match problem(answer) {
        Problem::Reach(reach) => reach,
        other => panic!("{other}"),
    }
}
