//! One run of the program from settings to exit code: what every way in and every way out share.
use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedSender;

use crate::auth;
use crate::batch::{self, Script};
use crate::cli::{Serve, SessionsAction, Setup};
use crate::editor::{self, Editor};
use crate::livy::{Credentials, Trace};
use crate::local::serving::LocalSpark;
use crate::opening::Opener;
use crate::paths::{Create, Paths};
use crate::record::Record;
use crate::report::{Report, code, note};
use crate::runner::Runner;
use crate::settings::values::EditMode;
use crate::settings::{RunSettings, Settings, Source, Target};
use crate::shell::{Completer, Shell};
use crate::shutdown::Shutdown;
use crate::tools::setup::Consent;
use crate::{dry_run, style, terminal, tools, verbose};

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
            .enable_all()
            .build()
            .map_err(failed)?;
        let shutdown = Shutdown::install(runtime.handle()).map_err(failed)?;
        Ok(Self {
            runtime,
            shutdown,
            paths,
        })
    }

    /// The shell or a script.
    pub fn run(self, mut settings: Settings) -> Result<u8, Report> {
        let interactive = settings.run.sources.is_empty() && terminal::is_interactive();
        if settings.run.sources.is_empty() && !interactive {
            settings.run.sources.push(Source::Stdin);
        }
        let kind = settings.session.kind_or_default();
        let script = if interactive {
            None
        } else {
            Some(Script::read(&settings.run, settings.asked_kind, kind)?)
        };
        if settings.run.dry_run {
            return dry_run::show(&settings, script.as_ref());
        }
        if script.as_ref().is_some_and(Script::is_empty) {
            return nothing_to_run(&settings.run);
        }
        let record = self.record(&settings);
        let results = results(&settings.run)?;
        let completer = Completer::new(self.runtime.handle().clone());
        let editor = if interactive {
            Some(editor(&settings, &completer)?)
        } else {
            None
        };
        let trace = verbose::start(
            self.runtime.handle(),
            settings.run.verbose,
            editor.as_ref().map(Editor::handle),
        );
        let opener = self.opener(settings, trace, record.clone(), interactive)?;
        let runner = self.runner(opener.settings(), record.clone(), results);
        let code = catch_unwind(AssertUnwindSafe(|| match (script, editor) {
            (Some(script), _) => self.script(&script, &opener, runner),
            (None, Some(editor)) => self.shell(opener, runner, editor, completer, record),
            (None, None) => code::OK,
        }));
        // a panic has been told by the hook; the session goes all the same
        Ok(self.leave(code.unwrap_or(code::STATEMENT)))
    }

    fn script(&self, script: &Script, opener: &Opener, mut runner: Runner) -> u8 {
        let run = opener.settings().run.clone();
        let visible = !run.quiet && io::stderr().is_terminal();
        runner = runner.for_script();
        batch::run(
            script,
            &run,
            opener,
            &mut runner,
            &self.shutdown,
            self.runtime.handle(),
            visible,
        )
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
        let remembered = record.clone();
        // reading thousands of entries must not hold the first prompt up
        self.runtime
            .spawn_blocking(move || prompt.load_history(remembered.recalled()));
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
    pub fn sessions(self, action: &SessionsAction, settings: Settings) -> Result<u8, Report> {
        let trace = verbose::start(self.runtime.handle(), settings.run.verbose, None);
        let record = Record::open(None, settings.target.name());
        let opener = self.opener(settings, trace, record, false)?;
        let mut interrupts = self.shutdown.interrupts();
        let code = self
            .runtime
            .block_on(tools::sessions::run(action, &opener, &mut interrupts));
        Ok(self.leave(code))
    }

    /// `livysh serve`.
    pub fn serve(self, serve: &Serve) -> Result<u8, Report> {
        let local = self.local(serve.spark_home.clone(), Consent::Given, serve.run.quiet)?;
        let mut interrupts = self.shutdown.interrupts();
        let code = self.runtime.block_on(tools::serve::run(
            serve,
            &local,
            &self.shutdown,
            &mut interrupts,
        ));
        Ok(self.leave(code))
    }

    /// `livysh setup`.
    pub fn setup(self, setup: &Setup) -> Result<u8, Report> {
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
            setup.run.quiet,
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

    fn opener(
        &self,
        settings: Settings,
        trace: Option<UnboundedSender<Trace>>,
        record: Record,
        interactive: bool,
    ) -> Result<Opener, Report> {
        let (local, credentials) = match &settings.target {
            Target::Local => {
                let consent = if interactive {
                    Consent::Ask
                } else {
                    Consent::Given
                };
                let home = settings.session.spark_home.clone();
                (
                    Some(self.local(home, consent, settings.run.quiet)?),
                    Credentials::None,
                )
            }
            Target::Server { url, .. } => (None, credentials(&settings, url)?),
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
    ) -> Result<LocalSpark, Report> {
        let wanted = tools::setup::wanted(self.paths.runtime_place().to_owned(), None, spark_home);
        let mut interrupts = self.shutdown.interrupts();
        let runtime = tools::setup::ready(
            &wanted,
            consent,
            self.runtime.handle(),
            &mut interrupts,
            quiet,
        )?;
        let state = self
            .paths
            .state_folder(Create::Yes)
            .map_err(|error| Report::from(&error))?;
        Ok(LocalSpark::new(runtime, state))
    }

    fn runner(
        &self,
        settings: &Settings,
        record: Record,
        results: Box<dyn Write + Send>,
    ) -> Runner {
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
    fn leave(self, code: u8) -> u8 {
        terminal::restore();
        let mut interrupts = self.shutdown.interrupts();
        let line = crate::progress::StatusLine::start(
            "deleting the session (Ctrl-C leaves at once)",
            io::stderr().is_terminal(),
        );
        let (notes, code) = self.runtime.block_on(async {
            tokio::select! {
                notes = self.shutdown.leave() => (notes, code),
                () = interrupts.next() => (self.shutdown.owed(), code::INTERRUPTED),
            }
        });
        drop(line);
        for text in notes {
            note(&text);
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

fn credentials(settings: &Settings, url: &url::Url) -> Result<Credentials, Report> {
    let env = |name: &str| std::env::var(name).ok();
    let home = crate::paths::home();
    let ask: Option<&auth::Ask<'_>> = if io::stdin().is_terminal() {
        Some(&auth::prompt)
    } else {
        None
    };
    let around = auth::Surroundings {
        env: &env,
        named_at_start: true,
        home: home.as_deref(),
        ask,
    };
    let found = auth::find(url, &settings.connection.sources(), &around)
        .map_err(|error| Report::new(code::SERVER, error.to_string()))?;
    for warning in &found.warnings {
        note(&warning.to_string());
    }
    Ok(found.credentials)
}

/// Where results go.
fn results(run: &RunSettings) -> Result<Box<dyn Write + Send>, Report> {
    match &run.output {
        None => Ok(Box::new(io::stdout())),
        Some(path) => match std::fs::File::create(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Report::new(
                code::USAGE,
                format!("{} cannot be written: {error}", path.display()),
            )),
        },
    }
}

fn editor(settings: &Settings, completer: &Completer) -> Result<Editor, Report> {
    let color = style::of(settings.run.color_or_default(), &io::stdout(), None).color;
    Editor::new(editor::Options {
        vi: settings.shell.edit_mode == Some(EditMode::Vi),
        color,
        history: Vec::new(),
        completer: Some(Box::new(completer.clone())),
    })
    .map_err(|error| Report::new(code::USAGE, error.to_string()))
}

fn nothing_to_run(run: &RunSettings) -> Result<u8, Report> {
    if matches!(run.format_or_default(), crate::render::Format::Json) {
        return tools::print("[]\n");
    }
    Ok(code::OK)
}
