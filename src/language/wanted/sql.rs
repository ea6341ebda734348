//! SQL: keywords, functions, tables, columns of the tables that the statement names.
use super::word_start;
use crate::language::{Class, Language, Token};

/// What could stand at the cursor in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSql<'a> {
    /// The byte where the word begins.
    pub start: usize,
    /// The word so far; it may be empty.
    pub word: &'a str,
    /// What stands before the word and its dot: a table, its alias, or a database; may be empty.
    pub of: String,
    /// A table is wanted here, not a column.
    pub table: bool,
    /// The tables that the statement names.
    pub relations: Vec<Relation>,
}

/// A table that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name, as it stands there, without backticks.
    pub name: String,
    /// The name that the statement gives it.
    pub alias: Option<String>,
}

/// The words before a table.
const BEFORE_TABLE: &[&str] = &[
    "from",
    "join",
    "into",
    "table",
    "tables",
    "view",
    "update",
    "describe",
    "desc",
    "refresh",
    "overwrite",
    "cache",
    "uncache",
];

/// What is wanted at this byte of an SQL text; none where nothing can be offered.
pub fn sql(text: &str, pos: usize) -> Option<WantedSql<'_>> {
    let before = text.get(..pos)?;
    let start = word_start(before);
    let lexed = Language::Sql.lex(text);
    let inside = |token: &&Token| token.range.start < pos && pos <= token.range.end;
    if let Some(token) = lexed.tokens.iter().find(inside) {
        let mark = matches!(token.class, Class::String | Class::Comment | Class::Number);
        // behind a closed string or a line that is over, something new begins
        let open = token.range.end > pos || token.range.end == text.len();
        if mark && open || text[token.range.clone()].starts_with('`') {
            return None;
        }
    }
    let all: Vec<(&str, &Token)> = lexed
        .solid()
        .filter_map(|token| Some((text.get(token.range.clone())?, token)))
        .collect();
    // the statement around the cursor
    let semicolon = |(word, _): &&(&str, &Token)| *word == ";";
    let first = all
        .iter()
        .filter(semicolon)
        .take_while(|(_, token)| token.range.end <= start)
        .count();
    let mut statements = all.split(|(word, _)| *word == ";");
    let statement = statements.nth(first).unwrap_or_default();
    let here = statement
        .iter()
        .take_while(|(_, token)| token.range.end <= start)
        .count();
    let (of, at) = qualifier(statement, here);
    let table = statement
        .get(..at)
        .and_then(<[_]>::last)
        .is_some_and(|(word, _)| {
            is_before_table(word) || *word == "," && in_from(&statement[..at])
        });
    // the name that is being typed is no table yet
    let named: Vec<(&str, &Token)> = (statement.iter().enumerate())
        .filter(|(number, (_, token))| *number < at || token.range.start >= pos)
        .map(|(_, token)| *token)
        .collect();
    Some(WantedSql {
        start,
        word: &before[start..],
        of,
        table,
        relations: relations(&named),
    })
}

fn is_before_table(word: &str) -> bool {
    BEFORE_TABLE.contains(&word.to_ascii_lowercase().as_str())
}

/// Names and dots before the token of that number, and the number of the first of them.
fn qualifier(tokens: &[(&str, &Token)], here: usize) -> (String, usize) {
    let (mut at, mut names) = (here, Vec::new());
    while at >= 2 && tokens[at - 1].0 == "." && is_name(tokens[at - 2]) {
        names.push(bare(tokens[at - 2].0));
        at -= 2;
    }
    names.reverse();
    (names.join("."), at)
}

/// Is the last clause that began a list of tables?
fn in_from(tokens: &[(&str, &Token)]) -> bool {
    let clause = |(word, _): &&(&str, &Token)| {
        let word = word.to_ascii_lowercase();
        [
            "select", "from", "where", "group", "order", "having", "on", "(",
        ]
        .contains(&word.as_str())
    };
    let last = tokens.iter().rev().find(clause);
    last.is_some_and(|(word, _)| word.eq_ignore_ascii_case("from"))
}

fn relations(tokens: &[(&str, &Token)]) -> Vec<Relation> {
    let mut found: Vec<Relation> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (word, _) = tokens[at];
        at += 1;
        let comma = word == "," && in_from(&tokens[..at - 1]);
        if !is_before_table(word) && !comma {
            continue;
        }
        let mut name = Vec::new();
        while let Some(token) = tokens.get(at).filter(|token| is_name(**token)) {
            name.push(bare(token.0));
            at += 1;
            if tokens.get(at).is_none_or(|(word, _)| *word != ".") {
                break;
            }
            at += 1;
        }
        if name.is_empty() {
            continue;
        }
        let named = tokens
            .get(at)
            .is_some_and(|(word, _)| word.eq_ignore_ascii_case("as"));
        let alias = tokens.get(at + usize::from(named));
        let alias = alias.filter(|token| token.1.class == Class::Name);
        found.push(Relation {
            name: name.join("."),
            alias: alias.map(|(word, _)| bare(word)),
        });
    }
    found
}

fn is_name((_, token): (&str, &Token)) -> bool {
    matches!(token.class, Class::Name | Class::Builtin)
}

fn bare(name: &str) -> String {
    name.trim_matches('`').to_owned()
}
