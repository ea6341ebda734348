//! What grows eight times in size may not grow forty times in cost: no reader looks at everything again for
//! each thing that it meets. Cost is the thread's own time, so a busy machine does not count.
//!
//! By hand the same on eight MiB, each reader by itself, in a release build:
//!
//! ```sh
//! LIVYSH_FUZZ_MIB=8 cargo test --release --test fuzz -- growth --nocapture --test-threads 1
//! ```
use std::path::Path;
use std::time::Duration;

use livysh::auth::{self, Sources, Surroundings};
use livysh::command;
use livysh::config::Config;
use livysh::language::{Gists, Language};
use livysh::livy::{Kind, LogPage, Outcome, Statement};
use livysh::render::{Answer, Format, Renderer, Style, safe, safe_line};
use livysh::source::{self, Lines};
use livysh_history::looks_secret;
use serde_json::json;

use super::run::cpu;

/// What is quicker than this says nothing about its growth.
const FLOOR: Duration = Duration::from_millis(40);

/// Whatever takes as long, an eight times longer text is not tried.
const HANGS: Duration = Duration::from_secs(10);

const MIB: usize = 1 << 20;

/// The size that a run by hand asks for.
fn by_hand() -> Option<usize> {
    let asked = std::env::var("LIVYSH_FUZZ_MIB").ok();
    asked.map(|mib| mib.parse::<usize>().unwrap() * MIB)
}

fn cost(text: &str, read: &mut impl FnMut(&str)) -> Duration {
    let began = cpu();
    read(text);
    cpu().checked_sub(began).unwrap_or_default()
}

/// Reads `piece` repeated up to `size` bytes, and to an eighth of that.
#[track_caller]
fn grows(what: &str, piece: &str, size: usize, read: impl FnMut(&str)) {
    // an even number: of quotes an odd one leaves a text open, whose readers may end early
    let of = |size: usize| piece.repeat((size / piece.len()) & !1);
    becomes(&format!("{what} {piece:?}"), size, of, read);
}

/// Reads a text of `size` bytes, and one of an eighth of that.
#[track_caller]
fn becomes(what: &str, size: usize, of: impl Fn(usize) -> String, mut read: impl FnMut(&str)) {
    // by hand, what is 32 KiB of text otherwise has the size that is asked for
    let size = by_hand().map_or(size, |most| (size * (most >> 15)).min(most));
    let (large, small) = (of(size), of(size / 8));
    let least = cost(&small, &mut read).min(cost(&small, &mut read));
    assert!(least < HANGS, "{what}: {least:?} for {} bytes", small.len());
    let most = cost(&large, &mut read);
    println!("{what}: {least:?} -> {most:?}, {} bytes", large.len());
    assert!(
        most < FLOOR.max(least * 40),
        "{what}: {least:?} grows to {most:?}"
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
    "1",
    "''",
    "/* ",
    "class A: def f(): ",
    "from __future__ import annotations\nx = 1\n",
    "${a ",
    "r\"-(",
    "x = '''\n",
    "\t",
];

/// A text of so many bytes.
type Shape = fn(usize) -> String;

/// Texts that no repetition gives.
const SHAPES: [(&str, Shape); 9] = [
    ("deep brackets", |size| {
        "(".repeat(size / 2) + &")".repeat(size / 2)
    }),
    ("deep brackets of all kinds", |size| {
        "([{".repeat(size / 6) + &"}])".repeat(size / 6)
    }),
    ("one line", |size| {
        "f(a, 'b') + [1.5, \"c\"] + ".repeat(size / 25) + "1\n"
    }),
    ("one string", |size| {
        format!("x = \"{}\"\n", "a ".repeat(size / 2))
    }),
    ("one string of many lines", |size| {
        format!("x = \"\"\"{}\"\"\"\n", "a b\n\n".repeat(size / 5))
    }),
    ("one string of escapes", |size| {
        format!("x = '{}'\n", "\\'\\\\".repeat(size / 4))
    }),
    ("one comment", |size| {
        format!("/* {} */\n", "* /a\n".repeat(size / 5))
    }),
    ("deeper and deeper", |size| {
        let lines = (0_usize..).map(|depth| format!("{}if x:\n", " ".repeat(depth)));
        // n of them have about n²/2 bytes
        lines.take((size * 2).isqrt()).collect()
    }),
    ("blank lines", |size| {
        format!("x = 1{}y = 2\n", "\n \n".repeat(size / 3))
    }),
];

/// What people write.
fn normal(language: Language) -> &'static str {
    match language {
        Language::Python => {
            r#"# Rows of a day.
def of_day(df, day="2026-01-31"):
    if day is None:
        return df
    else:
        found = df.where(f"day = '{day}'")
    return found.select("a", 'b')


x = [of_day(df) for _ in range(3)]
x[0].show()
"#
        }
        Language::Scala => {
            r#"// Rows of a day.
case class Row(a: Int, b: String)
object Row {
  def of(day: String) = s"day = ${day.trim}"
}
val found = df
  .where(Row.of("2026-01-31"))
  .map { r => r.getInt(0) + 1 }
if (found.isEmpty) 1
else 2
"#
        }
        Language::R => {
            r#"# Rows of a day.
of_day <- function(df, day = "2026-01-31") {
  if (is.null(day)) {
    df
  } else {
    filter(df, df$day == day) %>% select('a', 'b')
  }
}
x <- lapply(1:3, function(n) of_day(df))
"#
        }
        Language::Sql => {
            r#"-- Rows of a day.
with found as (select a, b from t where day = date'2026-01-31')
select a, count(*) as n,
  case when a > 1 then 'x' else "y" end
from found group by a order by n desc;
"#
        }
    }
}

/// Reads code, and forgets what it found.
type Reader = fn(Language, &str);

/// What reads code.
const READERS: [(&str, Reader); 9] = [
    ("lex", |language, text| drop(language.lex(text))),
    ("completeness", |language, text| {
        let _ = language.completeness(text);
    }),
    ("next_indent", |language, text| {
        drop(language.next_indent(text));
    }),
    ("redent", |language, text| drop(language.redent(text))),
    ("clean", |language, text| drop(language.clean(text))),
    ("pieces", |language, text| {
        drop(source::pieces(text, source::kind(language), false));
    }),
    ("gist", |language, text| {
        drop(Gists::default().read(language, text));
    }),
    ("lines", |language, text| {
        for piece in source::pieces(text, source::kind(language), true) {
            Lines::default().sent(&piece);
        }
    }),
    ("vars", |_, text| {
        let vars = [("a".to_owned(), "b".to_owned())];
        drop(source::filled(text, &vars));
    }),
];

fn language(language: Language) {
    const SIZE: usize = 1 << 15;
    let each = |text: &str| READERS.iter().for_each(|(_, read)| read(language, text));
    for piece in PIECES.iter().chain([&normal(language)]) {
        if by_hand().is_none() {
            grows(&format!("{language:?}"), piece, SIZE, each);
            continue;
        }
        for (name, read) in READERS {
            grows(&format!("{language:?} {name}"), piece, SIZE, |text| {
                read(language, text);
            });
        }
    }
    for (shape, of) in SHAPES {
        if by_hand().is_none() {
            becomes(&format!("{language:?} {shape}"), SIZE, of, each);
            continue;
        }
        for (name, read) in READERS {
            becomes(&format!("{language:?} {name} {shape}"), SIZE, of, |text| {
                read(language, text);
            });
        }
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
        normal(Language::Python),
        "\"",
        "x = f('a', \"b\"); ",
    ] {
        grows("safe", piece, 1 << 18, |text| {
            let _ = (safe(text, true), safe_line(text, true));
            let _ = looks_secret(text);
        });
    }
}

#[test]
fn commands() {
    for piece in ["a", " ", "'", "\"", "\\", "a ", "=", "$", "--"] {
        for name in [":replay ", ":attach ", ":sql ", ":sessions ", ":nothing"] {
            becomes(
                &format!("{name} {piece:?}"),
                1 << 15,
                |size| name.to_owned() + &piece.repeat(size / piece.len()),
                |text| {
                    let _ = command::parse(text);
                },
            );
        }
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
        grows("one cell", piece, 1 << 15, |text| {
            let schema = json!({"type": "struct", "fields": [{"name": text, "type": "string"}]});
            let data = json!({"id": 0, "state": "available", "output": {"status": "ok", "data": {"application/json": {"schema": schema, "data": [[text], [{"a": text}]]}}}});
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
            // by hand, as long as a file may be
            let text = text.get(..MIB).unwrap_or(text);
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
