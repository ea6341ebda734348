//! Statements without an answer, as a person reads of them.
use std::time::Duration;

use super::{Report, code};
use crate::livy;
use crate::session::{Gone, Lost};

impl From<&Lost> for Report {
    fn from(lost: &Lost) -> Self {
        match lost {
            Lost::NotSent(error) => {
                let mut report = Self::from(error);
                report.what = format!("the statement was not run: {}", report.what);
                if !lost.is_no_access() {
                    report.code = code::STATEMENT;
                }
                report
            }
            Lost::Refused { id, error } => of_refusal(*id, error),
            Lost::GivenUp => Self::new(code::STATEMENT, format!("the statement was not run: {lost}")),
            Lost::Doubt {
                error,
                candidate,
                no_trace,
                again,
            } => of_doubt(error, *candidate, *no_trace, *again),
            Lost::SessionGone { refused, gone, .. } => of_gone(*refused, gone),
            Lost::Replaced { .. } => {
                Self::new(code::STATEMENT, format!("the session is gone: {lost}"))
                    .because("ids start again at 0 when a server is restarted")
            }
            Lost::Evicted { id } => Self::new(
                code::STATEMENT,
                format!("the server no longer keeps the answer of its statement {id}"),
            )
            .because("it keeps only the newest (100, unless its operator set another number), and there are as many newer ones"),
            Lost::Vanished { id } => Self::new(
                code::STATEMENT,
                format!("the server no longer knows its statement {id}: whether it ran to its end is unknown"),
            )
            .because("it keeps fewer statements than the usual 100, or it was restarted and has lost it, or another server answers now")
            .advise("look at what it was to change before you run it again"),
            Lost::Unreadable { id, error } => Self::new(
                code::STATEMENT,
                format!(
                    "the answer of the server's statement {id} cannot be fetched: {}",
                    error.problem
                ),
            )
            .because("an output that is too large or that the server cannot write as JSON")
            .advise("print less; the statement itself has run, and the session goes on"),
            Lost::Left { id } => Self::new(
                code::STATEMENT,
                id.map_or_else(
                    || {
                        "left behind before the server had accepted it: it may or may not run"
                            .to_owned()
                    },
                    |id| format!("left behind: it goes on as the server's statement {id}"),
                ),
            ),
            Lost::Silent { id, after, error } => Self::new(
                code::STATEMENT,
                format!(
                    "the server has not answered for {} s: whether its statement {id} ran to its end is unknown ({})",
                    after.as_secs(),
                    error.problem
                ),
            )
            .because("the server, or the way to it, is gone for good")
            .advise("`livysh sessions` shows, when it is back, whether the session is still there"),
        }
    }
}

/// The server takes the login no longer while a statement is open.
fn of_refusal(id: Option<i64>, error: &livy::Error) -> Report {
    let mut report = Report::from(error);
    let open = id.map_or_else(
        || "whether the statement has reached the server is unknown".to_owned(),
        |id| format!("whether its statement {id} runs to its end is unknown"),
    );
    report.what = format!("{}; {open}", report.what);
    report.code = code::SERVER;
    report
}

/// A session that is gone; `refused`: it took a statement no more, which did not run.
pub fn of_gone(refused: bool, gone: &Gone) -> Report {
    let state = gone.state.as_ref().map_or_else(
        || "the server no longer knows it".to_owned(),
        |state| if state.is_over() {
            format!("its state is {state}")
        } else {
            // an output too large for the channel closes it, and no delete reaches the driver then
            format!("its state is {state}, but the server has lost its channel to the driver, which may go on after the session's end")
        },
    );
    let not_run = if refused {
        "the statement was not run: "
    } else {
        ""
    };
    let what = format!("{not_run}the session is gone: {state}");
    let report = Report::new(code::STATEMENT, what).with_lines(gone.lines.clone());
    match gone.cause {
        Some(cause) => report.because(cause.to_string()),
        // the log's own lines say more than a guess would
        None if !gone.lines.is_empty() => report,
        None => report.because(
            "its idle limit, a missed heartbeat, a restart of the server, or a driver that died",
        ),
    }
}

/// A statement whose submission had no answer, and that was not found.
fn of_doubt(
    error: &livy::Error,
    candidate: Option<i64>,
    no_trace: Option<Duration>,
    again: bool,
) -> Report {
    let what = match (candidate, no_trace) {
        (Some(id), _) => format!("it may be the server's statement {id}, which has the same code"),
        (None, Some(looked)) => format!(
            "the server has no trace of it after {} s, and may still get it",
            looked.as_secs_f32()
        ),
        (None, None) => "whether the server has it could not be found out".to_owned(),
    };
    let report = Report::new(
        code::STATEMENT,
        format!(
            "the statement may or may not have run: {what} ({})",
            error.problem
        ),
    );
    if again {
        return report
            .because("the answers to both its submissions were lost")
            .advise("look at what it was to change before you run it again; it was sent twice, and may run twice");
    }
    report
        .because("the answer to its submission was lost")
        .advise("look at what it was to change before you run it again; it was not sent again")
}
