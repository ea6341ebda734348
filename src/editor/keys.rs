//! What the keys do that the line editor alone would do otherwise.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, EditMode, Event, EventContext, EventHandler, Helper, InputMode,
    KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};

use super::enter::{self, Arrival, Enter};
use super::indent;
use super::shared::{Shared, lock};
use super::wake;

#[derive(Clone, Copy)]
enum Key {
    Enter,
    Newline,
    Tab,
    Backspace,
    Interrupt,
    EndOfFile,
    /// Ctrl-X Ctrl-E: the buffer goes to an editor program.
    Edit,
    /// No key of a person's, see wake.rs.
    Wake,
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
    let edit = [KeyEvent::ctrl('X'), KeyEvent::ctrl('E')];
    let bindings: [(Event, Key); 11] = [
        (one(KeyCode::Enter, Modifiers::NONE), Key::Enter),
        // What was typed in the terminal's line mode ends in a newline.
        (Event::from(KeyEvent::ctrl('J')), Key::Enter),
        (one(KeyCode::Enter, Modifiers::ALT), Key::Newline),
        (one(KeyCode::Tab, Modifiers::NONE), Key::Tab),
        (one(KeyCode::Backspace, Modifiers::NONE), Key::Backspace),
        (Event::from(KeyEvent::ctrl('H')), Key::Backspace),
        (Event::from(KeyEvent::ctrl('C')), Key::Interrupt),
        (Event::from(KeyEvent::ctrl('D')), Key::EndOfFile),
        (Event::KeySeq(edit.to_vec()), Key::Edit),
        (Event::from(KeyEvent::ctrl(wake::KEY)), Key::Wake),
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
        if let Key::Wake = self.key {
            return Some(match self.shared.woken(ctx.line()) {
                Some(true) if !ctx.line().is_empty() => Cmd::Kill(Movement::WholeBuffer),
                Some(_) => Cmd::AcceptLine,
                None => Cmd::Noop,
            });
        }
        self.shared.another_key();
        self.shared.key(bytes(event));
        self.note_search(event);
        let command = self.command(event, count, ctx);
        let over = matches!(self.key, Key::EndOfFile) && ctx.line().is_empty();
        if over || matches!(command, Some(Cmd::AcceptLine)) {
            self.shared.ends();
        }
        command
    }
}

/// As many bytes as the terminal sent for it, or more where that is not known.
fn bytes(event: &Event) -> usize {
    const LONGEST: usize = 6;
    let Event::KeySeq(keys) = event else {
        return LONGEST;
    };
    let of = |key: &KeyEvent| match key {
        KeyEvent(KeyCode::Char(c), Modifiers::NONE | Modifiers::SHIFT) => c.len_utf8(),
        KeyEvent(KeyCode::Char(_), Modifiers::CTRL)
        | KeyEvent(KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace, Modifiers::NONE) => 1,
        // all of it comes with this one
        KeyEvent(KeyCode::BracketedPasteStart, _) => usize::MAX,
        _ => LONGEST,
    };
    keys.iter().map(of).fold(0, usize::saturating_add)
}

impl Handler {
    /// What a key of a person's does; none for what it does by itself.
    fn command(&self, event: &Event, count: RepeatCount, ctx: &EventContext<'_>) -> Option<Cmd> {
        let again = self.shared.tabbed.swap(false, Ordering::Relaxed);
        *lock(&self.shared.redent) = None;
        let listing = self.shared.listing.swap(false, Ordering::Relaxed);
        // vi's insert mode counts nothing
        let types_once = ctx.input_mode() == InputMode::Insert && count <= 1;
        let before = || ctx.line().get(..ctx.pos()).unwrap_or_default();
        match self.key {
            Key::Enter => Some(self.enter(ctx)),
            Key::Newline => Some(Cmd::Insert(1, "\n".to_owned())),
            // Who waits for names presses it again and again, and finds the program busy: such Tabs are read together,
            // as a paste is, and text all the same only behind text.
            Key::Tab if !again && self.shared.arrival() != Arrival::Typed => {
                Some(Cmd::Insert(1, "\t".to_owned()))
            }
            Key::Tab => {
                let alone = again || self.shared.is_alone();
                self.shared.tabbed.store(alone, Ordering::Relaxed);
                indent::indent(before()).map(|spaces| Cmd::Insert(1, spaces))
            }
            Key::Backspace if types_once && self.shared.arrival() == Arrival::Typed => {
                // The line editor would take a count of characters for one, and lines below along.
                let alone = !ctx.line().get(ctx.pos()..)?.contains('\n');
                (alone && indent::dedents(before())).then_some(Cmd::Dedent(Movement::WholeLine))
            }
            Key::Interrupt => {
                // Accepting the line instead of breaking off keeps the keys that were read ahead.
                self.shared.interrupted.store(true, Ordering::Relaxed);
                Some(Cmd::AcceptLine)
            }
            Key::EndOfFile if self.shared.holds() && ctx.line().is_empty() => Some(Cmd::Noop),
            Key::EndOfFile if self.shared.pasting.load(Ordering::Relaxed) => Some(Cmd::AcceptLine),
            Key::Edit => Some(self.edit()),
            Key::Other if self.takes_hint(event, ctx) => Some(Cmd::CompleteHint),
            Key::Other if types_once && !listing && self.redents(event, ctx) => Some(Cmd::Complete),
            Key::Other if is_vi_command(ctx) && is(event, KeyCode::Char('v')) => Some(self.edit()),
            Key::Other => {
                if brings_history(event, ctx) {
                    self.shared.recalling.store(true, Ordering::Relaxed);
                }
                self.walk(event, ctx)
            }
            Key::Backspace | Key::EndOfFile | Key::Wake => None,
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
    keys.iter().any(is) || is_vi_command(ctx) && vi_keys.iter().any(is)
}

fn is(event: &Event, code: KeyCode) -> bool {
    *event == one(code, Modifiers::NONE)
}

fn is_vi_command(ctx: &EventContext<'_>) -> bool {
    ctx.mode() == EditMode::Vi && ctx.input_mode() == InputMode::Command
}

impl Handler {
    /// Text goes on with a search, any other key ends it.
    fn note_search(&self, event: &Event) {
        let Event::KeySeq(keys) = event else { return };
        let searching = match keys.as_slice() {
            [key] if [KeyEvent::ctrl('R'), KeyEvent::ctrl('S')].contains(key) => true,
            [KeyEvent(KeyCode::Char(_) | KeyCode::Backspace, modifiers)]
                if !modifiers.intersects(Modifiers::CTRL | Modifiers::ALT) =>
            {
                return;
            }
            [key] if *key == KeyEvent::ctrl('H') => return,
            _ => false,
        };
        self.shared.searching.store(searching, Ordering::Relaxed);
    }

    /// End takes a hint as Right does.
    fn takes_hint(&self, event: &Event, ctx: &EventContext<'_>) -> bool {
        let end = is(event, KeyCode::End) || *event == Event::from(KeyEvent::ctrl('E'));
        let typing = !self.shared.searching.load(Ordering::Relaxed);
        end && typing && ctx.has_hint() && ctx.pos() == ctx.line().len()
    }

    /// A person typed the end of a block, and its line moves with it. No command of the line editor's replaces text before
    /// the cursor and leaves the cursor behind it but a completion: the character and the move go as one.
    fn redents(&self, event: &Event, ctx: &EventContext<'_>) -> bool {
        let Event::KeySeq(keys) = event else {
            return false;
        };
        let [KeyEvent(KeyCode::Char(typed), Modifiers::NONE)] = keys.as_slice() else {
            return false;
        };
        let shared = &self.shared;
        if shared.searching.load(Ordering::Relaxed)
            || shared.pasting.load(Ordering::Relaxed)
            || shared.arrival() != Arrival::Typed
        {
            return false;
        }
        let moved = indent::redent(shared.language(), ctx.line(), ctx.pos(), *typed);
        let moves = moved.is_some();
        *lock(&shared.redent) = moved;
        moves
    }

    fn edit(&self) -> Cmd {
        if self.shared.holds() {
            return Cmd::Noop;
        }
        self.shared.edit_wanted.store(true, Ordering::Relaxed);
        Cmd::AcceptLine
    }

    /// Up and Down beyond the buffer's lines: through the entries that begin as what stands before the
    /// cursor. In vi's command mode the cursor stands on a character, and nothing is said by where.
    fn walk(&self, event: &Event, ctx: &EventContext<'_>) -> Option<Cmd> {
        let vi = is_vi_command(ctx);
        let ctrl = |key| *event == Event::from(KeyEvent::ctrl(key));
        let letter = |key| vi && is(event, KeyCode::Char(key));
        let (before, after) = ctx.line().split_at_checked(ctx.pos())?;
        let inside = is(event, KeyCode::Up) || letter('k') || letter('-');
        if ctrl('P') || inside && !before.contains('\n') {
            let prefix = if vi { "" } else { before };
            self.shared.history.walk_up(ctx.line(), prefix);
            return Some(Cmd::HistorySearchBackward);
        }
        let inside = is(event, KeyCode::Down) || letter('j') || letter('+');
        let down = ctrl('N') || inside && !after.contains('\n');
        (down && self.shared.history.walks(ctx.line())).then_some(Cmd::HistorySearchForward)
    }

    fn enter(&self, ctx: &EventContext<'_>) -> Cmd {
        let shared = &self.shared;
        if shared.pasting.load(Ordering::Relaxed) {
            return Cmd::Insert(1, "\n".to_owned());
        }
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
