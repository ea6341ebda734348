//! Spark's SQL: statements end at a `;` outside strings and comments.

use std::ops::Range;

use super::scala::nested_comment;
use super::scan::{Scanner, in_name, slice, starts_name};
use super::{Class, Completeness, Lexed};

const KEYWORDS: &[&str] = &[
    "add",
    "after",
    "all",
    "alter",
    "analyze",
    "and",
    "anti",
    "any",
    "as",
    "asc",
    "at",
    "between",
    "both",
    "bucket",
    "buckets",
    "by",
    "cache",
    "call",
    "cascade",
    "case",
    "cast",
    "catalog",
    "catalogs",
    "change",
    "check",
    "clear",
    "cluster",
    "clustered",
    "codegen",
    "collate",
    "column",
    "columns",
    "comment",
    "compute",
    "constraint",
    "cost",
    "create",
    "cross",
    "cube",
    "current",
    "database",
    "databases",
    "dbproperties",
    "delete",
    "delimited",
    "desc",
    "describe",
    "distinct",
    "distribute",
    "div",
    "drop",
    "else",
    "end",
    "escape",
    "escaped",
    "except",
    "exchange",
    "exists",
    "explain",
    "export",
    "extended",
    "external",
    "fields",
    "filter",
    "first",
    "following",
    "for",
    "format",
    "formatted",
    "from",
    "full",
    "function",
    "functions",
    "global",
    "grant",
    "group",
    "grouping",
    "having",
    "if",
    "ilike",
    "import",
    "in",
    "inner",
    "inpath",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "last",
    "lateral",
    "lazy",
    "left",
    "like",
    "limit",
    "lines",
    "load",
    "local",
    "location",
    "map",
    "matched",
    "merge",
    "minus",
    "msck",
    "namespace",
    "namespaces",
    "natural",
    "not",
    "nulls",
    "of",
    "offset",
    "on",
    "only",
    "options",
    "or",
    "order",
    "out",
    "outer",
    "over",
    "overwrite",
    "partition",
    "partitioned",
    "partitions",
    "percent",
    "pivot",
    "preceding",
    "primary",
    "properties",
    "purge",
    "qualify",
    "range",
    "recover",
    "recursive",
    "refresh",
    "regexp",
    "rename",
    "repair",
    "replace",
    "reset",
    "restrict",
    "revoke",
    "right",
    "rlike",
    "rollup",
    "row",
    "rows",
    "schema",
    "schemas",
    "select",
    "semi",
    "serde",
    "serdeproperties",
    "set",
    "sets",
    "show",
    "sort",
    "sorted",
    "start",
    "statistics",
    "stored",
    "stratify",
    "table",
    "tables",
    "tablesample",
    "tblproperties",
    "temporary",
    "terminated",
    "then",
    "to",
    "touch",
    "transform",
    "truncate",
    "unbounded",
    "uncache",
    "union",
    "unique",
    "unlock",
    "unpivot",
    "unset",
    "update",
    "use",
    "using",
    "values",
    "view",
    "views",
    "when",
    "where",
    "window",
    "with",
    "within",
    "zone",
];
const CONSTANTS: &[&str] = &["false", "null", "true"];
const TYPES: &[&str] = &[
    "array",
    "bigint",
    "binary",
    "boolean",
    "byte",
    "char",
    "date",
    "dec",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "long",
    "numeric",
    "real",
    "short",
    "smallint",
    "string",
    "struct",
    "timestamp",
    "timestamp_ltz",
    "timestamp_ntz",
    "tinyint",
    "varchar",
    "variant",
    "void",
];

/// Takes an SQL text apart. Nothing in it is ever `wrong`: a `;` submits in any case.
pub fn lex(text: &str) -> Lexed {
    let mut scan = Scanner::new(text);
    while !scan.at_end() {
        if !scan.space() {
            step(&mut scan);
        }
    }
    let lexed = scan.finish();
    Lexed {
        wrong: false,
        ..lexed
    }
}

fn step(scan: &mut Scanner) {
    let (start, byte) = (scan.pos, scan.byte(0));
    match byte {
        b'-' if scan.byte(1) == b'-' => line_comment(scan),
        b'/' if scan.byte(1) == b'*' => {
            let class = if scan.byte(2) == b'+' {
                Class::Annotation
            } else {
                Class::Comment
            };
            nested_comment(scan);
            scan.push(class, start);
        }
        b'\'' | b'"' => string(scan, start, false),
        b'r' | b'R' if matches!(scan.byte(1), b'\'' | b'"') => {
            scan.pos += 1;
            string(scan, start, true);
        }
        b'`' => {
            scan.pos += 1;
            // A doubled backtick is read as two names side by side, which ends at the same place.
            scan.open_text |= !scan.eat_past("`");
            scan.push(Class::Name, start);
        }
        b'0'..=b'9' => scan.number(),
        b'.' if scan.byte(1).is_ascii_digit() => scan.number(),
        _ if scan.bracket() => {}
        _ if scan.char().is_some_and(starts_name) => name(scan),
        _ => {
            scan.bump();
            let known = b"+-*/%=<>!&|^~.,;:?@$".contains(&byte);
            if matches!(
                (byte, scan.byte(0)),
                (b'<' | b'>' | b'=' | b'!', b'=' | b'>') | (b'|', b'|') | (b':', b':')
            ) {
                scan.pos += 1;
            }
            scan.push(
                if known {
                    Class::Operator
                } else {
                    Class::Unknown
                },
                start,
            );
        }
    }
}

/// To the end of the line; with a backslash there, Spark goes on in the next.
fn line_comment(scan: &mut Scanner) {
    let start = scan.pos;
    scan.eat_line();
    while slice(scan.text, start..scan.pos).ends_with('\\') && !scan.at_end() {
        scan.bump();
        scan.eat_line();
    }
    scan.push(Class::Comment, start);
}

/// A string over as many lines as it takes. A doubled quote is read as two strings side by side.
fn string(scan: &mut Scanner, start: usize, raw: bool) {
    let mark = scan.byte(0);
    scan.pos += 1;
    loop {
        match scan.byte(0) {
            0 if scan.at_end() => {
                scan.open_text = true;
                break;
            }
            b'\\' if !raw => scan.escape(),
            byte if byte == mark => {
                scan.pos += 1;
                break;
            }
            _ => scan.bump(),
        }
    }
    scan.push(Class::String, start);
}

fn name(scan: &mut Scanner) {
    let start = scan.pos;
    scan.eat_while(in_name);
    let name = slice(scan.text, start..scan.pos);
    let lower = if name.len() <= 20 {
        name.to_ascii_lowercase()
    } else {
        String::new()
    };
    let member = scan
        .tokens
        .last()
        .is_some_and(|token| slice(scan.text, token.range.clone()) == ".");
    let class = if member {
        Class::Name
    } else if CONSTANTS.contains(&lower.as_str()) {
        Class::Constant
    } else if KEYWORDS.binary_search(&lower.as_str()).is_ok() {
        Class::Keyword
    } else if TYPES.contains(&lower.as_str()) || scan.byte(0) == b'(' {
        Class::Builtin
    } else {
        Class::Name
    };
    scan.push(class, start);
}

/// A `;` ends an entry; without one it goes on.
pub fn completeness(buffer: &str) -> Completeness {
    let lexed = lex(buffer);
    let ended = match lexed.solid().next_back() {
        Some(token) => slice(buffer, token.range.clone()) == ";",
        None => true,
    };
    if ended && !lexed.open_text {
        Completeness::Complete
    } else {
        Completeness::Incomplete
    }
}

/// The statements, each with its `;`. What is blank or only a comment is none.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let lexed = lex(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    let mut open = false;
    for token in &lexed.tokens {
        if matches!(token.class, Class::Space | Class::Newline) {
            continue;
        }
        let end = slice(text, token.range.clone()) == ";" && token.class == Class::Operator;
        if token.class == Class::Comment && open {
            continue;
        }
        if token.class == Class::Comment {
            start.get_or_insert(token.range.start);
            continue;
        }
        match found.last_mut() {
            Some(range) if open => range.end = token.range.end,
            _ if end => {}
            _ => found.push(start.unwrap_or(token.range.start)..token.range.end),
        }
        open = !end;
        start = None;
    }
    found
}

/// One statement as the server takes it: without the `;` and what follows it; `None` when there is none.
pub fn clean(part: &str) -> Option<&str> {
    let lexed = lex(part);
    let mut end = part.len();
    for token in lexed.tokens.iter().rev() {
        match token.class {
            Class::Space | Class::Newline | Class::Comment => {}
            Class::Operator if slice(part, token.range.clone()) == ";" => end = token.range.start,
            _ => return Some(slice(part, 0..end).trim_end()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_in_the_order_that_the_search_needs() {
        assert!(KEYWORDS.is_sorted());
    }
}
