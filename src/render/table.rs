//! A table with borders, as wide as its content or as the terminal.
use std::io::{self, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthChar as _;

use super::style::{Ink, Style};
use super::{cell, expanded};
use crate::livy::Table;

/// A text column is not made narrower than this; the table turns into blocks instead.
const LEAST_TEXT: usize = 8;
/// A header over numbers is not cut below this.
const LEAST_HEADER: usize = 4;
/// Without a terminal's width, cells longer than this stick out instead of padding every row.
const MOST_PADDING: usize = 400;
/// More columns than this are always shown as blocks.
const MOST_COLUMNS: usize = 500;

/// One column, measured.
#[derive(Debug)]
struct Measured {
    name: String,
    /// What it needs, what it can do with, what it gets.
    full: usize,
    least: usize,
    width: usize,
    numeric: bool,
}

/// Writes the table and a line with the number of its rows. A table without columns is the
/// answer of a statement that returns none: nothing is written.
pub(super) fn write(table: &Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let rows = &table.rows[..table.rows.len().min(style.max_rows.unwrap_or(usize::MAX))];
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let count = count.max(table.columns.len());
    if count == 0 {
        return Ok(());
    }
    let columns = (!style.expanded && count <= MOST_COLUMNS)
        .then(|| measure(table, rows, count))
        .and_then(|columns| fit(columns, style.width));
    match columns {
        Some(columns) => write_grid(&columns, rows, style, out)?,
        None => expanded::write(table, rows, style, out)?,
    }
    write_count(table.rows.len(), rows.len(), out)
}

fn write_count(all: usize, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    let noun = if all == 1 { "row" } else { "rows" };
    if shown < all {
        writeln!(out, "{all} {noun}, the first {shown} shown")
    } else {
        writeln!(out, "{all} {noun}")
    }
}

fn measure(table: &Table, rows: &[Vec<Value>], count: usize) -> Vec<Measured> {
    let mut widths = vec![0; count];
    let mut holds = vec![(false, false); count]; // (a number, something else)
    let mut scratch = String::new();
    for row in rows {
        for ((value, width), (number, other)) in row.iter().zip(&mut widths).zip(&mut holds) {
            match value {
                Value::Number(_) => *number = true,
                Value::Null => {}
                _ => *other = true,
            }
            *width = cell::width(cell::shown(value, &mut scratch)).max(*width);
        }
    }
    let mut names = table.columns.iter();
    widths
        .into_iter()
        .zip(holds)
        .map(|(cells, (number, other))| {
            let column = names.next();
            let name = column.map_or("", |column| cell::line(&column.name, &mut scratch));
            let header = cell::width(name);
            let numeric = column.is_some_and(cell::is_numeric) || number && !other;
            let full = header.max(cells);
            Measured {
                name: name.to_owned(),
                full,
                least: if numeric {
                    // Half a number is a wrong number.
                    cells.max(header.min(LEAST_HEADER))
                } else {
                    full.min(LEAST_TEXT)
                },
                width: full,
                numeric,
            }
        })
        .collect()
}

/// Gives each column its width, the widest giving way first; nothing where the table cannot be
/// made to fit.
fn fit(mut columns: Vec<Measured>, width: Option<usize>) -> Option<Vec<Measured>> {
    let Some(width) = width else {
        for column in &mut columns {
            column.width = column.full.min(MOST_PADDING);
        }
        return Some(columns);
    };
    let budget = width.checked_sub(3 * columns.len() + 1)?;
    let total = |cap: usize| {
        let widths = columns.iter().map(|c| c.full.min(cap.max(c.least)));
        widths.fold(0_usize, usize::saturating_add)
    };
    if total(0) > budget {
        return None;
    }
    let (mut low, mut high) = (0, columns.iter().map(|c| c.full).max().unwrap_or(0));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if total(middle) <= budget {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let mut spare = budget - total(low);
    for column in &mut columns {
        column.width = column.full.min(low.max(column.least));
        if spare > 0 && column.width < column.full {
            column.width += 1;
            spare -= 1;
        }
    }
    Some(columns)
}

fn write_grid(
    columns: &[Measured],
    rows: &[Vec<Value>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (bar, rules) = if style.unicode {
        ("│", ["┌─┬┐", "├─┼┤", "└─┴┘"])
    } else {
        ("|", ["+-++"; 3])
    };
    let [top, middle, bottom] = rules.map(|marks| rule(columns, marks));
    let mut line = String::new();
    let mut scratch = String::new();
    out.write_all(top.as_bytes())?;
    line.push_str(bar);
    for column in columns {
        pad(&column.name, column, style, Some(Ink::Header), &mut line);
        line.push_str(bar);
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.write_all(middle.as_bytes())?;
    for row in rows {
        line.clear();
        line.push_str(bar);
        for (at, column) in columns.iter().enumerate() {
            let (text, ink) = match row.get(at) {
                Some(Value::Null) => ("NULL", Some(Ink::Null)),
                Some(value) => (cell::shown(value, &mut scratch), None),
                None => ("", None),
            };
            pad(text, column, style, ink, &mut line);
            line.push_str(bar);
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    out.write_all(bottom.as_bytes())
}

fn rule(columns: &[Measured], marks: &str) -> String {
    let mut marks = marks.chars();
    let mut next = || marks.next().unwrap_or('+');
    let (left, dash, cross, right) = (next(), next(), next(), next());
    let mut line = String::from(left);
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            line.push(cross);
        }
        line.extend(std::iter::repeat_n(dash, column.width + 2));
    }
    line.push(right);
    line.push('\n');
    line
}

/// Appends ` text `, padded to the column's width, cut to it where the terminal has one.
fn pad(text: &str, column: &Measured, style: &Style, ink: Option<Ink>, line: &mut String) {
    let (before, after) = ink.map_or(("", ""), |ink| style.ink(ink));
    let mut cut = String::new();
    let mut width = cell::width(text);
    let mut text = text;
    if width > column.width && style.width.is_some() {
        cut = shorten(text, column.width, style.unicode);
        width = cell::width(&cut);
        text = &cut;
    }
    let space = std::iter::repeat_n(' ', column.width.saturating_sub(width));
    line.push(' ');
    if column.numeric {
        line.extend(space.clone());
    }
    line.push_str(before);
    line.push_str(text);
    line.push_str(after);
    if !column.numeric {
        line.extend(space);
    }
    line.push(' ');
    drop(cut);
}

fn shorten(text: &str, limit: usize, unicode: bool) -> String {
    let mut short = String::new();
    let mut used = 1; // the mark of the cut
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        short.push(c);
    }
    if limit > 0 {
        short.push(if unicode { '…' } else { '~' });
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::livy::Column;

    fn table(columns: &[(&str, &str)], rows: Value) -> Table {
        let column = |(name, type_name): &(&str, &str)| Column {
            name: (*name).to_owned(),
            type_name: (*type_name).to_owned(),
        };
        Table {
            columns: columns.iter().map(column).collect(),
            rows: serde_json::from_value(rows).unwrap(),
            truncated: false,
        }
    }

    fn drawn(table: &Table, style: &Style) -> String {
        let mut out = Vec::new();
        write(table, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn at_width(width: usize) -> Style {
        Style {
            width: Some(width),
            terminal: true,
            ..Style::default()
        }
    }

    #[test]
    fn numbers_stand_right_text_left_and_wide_characters_count() {
        let table = table(
            &[("n", "integer"), ("text", "string"), ("d", "double")],
            json!([
                [1, "日本", "Infinity"],
                [100, null, -0.5],
                [2, "e\u{301}", null],
                [3, "NULL"]
            ]),
        );
        assert_eq!(
            drawn(&table, &Style::default()),
            "\
┌─────┬────────┬──────────┐
│   n │ text   │        d │
├─────┼────────┼──────────┤
│   1 │ 日本   │ Infinity │
│ 100 │ NULL   │     -0.5 │
│   2 │ e\u{301}      │     NULL │
│   3 │ \"NULL\" │          │
└─────┴────────┴──────────┘
4 rows
"
        );
    }

    #[test]
    fn ascii_borders_and_colours_are_the_styles_choice() {
        let table = table(&[("a", "string")], json!([[null]]));
        let style = Style {
            unicode: false,
            color: true,
            ..Style::default()
        };
        assert_eq!(
            drawn(&table, &style),
            "+------+\n| \x1b[1ma\x1b[0m    |\n+------+\n| \x1b[2mNULL\x1b[0m |\n+------+\n1 row\n"
        );
    }

    #[test]
    fn the_widest_columns_give_way_and_numbers_never_do() {
        let table = table(
            &[("id", "long"), ("short", "string"), ("long", "string")],
            json!([[1_234_567_890_123_i64, "abc", "x".repeat(50)]]),
        );
        let text = drawn(&table, &at_width(40));
        assert!(text.lines().all(|line| cell::width(line) <= 40), "{text}");
        assert!(
            text.contains("1234567890123 │ abc   │ xxxxxxxxxxx… │"),
            "{text}"
        );
    }

    #[test]
    fn a_table_that_cannot_fit_becomes_blocks() {
        let columns: Vec<_> = (0..30).map(|_| ("column", "string")).collect();
        let row = vec!["some text"; 30];
        let text = drawn(&table(&columns, json!([row])), &at_width(80));
        assert!(text.starts_with("─[ row 1 ]─"), "{text}");
        assert!(text.contains("\ncolumn │ some text\n"));
        assert!(text.ends_with("\n1 row\n"));
        let numbers = table(&[("n", "long")], json!([[1_234_567_890_123_i64]]));
        assert!(drawn(&numbers, &at_width(10)).contains("n │ 1234567890123"));
    }

    #[test]
    fn rows_of_other_lengths_and_repeated_names_are_shown_whole() {
        let table = table(&[("a", ""), ("a", "")], json!([[1], [1, 2, 3], []]));
        assert_eq!(
            drawn(&table, &Style::default()),
            "\
┌───┬───┬───┐
│ a │ a │   │
├───┼───┼───┤
│ 1 │   │   │
│ 1 │ 2 │ 3 │
│   │   │   │
└───┴───┴───┘
3 rows
"
        );
    }

    #[test]
    fn rows_beyond_the_shown_ones_are_counted() {
        let table = table(&[("a", "int")], json!([[1], [2], [300_000]]));
        let style = Style {
            max_rows: Some(2),
            ..Style::default()
        };
        let text = drawn(&table, &style);
        assert!(
            text.ends_with("│ 2 │\n└───┘\n3 rows, the first 2 shown\n"),
            "{text}"
        );
    }

    #[test]
    fn one_huge_cell_does_not_pad_every_row_of_a_pipe() {
        let table = table(
            &[("a", "string")],
            json!([["x".repeat(100_000)], ["y"], ["z"]]),
        );
        let text = drawn(&table, &Style::default());
        assert!(text.len() < 110_000, "{}", text.len());
        assert!(text.contains(&"x".repeat(100_000)));
    }

    #[test]
    fn no_columns_draw_nothing_and_no_rows_draw_the_header() {
        assert_eq!(drawn(&table(&[], json!([])), &Style::default()), "");
        let text = drawn(&table(&[("a", "int")], json!([])), &Style::default());
        assert_eq!(text, "┌───┐\n│ a │\n├───┤\n└───┘\n0 rows\n");
    }
}
