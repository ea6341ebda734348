//! Statements that were left behind: they go on, and their answers are fetched as soon as they are there. Servers keep
//! the newest statements only.
use std::time::Instant;

use tokio::sync::mpsc::unbounded_channel;

use super::Session;
use super::interrupt::Interrupts;
use super::lost::Lost;
use super::sent::has_other_code;
use super::wait::Wait;
use crate::livy::{Statement, StatementState};

impl Session {
    /// The answer of one of that code, where a single look finds that it has ended. What denies it is no proof.
    pub async fn left_answer(&self, id: i64, code: &str) -> Option<Statement> {
        if self.is_replaced().await {
            return None;
        }
        let statement = self.client.statement(&self.id, id).await.ok()?;
        let ended = self.has_settled(&statement, id) && !has_other_code(&statement, code);
        ended.then(|| {
            self.sent.read(id);
            statement
        })
    }

    /// Waits on for one of that code, as for any other. Nothing of this wait cancels it.
    ///
    /// # Errors
    /// Why it has no answer, or none that can be had.
    pub async fn pick_up_left(&self, id: i64, code: &str) -> Result<Statement, Lost> {
        let not_known = Statement::bare(id, StatementState::Running);
        self.await_unheard(not_known, Some(code), true).await
    }

    /// Waits for the final answer of one that nobody watches, with the looks of any other; `left`: it was left behind.
    pub(super) async fn await_unheard(
        &self,
        statement: Statement,
        code: Option<&str>,
        left: bool,
    ) -> Result<Statement, Lost> {
        let (events, _) = unbounded_channel();
        let id = statement.id;
        let mut wait = Wait::new(self, id, Instant::now(), code, &events);
        (wait.ran, wait.left) = (left, left);
        let ended = wait.until_final(statement, &mut Interrupts::never()).await;
        if ended.is_ok() {
            self.sent.read(id);
        }
        ended
    }

    /// Can nothing follow in a statement that nobody waited for? Code that no cancel reaches runs on when the server has
    /// given the cancel up, and its output follows when it ends: surely before a newer statement has one.
    pub(super) fn has_settled(&self, statement: &Statement, id: i64) -> bool {
        statement.state.is_over() && (statement.output.is_some() || self.sent.has_answered(id))
    }
}
