//! The shell in a terminal, typed at as a person does.
use super::pty::{Builder, Pty};
use super::run::Home;

/// The program in a terminal with a home of its own, and these variables besides.
pub fn shell(home: &Home, environment: Vec<(&'static str, String)>, arguments: &[&str]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("HOME", home.path(""))
        .env("LIVYSH_HOME", home.path("livysh"))
        .folder(home.path(""))
        .size(100, 30);
    let builder = environment
        .into_iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value));
    arguments
        .iter()
        .fold(builder, |builder, argument| builder.arg(*argument))
        .spawn()
}

/// Types a line as a person does: the Enter a moment after the text, or it counts as a paste.
pub fn enter(pty: &mut Pty, text: &str) {
    pty.send(text);
    pty.wait_until(&format!("{text:?} before the cursor"), |screen| {
        before_cursor(screen).ends_with(text.trim())
    });
    pty.press("\r");
}

/// The text of the cursor's row up to the cursor.
pub fn before_cursor(screen: &vt100::Screen) -> String {
    let (row, column) = screen.cursor_position();
    let (_, columns) = screen.size();
    let text = screen.rows(0, columns.get()).nth(usize::from(row));
    text.unwrap_or_default()
        .chars()
        .take(usize::from(column))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Waits for the prompt of that statement, empty.
#[track_caller]
pub fn prompt(pty: &Pty, text: &str) {
    pty.wait_until(&format!("the prompt {text}"), |screen| {
        before_cursor(screen) == text.trim_end()
    });
}

/// Enters a line on a screen that holds nothing else, waits for a text in the answer and the prompt below it.
#[track_caller]
pub fn ask(pty: &mut Pty, line: &str, shown: &str, next: &str) {
    pty.send("\x0c");
    enter(pty, line);
    pty.wait_until(&format!("{shown:?} from {line:?}, then {next}"), |screen| {
        let text = screen.contents();
        let below = text.split_once(line).map_or("", |(_, below)| below);
        below.contains(shown) && before_cursor(screen) == next
    });
}
