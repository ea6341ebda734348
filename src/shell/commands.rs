//! What the in-shell commands do.
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::link::Link;
use super::{Next, Shell};
use crate::command::{self, Command};
use crate::language;
use crate::listing;
use crate::livy::{Column, Error, Kind, Table};
use crate::render::{Format, safe};
use crate::report::{Report, code, complain, note};
use crate::session::Lost;
use crate::source;
use crate::terminal::{self, Quiet};
use crate::tools::{ages, history};

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
        self.carry_out(command, line)
    }

    /// Does what a line asks for.
    pub(super) fn carry_out(&mut self, command: Command, line: &str) -> Next {
        self.rest = false;
        let waiting = self.queue.len();
        // what these leave in the line editor is meant to stand there
        let own_text = matches!(command, Command::Edit(_) | Command::Paste);
        // others want the terminal as it was, or make it silent themselves
        let lends = matches!(
            command,
            Command::Edit(_)
                | Command::Paste
                | Command::Shell(_)
                | Command::Replay
                | Command::Help(None)
                | Command::Doc(_)
                | Command::In { .. }
        );
        // keys that are typed meanwhile, Ctrl-D too, are for the next prompt
        let silent = if lends { None } else { Quiet::start() };
        if let Err(report) = self.act(command) {
            complain(&report);
        }
        drop(silent);
        // what `:paste` enters is no command line
        let entered = self.queue.get_mut(waiting..).filter(|_| !own_text);
        if let Some(entry) = entered.and_then(<[_]>::last_mut) {
            line.clone_into(&mut entry.line);
        }
        // what could not be sent goes back into the editor as it was typed, with its language
        if self.initial.is_some() && !own_text && !self.rest {
            self.initial = Some(line.to_owned());
        }
        if self.detached {
            return Next::Leave(code::OK);
        }
        Next::Go
    }

    fn act(&mut self, command: Command) -> Result<(), Report> {
        match command {
            Command::Quit => {}
            // nobody is to leave a pager before what waits can run
            Command::Help(None) if self.queue.is_empty() => self.page(&command::help())?,
            Command::Help(None) => say(&command::help()),
            Command::Help(Some(name)) => match command::find(&name) {
                Ok(entry) => say(&command::explain(entry)),
                Err(error) => note(&error.to_string()),
            },
            Command::Kind(None) => say(&format!("{}\n", self.kind)),
            Command::Kind(Some(name)) => self.speak(name.parse().map_err(|error| usage(&error))?),
            Command::In { kind, code } => self.in_kind(kind, &code)?,
            Command::Load(file) => self.load(Path::new(&expanded(&file)))?,
            Command::Paste => self.paste(),
            Command::Edit(number) => self.edit(number)?,
            Command::Run(number) => self.run_again(number)?,
            Command::Shell(command) => self.shell_command(&command)?,
            Command::Info => self.info()?,
            Command::Sessions => self.sessions()?,
            Command::Clean => self.clean()?,
            Command::Kill(ids) => self.kill(&ids)?,
            Command::Attach(word) => self.attach(&word)?,
            Command::Detach => self.detach()?,
            Command::Statements => self.statements()?,
            Command::Logs(follow) => self.logs(follow)?,
            Command::Doc(name) => self.doc(self.kind, name.trim_end_matches('?'))?,
            Command::Tables(pattern) => self.tables(pattern.as_deref())?,
            Command::Describe(name) => self.describe(&name)?,
            Command::History(text) => {
                let entries = self.record.found(text.as_deref(), HISTORY_SHOWN);
                self.table(&history::table(entries))?;
            }
            Command::Jobs => self.jobs()?,
            Command::Cancel(number) => self.cancel(number)?,
            Command::Restart => {
                self.restart();
                if self.ran.left() > 0 {
                    note(":replay runs again in it what still matters");
                }
            }
            Command::Replay => self.replay(),
            Command::Upload(files) => self.upload(&files)?,
            Command::Format(None) => say(&format!("{}\n", self.runner.format())),
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

    /// Code of another kind, or a question about a name; without either, that kind from now on.
    fn in_kind(&mut self, kind: &str, code: &str) -> Result<(), Report> {
        let kind: Kind = kind.parse().map_err(|error| usage(&error))?;
        if let Some(name) = language::question(code) {
            return self.doc(kind, name);
        }
        if code.is_empty() {
            self.speak(kind);
        } else {
            self.run_text(code, kind);
        }
        Ok(())
    }

    pub(super) fn speak(&mut self, kind: Kind) {
        self.kind = kind;
        self.completer.set_kind(kind);
    }

    pub(super) fn table(&mut self, table: &Table) -> Result<(), Report> {
        let run = &self.opener.settings().run;
        let text = crate::tools::shown(table, run)?;
        say(&text);
        Ok(())
    }

    /// The same in the form that results have now, and no longer than they are.
    pub(super) fn listing(&mut self, table: &Table) -> Result<(), Report> {
        let settings = self.opener.settings();
        let mut run = settings.run.clone();
        run.format = Some(self.runner.format());
        let most = settings.shell.max_rows;
        let most = most.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        say(&crate::tools::shown_at_most(table, &run, most)?);
        Ok(())
    }

    /// A call to the server that is no statement; Ctrl-C and time end it.
    pub(super) fn call<T, E>(
        &mut self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Report>
    where
        Report: for<'a> From<&'a E>,
    {
        self.call_within(PATIENCE, call)
    }

    fn call_within<T, E>(
        &mut self,
        limit: Duration,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Report>
    where
        Report: for<'a> From<&'a E>,
    {
        let answer = self.unless_given_up(async { Ok(timeout(limit, call).await) })?;
        let answer = answer.map_err(|_| {
            let what = format!("no answer within {} s", limit.as_secs());
            Report::new(code::SERVER, what)
        })?;
        answer.map_err(|error| Report::from(&error))
    }

    /// Waits for what Ctrl-C gives up.
    pub(super) fn unless_given_up<T>(
        &mut self,
        work: impl Future<Output = Result<T, Report>>,
    ) -> Result<T, Report> {
        let done = self.unless_interrupted(work);
        done.unwrap_or_else(|| Err(Report::new(code::INTERRUPTED, "given up")))
    }

    /// Waits for it; none when Ctrl-C came before.
    pub(super) fn unless_interrupted<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        self.interrupts.forget();
        let interrupts = &mut self.interrupts;
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Some(done),
                () = interrupts.next() => None,
            }
        })
    }

    /// The client, also while the session starts.
    pub(super) fn link_client(&mut self) -> Result<crate::livy::Client, Report> {
        if let Link::Open(opened) = &self.link {
            return Ok(opened.session.client.clone());
        }
        let opener = self.opener.clone();
        self.unless_given_up(opener.client())
    }

    pub(super) fn client_and_id(
        &mut self,
    ) -> Result<(crate::livy::Client, crate::livy::SessionId), Report> {
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
        let session = opened.session.clone();
        if self.call(async { Ok::<_, Error>(session.is_replaced().await) })? {
            return Err(Report::from(&Lost::Replaced { id: None }));
        }
        Ok((session.client, session.id))
    }

    fn load(&mut self, path: &Path) -> Result<(), Report> {
        let text = source::read_file(path, None, self.kind)?;
        self.run_all(&text.text, &text.pieces(false));
        // a file's rest is not typed again
        self.rest = false;
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
                Ok::<_, Error>((client.session(&id).await?, version))
            })?
        };
        let age = self.opener.age_of(&client)(&session);
        let mut table = listing::session(&session, ages(&self.opener.settings().run), age);
        let mut first = vec![("server", Some(base)), ("Livy", version)];
        if let Some(opened) = self.opened() {
            let rows = opened.session.row_limit.to_string();
            first.push(("rows per SQL answer", Some(rows)));
            first.push(("when you leave", Some(opened.when_left())));
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

    /// Cancels a statement that was left running: the one named, else the newest. It stays one of
    /// those until it has ended.
    fn cancel(&mut self, number: Option<u64>) -> Result<(), Report> {
        if number.is_some_and(|number| self.take_waiting(number).is_some()) {
            note("it does not wait any more");
            return Ok(());
        }
        if !self.look_after() {
            return Err(Report::new(code::INTERRUPTED, "given up"));
        }
        let at = match number {
            Some(number) => (self.left.iter()).position(|left| left.behind.number == number),
            None => self.left.len().checked_sub(1),
        };
        let Some(at) = at else {
            return Err(
                Report::new(code::USAGE, "no such statement was left running")
                    .advise("Ctrl-C cancels the one that runs"),
            );
        };
        let left = &self.left[at];
        let (ours, id) = (left.behind.number, left.behind.id);
        let session = left.session.clone();
        let there = session.clone();
        if self.call(async move { Ok::<_, Error>(there.is_replaced().await) })? {
            return Err(Report::from(&Lost::Replaced { id: None }));
        }
        self.call(async move { session.client.cancel(&session.id, id).await })?;
        note(&format!("statement {ours} is being cancelled"));
        Ok(())
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

/// Writes a text of our own for the person at the terminal, also where results go to a file.
pub(super) fn say(text: &str) {
    // a terminal that has gone is noticed by the next read
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Lines of a server's, which can do a terminal no harm.
pub(super) fn say_lines(lines: &[String]) {
    let shown = lines.iter().map(|line| format!("{}\n", safe(line, true)));
    say(&shown.collect::<String>());
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
