//! Statements on their way to the session, and what comes back of them when it is gone.
use super::Shell;
use super::link::Link;
use crate::livy::Kind;
use crate::report::{complain, note};
use crate::runner::Ended;
use crate::session::Identity;
use crate::source::Piece;

impl Shell {
    pub(super) fn send(&mut self, text: &str, pieces: &[Piece]) -> bool {
        for (at, piece) in pieces.iter().enumerate() {
            if let Some((number, session)) = self.send_one(piece) {
                self.ran.well(number, &session);
                continue;
            }
            if at + 1 < pieces.len() {
                note(&format!(
                    "stopped at statement {} of {}{}",
                    at + 1,
                    pieces.len(),
                    piece.place
                ));
            }
            if self.opened().is_none() {
                self.give_back(text, pieces, at);
            }
            return false;
        }
        true
    }

    /// Sends one statement; where it ended well, its number and the session that ran it.
    pub(super) fn send_one(&mut self, piece: &Piece) -> Option<(u64, Identity)> {
        self.runner.offer(self.ran.offer());
        let Link::Open(opened) = &self.link else {
            return None;
        };
        let session = opened.session.identity.clone();
        let number = self.ran.sent(piece);
        let began = std::time::Instant::now();
        let ended = self
            .runner
            .run(&opened.session, piece, &mut self.interrupts);
        if self.timing {
            note(&format!("{:.3} s", began.elapsed().as_secs_f64()));
        }
        self.completer.ran(number, piece.kind, &piece.code);
        let well = matches!(ended, Ended::Ok { .. });
        self.take_note_of(ended);
        well.then_some((number, session))
    }

    /// What met a dead session, and what was to follow, stands in the editor again.
    fn give_back(&mut self, text: &str, pieces: &[Piece], at: usize) {
        if at == 0 {
            self.initial = Some(text.to_owned());
            return;
        }
        let left = pieces.get(at..).unwrap_or(&[]);
        let Some(kind) = left.first().map(|piece| piece.kind) else {
            return;
        };
        let codes: Vec<String> = (left.iter().enumerate())
            // what was put before the first stands before all of them
            .map(|(at, piece)| {
                let added = if at == 0 { 0 } else { piece.place.added };
                let lines = piece.code.split('\n').skip(added);
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect();
        let codes = match kind {
            Kind::Sql => format!("{};", codes.join(";\n")),
            _ => codes.join("\n"),
        };
        self.rest = true;
        self.initial = Some(if kind == self.kind {
            codes
        } else {
            format!("%{kind}\n{codes}")
        });
    }

    /// An empty line after the warning that the session ends for idleness keeps it.
    pub(super) fn keep(&mut self) {
        self.link.take_if_ready(&self.runtime);
        let Some(session) = self.opened().map(|opened| opened.session.clone()) else {
            return;
        };
        if !session.life.is_fading() {
            return;
        }
        let (client, id) = (session.client.clone(), session.id.clone());
        match self.call(async move { client.connect(&id).await }) {
            Ok(_) => {
                session.life.used();
                note("the session is kept: its idle time starts again");
            }
            Err(report) => complain(&report.advise("run a statement: that keeps it, too")),
        }
    }
}
