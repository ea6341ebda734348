//! The sessions and statements of the Livy in memory.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answers::raised;

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
}

impl Memory {
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
    pub fn look(&mut self, n: usize) {
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
        if self.statements[n]["state"] == "running" && !self.spins[n] {
            self.statements[n]["state"] = json!("cancelled");
            self.statements[n]["output"] = raised("Error", "cancelled part of cancelled job group");
        }
    }
}
