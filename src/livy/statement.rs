//! The statement as servers describe it.
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::lenient;

/// How many statements a server keeps, the newest ones (`livy.rsc.retained-statements`, where it is not set otherwise);
/// it forgets the others, those too that still wait or run.
pub const RETAINED_STATEMENTS: i64 = 100;

/// The life of a statement. How it ended is in its output, never in this word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementState {
    /// Queued.
    Waiting,
    /// Running.
    Running,
    /// Ended; well or not, the output tells.
    Available,
    /// A cancel is under way.
    Cancelling,
    /// Ended by a cancel; the code may in truth still run (protocol: cancelling).
    Cancelled,
    /// Ended badly: Livy 0.2 and the Azure services say so here.
    Error,
    /// A word of some other server: in transition.
    Other(String),
}

impl StatementState {
    /// The word on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Available => "available",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }

    /// Is the answer final?
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Available | Self::Cancelled | Self::Error)
    }
}

impl From<&str> for StatementState {
    fn from(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "available" => Self::Available,
            "cancelling" => Self::Cancelling,
            "cancelled" | "canceled" => Self::Cancelled,
            "error" => Self::Error,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for StatementState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl<'de> Deserialize<'de> for StatementState {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(lenient::text(from)?
            .as_deref()
            .map_or_else(|| Self::Other(String::new()), Self::from))
    }
}

/// What a statement left behind, as it travels: `data` by MIME type, or an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Output {
    /// `ok` or `error`; Python's broken magics say `ok` all the same (protocol: output, Python).
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Equals the statement's id on Livy.
    #[serde(deserialize_with = "lenient::int")]
    pub execution_count: Option<i64>,
    /// MIME type to value; may be empty, may hold keys that are no MIME type.
    #[serde(deserialize_with = "lenient::or_default")]
    pub data: Map<String, Value>,
    /// The error's name.
    #[serde(deserialize_with = "lenient::text")]
    pub ename: Option<String>,
    /// The error's text; may be empty.
    #[serde(deserialize_with = "lenient::text")]
    pub evalue: Option<String>,
    /// The trace, in lines or pieces; may be empty.
    #[serde(deserialize_with = "lenient::texts")]
    pub traceback: Vec<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Statement {
    /// 0-based and monotonic per driver.
    #[serde(deserialize_with = "required_id")]
    pub id: i64,
    /// State.
    pub state: StatementState,
    /// The code, echoed since 0.4.
    #[serde(default, deserialize_with = "lenient::text")]
    pub code: Option<String>,
    /// Null until something was produced.
    #[serde(default)]
    pub output: Option<Output>,
    /// 0.0 to 1.0, not monotonic and 1.0 before the end: a hint only.
    #[serde(default, deserialize_with = "lenient::float")]
    pub progress: Option<f64>,
    /// Epoch milliseconds; 0 = not yet. Since 0.7.
    #[serde(default, deserialize_with = "lenient::int")]
    pub started: Option<i64>,
    /// Epoch milliseconds; may still be 0 in the first `available` answer.
    #[serde(default, deserialize_with = "lenient::int")]
    pub completed: Option<i64>,
}

impl Statement {
    /// One of which nothing is known but this.
    pub fn bare(id: i64, state: StatementState) -> Self {
        Self {
            id,
            state,
            code: None,
            output: None,
            progress: None,
            started: None,
            completed: None,
        }
    }
}

fn required_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    lenient::int(from)?.ok_or_else(|| serde::de::Error::custom("a statement id is a number"))
}

/// A page of the list of statements.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct StatementPage {
    /// How many statements the server retains (100 by default), not how many ran.
    #[serde(default, deserialize_with = "lenient::int")]
    pub total_statements: Option<i64>,
    /// The statements.
    #[serde(default)]
    pub statements: Vec<Statement>,
}
