//! The sessions and statements of the Livy in memory.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Request;
use super::answers::{raised, text};

/// A session.
pub struct Held {
    pub body: Value,
    pub looks: u32,
    pub statements: Vec<Value>,
    /// Looks until the end, and the output then; none for what runs on.
    pub left: Vec<Option<(u32, Value)>>,
    pub spins: Vec<bool>,
}

/// All of them, and how many were made and deleted.
#[derive(Default)]
pub struct Memory {
    pub next: u64,
    pub sessions: BTreeMap<String, Held>,
    pub created: usize,
    pub deleted: usize,
    /// Requests that are done after so many more.
    pub later: Vec<(u32, Request)>,
    /// One that is done right after the next submission.
    pub behind: Option<Request>,
    /// One that is done once a statement has ended.
    pub ended: Option<Request>,
}

impl Memory {
    /// The late requests whose time has come, now that one more is here.
    pub fn due(&mut self) -> Vec<Request> {
        for (left, _) in &mut self.later {
            *left = left.saturating_sub(1);
        }
        let due = self.later.extract_if(.., |(left, _)| *left == 0);
        due.map(|(_, request)| request).collect()
    }

    /// All is forgotten, and somebody makes a session, in which that code has run.
    pub fn restart(&mut self, body: Value, code: Option<&str>) {
        self.sessions.clear();
        self.next = 0;
        let id = self.make(body);
        let held = self.sessions.get_mut(&id).unwrap();
        held.looks = u32::MAX / 2;
        if let Some(code) = code {
            let mut ran = json!({"id": 0, "state": "available", "output": text(code)});
            // releases without names echo no code either
            if held.body.get("name").is_some() {
                ran["code"] = json!(code);
            }
            held.statements.push(ran);
            held.left.push(None);
            held.spins.push(false);
        }
    }

    /// Has a statement ended?
    pub fn has_ended(&self) -> bool {
        let mut all = self.sessions.values().flat_map(|held| &held.statements);
        all.any(|it| it["state"] == "available")
    }

    pub fn finish(&mut self) {
        for held in self.sessions.values_mut() {
            for n in (0..held.statements.len())
                .filter(|n| held.runs(*n))
                .collect::<Vec<_>>()
            {
                let statement = &mut held.statements[n];
                if statement["state"] == "running" {
                    statement["state"] = json!("available");
                }
                statement["output"] = text("finished");
            }
        }
    }

    pub fn give_up_cancels(&mut self) {
        for held in self.sessions.values_mut() {
            for (statement, spins) in held.statements.iter_mut().zip(&held.spins) {
                if *spins && statement["state"] == "running" {
                    statement["state"] = json!("cancelled");
                }
            }
        }
    }

    pub fn make(&mut self, body: Value) -> String {
        let id = self.next.to_string();
        self.next += 1;
        self.sessions.insert(
            id.clone(),
            Held {
                body,
                looks: 0,
                statements: Vec::new(),
                left: Vec::new(),
                spins: Vec::new(),
            },
        );
        id
    }
}

impl Held {
    /// Does the code of that one run? It does in one whose cancel was given up, too.
    pub fn runs(&self, n: usize) -> bool {
        let (statement, spins) = (&self.statements[n], self.spins[n]);
        let given_up = spins && statement["state"] == "cancelled" && statement["output"].is_null();
        statement["state"] == "running" || given_up
    }

    /// Does anything run or wait in the first so many?
    pub fn is_busy(&self, first: usize) -> bool {
        (0..first).any(|n| self.runs(n) || self.statements[n]["state"] == "waiting")
    }

    pub fn look(&mut self, n: usize) {
        if self.statements[n]["state"] == "waiting" && !self.is_busy(n) {
            self.statements[n]["state"] = json!("running");
            return;
        }
        if self.statements[n]["state"] != "running" {
            return;
        }
        if let Some((looks, output)) = &mut self.left[n] {
            *looks = looks.saturating_sub(1);
            if *looks == 0 {
                self.statements[n]["state"] = json!("available");
                self.statements[n]["output"] = output.clone();
            }
        }
    }

    pub fn cancel(&mut self, n: usize) {
        if self.statements[n]["state"] == "waiting" {
            self.statements[n]["state"] = json!("cancelled");
            self.spins[n] = false;
        }
        if self.statements[n]["state"] == "running" && !self.spins[n] {
            self.statements[n]["state"] = json!("cancelled");
            self.statements[n]["output"] = raised("Error", "cancelled part of cancelled job group");
        }
    }
}
