//! What grows eight times in size may not grow forty times in cost: no reader looks at everything again for
//! each thing that it meets. Cost is the thread's own time, so a busy machine does not count.
use std::path::Path;
use std::time::Duration;

use livysh::auth::{self, Sources, Surroundings};
use livysh::config::Config;
use livysh::language::Language;
use livysh::livy::{Kind, LogPage, Outcome, Statement};
use livysh::render::{Answer, Format, Renderer, Style, safe, safe_line};
use livysh::source;
use livysh_history::looks_secret;
use serde_json::json;

use super::run::cpu;

/// What is quicker than this says nothing about its growth.
const FLOOR: Duration = Duration::from_millis(40);

fn cost(text: &str, read: &mut impl FnMut(&str)) -> Duration {
    let began = cpu();
    read(text);
    cpu().checked_sub(began).unwrap_or_default()
}

/// Reads `piece` repeated up to `size` bytes, and to an eighth of that.
#[track_caller]
fn grows(what: &str, piece: &str, size: usize, mut read: impl FnMut(&str)) {
    let large = piece.repeat(size / piece.len());
    let small = piece.repeat(size / 8 / piece.len());
    let least = cost(&small, &mut read).min(cost(&small, &mut read));
    let most = cost(&large, &mut read);
    println!("{what} {piece:?}: {least:?} -> {most:?}");
    assert!(
        most < FLOOR.max(least * 40),
        "{what} {piece:?}: {least:?} grows to {most:?}"
    );
}

const PIECES: &[&str] = &[
    "a",
    "(",
    "[",
    "{",
    "\"",
    "'",
    "\\",
    "\n",
    "x\n",
    "#",
    "/*",
    "\"\"\"",
    "f\"{",
    "s\"${",
    "a.b ",
    "if x:\n",
    ";",
    "`",
    "(\n",
    "{\n",
    ")",
    "--",
    "/* */",
    "select 1;\n",
    "x = 1\n",
    "def f(): pass\n",
    "class A\nobject A\n",
    ".a\n",
    "else\n",
    "BEGIN ",
    "case when ",
    "<- ",
    "@a\n",
    "%sql\n",
];

fn language(language: Language) {
    for piece in PIECES {
        grows(&format!("{language:?}"), piece, 1 << 15, |text| {
            let _ = language.lex(text);
            let _ = language.completeness(text);
            let _ = language.next_indent(text);
            let _ = language.redent(text);
            let _ = language.clean(text);
            let _ = source::pieces(text, source::kind(language), false);
        });
    }
}

#[test]
fn python() {
    language(Language::Python);
}

#[test]
fn scala() {
    language(Language::Scala);
}

#[test]
fn r() {
    language(Language::R);
}

#[test]
fn sql() {
    language(Language::Sql);
}

#[test]
fn what_makes_text_safe_and_looks_for_secrets() {
    for piece in [
        "a",
        "\u{1b}",
        "\r\n",
        "\u{202e}",
        "é",
        "password=",
        "a://",
        "eyJ",
        "token=\"",
        "password \"",
        "Basic ",
        "auth=(",
        "curl ",
        "pass",
        "password:",
        "\"password\",",
        "(",
        "sig=a",
    ] {
        grows("safe", piece, 1 << 18, |text| {
            let _ = (safe(text, true), safe_line(text, true));
            let _ = looks_secret(text);
        });
    }
}

/// Shows it in every format on a terminal and in a pipe.
fn show(statement: &Statement, kind: Kind) {
    let outcome = Outcome::read(statement, kind, Some(10));
    let answer = Answer {
        number: 1,
        server_id: Some(0),
        kind,
        code: "x",
        state: "available",
        outcome: &outcome,
        started_ms: None,
        completed_ms: None,
        waited: Duration::ZERO,
    };
    let terminal = Style {
        width: Some(80),
        terminal: true,
        max_rows: Some(50),
        ..Style::default()
    };
    for format in Format::ALL {
        for style in [&terminal, &Style::default()] {
            let (mut out, mut notes) = (Vec::new(), Vec::new());
            let mut renderer = Renderer::new(format, style.clone(), style.clone());
            renderer.answer(&answer, &mut out, &mut notes).unwrap();
        }
    }
}

#[test]
fn the_answers_of_statements() {
    for piece in [
        "a",
        "\n",
        "\u{1b}[31m",
        "é",
        "a\r",
        "{",
        "$a\n",
        "[1] 1\n",
        "Error in f : ",
        "at a.b(c)\n",
        "Traceback\n",
    ] {
        for kind in [Kind::Pyspark, Kind::Spark, Kind::Sparkr, Kind::Sql] {
            grows(&format!("{kind:?}"), piece, 1 << 15, |text| {
                let data = json!({"id": 0, "state": "available", "code": text, "output": {"status": "ok", "data": {"text/plain": text}}});
                show(&serde_json::from_value(data).unwrap(), kind);
                let raised = json!({"id": 0, "state": "available", "output": {"status": "error", "ename": "E", "evalue": text, "traceback": [text, text]}});
                show(&serde_json::from_value(raised).unwrap(), kind);
            });
        }
    }
}

#[test]
fn tables_and_logs() {
    for piece in ["a", "\n", "\u{1b}", "日"] {
        grows("a row a sign", piece, 1 << 13, |text| {
            let rows: Vec<_> = text.chars().map(|c| json!([c.to_string(), 1])).collect();
            let field = |name| json!({"name": name, "type": "string"});
            let schema = json!({"type": "struct", "fields": [field("a"), field("b")]});
            let data = json!({"id": 0, "state": "available", "output": {"status": "ok", "data": {"application/json": {"schema": schema, "data": rows}}}});
            show(&serde_json::from_value(data).unwrap(), Kind::Sql);
        });
        grows("a column a sign", piece, 1 << 12, |text| {
            let fields: Vec<_> = text
                .chars()
                .map(|c| json!({"name": c.to_string(), "type": "string"}))
                .collect();
            let row: Vec<_> = text.chars().map(|c| json!(c.to_string())).collect();
            let data = json!({"id": 0, "state": "available", "output": {"status": "ok", "data": {"application/json": {"schema": {"type": "struct", "fields": fields}, "data": [row]}}}});
            show(&serde_json::from_value(data).unwrap(), Kind::Sql);
        });
        grows("log", piece, 1 << 15, |text| {
            let lines: Vec<_> = text.chars().map(|c| c.to_string()).collect();
            let page: LogPage = serde_json::from_value(json!({"log": lines})).unwrap();
            assert!(!page.log.is_empty());
        });
    }
}

#[test]
fn config_and_netrc() {
    // a file may have 1 MiB; in a debug build, as much as the test has time for
    for piece in [
        "a = 1\n",
        "[a]\n",
        "# x\n",
        "[",
        "a.",
        "\"\"\"\n",
        "[servers.a]\n",
        "x",
    ] {
        grows("config", piece, 1 << 15, |text| {
            drop(Config::parse(text, Path::new("config.toml"), None));
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netrc");
    let named = path.to_str().unwrap().to_owned();
    let env = move |name: &str| (name == "NETRC").then(|| named.clone());
    let sources = Sources::default();
    let around = Surroundings {
        env: &env,
        named_at_start: true,
        home: None,
        ask: None,
    };
    let url = "https://h/".parse().unwrap();
    for piece in [
        "machine h login a password b\n",
        "#\n",
        "\"",
        "machine h\n",
        "macdef x\n\n",
        " ",
        "a",
        "\n",
        "default ",
    ] {
        grows("netrc", piece, 1 << 16, |text| {
            std::fs::write(&path, text).unwrap();
            drop(auth::find(&url, &sources, &around));
        });
    }
}
