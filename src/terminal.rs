//! The terminal: is there one, how wide, in colour or not, and the mode that it is in.
//!
//! The line editor sets its own mode while it reads. This module rules the rest of the time: silent
//! keys while a statement runs ([`Quiet`]) and the way back to what was there before us ([`restore`]).

use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::cursor::{MoveTo, MoveToPreviousLine};
use crossterm::terminal::{Clear, ClearType};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush,
    tcgetattr, tcgetpgrp, tcsetattr,
};

const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";
/// Bracketed paste off, default colours, cursor shown.
const PLAIN_AGAIN: &[u8] = b"\x1b[?2004l\x1b[0m\x1b[?25h";

/// The mode in which the terminal was when the program started, and a descriptor of it: for a moment the line editor may
/// read from elsewhere on standard input.
static BEFORE_US: OnceLock<(OwnedFd, Termios)> = OnceLock::new();

/// The program ends, whatever its main thread still does: the terminal's mode is nobody's to change any more.
static HANDED_BACK: AtomicBool = AtomicBool::new(false);

/// When colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// On a terminal that has them, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always, into pipes and files too.
    Always,
    /// Never.
    Never,
}

/// Are standard input and output both a terminal?
///
/// Only then there is somebody to ask and somewhere to edit a line. A dumb terminal counts: lines
/// can be read from it, see [`is_dumb`].
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Is this a terminal that cannot move its cursor (`TERM=dumb`, Emacs' shell buffer)?
pub fn is_dumb() -> bool {
    dumb(env::var("TERM").ok().as_deref())
}

// The list is the line editor's: where it does not edit, nothing else may draw either.
fn dumb(term: Option<&str>) -> bool {
    matches!(term, Some("dumb" | "cons25" | "emacs"))
}

/// Columns of the terminal on standard output, else on standard error; `None` without one.
pub fn width() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Columns and rows of the terminal, as [`width`]. A terminal that claims to have none has no size.
pub fn size() -> Option<(usize, usize)> {
    // asked only where there is one: without, crossterm starts other programs to find out
    if !io::stdout().is_terminal() && !io::stderr().is_terminal() {
        return None;
    }
    let (columns, rows) = crossterm::terminal::size().ok()?;
    (columns > 0 && rows > 0).then_some((columns.into(), rows.into()))
}

/// Tells this program once more that its window has another size, as the system does.
pub fn announce_size() {
    let _ = kill_process(getpid(), Signal::WINCH);
}

/// Whether to write colours to a stream, given the user's choice and whether the stream is a terminal.
///
/// With [`ColorChoice::Auto`] the environment decides, in this order: a non-empty `NO_COLOR` (no),
/// `CLICOLOR_FORCE` other than 0 (yes), `CLICOLOR=0` (no), `TERM=dumb` (no).
pub fn color(choice: ColorChoice, stream_is_terminal: bool) -> bool {
    color_by(choice, stream_is_terminal, |name| env::var(name).ok())
}

fn color_by(
    choice: ColorChoice,
    stream_is_terminal: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR").is_some() => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorChoice::Auto => {
            stream_is_terminal
                && set("CLICOLOR").as_deref() != Some("0")
                && !dumb(variable("TERM").as_deref())
        }
    }
}

/// Drops what was typed and is not read yet, where standard input is a terminal; was there something?
/// The start of a line that has no end yet goes too, and does not count.
pub fn drop_typed() -> bool {
    let typed = io::stdin().is_terminal() && waiting() > 0;
    typed && tcflush(rustix::stdio::stdin(), QueueSelector::IFlush).is_ok()
}

/// How many bytes of what was typed wait to be read, as far as the system says.
pub fn waiting() -> usize {
    let count = rustix::io::ioctl_fionread(rustix::stdio::stdin()).unwrap_or(0);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What was typed and is not read yet; nothing where there is none, and it does not wait for more. Only while keys are
/// silent ([`Quiet`]): else the terminal keeps a line to itself until its end.
pub fn typed() -> Vec<u8> {
    let stdin = rustix::stdio::stdin();
    let waiting = waiting();
    if waiting == 0 || !io::stdin().is_terminal() {
        return Vec::new();
    }
    let mut bytes = vec![0; waiting.min(64 * 1024)];
    let count = rustix::io::read(stdin, &mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// Waits until something can be read from `other`, and no longer than this; false when a key came before, which waits to
/// be read. Only while a line editor reads, since else the terminal keeps a line to itself until its end.
pub fn unless_key(other: BorrowedFd<'_>, most: Duration) -> bool {
    let end = Instant::now() + most;
    loop {
        let stdin = rustix::stdio::stdin();
        let mut both = [
            PollFd::from_borrowed_fd(other, PollFlags::IN),
            PollFd::from_borrowed_fd(stdin, PollFlags::IN),
        ];
        let left = end.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else {
            return false;
        };
        match poll(&mut both, Some(&left)) {
            Ok(0) => return false,
            // an answer that is there wins over a key
            Ok(_) => return !both[0].revents().is_empty(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Clears the screen and puts the cursor at its top; nothing where there is no terminal.
pub fn clear() {
    if io::stdout().is_terminal() {
        // a terminal that has gone is noticed by the next read
        let _ = crossterm::execute!(io::stdout(), Clear(ClearType::All), MoveTo(0, 0));
    }
}

/// Takes the line above the cursor from the screen; nothing where there is no terminal.
pub fn line_up() {
    if io::stdout().is_terminal() {
        let clear = Clear(ClearType::FromCursorDown);
        let _ = crossterm::execute!(io::stdout(), MoveToPreviousLine(1), clear);
    }
}

/// Notes the terminal's mode, for [`restore`]. Call it once, first thing in the program.
pub fn remember() {
    let stdin = rustix::stdio::stdin();
    if let Ok(mode) = tcgetattr(stdin)
        && let Ok(terminal) = rustix::io::fcntl_dupfd_cloexec(stdin, 3)
    {
        let _ = BEFORE_US.set((terminal, mode));
    }
}

/// Puts the terminal back as [`remember`] found it, shows the cursor and turns bracketed paste off.
///
/// For the ways out that run no destructors of the editor: signals and the panic hook. Does nothing
/// without a terminal, or when we are in the background, where touching it would stop us.
pub fn restore() {
    let Some((terminal, mode)) = BEFORE_US.get() else {
        return;
    };
    if tcgetpgrp(terminal).is_ok_and(|foreground| foreground != getpgrp()) {
        return;
    }
    let editing = is_edited(terminal, mode);
    let _ = tcsetattr(terminal, OptionalActions::Now, mode);
    if let Some(screen) = screen() {
        write_all(screen, PLAIN_AGAIN);
        if editing {
            // the cursor stands behind a prompt, in a line that is given up
            write_all(screen, b"\r\n");
        }
    }
}

/// [`restore`] for good, where another thread than the one that reads ends the program.
pub fn hand_back() {
    HANDED_BACK.store(true, Ordering::SeqCst);
    restore();
}

/// To be called before the terminal's mode is changed. Where it was handed back this never returns: the program ends, and
/// a mode that is set now would outlive it.
pub fn unless_handed_back() {
    while HANDED_BACK.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// Goes below a line that is being edited, for what cannot go through the editor.
pub fn below_the_line() {
    if let Some((terminal, mode)) = BEFORE_US.get()
        && is_edited(terminal, mode)
        && let Some(screen) = screen()
    {
        write_all(screen, b"\r\n");
    }
}

fn is_edited(terminal: impl AsFd, before: &Termios) -> bool {
    tcgetattr(terminal).is_ok_and(|now| is_raw(&now) && !is_raw(before))
}

fn is_raw(mode: &Termios) -> bool {
    !mode.local_modes.contains(LocalModes::ICANON)
}

/// While this lives, keys are silent: kept by the terminal for the next prompt, not shown.
///
/// For the time in which a statement runs. Ctrl-C and Ctrl-Z still act, a paste arrives as one piece.
/// Drop it before the editor reads, since the editor returns to the mode that it finds.
#[derive(Debug)]
#[must_use = "keys are silent only as long as this lives"]
pub struct Quiet {
    before: Termios,
}

impl Quiet {
    /// Makes keys silent; `None` when there is no terminal to do it on, or a dumb one, which sends whole lines.
    pub fn start() -> Option<Self> {
        if !is_interactive() || is_dumb() {
            return None;
        }
        unless_handed_back();
        let before = tcgetattr(rustix::stdio::stdin()).ok()?;
        let quiet = Self { before };
        quiet.resume();
        Some(quiet)
    }

    /// Makes keys silent again, after the program was stopped (Ctrl-Z) and continued (SIGCONT):
    /// the user's shell may have set another mode in between.
    pub fn resume(&self) {
        let mut silent = silent(&self.before);
        // NOFLSH: Ctrl-C cancels, it does not throw away what was typed before it.
        silent.local_modes |= LocalModes::ISIG | LocalModes::NOFLSH;
        if tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &silent).is_ok() {
            write_all(rustix::stdio::stdout(), PASTE_ON);
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        write_all(rustix::stdio::stdout(), PASTE_OFF);
        // Now, not Flush: what was typed stays.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// While this lives, all keys are kept for the next read, Ctrl-C too.
///
/// For the moment between two reads in which nothing runs that Ctrl-C could stop. As a signal it would overtake
/// the keys that the line editor has read ahead, and the terminal would act on others (Ctrl-R, Ctrl-W) itself.
#[derive(Debug)]
#[must_use = "keys are kept only as long as this lives"]
pub struct Kept {
    before: Termios,
}

impl Kept {
    /// Keeps keys; `None` when there is no terminal to do it on.
    pub fn start() -> Option<Self> {
        unless_handed_back();
        let before = tcgetattr(rustix::stdio::stdin()).ok()?;
        let mut deaf = silent(&before);
        deaf.local_modes -= LocalModes::ISIG;
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &deaf).ok()?;
        Some(Self { before })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Now, not Flush: what was typed stays.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The mode in which keys are neither shown nor changed.
fn silent(before: &Termios) -> Termios {
    let mut silent = before.clone();
    // IEXTEN: Ctrl-V and Ctrl-O would be eaten by the terminal. ICRNL: so that Enter is still told from Ctrl-J.
    silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN;
    silent.input_modes -= InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR;
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    silent
}

fn screen() -> Option<BorrowedFd<'static>> {
    if io::stdout().is_terminal() {
        Some(rustix::stdio::stdout())
    } else if io::stderr().is_terminal() {
        Some(rustix::stdio::stderr())
    } else {
        None
    }
}

// Past std's buffer, so that the order against the mode change holds.
fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) if count > 0 => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(terminal: bool, variables: &[(&str, &str)]) -> bool {
        color_by(ColorChoice::Auto, terminal, |name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(auto(true, &[("TERM", "xterm")]));
        assert!(!auto(false, &[("TERM", "xterm")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
    }

    #[test]
    fn no_color_wins_over_force_and_an_empty_one_counts_for_nothing() {
        assert!(!auto(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(auto(true, &[("NO_COLOR", "")]));
    }

    #[test]
    fn clicolor_force_reaches_a_pipe() {
        assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!auto(true, &[("CLICOLOR", "0")]));
    }

    #[test]
    fn an_explicit_choice_wins_over_the_environment() {
        let no = |_: &str| Some("1".to_owned());
        assert!(color_by(ColorChoice::Always, false, no));
        assert!(!color_by(ColorChoice::Never, true, |_| None));
    }
}
