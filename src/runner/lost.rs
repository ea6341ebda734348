//! A statement that has no answer: what is recorded and said of it.
use std::time::Instant;

use super::{Behind, Ended, Runner, recorded};
use crate::livy::{Outcome, Raised, Status};
use crate::record::Entry;
use crate::render::Answer;
use crate::report::{Report, complain};
use crate::session::Lost;
use crate::source::Piece;

impl Runner {
    /// Records, tells and shows it, where each statement stands in the results; the answer says what is left of it.
    pub(super) fn lost(
        &mut self,
        entry: Option<Entry>,
        piece: &Piece,
        lost: &Lost,
        began: Instant,
    ) -> Ended {
        let waited = began.elapsed();
        let server_id = lost.server_id();
        let report = match lost {
            Lost::Left { id } if self.script => self.left_by_script(*id),
            _ if self.script => Report::from(lost),
            _ => in_shell(lost, &self.offer),
        };
        // what was refused never ran, and says so; all else may have
        let status = if lost.surely_not_run() {
            Status::Error
        } else {
            Status::Unknown
        };
        self.record.lost(entry, recorded(status), waited);
        let outcome = Outcome {
            error: Some(Raised {
                name: "NoAnswer".to_owned(),
                value: report.what.clone(),
                traceback: Vec::new(),
            }),
            ..Outcome::empty(status)
        };
        let answer = Answer {
            number: self.number,
            server_id,
            kind: piece.kind,
            code: &piece.code,
            state: "unknown",
            outcome: &outcome,
            started_ms: None,
            completed_ms: None,
            waited,
        };
        if self.is_machine_readable()
            && let Err(error) = self.show(&answer)
        {
            return Ended::Unwritten(error);
        }
        complain(&report);
        Ended::Lost {
            left: matches!(lost, Lost::Left { .. } | Lost::Refused { .. })
                .then_some(server_id)
                .flatten()
                .map(|id| Behind {
                    number: self.number,
                    id,
                    piece: piece.clone(),
                    entry,
                    began,
                }),
            session_gone: matches!(
                lost,
                Lost::SessionGone { .. } | Lost::Silent { .. } | Lost::Replaced { .. }
            ),
            no_access: lost.is_no_access(),
        }
    }
}

/// The report with what the shell offers next; a script has no commands.
fn in_shell(lost: &Lost, offer: &str) -> Report {
    let report = Report::from(lost);
    match lost {
        Lost::SessionGone { .. } => report.advise(offer),
        Lost::Replaced { .. } => report.advise(format!("{offer}; the other session is left alone")),
        Lost::Left { id: Some(_) } => {
            report.advise(":cancel ends it; what you send next waits for it")
        }
        // without its id nothing can be cancelled
        Lost::Doubt { again: true, .. } => report
            .advise(":statements shows what the server has; it was sent twice, and may run twice"),
        Lost::Left { id: None } | Lost::Doubt { .. } => {
            report.advise(":statements shows what the server has; it was not sent again")
        }
        _ => report,
    }
}
