//! A session's statements: one queue, one at a time, and what is remembered of those that ended.
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::kinds::KindName;
use crate::livy::Kind;

/// Livy's words for the life of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Waiting,
    Running,
    Available,
    Cancelling,
    Cancelled,
}

/// One statement, as it travels. Code and output are shared, so that looking costs no copy of either.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Statement {
    pub(super) id: i64,
    #[serde(serialize_with = "shared_text")]
    pub(super) code: Arc<str>,
    pub(super) state: State,
    #[serde(serialize_with = "shared_json")]
    pub(super) output: Option<Arc<RawValue>>,
    pub(super) progress: f64,
    /// Epoch milliseconds; 0 = not yet.
    pub(super) started: i64,
    /// Epoch milliseconds; 0 = not yet.
    pub(super) completed: i64,
}

#[expect(clippy::ref_option, reason = "serde gives the field")]
fn shared_json<S: Serializer>(
    value: &Option<Arc<RawValue>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(serializer)
}

fn shared_text<S: Serializer>(value: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value)
}

/// What the host is to run next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) code: Arc<str>,
}

/// The queue and the memory.
#[derive(Debug)]
pub(super) struct Statements {
    retained: usize,
    next_id: i64,
    kept: BTreeMap<i64, Statement>,
    queue: VecDeque<Turn>,
    /// What the host has now; it may be forgotten already, and still runs.
    current: Option<i64>,
}

impl Statements {
    /// `retained`: how many statements are remembered, whatever their state.
    pub(super) fn new(retained: usize) -> Self {
        Self {
            retained,
            next_id: 0,
            kept: BTreeMap::new(),
            queue: VecDeque::new(),
            current: None,
        }
    }

    /// Takes a statement. One of kind `shared` waits for ever, as on Livy, and holds up nobody.
    pub(super) fn submit(&mut self, code: &str, kind: KindName) -> Statement {
        let id = self.next_id;
        self.next_id += 1;
        let code: Arc<str> = code.into();
        let statement = Statement {
            id,
            code: Arc::clone(&code),
            state: State::Waiting,
            output: None,
            progress: 0.0,
            started: 0,
            completed: 0,
        };
        if let KindName::Of(kind) = kind {
            self.queue.push_back(Turn { id, kind, code });
        }
        self.kept.insert(id, statement.clone());
        while self.kept.len() > self.retained {
            self.kept.pop_first();
        }
        statement
    }

    /// The next statement for the host, when it has none.
    pub(super) fn next(&mut self) -> Option<Turn> {
        if self.current.is_some() {
            return None;
        }
        let turn = self.queue.pop_front()?;
        self.current = Some(turn.id);
        Some(turn)
    }

    /// Does the host work, or is there work for it?
    pub(super) fn is_busy(&self) -> bool {
        self.current.is_some() || !self.queue.is_empty()
    }

    /// What the host has now.
    pub(super) fn current(&self) -> Option<i64> {
        self.current
    }

    /// The code of a statement began to run.
    pub(super) fn began(&mut self, id: i64, started: i64) {
        if let Some(statement) = self.kept.get_mut(&id) {
            statement.started = started;
            if statement.state == State::Waiting {
                statement.state = State::Running;
            }
        }
    }

    /// The host's count of finished tasks.
    pub(super) fn progressed(&mut self, id: i64, progress: f64) {
        if let Some(statement) = self.kept.get_mut(&id)
            && matches!(statement.state, State::Running | State::Cancelling)
        {
            statement.progress = progress.clamp(0.0, 1.0);
        }
    }

    /// The host is through with a statement. A cancel that was asked for decides the word, also where the code
    /// came to its own end; after a cancel that was given up, the output arrives late.
    pub(super) fn ended(&mut self, id: i64, output: Box<RawValue>, completed: i64) {
        if self.current == Some(id) {
            self.current = None;
        }
        let Some(statement) = self.kept.get_mut(&id) else {
            return;
        };
        statement.state = match statement.state {
            State::Waiting | State::Running | State::Available => State::Available,
            State::Cancelling | State::Cancelled => State::Cancelled,
        };
        statement.output = Some(output.into());
        statement.progress = 1.0;
        statement.completed = completed;
    }

    /// Asks for a cancel; true when the host must be told. Unknown and ended statements are left alone.
    pub(super) fn cancel(&mut self, id: i64, now: i64) -> bool {
        let Some(statement) = self.kept.get_mut(&id) else {
            return false;
        };
        match statement.state {
            // The host has it already, so it may be about to run: only the host can say how it ends.
            State::Waiting if self.current == Some(id) => {
                statement.state = State::Cancelling;
                true
            }
            State::Waiting => {
                self.queue.retain(|turn| turn.id != id);
                settle(statement, now);
                false
            }
            State::Running => {
                statement.state = State::Cancelling;
                true
            }
            State::Cancelling | State::Cancelled | State::Available => false,
        }
    }

    /// The cancel took too long: the word is said, although the code may run on.
    pub(super) fn give_up(&mut self, id: i64, now: i64) {
        if let Some(statement) = self.kept.get_mut(&id)
            && statement.state == State::Cancelling
        {
            settle(statement, now);
        }
    }

    /// One statement.
    pub(super) fn get(&self, id: i64) -> Option<Statement> {
        self.kept.get(&id).cloned()
    }

    /// All that are remembered, oldest first.
    pub(super) fn all(&self) -> Vec<Statement> {
        self.kept.values().cloned().collect()
    }
}

fn settle(statement: &mut Statement, now: i64) {
    statement.state = State::Cancelled;
    statement.progress = 1.0;
    statement.completed = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHON: KindName = KindName::Of(Kind::Pyspark);

    fn output() -> Box<RawValue> {
        RawValue::from_string(r#"{"status":"ok"}"#.to_owned()).unwrap()
    }

    #[test]
    fn statements_run_one_at_a_time_in_order() {
        let mut statements = Statements::new(100);
        statements.submit("a", PYTHON);
        statements.submit("b", PYTHON);
        assert_eq!(statements.next().unwrap().id, 0);
        assert_eq!(statements.next(), None);
        statements.began(0, 5);
        statements.ended(0, output(), 7);
        let first = statements.get(0).unwrap();
        assert_eq!(
            (first.state, first.started, first.completed),
            (State::Available, 5, 7)
        );
        assert_eq!(statements.next().unwrap().id, 1);
    }

    #[test]
    fn a_waiting_statement_is_cancelled_at_once_and_never_runs() {
        let mut statements = Statements::new(100);
        statements.submit("a", PYTHON);
        statements.submit("b", PYTHON);
        statements.next();
        assert!(!statements.cancel(1, 9));
        let second = statements.get(1).unwrap();
        assert_eq!((second.state, second.completed), (State::Cancelled, 9));
        assert!(second.output.is_none());
        statements.ended(0, output(), 10);
        assert_eq!(statements.next(), None);
    }

    #[test]
    fn a_statement_that_the_host_has_is_cancelled_only_when_the_host_says_so() {
        let mut statements = Statements::new(100);
        statements.submit("a", PYTHON);
        statements.next();
        assert!(statements.cancel(0, 1));
        assert_eq!(statements.get(0).unwrap().state, State::Cancelling);
        statements.began(0, 2);
        assert_eq!(statements.get(0).unwrap().state, State::Cancelling);
        assert!(
            !statements.cancel(0, 3),
            "a second cancel is not sent again"
        );
        statements.ended(0, output(), 4);
        let ended = statements.get(0).unwrap();
        assert_eq!(ended.state, State::Cancelled);
        assert!(ended.output.is_some());
    }

    #[test]
    fn a_cancel_given_up_leaves_the_session_busy_and_the_output_arrives_late() {
        let mut statements = Statements::new(100);
        statements.submit("a", PYTHON);
        statements.next();
        statements.began(0, 1);
        statements.cancel(0, 2);
        statements.give_up(0, 3);
        assert_eq!(statements.get(0).unwrap().state, State::Cancelled);
        assert!(statements.get(0).unwrap().output.is_none());
        assert!(statements.is_busy());
        statements.ended(0, output(), 8);
        let late = statements.get(0).unwrap();
        assert_eq!((late.state, late.completed), (State::Cancelled, 8));
        assert!(late.output.is_some() && !statements.is_busy());
    }

    #[test]
    fn forgotten_statements_still_run() {
        let mut statements = Statements::new(2);
        for code in ["a", "b", "c"] {
            statements.submit(code, PYTHON);
        }
        assert!(statements.get(0).is_none());
        assert_eq!(statements.next().unwrap().id, 0);
        statements.ended(0, output(), 1);
        assert_eq!(statements.next().unwrap().id, 1);
    }

    #[test]
    fn a_statement_of_kind_shared_waits_for_ever_holds_up_nobody_and_can_be_cancelled() {
        let mut statements = Statements::new(100);
        statements.submit("a", KindName::Shared);
        statements.submit("b", PYTHON);
        assert_eq!(statements.next().unwrap().id, 1);
        statements.ended(1, output(), 1);
        assert!(!statements.is_busy());
        statements.cancel(0, 2);
        assert_eq!(statements.get(0).unwrap().state, State::Cancelled);
    }

    #[test]
    fn progress_after_the_end_is_one() {
        let mut statements = Statements::new(100);
        statements.submit("a", PYTHON);
        statements.next();
        statements.began(0, 1);
        statements.progressed(0, 0.25);
        assert!((statements.get(0).unwrap().progress - 0.25).abs() < 1e-9);
        statements.ended(0, output(), 2);
        statements.progressed(0, 0.5);
        assert!((statements.get(0).unwrap().progress - 1.0).abs() < 1e-9);
    }
}
