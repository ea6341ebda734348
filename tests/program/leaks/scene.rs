//! A Livy that holds a session at one stage of its life.
use std::fs::File;

use serde_json::json;

use super::super::exits::left_behind;
use super::super::run::{Job, Started};
use super::super::support::{Gate, Reply};
use super::*;

/// How far the session is when the way out is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its creation was not sent.
    Before,
    /// Its creation was sent and is not answered.
    Sent,
    Starting,
    /// No statement runs; a script's first one has been sent and is not answered.
    Idle,
    Running,
    /// The statement is being cancelled, and goes on.
    Cancelling,
    /// Its delete was sent and is not answered.
    Deleting,
}

impl Stage {
    pub const ALL: [Self; 7] = [
        Self::Before,
        Self::Sent,
        Self::Starting,
        Self::Idle,
        Self::Running,
        Self::Cancelling,
        Self::Deleting,
    ];

    /// The statement of a script.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cancelling => "spin",
            Self::Idle | Self::Running => "hang",
            _ => "1 + 1",
        }
    }
}

/// The way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Int,
    Term,
    Hup,
    /// Ctrl-D.
    Eof,
    /// `:quit`.
    Quit,
    /// The terminal's window is closed.
    Closed,
    /// Nobody reads the output any more.
    Pipe,
}

impl Way {
    /// The signal, where the way is one.
    pub fn signal(self) -> Option<Signal> {
        match self {
            Self::Int => Some(Signal::INT),
            Self::Term => Some(Signal::TERM),
            Self::Hup => Some(Signal::HUP),
            _ => None,
        }
    }

    /// The exit code that tells of it.
    pub fn code(self) -> i32 {
        match self {
            Self::Int => 130,
            Self::Term => 143,
            Self::Hup | Self::Closed => 129,
            Self::Eof | Self::Quit | Self::Pipe => 0,
        }
    }
}

pub const LOOK: &str = "GET /sessions/0/statements/0";
pub const CANCEL: &str = "POST /sessions/0/statements/0/cancel";
pub const DELETE: &str = "DELETE /sessions/0";

/// A server and a home.
pub struct Scene {
    pub livy: Livy,
    pub home: Home,
    gate: Gate,
}

impl Scene {
    /// One whose answers stop at that stage.
    pub fn new(stage: Stage) -> Self {
        let gate = Gate::default();
        let held = gate.clone();
        let fault = move |request: &support::Request| {
            let line = request.line();
            let here = match stage {
                Stage::Sent => line == "POST /sessions",
                Stage::Idle => line == "POST /sessions/0/statements",
                Stage::Deleting => request.method == "DELETE",
                Stage::Starting => {
                    let look =
                        ["GET /sessions/0", "GET /sessions/0/state"].contains(&line.as_str());
                    if look && !held.is_open() {
                        let starting = json!({"id": 0, "state": "starting"}).to_string();
                        return Fault::Instead(Reply::json(200, starting));
                    }
                    false
                }
                _ => false,
            };
            if here {
                Fault::Held(held.clone())
            } else {
                Fault::None
            }
        };
        let livy = Livy::start(Plan {
            fault: Box::new(fault),
            interpreter: Box::new(|code, kind| match code {
                "spin" => Ran::Spins,
                _ => livy::interpret(code, kind),
            }),
            ..Plan::default()
        });
        let home = Home::new();
        Self { livy, home, gate }
    }

    /// Waits until the server has met the stage; the statement of a cancel is at work then.
    pub fn reach(&self, stage: Stage) {
        match stage {
            Stage::Before => {}
            Stage::Sent => self.livy.until("POST /sessions"),
            Stage::Starting => self.livy.until("GET /sessions/0"),
            Stage::Idle => self.livy.until("POST /sessions/0/statements"),
            Stage::Running | Stage::Cancelling => self.livy.until(LOOK),
            Stage::Deleting => self.livy.until(DELETE),
        }
    }

    /// Starts a script and brings it to that stage; before its creation it waits for a token, which is to be written.
    pub fn script(&self, stage: Stage, with: impl FnOnce(Job) -> Job) -> (Started, Option<File>) {
        let (url, token) = (self.livy.url(), self.home.path("token"));
        let mut arguments = vec!["-e", stage.code(), &url];
        let command = format!("cat {}", token.display());
        if stage == Stage::Before {
            fifo(&token);
            arguments.extend(["--token-command", &command]);
        }
        let started = with(self.home.livysh(&arguments)).start();
        self.reach(stage);
        // opens when the command reads
        let asked =
            (stage == Stage::Before).then(|| File::options().write(true).open(&token).unwrap());
        if stage == Stage::Cancelling {
            started.signal(Signal::INT);
            self.livy.until(CANCEL);
        }
        (started, asked)
    }

    /// The server goes on, and what runs comes to its end.
    pub fn go_on(&self) {
        self.gate.open();
        self.livy.finish();
    }

    /// The server goes on.
    pub fn answer(&self) {
        self.gate.open();
    }

    /// What was made is deleted, and the journal knows of nothing more; before its creation nothing is made.
    /// Who does not wait for the answer to the delete is told the id, and the journal keeps it.
    #[track_caller]
    pub fn clean(&self, stage: Stage, way: Way) {
        if stage == Stage::Before {
            self.livy.assert_untouched();
        } else {
            self.livy.assert_clean();
        }
        let left = left_behind(&self.home);
        let kept = (stage, way) == (Stage::Deleting, Way::Int);
        assert_eq!(left.len(), usize::from(kept), "{left:?}");
    }
}
