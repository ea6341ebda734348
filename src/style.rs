//! From what was asked to how a stream is written: colours, width, form.
use std::io::IsTerminal;

use crate::render::Style;
use crate::settings::values;
use crate::terminal;

/// How a stream is written.
pub fn of(color: values::Color, stream: &impl IsTerminal, max_rows: Option<usize>) -> Style {
    let is_terminal = stream.is_terminal();
    let choice = match color {
        values::Color::Auto => terminal::ColorChoice::Auto,
        values::Color::Always => terminal::ColorChoice::Always,
        values::Color::Never => terminal::ColorChoice::Never,
    };
    Style {
        color: terminal::color(choice, is_terminal),
        width: if is_terminal { terminal::width() } else { None },
        max_rows: max_rows.filter(|_| is_terminal),
        terminal: is_terminal,
        ..Style::default()
    }
}
