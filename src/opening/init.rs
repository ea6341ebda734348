//! The `init` files of the config: they run when a session is idle, before it takes anything else.
//! They have no number and stand in no record; what they print is told as notes.
use tokio::sync::mpsc;

use super::telling::Telling;
use crate::livy::{Kind, Outcome, Status};
use crate::report::Report;
use crate::session::{Interrupts, Lost, Session, Submission};
use crate::settings::Settings;
use crate::source::{self, Piece, Text};

/// A statement of an init file.
pub struct Init {
    /// The file, as people call it.
    file: String,
    /// The statement.
    pub piece: Piece,
    /// Is it the last of its file?
    last: bool,
}

/// The statements of all init files, in order, and what is wrong with files that cannot be read.
pub fn init(settings: &Settings, kind: Kind) -> (Vec<Init>, Vec<Report>) {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for file in &settings.shell.init {
        match source::read_file(file, None, kind) {
            Ok(text) => all.extend(statements(&text)),
            Err(report) => faults.push(report),
        }
    }
    (all, faults)
}

fn statements(text: &Text) -> Vec<Init> {
    let pieces = text.pieces(false);
    let count = pieces.len();
    let file = &text.name;
    let made = pieces.into_iter().enumerate().map(|(at, piece)| Init {
        file: file.clone(),
        piece,
        last: at + 1 == count,
    });
    made.collect()
}

/// Runs the init files in a session that is idle. What fails ends its file and no other; only a
/// session that dies of it fails.
pub(super) async fn run(
    session: &Session,
    settings: &Settings,
    kind: Kind,
    telling: &Telling,
) -> Result<(), Report> {
    let (all, faults) = init(settings, kind);
    for fault in faults {
        telling.failed(&format!("init: {fault}"));
    }
    let mut skip = false;
    for one in all {
        telling.status(&format!("running the init file {}", one.file));
        if !skip {
            skip = !well(session, &one, telling).await?;
        }
        skip &= !one.last;
    }
    Ok(())
}

/// Runs one statement: did it end well?
async fn well(session: &Session, one: &Init, telling: &Telling) -> Result<bool, Report> {
    let submission = Submission {
        code: &one.piece.code,
        kind: one.piece.kind,
    };
    let (events, _unheard) = mpsc::unbounded_channel();
    // whoever gives up drops this future, and the session is deleted
    let mut never = Interrupts::never();
    match session.execute(submission, &mut never, &events).await {
        Ok(execution) => Ok(answered(&execution.outcome, &one.file, telling)),
        Err(
            lost @ (Lost::SessionGone { .. }
            | Lost::Replaced { .. }
            | Lost::Silent { .. }
            | Lost::Refused { .. }),
        ) => {
            let mut report = Report::from(&lost);
            report.what = format!("the init file {}: {}", one.file, report.what);
            report.code = crate::report::code::SERVER;
            Err(report)
        }
        Err(lost) => {
            telling.failed(&format!(
                "the init file {} did not end well: {}",
                one.file,
                Report::from(&lost)
            ));
            Ok(false)
        }
    }
}

fn answered(outcome: &Outcome, file: &str, telling: &Telling) -> bool {
    for line in outcome.text.iter().flat_map(|text| text.lines()) {
        telling.note(line);
    }
    if outcome.status == Status::Ok {
        return true;
    }
    let raised = outcome.error.as_ref();
    let why = raised.map_or_else(
        || outcome.status.name().to_owned(),
        |raised| match raised.value.trim_end() {
            "" => raised.name.clone(),
            value => format!("{}: {value}", raised.name),
        },
    );
    telling.failed(&format!("the init file {file} did not end well: {why}"));
    false
}
