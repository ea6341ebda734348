//! What is said of a statement that nobody waits for any more: what becomes of it depends on its session.
use super::{Behind, Ended, Runner};
use crate::livy::{Outcome, Statement};
use crate::report::{Report, code, note};
use crate::session::{Execution, Session};

impl Runner {
    /// A script's, of that id where the server had told it.
    pub(super) fn left_by_script(&self, id: Option<i64>) -> Report {
        let what = match (&self.lasting, id) {
            (None, _) => "not waited for any longer: it ends when its session does".to_owned(),
            // what becomes of it is said on the way out, which cancels it
            (Some(_), Some(id)) => {
                format!("not waited for any longer: the server's statement {id}")
            }
            (Some(_), None) => {
                "not waited for any longer: it may or may not have reached the server".to_owned()
            }
        };
        let report = Report::new(code::STATEMENT, what);
        match (&self.lasting, id) {
            (Some(look), None) => report.advise(format!("{look} shows what its session has")),
            _ => report,
        }
    }

    /// Shows the answer of one that was left behind, which is there after all.
    pub fn settled(
        &mut self,
        behind: &Behind,
        mut statement: Statement,
        session: &Session,
    ) -> Ended {
        let (number, piece) = (behind.number, &behind.piece);
        note(&format!(
            "statement {number}, which you left behind, has ended"
        ));
        let execution = Execution {
            outcome: Outcome::take(&mut statement, piece.kind, Some(session.row_limit)),
            statement,
            waited: behind.began.elapsed(),
            runs_on: false,
            look_out: None,
        };
        self.answered((number, behind.entry), piece, &execution, session)
    }

    /// Of one whose cancel ended without a word of its code.
    pub(super) fn runs_on(&self, session: &Session) -> String {
        let gone_on = "the server gave up waiting for the cancelled code, which may still run";
        let id = &session.id;
        match (&self.lasting, self.script) {
            (Some(_), _) => format!(
                "{gone_on} in session {id}, which stays; what is sent there next waits for it"
            ),
            (None, true) => format!("{gone_on} until the session is deleted"),
            (None, false) => format!(
                "{gone_on}; what you send next waits for it (:restart gets a fresh session)"
            ),
        }
    }
}
