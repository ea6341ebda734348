//! The arguments of commands that take names of the session.
use super::sql::Asked;
use super::{Answer, Completer, word_start};
use crate::command as commands;
use crate::editor::Offer;
use crate::language;
use crate::livy::Kind;
use crate::session::Session;

impl Completer {
    /// The argument of a command that takes a name of the session.
    pub(super) fn argument(&self, line: &str, pos: usize) -> Answer {
        let (kind, session) = {
            let known = self.known();
            (known.kind?, known.session.clone())
        };
        let place = |rest: &str| {
            let skipped = line.len() - rest.len();
            Some((skipped, pos.checked_sub(skipped)?))
        };
        if let Some(rest) = commands::argument_of(line, "doc") {
            let (skipped, inside) = place(rest)?;
            let (start, offers) = match kind {
                Kind::Sql => self.functions(session, rest.get(..inside)?),
                _ => self.in_code(kind, rest, inside)?,
            };
            return Some((skipped + start, offers));
        }
        let table = |command| commands::argument_of(line, command);
        let rest = table("describe").or_else(|| table("tables"))?;
        let (skipped, inside) = place(rest)?;
        let verb = "describe ";
        let (start, mut offers) =
            self.sql(session, &format!("{verb}{rest}"), verb.len() + inside)?;
        offers.retain(|offer| offer.about != "keyword");
        Some((skipped + start.checked_sub(verb.len())?, offers))
    }

    /// SQL's functions that begin as the word.
    fn functions(&self, session: Option<Session>, before: &str) -> (usize, Vec<Offer>) {
        let start = word_start(before, |c| c.is_alphanumeric() || c == '_');
        let word = before[start..].to_lowercase();
        let mut names: Vec<String> = language::SQL_FUNCTIONS
            .iter()
            .map(|it| (*it).to_owned())
            .collect();
        if let Some(session) = session {
            let listed = self.listed(&session, Asked::Functions, &word, false);
            names.extend(listed.into_iter().map(|it| it.name));
        }
        names.retain(|name| name.to_lowercase().starts_with(&word));
        names.sort();
        names.dedup();
        (start, names.into_iter().map(Offer::named).collect())
    }
}
