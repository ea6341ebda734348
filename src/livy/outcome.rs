//! A statement's answer, understood: what every renderer starts from.
use serde_json::Value;

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It ran to its end.
    Ok,
    /// It failed.
    Error,
    /// It was cancelled; it may have left an output all the same.
    Cancelled,
    /// The server may or may not have run it.
    Unknown,
}

impl Status {
    /// The word in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name; names may repeat.
    pub name: String,
    /// Type as the server says it (`integer`, `decimal(10,2)`, `BIGINT_TYPE`, `array<int>`).
    pub type_name: String,
}

/// A table: an SQL answer, or the result of `%table`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Columns, in the order of the cells.
    pub columns: Vec<Column>,
    /// Rows; may be shorter or longer than `columns`.
    pub rows: Vec<Vec<Value>>,
    /// Was it probably cut at the server's row limit? Livy has no flag for it: a table with
    /// exactly as many rows as the limit counts as cut.
    pub truncated: bool,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Such as `image/png`.
    pub mime: String,
    /// The bytes, as they travel.
    pub base64: String,
}

/// An error that the user's code raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Its name, such as `ValueError`; `Error` for Scala, R and SQL.
    pub name: String,
    /// Its text; may be empty.
    pub value: String,
    /// Its trace.
    pub traceback: Vec<String>,
}

/// What a statement answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// `text/plain`, as sent.
    pub text: Option<String>,
    /// A table.
    pub table: Option<Table>,
    /// `application/json` that is no table (`%json`).
    pub json: Option<Value>,
    /// Pictures.
    pub images: Vec<Image>,
    /// MIME types that livysh has no form for, with their values.
    pub others: Vec<(String, Value)>,
    /// The error; also with `Cancelled`, where it tells what was interrupted.
    pub error: Option<Raised>,
}
