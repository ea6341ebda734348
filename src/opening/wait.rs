//! Waiting for a session on its way: the shell and scripts wait alike, and show it each in their way.
use super::{Note, Opened, Opening};
use crate::report::{Report, code};
use crate::session::Interrupts;

/// What happens while a session is waited for.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// What is being done, in a few words.
    Doing(&'a str),
    /// What the user should know.
    Said(&'a Note),
}

impl Opening {
    /// Waits until the session is there, or known not to come; none when it was interrupted, and
    /// then it goes on starting.
    pub async fn wait(
        &mut self,
        interrupts: &mut Interrupts,
        mut tell: impl FnMut(News<'_>),
    ) -> Option<Result<Opened, Report>> {
        loop {
            // a closed channel answers at once, for ever: it must not be asked again
            let open = self.status.has_changed().is_ok();
            let ended = tokio::select! {
                biased;
                () = interrupts.next() => return None,
                changed = self.status.changed(), if open => {
                    if changed.is_ok() {
                        tell(News::Doing(&self.status.borrow_and_update().text));
                    }
                    None
                }
                ended = &mut self.task => Some(ended.unwrap_or_else(|_| {
                    Err(Report::new(code::SERVER, "opening the session met a bug of livysh"))
                })),
            };
            for note in self.notes.take() {
                tell(News::Said(&note));
            }
            if ended.is_some() {
                return ended;
            }
        }
    }
}
