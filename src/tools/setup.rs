//! `livysh setup`, and the same before the first `livysh local` or `serve`.
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::local::setup::{Activity, Event, Plan, Runtime, SetupError, Wanted, install, missing};
use crate::progress::StatusLine;
use crate::report::{Report, code, insist, note};
use crate::session::Interrupts;

/// Whether a person is asked before something is downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Say what will be done and ask.
    Ask,
    /// Say what will be done and do it.
    Given,
}

/// What is wanted, with the environment of this process.
pub fn wanted(runtime: PathBuf, spark: Option<String>, spark_home: Option<PathBuf>) -> Wanted {
    Wanted {
        spark,
        spark_home,
        ..Wanted::new(runtime)
    }
}

/// A local Spark: found in no time, or installed, showing how far it is.
pub fn ready(
    wanted: &Wanted,
    consent: Consent,
    handle: &Handle,
    interrupts: &mut Interrupts,
    quiet: bool,
) -> Result<Runtime, Report> {
    let plan = missing(wanted).map_err(|error| Report::from(&error))?;
    if let Some(runtime) = plan.ready {
        return Ok(runtime);
    }
    // whoever is asked must know what about
    explain(
        &plan,
        wanted,
        if consent == Consent::Ask {
            insist
        } else {
            note
        },
    );
    if consent == Consent::Ask && !plan.items.is_empty() && !agreed(handle, interrupts)? {
        return Err(Report::new(code::SERVER, "nothing was installed")
            .advise("`livysh setup` does it later; livysh URL needs no local Spark"));
    }
    installed(wanted, handle, interrupts, quiet)
}

/// `livysh setup`: installs what is missing, tries it, and says what is there.
pub fn run(wanted: &Wanted, handle: &Handle, interrupts: &mut Interrupts, quiet: bool) -> u8 {
    let wanted = Wanted {
        check: true,
        ..wanted.clone()
    };
    if let Ok(plan) = missing(&wanted)
        && plan.ready.is_none()
    {
        explain(&plan, &wanted, note);
    }
    match installed(&wanted, handle, interrupts, quiet) {
        Ok(runtime) => {
            super::print(&described(&runtime)).unwrap_or_else(|report| super::failed(&report))
        }
        Err(report) => super::failed(&report),
    }
}

fn described(runtime: &Runtime) -> String {
    let r = if runtime.r.is_complete() {
        "R with SparkR"
    } else if runtime.r.rscript.is_some() {
        "R without SparkR (a full Spark has it: SPARK_HOME or --spark-home)"
    } else {
        "no R"
    };
    format!(
        "Spark {} (Scala {})  {}\nJava {}  {}\nPython {}  {}\n{r}\nready: livysh local\n",
        runtime.spark_version,
        runtime.scala_version,
        runtime.spark_home.display(),
        runtime.java_version,
        runtime.java_home.display(),
        runtime.python_version,
        runtime.python.display(),
    )
}

fn explain(plan: &Plan, wanted: &Wanted, tell: fn(&str)) {
    if plan.items.is_empty() {
        return;
    }
    tell(&format!(
        "a Spark for this machine is missing: about {} MB will be downloaded into {} (once)",
        plan.download() / 1_000_000,
        wanted.runtime.display()
    ));
}

fn agreed(handle: &Handle, interrupts: &mut Interrupts) -> Result<bool, Report> {
    let _ = write!(io::stderr(), "Go on? [Y/n] ").and_then(|()| io::stderr().flush());
    let answer = handle.block_on(interrupts.unless(|| {
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.map(|read| (read > 0).then_some(answer))
    }));
    let Some(answer) = answer.map_err(super::no_thread)? else {
        let _ = writeln!(io::stderr());
        return Err(Report::new(code::INTERRUPTED, "nothing was installed"));
    };
    let answer = answer
        .map_err(|error| Report::new(code::USAGE, format!("the answer cannot be read: {error}")))?;
    Ok(answer.is_some_and(|it| matches!(it.trim().to_lowercase().as_str(), "" | "y" | "yes")))
}

fn installed(
    wanted: &Wanted,
    handle: &Handle,
    interrupts: &mut Interrupts,
    quiet: bool,
) -> Result<Runtime, Report> {
    let (sender, events) = unbounded_channel();
    let visible = !quiet && io::stderr().is_terminal();
    let ended = handle.block_on(async {
        let shown = show(events, visible, quiet);
        tokio::select! {
            ended = async { tokio::join!(install(wanted, sender), shown).0 } => Some(ended),
            () = interrupts.next() => None,
        }
    });
    match ended {
        Some(Ok(runtime)) => Ok(runtime),
        Some(Err(error)) => Err(Report::from(&error)),
        None => Err(
            Report::new(code::INTERRUPTED, "the installation was interrupted")
                .advise("the next start goes on where it stopped"),
        ),
    }
}

async fn show(mut events: UnboundedReceiver<Event>, visible: bool, quiet: bool) {
    let line = StatusLine::start("looking around", visible);
    while let Some(event) = events.recv().await {
        match event {
            Event::Waiting(pid) => {
                let who = pid
                    .map(|pid| format!(" (process {pid})"))
                    .unwrap_or_default();
                line.say(&format!(
                    "another livysh is installing{who}; waiting for it"
                ));
            }
            Event::Began(step) => {
                line.say(&step.to_string());
                line.share(None);
            }
            Event::Doing(step, activity) => {
                line.say(&format!("{step}: {}", doing(&activity)));
                line.share(activity.fraction());
            }
            Event::Ended(_, words, took) => {
                if !quiet {
                    line.aside(|| note(&format!("{words} ({:.1} s)", took.as_secs_f32())));
                }
            }
            Event::Notice(notice) => line.aside(|| note(&notice.to_string())),
        }
    }
}

fn doing(activity: &Activity) -> String {
    match activity {
        Activity::Downloading { file, done, total } => {
            let total = total
                .map(|total| format!(" of {} MB", total / 1_000_000))
                .unwrap_or_default();
            format!("{file} {}{total}", done / 1_000_000)
        }
        other => other.to_string(),
    }
}

impl From<&SetupError> for Report {
    fn from(error: &SetupError) -> Self {
        Self::new(code::SERVER, error.to_string())
    }
}
