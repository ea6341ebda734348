//! Reads entries as the shell does and says what it got: the program that the editor's terminal tests drive.
//!
//! Options: `vi`, `color`, `ignore-hangup`, `slow` (waits for the gate after Ctrl-C), `stays` (and
//! after the first Ctrl-D), `expects` (earlier entries come when the gate opens), `starts` (the session does). Commands: see `obey`. "The gate" is a file named by `PROBE_GATE`,
//! which the test makes when the next thing may happen.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, mem, thread};

use livysh::editor::{
    Complete, Editor, EditorError, Input, Offer, Options, Past, Prompt, PromptState, Start,
};
use livysh::language::Language;
use livysh::terminal::{self, Quiet};
use tokio::signal::unix::{SignalKind, signal};

struct Names;

impl Complete for Names {
    fn complete(&self, line: &str, pos: usize) -> Option<(usize, Vec<Offer>)> {
        let names = [":help", ":history", ":kind"];
        let fitting = names.iter().filter(|name| name.starts_with(&line[..pos]));
        Some((0, fitting.map(|name| Offer::named(*name)).collect()))
    }
}

/// What the next read starts with.
#[derive(Default)]
struct Next {
    initial: Option<String>,
    hold: bool,
    language: Option<Language>,
    pasting: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    terminal::remember();
    let option = |name: &str| env::args().any(|argument| argument == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    // As the shell does it: before the first read.
    let _signals = {
        let _inside = runtime.enter();
        let hangup = option("ignore-hangup").then(|| signal(SignalKind::hangup()));
        (signal(SignalKind::interrupt())?, hangup.transpose()?)
    };
    let mut editor = editor(&option)?;
    let next = Next {
        language: Some(Language::Python),
        ..Next::default()
    };
    read_all(&mut editor, &runtime, next, &option)
}

fn read_all(
    editor: &mut Editor,
    runtime: &tokio::runtime::Runtime,
    mut next: Next,
    option: &dyn Fn(&str) -> bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut number = 1;
    loop {
        let prompt = Prompt {
            text: format!("py {number}> "),
        };
        let start = Start {
            initial: next.initial.as_deref(),
            hold_typeahead: next.hold,
            interrupts: 0,
            pasting: next.pasting,
            until_ready: false,
        };
        let language = next.language.unwrap_or(Language::Python);
        let input = editor.read(&prompt, language, start);
        next = Next::default();
        match input {
            Input::Line(line) if line.len() > 300 => {
                say(&format!(
                    "got {number}: {} bytes, {} lines",
                    line.len(),
                    line.lines().count()
                ));
            }
            Input::Line(line) if line == ":quit" => break,
            Input::Line(line) => {
                say(&format!("got {number}: {line:?}"));
                editor.add_history(Past {
                    about: format!("entry {number}"),
                    text: line.clone(),
                });
                obey(&line, editor, runtime, &mut next);
            }
            Input::Edit(text) => {
                say(&format!("edit {number}: {text:?}"));
                next.initial = Some(text + "edited");
            }
            Input::Ready(text) => say(&format!("ready {number}: {text:?}")),
            Input::Interrupted { .. } => interrupted(number, option("slow")),
            Input::End if option("stays") && number < 3 => {
                say(&format!("end {number}"));
                gate();
            }
            Input::End => {
                report("end");
                say("end");
                break;
            }
            Input::Other(error) => {
                report(&error);
                return Err(error.into());
            }
        }
        number += 1;
    }
    Ok(())
}

fn editor(option: &dyn Fn(&str) -> bool) -> Result<Editor, EditorError> {
    let editor = Editor::new(Options {
        vi: option("vi"),
        color: option("color"),
        history: Vec::new(),
        completer: Some(Box::new(Names)),
    })?;
    if !option("starts") {
        editor.handle().set_state(PromptState::Idle);
    }
    if option("expects") {
        let expected = editor.handle().expect_history();
        thread::spawn(move || {
            gate();
            expected.load(vec!["older entry".into()]);
        });
    }
    Ok(editor)
}

fn interrupted(number: usize, slow: bool) {
    say(&format!("interrupted {number}"));
    if slow {
        gate();
    }
}

fn obey(line: &str, editor: &Editor, runtime: &tokio::runtime::Runtime, next: &mut Next) {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    match command {
        // A statement that runs until the gate opens or Ctrl-C; fails if its argument says so.
        ":run" => {
            let quiet = Quiet::start();
            let cancelled = runtime.block_on(async {
                // Listens before the test hears of the run: it may interrupt at once.
                let Ok(mut interrupts) = signal(SignalKind::interrupt()) else {
                    say("cannot listen");
                    return false;
                };
                say("running");
                tokio::select! {
                    _ = interrupts.recv() => true,
                    () = gate_async() => false,
                }
            });
            say(if cancelled { "cancelled" } else { "done" });
            next.hold = cancelled || rest == "fails";
            drop(quiet);
        }
        // Fails at once, so that what was pasted with it is in the line editor's own buffer.
        ":fail" => next.hold = true,
        ":initial" => next.initial = Some(rest.to_owned()),
        // Speaks, shows another state and loads history once the gate opens, while somebody types.
        ":later" => {
            let handle = editor.handle();
            thread::spawn(move || {
                gate();
                handle.load_history(vec!["older entry".into(), "for a in b:\n    c".into()]);
                handle.print("a line from elsewhere");
                handle.set_state(PromptState::Dead);
            });
        }
        ":paste" => next.pasting = true,
        ":sql" => next.language = Some(Language::Sql),
        // What a signal's way out does: no destructor of the silent mode has run.
        ":restore" => {
            mem::forget(Quiet::start());
            terminal::restore();
            say("restored");
            gate();
        }
        _ => {}
    }
}

fn gate_file() -> PathBuf {
    PathBuf::from(env::var_os("PROBE_GATE").unwrap_or_default())
}

fn pass(file: &Path) -> bool {
    file.exists() && fs::remove_file(file).is_ok()
}

fn gate() {
    while !pass(&gate_file()) {
        thread::sleep(Duration::from_millis(2));
    }
}

async fn gate_async() {
    while !pass(&gate_file()) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

// For the test whose terminal is gone.
fn report(text: &str) {
    if let Some(file) = env::var_os("PROBE_REPORT") {
        let _ = fs::write(file, text);
    }
}
