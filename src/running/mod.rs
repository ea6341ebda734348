//! One run of the program from settings to exit code: what every way in and every way out share.
mod parts;

use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use crate::batch::{self, Script, Stop};
use crate::bug;
use crate::cli::{Serve, SessionsAction, Setup};
use crate::editor::Editor;
use crate::livy::{Credentials, Trace};
use crate::local::serving::LocalSpark;
use crate::opening::Opener;
use crate::output::Results;
use crate::paths::{Create, Paths};
use crate::record::Record;
use crate::report::{Report, code, insist, note};
use crate::runner::Runner;
use crate::session::Interrupts;
use crate::settings::{Settings, Source, Target};
use crate::shell::{self, Completer, Shell};
use crate::shutdown::{self, Shutdown};
use crate::tools::setup::Consent;
use crate::{dry_run, style, terminal, tools, verbose};
use parts::{credentials, editor, nothing_to_run, results, with_local_files};

/// How much longer than asked a Ctrl-C on the way out waits, for what is nearly done.
const MOMENT: Duration = Duration::from_millis(300);
/// How long after the end of a piped script the signal may come that ended whoever wrote it.
const SAME_SIGNAL: Duration = Duration::from_millis(5);

/// The runtime and the way out.
pub struct Running {
    runtime: Runtime,
    shutdown: Shutdown,
    paths: Paths,
}

impl Running {
    /// Two workers: polling goes on while the main thread sits in the line editor.
    pub fn start(paths: Paths) -> Result<Self, Report> {
        let failed =
            |error: io::Error| Report::new(code::SERVER, format!("livysh cannot start: {error}"));
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_park(bug::outside_of_tasks)
            .enable_all()
            .build()
            .map_err(failed)?;
        let shutdown = Shutdown::install(runtime.handle()).map_err(failed)?;
        bug::way_out(&shutdown);
        Ok(Self {
            runtime,
            shutdown,
            paths,
        })
    }

    /// The shell or a script.
    pub fn run(&self, mut settings: Settings) -> Result<u8, Report> {
        if settings.target == Target::Local {
            settings.session = with_local_files(settings.session)?;
        }
        if let Some(ignored) = crate::opening::ignored(&settings) {
            note(&ignored);
        }
        if settings.run.sources.is_empty() {
            if terminal::is_interactive() {
                return self.interactive(settings);
            }
            settings.run.sources.push(Source::Stdin);
        }
        let mut stop = Stop::new(&settings.run, &self.shutdown, self.runtime.handle());
        // its time limit, which ends with it, is not that of the way out
        match self.script(settings, &mut stop) {
            // what ended it has been told
            Err(report) if stop.is_asked() && report.code == code::INTERRUPTED => Ok(stop.code()),
            ended => ended,
        }
    }

    fn script(&self, settings: Settings, stop: &mut Stop) -> Result<u8, Report> {
        let Some(script) = self.read(&settings, stop)? else {
            return Ok(stop.code());
        };
        if settings.run.dry_run {
            return dry_run::show(&settings, Some(&script));
        }
        if script.is_empty() {
            return nothing_to_run(&settings.run);
        }
        let record = self.record(&settings);
        let results = results(&settings.run)?;
        let trace = verbose::start(self.runtime.handle(), settings.run.verbose, None);
        let opener = self.opener(
            settings,
            trace,
            record.clone(),
            Consent::Given,
            &mut stop.interrupts,
        )?;
        let run = opener.settings().run.clone();
        let visible = !run.quiet && io::stderr().is_terminal();
        let mut runner = self
            .runner(opener.settings(), record, results)
            .for_script(run.resend);
        Ok(batch::run(
            &script,
            &run,
            &opener,
            &mut runner,
            stop,
            self.runtime.handle(),
            visible,
        ))
    }

    /// Reads a script whole; none when it is to end before.
    fn read(&self, settings: &Settings, stop: &mut Stop) -> Result<Option<Script>, Report> {
        let (run, asked) = (settings.run.clone(), settings.asked_kind);
        let kind = settings.session.kind_or_default();
        let piped = run.sources.contains(&Source::Stdin);
        let reading = stop
            .interrupts
            .unless(move || Script::read(&run, asked, kind));
        let Some(script) = self.runtime.block_on(reading).map_err(tools::no_thread)? else {
            return Ok(None);
        };
        if piped {
            // who wrote it may have been ended by the same Ctrl-C: then this is only a part
            let same = stop.interrupts.next();
            if self
                .runtime
                .block_on(async { timeout(SAME_SIGNAL, same).await.is_ok() })
            {
                return Ok(None);
            }
        }
        script.map(Some)
    }

    fn interactive(&self, settings: Settings) -> Result<u8, Report> {
        if settings.run.dry_run {
            return dry_run::show(&settings, None);
        }
        let record = self.record(&settings);
        let results = results(&settings.run)?;
        let completer = Completer::new(self.runtime.handle().clone());
        let editor = editor(&settings, &completer)?;
        let trace = verbose::start(
            self.runtime.handle(),
            settings.run.verbose,
            Some(editor.handle()),
        );
        let mut interrupts = self.shutdown.interrupts();
        let opener = self.opener(
            settings,
            trace,
            record.clone(),
            Consent::Ask,
            &mut interrupts,
        )?;
        drop(interrupts);
        let runner = self.runner(opener.settings(), record.clone(), results);
        Ok(self.shell(opener, runner, editor, completer, record))
    }

    fn shell(
        &self,
        opener: Opener,
        runner: Runner,
        editor: Editor,
        completer: Completer,
        record: Record,
    ) -> u8 {
        let prompt = editor.handle();
        let above = prompt.clone();
        record.tell_through(move |text| above.tell(text));
        let above = prompt.clone();
        bug::tell_through(move |text| above.tell(text));
        let remembered = record.clone();
        // reading thousands of entries must not hold the first prompt up
        let expected = prompt.expect_history();
        self.runtime
            .spawn_blocking(move || expected.load(shell::past(remembered.recalled())));
        Shell::new(
            self.runtime.handle().clone(),
            opener,
            runner,
            editor,
            completer,
            record,
            &self.shutdown,
        )
        .run()
    }

    /// `livysh sessions`.
    pub fn sessions(&self, action: &SessionsAction, settings: Settings) -> Result<u8, Report> {
        let trace = verbose::start(self.runtime.handle(), settings.run.verbose, None);
        // only ages are read from it, and what was left behind
        let record = self.record_that_is_there(&settings);
        let mut interrupts = self.shutdown.interrupts();
        let opener = self.opener(settings, trace, record, Consent::Given, &mut interrupts)?;
        let done = tools::sessions::run(action, &opener, &mut interrupts);
        Ok(self.runtime.block_on(done))
    }

    /// `livysh serve`.
    pub fn serve(&self, serve: &Serve) -> Result<u8, Report> {
        let mut interrupts = self.shutdown.interrupts();
        let local = self.local(
            serve.spark_home.clone(),
            Consent::Given,
            serve.quiet,
            &mut interrupts,
        )?;
        let serving = tools::serve::run(serve, &local, &self.shutdown, &mut interrupts);
        Ok(self.runtime.block_on(serving))
    }

    /// `livysh setup`.
    pub fn setup(&self, setup: &Setup) -> Result<u8, Report> {
        let folder = self
            .paths
            .runtime_folder(Create::Yes)
            .map_err(|error| Report::from(&error))?;
        let wanted = tools::setup::wanted(folder, setup.spark.clone(), None);
        let mut interrupts = self.shutdown.interrupts();
        Ok(tools::setup::run(
            &wanted,
            self.runtime.handle(),
            &mut interrupts,
            setup.quiet,
        ))
    }

    fn record(&self, settings: &Settings) -> Record {
        let server = settings.target.name();
        if settings.run.no_history {
            return Record::open(None, server);
        }
        match self.paths.record(Create::Yes) {
            Ok(file) => Record::open(Some(&file), server),
            Err(error) => {
                note(&format!("nothing is recorded: {error}"));
                Record::open(None, server)
            }
        }
    }

    /// The record, where one was begun.
    fn record_that_is_there(&self, settings: &Settings) -> Record {
        let file = self
            .paths
            .record(Create::No)
            .map_err(|error| insist(&format!("the record is not read: {error}")))
            .ok();
        let file = file.filter(|file| file.exists());
        Record::open(file.as_deref(), settings.target.name())
    }

    fn opener(
        &self,
        settings: Settings,
        trace: Option<UnboundedSender<Trace>>,
        record: Record,
        consent: Consent,
        interrupts: &mut Interrupts,
    ) -> Result<Opener, Report> {
        let (local, credentials) = match &settings.target {
            Target::Local => {
                let home = settings.session.spark_home.clone();
                let local = self.local(home, consent, settings.run.quiet, interrupts)?;
                (Some(local), Credentials::None)
            }
            Target::Server { url, .. } => {
                let (sources, url) = (settings.connection.sources(), url.clone());
                let asking = interrupts.unless(move || credentials(&sources, &url));
                let found = self.runtime.block_on(asking).map_err(tools::no_thread)?;
                let found = found.unwrap_or_else(|| {
                    // the prompt may have switched the echo off
                    terminal::restore();
                    Err(Report::new(code::INTERRUPTED, "given up"))
                })?;
                (None, found)
            }
        };
        Ok(Opener::new(
            self.runtime.handle().clone(),
            settings,
            credentials,
            local,
            trace,
            self.shutdown.clone(),
            record,
        ))
    }

    /// The Spark of this machine, installed first where it is missing.
    fn local(
        &self,
        spark_home: Option<std::path::PathBuf>,
        consent: Consent,
        quiet: bool,
        interrupts: &mut Interrupts,
    ) -> Result<LocalSpark, Report> {
        let wanted = tools::setup::wanted(self.paths.runtime_place().to_owned(), None, spark_home);
        let handle = self.runtime.handle();
        let runtime = tools::setup::ready(&wanted, consent, handle, interrupts, quiet)?;
        let state = self
            .paths
            .state_folder(Create::Yes)
            .map_err(|error| Report::from(&error))?;
        Ok(LocalSpark::new(runtime, state))
    }

    fn runner(&self, settings: &Settings, record: Record, results: Results) -> Runner {
        let run = &settings.run;
        let color = run.color_or_default();
        let max_rows = settings
            .shell
            .max_rows
            .and_then(|rows| usize::try_from(rows).ok());
        let notes = style::of(color, &io::stderr(), None);
        let out = if run.output.is_some() {
            crate::render::Style::default()
        } else {
            style::of(color, &io::stdout(), max_rows)
        };
        Runner::new(
            self.runtime.handle().clone(),
            run.format_or_default(),
            (out, notes),
            record,
            results,
            !run.quiet && io::stderr().is_terminal(),
        )
    }

    /// Takes the way out: sessions are deleted, servers of ours stopped. Ctrl-C leaves at once.
    pub fn leave(self, code: u8, quiet: bool) -> u8 {
        terminal::restore();
        let mut interrupts = self.shutdown.interrupts();
        let line = crate::progress::StatusLine::start(
            "deleting the session (Ctrl-C leaves at once)",
            !quiet && io::stderr().is_terminal() && self.shutdown.is_owing(),
        );
        let left = async {
            let leaving = self.shutdown.leave(shutdown::LIMIT);
            tokio::pin!(leaving);
            tokio::select! {
                notes = &mut leaving => return (notes, code),
                () = interrupts.next() => {}
            }
            // a deletion that is not even sent yet would leave a session that one moment more spares
            let notes = timeout(MOMENT, leaving).await;
            (
                notes.unwrap_or_else(|_| self.shutdown.owed()),
                code::INTERRUPTED,
            )
        };
        let left = catch_unwind(AssertUnwindSafe(|| self.runtime.block_on(left)));
        drop(line);
        let (notes, code) = left.unwrap_or_else(|_| self.shutdown.last_resort(code::STATEMENT));
        for text in notes {
            insist(&text);
        }
        if self.shutdown.ending().is_some() {
            // the signal's own task ends the program, with its own exit code
            self.runtime.block_on(self.shutdown.done());
        }
        // a task that hangs in a blocking call must not hold the end up
        self.runtime.shutdown_background();
        code
    }
}
