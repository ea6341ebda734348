//! What the in-shell commands do.
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::link::Link;
use super::{Next, Shell};
use crate::command::{self, Command};
use crate::listing;
use crate::livy::{Column, Error, Kind, Table};
use crate::opening::Opened;
use crate::render::{Format, safe};
use crate::report::{Report, code, complain, note};
use crate::source;
use crate::terminal;
use crate::tools::{history, sessions};

/// Calls of commands are not statements: nobody waits a minute for a list.
const PATIENCE: Duration = Duration::from_secs(20);
/// A large file on a slow line takes its time; the client itself ends one that stalls.
const UPLOAD: Duration = Duration::from_secs(24 * 3600);
/// Entries that `:history` shows.
const HISTORY_SHOWN: usize = 50;

impl Shell {
    pub(super) fn command(&mut self, line: &str) -> Next {
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(error) => {
                note(&error.to_string());
                return Next::Go;
            }
        };
        if let Err(report) = self.act(command) {
            complain(&report);
        }
        // what could not be sent goes back into the editor as it was typed, with its language
        if self.initial.is_some() {
            self.initial = Some(line.to_owned());
        }
        Next::Go
    }

    fn act(&mut self, command: Command) -> Result<(), Report> {
        match command {
            Command::Quit => {}
            Command::Help(None) => self.say(&command::help()),
            Command::Help(Some(name)) => match command::find(&name) {
                Ok(entry) => self.say(&command::explain(entry)),
                Err(error) => note(&error.to_string()),
            },
            Command::Kind(None) => self.say(&format!("{}\n", self.kind)),
            Command::Kind(Some(name)) => self.speak(name.parse().map_err(|error| usage(&error))?),
            Command::In { kind, code } => {
                let kind: Kind = kind.parse().map_err(|error| usage(&error))?;
                if code.is_empty() {
                    self.speak(kind);
                } else {
                    self.run_text(&code, kind);
                }
            }
            Command::Load(file) => self.load(Path::new(&expanded(&file)))?,
            Command::Info => self.info()?,
            Command::Sessions => {
                let client = self.link_client()?;
                let all = self.call(async move { client.all_sessions().await })?;
                self.table(&listing::sessions(&all))?;
            }
            Command::Statements => {
                let (client, id) = self.client_and_id()?;
                let table = self.call(async move { sessions::newest(&client, &id).await })?;
                self.table(&table)?;
            }
            Command::Logs => {
                let (client, id) = self.client_and_id()?;
                let page = self.call(async move { client.log(&id, None, Some(-1)).await })?;
                let lines: String = page
                    .log
                    .iter()
                    .map(|line| format!("{}\n", safe(line, true)))
                    .collect();
                self.say(&lines);
            }
            Command::History(text) => {
                let entries = self.record.found(text.as_deref(), HISTORY_SHOWN);
                self.table(&history::table(entries))?;
            }
            Command::Cancel(number) => self.cancel(number)?,
            Command::Restart => self.restart(),
            Command::Upload(files) => self.upload(&files)?,
            Command::Format(None) => self.say(&format!("{}\n", self.runner.format())),
            Command::Format(Some(name)) => {
                let format: Format = name.parse().map_err(|error| usage(&error))?;
                self.runner.set_format(format);
            }
            Command::Timing => {
                self.timing = !self.timing;
                note(if self.timing {
                    "timing is on"
                } else {
                    "timing is off"
                });
            }
            Command::Clear => terminal::clear(),
        }
        Ok(())
    }

    fn speak(&mut self, kind: Kind) {
        self.kind = kind;
        self.completer.set_kind(kind);
    }

    fn say(&mut self, text: &str) {
        self.runner.say(text);
    }

    fn table(&mut self, table: &Table) -> Result<(), Report> {
        let run = &self.opener.settings().run;
        let text = crate::tools::shown(table, run)?;
        self.say(&text);
        Ok(())
    }

    /// A call to the server that is no statement; Ctrl-C and time end it.
    fn call<T>(&mut self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Report> {
        self.call_within(PATIENCE, call)
    }

    fn call_within<T>(
        &mut self,
        limit: Duration,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Report> {
        self.interrupts.forget();
        let interrupts = &mut self.interrupts;
        self.runtime.block_on(async {
            tokio::select! {
                answer = timeout(limit, call) => match answer {
                    Ok(answer) => answer.map_err(|error| Report::from(&error)),
                    Err(_) => Err(Report::new(code::SERVER, format!("no answer within {} s", limit.as_secs()))),
                },
                () = interrupts.next() => Err(Report::new(code::INTERRUPTED, "given up")),
            }
        })
    }

    /// The client, also while the session starts.
    fn link_client(&mut self) -> Result<crate::livy::Client, Report> {
        if let Link::Open(opened) = &self.link {
            return Ok(opened.session.client.clone());
        }
        let opener = self.opener.clone();
        self.interrupts.forget();
        let interrupts = &mut self.interrupts;
        self.runtime.block_on(async {
            tokio::select! {
                client = opener.client() => client,
                () = interrupts.next() => Err(Report::new(code::INTERRUPTED, "given up")),
            }
        })
    }

    fn client_and_id(&mut self) -> Result<(crate::livy::Client, crate::livy::SessionId), Report> {
        self.link.take_if_ready(&self.runtime);
        let starting = match &self.link {
            Link::Opening(opening, _) => opening.lease.session(),
            _ => None,
        };
        if let Some(id) = starting {
            return Ok((self.link_client()?, id));
        }
        let opened = self.opened().ok_or_else(|| {
            Report::new(code::SERVER, "there is no session yet")
                .advise(":restart starts one if there is none on its way")
        })?;
        Ok((opened.session.client.clone(), opened.session.id.clone()))
    }

    fn load(&mut self, path: &Path) -> Result<(), Report> {
        let text = source::read_file(path, None, self.kind)?;
        self.run_text(&text.text, text.kind);
        Ok(())
    }

    fn info(&mut self) -> Result<(), Report> {
        let (client, id) = self.client_and_id()?;
        let base = client.base().to_string();
        let (session, version) = {
            let client = client.clone();
            self.call(async move {
                let version = client
                    .version()
                    .await
                    .ok()
                    .and_then(|version| version.version);
                Ok((client.session(&id).await?, version))
            })?
        };
        let mut table = listing::session(&session);
        let mut first = vec![("server", Some(base)), ("Livy", version)];
        if let Some(Opened { session, .. }) = self.opened() {
            first.push(("rows per SQL answer", Some(session.row_limit.to_string())));
        }
        let rows = first
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| vec![key.into(), value.into()]));
        table.rows.splice(0..0, rows);
        let kind = self.kind;
        table
            .rows
            .push(vec!["kind at the prompt".into(), kind.name().into()]);
        table.columns = vec![
            Column {
                name: "property".to_owned(),
                type_name: "string".to_owned(),
            },
            Column {
                name: "value".to_owned(),
                type_name: "string".to_owned(),
            },
        ];
        self.table(&table)
    }

    /// Cancels a statement that was left running: the one named, else the newest.
    fn cancel(&mut self, number: Option<u64>) -> Result<(), Report> {
        let at = match number {
            Some(number) => self.left.iter().position(|(ours, _)| *ours == number),
            None => self.left.len().checked_sub(1),
        };
        let Some(at) = at else {
            return Err(
                Report::new(code::USAGE, "no such statement was left running")
                    .advise("Ctrl-C cancels the one that runs"),
            );
        };
        let (ours, id) = self.left[at];
        let (client, session) = self.client_and_id()?;
        self.call(async move { client.cancel(&session, id).await })?;
        self.left.remove(at);
        note(&format!("statement {ours} is being cancelled"));
        Ok(())
    }

    fn restart(&mut self) {
        self.link.take_if_ready(&self.runtime);
        let old = std::mem::replace(&mut self.link, Link::Closed(None));
        let opener = self.opener.clone();
        self.left.clear();
        match old {
            Link::Open(opened) => {
                note("deleting the session");
                if let Some(said) = self.runtime.block_on(async { opener.close(&opened).await }) {
                    note(&said);
                }
            }
            Link::Opening(opening, _) => {
                opening.task.abort();
                if let Ok(client) = self.link_client()
                    && let crate::session::Closed::Left { session, .. } = self
                        .runtime
                        .block_on(async { opening.lease.close(&client).await })
                {
                    note(&format!(
                        "session {session} could not be deleted and may still be there"
                    ));
                }
            }
            Link::Closed(_) => {}
        }
        self.initialised = false;
        self.link = Link::open(
            &self.opener,
            self.kind,
            &self.runtime,
            self.editor.handle(),
            self.completer.clone(),
        );
    }

    fn upload(&mut self, files: &[String]) -> Result<(), Report> {
        let (client, id) = self.client_and_id()?;
        for file in files {
            let path = PathBuf::from(expanded(file));
            if let Err(error) = std::fs::File::open(&path) {
                return Err(Report::new(
                    code::USAGE,
                    format!("{} cannot be read: {error}", path.display()),
                ));
            }
            let extension = path
                .extension()
                .and_then(|it| it.to_str())
                .unwrap_or_default()
                .to_lowercase();
            let (client, id, sent) = (client.clone(), id.clone(), path.clone());
            self.call_within(UPLOAD, async move {
                match extension.as_str() {
                    "jar" => client.upload_jar(&id, &sent).await,
                    "py" | "zip" | "egg" => client.upload_pyfile(&id, &sent).await,
                    _ => client.upload_file(&id, &sent).await,
                }
            })?;
            note(&format!("{} is in the session", path.display()));
        }
        Ok(())
    }
}

fn usage(error: &impl std::fmt::Display) -> Report {
    Report::new(code::USAGE, error.to_string())
}

/// `~/` as shells expand it.
fn expanded(path: &str) -> String {
    match (path.strip_prefix("~/"), crate::paths::home()) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => path.to_owned(),
    }
}
