//! The commands that are about sessions: their log, another session, a new one, none any more.

use tokio::task::AbortHandle;

use super::Shell;
use super::commands::say_lines;
use super::inquire::status_line;
use super::link::Link;
use crate::editor::Offer;
use crate::listing;
use crate::livy::{Client, SessionId};
use crate::opening::{Opened, Opening, Phase};
use crate::report::{Report, code, complain, note};
use crate::session;
use crate::settings::Which;
use crate::tools::{ages, sessions};

/// Whoever tells the prompt how the session is.
pub(super) type Follower = AbortHandle;

impl Shell {
    /// The log of the session; of one that is over, as far as it can still be had.
    pub(super) fn logs(&mut self, follow: bool) -> Result<(), Report> {
        self.link.take_if_ready(&self.runtime);
        let last = match (&self.link, &self.start) {
            (Link::Closed(_), Some(start)) => Some(start.borrow().phase.clone()),
            _ => None,
        };
        let (client, id) = match last {
            Some(Phase::Failed(report)) if report.lines.is_empty() => {
                return Err(Report::new(code::SERVER, "there is no log").because(report.what));
            }
            Some(Phase::Failed(report)) => {
                note(&report.what);
                say_lines(&report.lines);
                note("it is deleted, and the rest of its log with it");
                return Ok(());
            }
            Some(Phase::Ready { session, .. }) => (session.client.clone(), session.id.clone()),
            _ => self.client_and_id()?,
        };
        if follow {
            return self.follow_log(&client, &id);
        }
        let page = self.call(async move { client.log(&id, None, Some(-1)).await })?;
        say_lines(&page.log);
        Ok(())
    }

    /// The newest statements of the session.
    pub(super) fn statements(&mut self) -> Result<(), Report> {
        let (client, id) = self.client_and_id()?;
        if self.opened().is_some_and(|it| it.session.sent.has_none()) {
            note("it has no statement yet");
            return Ok(());
        }
        let table = self.call(async move { sessions::newest(&client, &id).await })?;
        self.table(&table)
    }

    /// Until Ctrl-C, or the end of the session.
    fn follow_log(&mut self, client: &Client, id: &SessionId) -> Result<(), Report> {
        let show = |lines: &[String]| {
            say_lines(lines);
            true
        };
        let follow = session::follow_log(client, id, show, sessions::tell_trouble);
        match self.unless_interrupted(follow) {
            None => Ok(()),
            Some(Ok(state)) => {
                note(&format!("session {id} is {state}"));
                Ok(())
            }
            Some(Err(error)) => Err(Report::from(&error)),
        }
    }

    pub(super) fn restart(&mut self) {
        self.link.take_if_ready(&self.runtime);
        self.part_from_left();
        let old = std::mem::replace(&mut self.link, Link::Closed(None));
        match old {
            Link::Open(opened) => self.delete(opened.owed.left(), opened.close()),
            Link::Opening(opening, _) => self.delete(opening.left(), opening.give_up()),
            Link::Closed(_) => {}
        }
        let which = match self.opener.settings().which.clone() {
            Which::Attached { .. } => Which::New,
            Which::Reused { name, .. } => Which::Reused { name, fresh: true },
            which => which,
        };
        let opening = self.opener.open_as(self.kind, which);
        self.follow(opening);
    }

    /// The session on its way is not wanted any more; the shell, and what it has parked, goes on.
    pub(super) fn give_up(&mut self) {
        self.unfollow();
        if let Link::Opening(opening, _) = std::mem::replace(&mut self.link, Link::Closed(None)) {
            self.delete(opening.left(), opening.give_up());
        }
        note(":restart starts a new session, :attach ID takes one that is there");
    }

    /// From now on a session on its way is the shell's.
    fn follow(&mut self, opening: Opening) {
        self.unfollow();
        let (prompt, completer) = (self.editor.handle(), self.completer.clone());
        let (link, follower) =
            Link::follow(opening, &self.runtime, prompt, completer, self.ran.clone());
        (self.link, self.follower) = (link, Some(follower));
        self.start = self.link.status();
    }

    /// What becomes of the session until now is no longer told at the prompt.
    fn unfollow(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.abort();
        }
    }

    /// Waits for a session to go; after Ctrl-C it goes on going while the prompt is back.
    fn delete(
        &mut self,
        left: Option<String>,
        closing: impl Future<Output = Option<String>> + Send + 'static,
    ) {
        if left.is_some() {
            note("deleting the session");
        }
        let closing = self.runtime.spawn(closing);
        let said = match self.unless_interrupted(closing) {
            Some(said) => said.ok().flatten(),
            None => left.map(|left| format!("{left}; its deletion goes on")),
        };
        if let Some(said) = said {
            note(&said);
        }
    }

    /// The server's sessions.
    pub(super) fn sessions(&mut self) -> Result<(), Report> {
        let client = self.link_client()?;
        let age = self.opener.age_of(&client);
        let list = self.call(async move { client.all_sessions().await })?;
        if let Some(cut) = sessions::cut(&list) {
            note(&cut);
        }
        let all = list.sessions;
        let words = all.iter().map(|it| Offer {
            name: it.id.to_string(),
            about: format!("{} {}", it.state, it.name.as_deref().unwrap_or_default()),
        });
        self.completer.saw_sessions(words.collect());
        let ages = ages(&self.opener.settings().run);
        self.table(&listing::sessions(&all, ages, age))
    }

    /// Ends what was left behind.
    pub(super) fn clean(&mut self) -> Result<(), Report> {
        let opener = self.opener.clone();
        let cleaned = self.unless_given_up(opener.clean())?;
        cleaned.said.iter().for_each(|said| note(said));
        cleaned.failed.iter().for_each(complain);
        Ok(())
    }

    /// Ends the sessions that were named, by id or name. Ctrl-C stops waiting for one, and leaves the others.
    pub(super) fn kill(&mut self, words: &[String]) -> Result<(), Report> {
        let client = self.link_client()?;
        for (at, word) in words.iter().enumerate() {
            let line = status_line(&format!("ending session {word} (Ctrl-C stops waiting)"));
            let (client, named) = (client.clone(), word.clone());
            // it goes on where nobody waits for it any more
            let ending = self
                .runtime
                .spawn(async move { sessions::end(&client, &named).await });
            let ended = self.unless_interrupted(ending);
            drop(line);
            match ended {
                Some(Ok(Ok(()))) => note(&format!("session {word} is ended")),
                Some(Ok(Err(report))) => complain(&report),
                // a bug, which has been told
                Some(Err(_)) => {}
                None => {
                    note(&format!(
                        "session {word} may still be there; its deletion goes on"
                    ));
                    if let Some(others) = words.get(at + 1..).filter(|it| !it.is_empty()) {
                        note(&format!("not ended: {}", others.join(" ")));
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Uses another session of the server. The one until now is kept for later where it is ours.
    pub(super) fn attach(&mut self, word: &str) -> Result<(), Report> {
        self.nothing_waits()?;
        self.link.take_if_ready(&self.runtime);
        let is_it = |opened: &Opened| opened.session.is_called(word);
        if self.opened().is_some_and(is_it) {
            note(&format!("this is session {word} already"));
            return Ok(());
        }
        if let Some(at) = self.parked.iter().position(is_it) {
            let parked = self.parked.swap_remove(at);
            self.park();
            self.resume(Box::new(parked));
            return Ok(());
        }
        let client = self.link_client()?;
        let shown = self.call(async move { session::find(&client, word).await })?;
        if shown.state.is_over() {
            let what = format!(
                "session {word} takes no statement any more: it is {}",
                shown.state
            );
            return Err(Report::new(code::SERVER, what).advise(":sessions lists what is there"));
        }
        self.park();
        let session = shown.id.to_string();
        let delete = false;
        let which = Which::Attached { session, delete };
        let kind = shown.kind_or(self.kind);
        self.follow(self.opener.open_as(kind, which));
        self.speak(kind);
        Ok(())
    }

    /// Puts the session until now aside.
    fn park(&mut self) {
        self.unfollow();
        match std::mem::replace(&mut self.link, Link::Closed(None)) {
            Link::Open(opened) if opened.is_ours() => {
                let id = &opened.session.id;
                note(&format!(
                    "session {id} waits: `:attach {id}` goes back to it"
                ));
                self.parked.push(*opened);
            }
            Link::Open(opened) => self.delete(None, opened.close()),
            Link::Opening(opening, _) => {
                note("the session that was starting is given up");
                self.delete(opening.left(), opening.give_up());
            }
            Link::Closed(_) => {}
        }
    }

    fn resume(&mut self, opened: Box<Opened>) {
        note(&format!("back in session {}", opened.session.id));
        self.speak(opened.session.kind);
        let (prompt, completer) = (self.editor.handle(), self.completer.clone());
        let (link, follower) =
            Link::resume(opened, &self.runtime, prompt, completer, self.ran.clone());
        (self.link, self.follower) = (link, Some(follower));
        self.start = None;
    }

    /// Leaves, and the session there.
    pub(super) fn detach(&mut self) -> Result<(), Report> {
        self.link.take_if_ready(&self.runtime);
        if self.link.is_opening() {
            return Err(Report::new(code::SERVER, "the session is not ready yet")
                .advise("wait until it is there; Ctrl-C gives it up"));
        }
        let opened = self.opened().ok_or_else(|| {
            Report::new(code::SERVER, "there is no session that could stay")
                .advise(":quit leaves, :restart starts a session")
        })?;
        if opened.is_known_to_be_gone() {
            return Err(
                Report::new(code::SERVER, "the session is gone and cannot stay")
                    .advise(":quit leaves, :restart starts a session"),
            );
        }
        if !self.may_detach() {
            return Ok(());
        }
        if let Some(opened) = self.opened() {
            let target = &self.opener.settings().target;
            let back = target.way_back(&opened.session.id);
            note(&format!("{}; {back} comes back to it", opened.detach()));
            self.detached = true;
        }
        Ok(())
    }
}
