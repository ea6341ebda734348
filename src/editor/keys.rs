//! What the keys do that the line editor alone would do otherwise.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, EditMode, Event, EventContext, EventHandler, Helper, InputMode,
    KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};

use super::enter::{self, Arrival, Enter};
use super::shared::Shared;

#[derive(Clone, Copy)]
enum Key {
    Enter,
    Newline,
    Tab,
    Backspace,
    Interrupt,
    EndOfFile,
    /// Any other key: only noted.
    Other,
}

struct Handler {
    key: Key,
    shared: Arc<Shared>,
}

/// Binds the keys.
pub(super) fn bind<H: Helper, I: History>(
    editor: &mut rustyline::Editor<H, I>,
    shared: &Arc<Shared>,
) {
    let bindings: [(Event, Key); 9] = [
        (one(KeyCode::Enter, Modifiers::NONE), Key::Enter),
        // What was typed in the terminal's line mode ends in a newline.
        (Event::from(KeyEvent::ctrl('J')), Key::Enter),
        (one(KeyCode::Enter, Modifiers::ALT), Key::Newline),
        (one(KeyCode::Tab, Modifiers::NONE), Key::Tab),
        (one(KeyCode::Backspace, Modifiers::NONE), Key::Backspace),
        (Event::from(KeyEvent::ctrl('H')), Key::Backspace),
        (Event::from(KeyEvent::ctrl('C')), Key::Interrupt),
        (Event::from(KeyEvent::ctrl('D')), Key::EndOfFile),
        (Event::Any, Key::Other),
    ];
    for (event, key) in bindings {
        let handler = Handler {
            key,
            shared: Arc::clone(shared),
        };
        editor.bind_sequence(event, EventHandler::Conditional(Box::new(handler)));
    }
}

fn one(code: KeyCode, modifiers: Modifiers) -> Event {
    Event::from(KeyEvent(code, modifiers))
}

impl ConditionalEventHandler for Handler {
    fn handle(
        &self,
        event: &Event,
        count: RepeatCount,
        _: bool,
        ctx: &EventContext<'_>,
    ) -> Option<Cmd> {
        self.shared.key();
        let before = || ctx.line().get(..ctx.pos()).unwrap_or_default();
        match self.key {
            Key::Enter => Some(self.enter(ctx)),
            Key::Newline => Some(Cmd::Insert(1, "\n".to_owned())),
            Key::Tab if self.shared.arrival() != Arrival::Typed => {
                Some(Cmd::Insert(1, "\t".to_owned()))
            }
            Key::Tab => enter::indent(before()).map(|spaces| Cmd::Insert(1, spaces)),
            Key::Backspace if count == 1 && self.shared.arrival() == Arrival::Typed => {
                let spaces = RepeatCount::try_from(enter::dedent(before())?).ok()?;
                Some(Cmd::Kill(Movement::BackwardChar(spaces)))
            }
            Key::Interrupt => {
                // Accepting the line instead of breaking off keeps the keys that were read ahead.
                self.shared.interrupted.store(true, Ordering::Relaxed);
                Some(Cmd::AcceptLine)
            }
            Key::EndOfFile if self.shared.holds() && ctx.line().is_empty() => Some(Cmd::Noop),
            Key::Other => {
                if brings_history(event, ctx) {
                    self.shared.recalling.store(true, Ordering::Relaxed);
                }
                None
            }
            Key::Backspace | Key::EndOfFile => None,
        }
    }
}

fn brings_history(event: &Event, ctx: &EventContext<'_>) -> bool {
    let keys = [
        KeyEvent(KeyCode::Up, Modifiers::NONE),
        KeyEvent(KeyCode::Down, Modifiers::NONE),
        KeyEvent::ctrl('P'),
        KeyEvent::ctrl('N'),
        KeyEvent::ctrl('R'),
        KeyEvent::ctrl('S'),
        KeyEvent::alt('<'),
        KeyEvent::alt('p'),
        KeyEvent::alt('n'),
    ];
    let vi_keys = [
        KeyEvent(KeyCode::Char('k'), Modifiers::NONE),
        KeyEvent(KeyCode::Char('j'), Modifiers::NONE),
    ];
    let is = |key: &KeyEvent| *event == Event::from(*key);
    let vi_command = ctx.mode() == EditMode::Vi && ctx.input_mode() == InputMode::Command;
    keys.iter().any(is) || vi_command && vi_keys.iter().any(is)
}

impl Handler {
    fn enter(&self, ctx: &EventContext<'_>) -> Cmd {
        let shared = &self.shared;
        // An earlier entry as it was needs no second Enter, wherever in it the cursor stands.
        if shared.recalling.load(Ordering::Relaxed)
            && !shared.holds()
            && shared.history.contains(ctx.line())
        {
            return Cmd::AcceptLine;
        }
        match enter::enter(shared.language(), ctx.line(), ctx.pos(), shared.arrival()) {
            Enter::Submit => Cmd::AcceptLine,
            Enter::Newline(text) => Cmd::Insert(1, text),
        }
    }
}
