//! A table as one block of lines for each row, for what is too wide for the terminal.
use std::io::{self, Write};

use serde_json::Value;

use super::cell;
use super::style::{Ink, Style};
use crate::livy::Table;

/// Names longer than this do not push every value to the right.
const MOST_NAME: usize = 40;
/// How long the line between two rows is, where the terminal is not narrower.
const RULE: usize = 40;

/// Writes `rows` of the table. Values are whole, however long.
pub(super) fn write(
    table: &Table,
    rows: &[Vec<Value>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (dash, bar) = if style.unicode {
        ("─", "│")
    } else {
        ("-", "|")
    };
    let mut scratch = String::new();
    let names: Vec<(String, usize)> = table
        .columns
        .iter()
        .map(|column| {
            let name = cell::line(&column.name, &mut scratch).to_owned();
            let width = cell::width(&name);
            (name, width)
        })
        .collect();
    let widest = names.iter().map(|(_, width)| *width).max().unwrap_or(0);
    let widest = widest.min(MOST_NAME);
    let (bold, plain) = style.ink(Ink::Header);
    let (dim, undim) = style.ink(Ink::Null);
    let unnamed = (String::new(), 0);
    for (number, row) in (1..).zip(rows) {
        let title = format!("{dash}[ row {number} ]");
        let rest = RULE.min(style.width.unwrap_or(RULE));
        let rest = rest.saturating_sub(cell::width(&title)).max(1);
        writeln!(out, "{title}{}", dash.repeat(rest))?;
        for (at, value) in row.iter().enumerate() {
            let (name, width) = names.get(at).unwrap_or(&unnamed);
            let space = widest.saturating_sub(*width);
            write!(out, "{bold}{name}{plain}{:space$} {bar} ", "")?;
            if value.is_null() {
                writeln!(out, "{dim}NULL{undim}")?;
            } else {
                writeln!(out, "{}", cell::shown(value, &mut scratch))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::livy::Column;

    #[test]
    fn each_row_is_a_block_with_names_aligned() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            type_name: String::new(),
        };
        let table = Table {
            columns: vec![column("id"), column("名前")],
            rows: vec![
                vec![json!(1), json!("a\nb")],
                vec![json!(null), json!("c"), json!(3)],
            ],
            truncated: false,
        };
        let style = Style {
            unicode: false,
            width: Some(20),
            ..Style::default()
        };
        let mut out = Vec::new();
        write(&table, &table.rows, &style, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
-[ row 1 ]----------
id   | 1
名前 | a\\nb
-[ row 2 ]----------
id   | NULL
名前 | c
     | 3
"
        );
    }
}
