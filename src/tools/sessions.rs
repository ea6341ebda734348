//! `livysh sessions`: a look at a server's sessions, and ending them.
use std::time::Duration;

use crate::cli::SessionsAction;
use crate::listing;
use crate::livy::{self, Client, Deleted, Error, Problem, SessionId, Table};
use crate::opening::Opener;
use crate::render::safe;
use crate::report::{Report, code, note, trouble};
use crate::session::{self, Interrupts, NotFound, all_of, find, follow_log, only};

use super::{ages, failed, is_seen, print, shown};

/// Statements that a list shows at most; each is fetched with its result.
const STATEMENTS: usize = 20;

/// Does what was asked for; the answer is the exit code.
pub async fn run(action: &SessionsAction, opener: &Opener, interrupts: &mut Interrupts) -> u8 {
    let done = tokio::select! {
        done = async { act(action, &opener.client().await?, opener).await } => done,
        () = interrupts.next() => return code::INTERRUPTED,
    };
    match done {
        Ok(code) => code,
        Err(report) => failed(&report),
    }
}

async fn act(action: &SessionsAction, client: &Client, opener: &Opener) -> Result<u8, Report> {
    match action {
        SessionsAction::List => {
            let list = client.all_sessions().await.map_err(of)?;
            if let Some(cut) = cut(&list) {
                note(&cut);
            }
            let ages = ages(&opener.settings().run);
            let age = opener.age_of(client);
            table(&listing::sessions(&list.sessions, ages, age), opener)
        }
        SessionsAction::Show(id) => {
            let one = session_of(client, id).await?;
            let age = opener.age_of(client)(&one);
            table(
                &listing::session(&one, ages(&opener.settings().run), age),
                opener,
            )
        }
        SessionsAction::Statements(id) => {
            let id = session_of(client, id).await?.id;
            let page = newest(client, &id).await.map_err(of)?;
            table(&page, opener)
        }
        SessionsAction::Logs { id, follow } => {
            let id = session_of(client, id).await?.id;
            logs(client, &id, *follow).await
        }
        SessionsAction::Kill(ids) => kill(client, ids).await,
        SessionsAction::Clean => {
            let cleaned = opener.clean().await?;
            cleaned.said.iter().for_each(|said| note(said));
            let codes = cleaned.failed.iter().map(failed);
            Ok(codes.max().unwrap_or(code::OK))
        }
    }
}

/// What is to be said of a list that is not whole.
pub fn cut(list: &livy::SessionList) -> Option<String> {
    list.cut.then(|| {
        let read = list.sessions.len();
        format!("the list is cut after {read} sessions; the server has more")
    })
}

async fn session_of(client: &Client, word: &str) -> Result<livy::Session, Report> {
    let found = find(client, word).await;
    found.map_err(|none: NotFound| Report::from(&none))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands errors on by value"
)]
fn of(error: Error) -> Report {
    Report::from(&error)
}

fn table(table: &Table, opener: &Opener) -> Result<u8, Report> {
    print(&shown(table, &opener.settings().run)?)
}

/// The newest statements as a table, oldest first; what livysh sent of itself is left out.
pub async fn newest(client: &Client, id: &SessionId) -> Result<Table, Error> {
    // a look at a statement of a session that still starts may hang
    if !client.state(id).await?.takes_statements() {
        return Ok(listing::statements(&[]));
    }
    let newest = session::newest_of_users(client, id, STATEMENTS).await?;
    if let Some(why) = newest.none() {
        note(why);
    }
    Ok(listing::statements(&newest.statements))
}

async fn logs(client: &Client, id: &SessionId, follow: bool) -> Result<u8, Report> {
    if !follow {
        let page = client.log(id, None, Some(-1)).await.map_err(of)?;
        print(&shown_lines(&page.log))?;
        return Ok(code::OK);
    }
    let mut unwritable = None;
    let show = |fresh: &[String]| {
        unwritable = print(&shown_lines(fresh)).err();
        unwritable.is_none()
    };
    let state = follow_log(client, id, show, tell_trouble)
        .await
        .map_err(of)?;
    if let Some(report) = unwritable {
        return Err(report);
    }
    note(&format!("session {id} is {state}"));
    Ok(code::OK)
}

/// Says that the log stands still for a while.
pub fn tell_trouble(long: Duration, error: &Error) {
    note(&trouble(long, error));
}

fn shown_lines(lines: &[String]) -> String {
    let lines = lines.iter();
    lines
        .map(|line| format!("{}\n", safe(line, is_seen())))
        .collect()
}

/// Ends each session; one that is gone already was no failure for `DELETE`, but a mistyped id is.
async fn kill(client: &Client, ids: &[String]) -> Result<u8, Report> {
    let mut worst = code::OK;
    for id in ids {
        match end(client, id).await {
            Ok(()) => note(&format!("session {id} is ended")),
            Err(report) => worst = failed(&report),
        }
    }
    Ok(worst)
}

/// Ends a session that somebody named, by its id or its name.
pub async fn end(client: &Client, word: &str) -> Result<(), Report> {
    match client.delete(&meant(client, word).await?).await {
        Ok(Deleted::Now) => Ok(()),
        Ok(Deleted::AlreadyGone) => Err(none_such(word)),
        Err(error) => Err(of(error)),
    }
}

/// The session that a word means: the one of that id, or the only one of that name. Names are looked up on the list:
/// old releases know none in their paths, and there two sessions may have the same.
async fn meant(client: &Client, word: &str) -> Result<SessionId, Report> {
    if word.bytes().all(|c| c.is_ascii_digit()) {
        return Ok(SessionId::new(word));
    }
    let all = match all_of(client, word).await {
        Ok(all) => all,
        // it may stand in what was not read: what the server itself finds by that word is it
        Err(error) if matches!(&*error.problem, Problem::TooMany { .. }) => {
            let direct = client.session(&SessionId::new(word)).await;
            return direct.map(|it| it.id).map_err(|_| of(error));
        }
        // where nothing can be listed, an id is all that is known
        Err(_) => return Ok(SessionId::new(word)),
    };
    let found = only(word, all).map_err(|several| Report::from(&several))?;
    // an id may be no number, and a list may lack it: the server says what it knows of it
    Ok(found.map_or_else(|| SessionId::new(word), |it| it.id))
}

fn none_such(word: &str) -> Report {
    Report::new(code::SERVER, format!("there is no session {word}"))
        .advise("`livysh sessions` lists what is there")
}
