//! Everything that reads what others wrote.
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use livysh::auth::{self, Sources, Surroundings};
use livysh::config::Config;
use livysh::language::Language;
use livysh::livy::{Client, Connection, CreateSession, Kind, Outcome, SessionId, Statement};
use livysh::render::{Answer, Format, Renderer, Style, safe, safe_line};
use livysh::{command, source};
use livysh_history::{Creating, Ended, Owner, Recorder, Sent, Status, Typed, looks_secret};
use serde_json::Value;

use super::mutate::Words;
use super::run::fuzz;
use super::support::{Reply, Server};

const JSON: Words = Words(&[
    "\"output\":",
    "\"data\":",
    "\"text/plain\":",
    "\"application/json\":",
    "\"schema\":",
    "\"fields\":",
    "\"status\":\"error\"",
    "\"application/vnd.livy.table.v1+json\":",
    "\"headers\":",
    "\"ename\":",
    "\"traceback\":",
    "\"content\":",
    "\"msg_type\":",
    "\"state\":\"available\"",
    "\"image/png\":",
    "\"sessions\":",
    "\"log\":",
    "\"id\":",
    "\"total\":",
    "\"msg\":",
    "\"servlet\":",
    "<title",
    "</title>",
    "<pre>",
    "Reason:",
    "Unrecognized field \"",
    "null",
    "true",
    "[[",
    "]]",
    "{}",
    "[1",
]);

fn below(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The bodies of what servers once answered.
fn recorded() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for file in ["python", "scala", "sql", "r", "cancel", "session", "errors"] {
        let cases: Value =
            serde_json::from_str(&below(&format!("tests/recorded/{file}.json"))).unwrap();
        collect(&cases, &mut bodies);
    }
    bodies
}

fn collect(value: &Value, into: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(page) if key == "text" => into.push(page.clone().into_bytes()),
                    body if key == "body" => into.push(body.to_string().into_bytes()),
                    other => collect(other, into),
                }
            }
        }
        _ => {}
    }
}

/// A server that answers as told, and a client of it.
struct Wire {
    says: Arc<Mutex<(u16, Vec<u8>)>>,
    client: Client,
    _server: Server,
}

impl Wire {
    fn new() -> Self {
        let says: Arc<Mutex<(u16, Vec<u8>)>> = Arc::default();
        let said = Arc::clone(&says);
        let server = Server::start(move |_| {
            let (status, body) = &*said.lock().unwrap();
            // what stands in a body stands in the headers, too
            let line: String = String::from_utf8_lossy(body)
                .chars()
                .filter(|c| !c.is_control())
                .take(300)
                .collect();
            let headers = [
                ("WWW-Authenticate", line.as_str()),
                ("Location", &line),
                ("Retry-After", &line),
            ];
            Reply::with(*status, &headers, body)
        });
        let mut connection = Connection::new(server.url("").parse().unwrap());
        connection.read_timeout = Duration::from_secs(120);
        Self {
            says,
            client: Client::new(connection).unwrap(),
            _server: server,
        }
    }

    async fn ask(&self, call: usize) {
        let (client, id) = (&self.client, SessionId::new("1"));
        let told = |error: livysh::livy::Error| {
            let _ = livysh::report::shown(&livysh::report::Report::from(&error));
            format!("{error:?}")
        };
        // what is read well is of no interest here: that it is read, or refused in words
        let _ = match call {
            0 => client.version().await.map(drop).map_err(told),
            1 => client.all_sessions().await.map(drop).map_err(told),
            2 => client.session(&id).await.map(drop).map_err(told),
            3 => client.state(&id).await.map(drop).map_err(told),
            4 => client.log(&id, None, Some(9)).await.map(drop).map_err(told),
            5 => client.delete(&id).await.map(drop).map_err(told),
            6 => client
                .submit(&id, "1", Some(Kind::Sql))
                .await
                .map(drop)
                .map_err(told),
            7 => client
                .statements(&id, None, None, None)
                .await
                .map(drop)
                .map_err(told),
            8 => client.cancel(&id, 0).await.map(drop).map_err(told),
            9 => client.connect(&id).await.map(drop).map_err(told),
            10 => client
                .complete(&id, "a", Kind::Spark, 1)
                .await
                .map(drop)
                .map_err(told),
            11 => client
                .create(&CreateSession::default())
                .await
                .map(drop)
                .map_err(told),
            _ => client.statement(&id, 0).await.map(drop).map_err(told),
        };
    }
}

#[test]
fn answers() {
    const STATUSES: [u16; 13] = [
        200, 201, 200, 400, 401, 403, 404, 405, 413, 429, 500, 502, 302,
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut wire = Wire::new();
    let mut turn = 0_usize;
    fuzz("answers", &JSON, recorded(), 6_000, |body| {
        turn += 1;
        // the server keeps every request
        if turn.is_multiple_of(20_000) {
            wire = Wire::new();
        }
        let status = STATUSES[turn % STATUSES.len()];
        *wire.says.lock().unwrap() = (status, body.to_vec());
        runtime.block_on(wire.ask((turn / STATUSES.len()) % 13));
    });
}

/// Every way to show results: width, borders, colours.
fn styles() -> [Style; 4] {
    let terminal = Style {
        color: false,
        width: Some(80),
        terminal: true,
        max_rows: Some(20),
        ..Style::default()
    };
    [
        Style::default(),
        terminal.clone(),
        Style {
            width: Some(7),
            unicode: false,
            full_errors: true,
            ..terminal.clone()
        },
        Style {
            expanded: true,
            width: Some(30),
            ..terminal
        },
    ]
}

/// Nothing of it moves a cursor or turns text round.
fn assert_harmless(text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    let odd = text.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(odd, None, "{text:?}");
}

#[test]
fn outcomes() {
    let statements = recorded().into_iter().filter(|body| {
        serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("output").is_some())
    });
    let styles = styles();
    fuzz("outcomes", &JSON, statements, 4_000, |body| {
        let Ok(statement) = serde_json::from_slice::<Statement>(body) else {
            return;
        };
        let kinds = [Kind::Pyspark, Kind::Spark, Kind::Sparkr, Kind::Sql];
        let kind = kinds[body.len() % kinds.len()];
        let outcome = Outcome::read(&statement, kind, Some(2));
        if let Some(error) = &outcome.error {
            let _ = error.damage();
        }
        let answer = Answer {
            number: 1,
            server_id: Some(statement.id),
            kind,
            code: statement.code.as_deref().unwrap_or("x"),
            state: statement.state.name(),
            outcome: &outcome,
            started_ms: statement.started,
            completed_ms: statement.completed,
            waited: Duration::from_millis(1),
        };
        for format in Format::ALL {
            for style in &styles {
                let (mut out, mut notes) = (Vec::new(), Vec::new());
                let mut renderer = Renderer::new(format, style.clone(), style.clone());
                renderer.answer(&answer, &mut out, &mut notes).unwrap();
                renderer.finish(&mut out).unwrap();
                if style.terminal {
                    assert_harmless(&out);
                    assert_harmless(&notes);
                }
                if matches!(format, Format::Json | Format::Ndjson) {
                    serde_json::from_slice::<Value>(&out).unwrap();
                }
            }
        }
    });
}

const CODE: Words = Words(&[
    "\"\"\"",
    "'''",
    "f\"",
    "s\"\"\"",
    "r\"--(",
    "${",
    "{",
    "/*",
    "*/",
    "//",
    "--",
    "\\\n",
    "=>",
    "<-",
    "%in%",
    "%json x\n",
    "%sql\n",
    "else",
    "case ",
    "def ",
    "\n\n",
    "if x:\n",
    "    ",
    "class A\n",
    "object A\n",
    "function(x) ",
    "select 1;",
    "BEGIN",
    "END",
    "from __future__ import x\n",
    "password = 'x'",
    "://u:p@h",
    "token",
]);

fn cases(file: &str) -> Vec<Vec<u8>> {
    let text = below(&format!("src/language/cases/{file}.txt"));
    text.split("\n=== ")
        .filter_map(|case| case.split_once('\n'))
        .map(|(_, code)| code.as_bytes().to_vec())
        .collect()
}

/// What the shell asks of an entry.
fn read_code(language: Language, bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let lexed = language.lex(text);
    let mut at = 0;
    for token in &lexed.tokens {
        assert_eq!(token.range.start, at, "a gap in {text:?}");
        at = token.range.end;
        assert!(text.is_char_boundary(at), "half a character in {text:?}");
    }
    assert_eq!(at, text.len(), "the end is missing of {text:?}");
    let mut last = 0;
    for part in language.parts(text) {
        assert!(
            last <= part.range.start && part.range.start < part.range.end,
            "{text:?}"
        );
        last = part.range.end;
        let _ = language.clean(&text[part.range]);
    }
    let _ = (
        language.completeness(text),
        language.next_indent(text),
        language.redent(text),
        language.clean(text),
    );
    let kind = source::kind(language);
    for whole in [false, true] {
        let _ = source::pieces(text, kind, whole);
    }
    let _ = (safe(text, true), safe_line(text, true), looks_secret(text));
    for line in text.lines().filter(|line| command::is_command(line)) {
        let _ = command::parse(line);
    }
}

fn code(name: &str, language: Language) {
    fuzz(name, &CODE, cases(name), 1_500, |bytes| {
        read_code(language, bytes);
    });
}

#[test]
fn python() {
    code("python", Language::Python);
}

#[test]
fn scala() {
    code("scala", Language::Scala);
}

#[test]
fn r() {
    code("r", Language::R);
}

#[test]
fn sql() {
    code("sql", Language::Sql);
}

#[test]
fn config() {
    const TOML: Words = Words(&[
        "[servers.a]\n",
        "[shell]\n",
        "[servers.a.session]\n",
        "url = \"http://h\"\n",
        "url = ",
        "default = ",
        "\"\"\"",
        "'''",
        "header.X = \"y\"\n",
        "conf = {",
        "conf.",
        "[[",
        "]]",
        "0x",
        "1979-05-27T07:32:00Z",
        "inf",
        "auth = \"basic\"\n",
        "token-command = ",
        "heartbeat = ",
        "idle-timeout = ",
    ]);
    let template = livysh::config::TEMPLATE.as_bytes().to_vec();
    let open = String::from_utf8_lossy(&template)
        .replace("\n# ", "\n")
        .replace("\n#", "\n");
    fuzz(
        "config",
        &TOML,
        [template, open.into_bytes()],
        10_000,
        |bytes| {
            let text = String::from_utf8_lossy(bytes);
            match Config::parse(&text, Path::new("config.toml"), Some(Path::new("/home/x"))) {
                Ok(config) => drop(format!("{config:?}")),
                Err(error) => drop(error.to_string()),
            }
        },
    );
}

#[test]
fn netrc() {
    const NETRC: Words = Words(&[
        "machine h ",
        "default ",
        "login ",
        "user ",
        "password ",
        "account ",
        "macdef x\n",
        "\n\n",
        "#",
        "\"",
        "\\",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netrc");
    let url = "https://h/livy".parse().unwrap();
    let sources = Sources::default();
    let named = path.to_str().unwrap().to_owned();
    let env = move |name: &str| (name == "NETRC").then(|| named.clone());
    fuzz("netrc", &NETRC, [], 6_000, |bytes| {
        private(&path, bytes);
        let around = Surroundings {
            env: &env,
            named_at_start: true,
            home: None,
            ask: None,
        };
        match auth::find(&url, &sources, &around) {
            Ok(found) => drop(format!("{found:?}")),
            Err(error) => drop(error.to_string()),
        }
    });
}

/// Writes a file that only its owner may read.
fn private(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    std::io::Write::write_all(&mut file.open(path).unwrap(), bytes).unwrap();
}

#[test]
fn sources() {
    let folder = tempfile::tempdir().unwrap();
    let mut turn = 0_usize;
    let endings = ["py", "scala", "R", "sql", "ipynb", "txt"];
    fuzz("sources", &CODE, cases("python"), 1_500, |bytes| {
        turn += 1;
        let path = folder
            .path()
            .join("file")
            .with_extension(endings[turn % endings.len()]);
        std::fs::write(&path, bytes).unwrap();
        if let Ok(text) = source::read_file(&path, None, Kind::Pyspark) {
            let _ = source::pieces(&text.text, text.kind, false);
        }
    });
}

/// A record with something of everything in it.
fn written(path: &Path, code: &str) {
    let recorder = Recorder::open(path).value;
    use_it(&recorder, code);
}

fn use_it(recorder: &Recorder, code: &str) {
    let sent = Sent {
        time_ms: 1_700_000_000_000,
        server: "https://h/livy",
        session: Some("7"),
        session_name: Some("livysh-a"),
        number: 3,
        kind: "pyspark",
        code,
    };
    let key = recorder.begin(&sent).value;
    let ended = Ended {
        status: Status::Ok,
        started_ms: Some(1),
        completed_ms: None,
        waited_ms: Some(2.5),
    };
    let _ = recorder.finish(key, &ended);
    let _ = recorder.typed(&Typed {
        time_ms: 1,
        server: "local",
        kind: "sql",
        text: code,
    });
    let owner = Owner {
        host: "here".to_owned(),
        pid: 1,
        process_start: "1".to_owned(),
        lock: Some("1".to_owned()),
    };
    let journal = recorder.creating(&Creating {
        time_ms: 1,
        server: "https://h/livy",
        name: "livysh-a",
        owner: &owner,
        kept: false,
        options: Some("{}"),
    });
    let _ = recorder.created(journal.value, "7", Some(600));
}

#[test]
fn record() {
    const SQLITE: Words = Words(&[
        "SQLite format 3\0",
        "CREATE TABLE statements",
        "typed",
        "\u{10}\0\u{1}\u{1}",
        "CREATE VIEW",
        "CREATE TRIGGER x AFTER INSERT ON",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.sqlite");
    (0..3).for_each(|n| written(&good, &format!("{}{n}", "x = 1\n".repeat(n * 40))));
    let good = std::fs::read(&good).unwrap();
    // what stands behind the first pages of a mutation comes from the good file: damage in many places, of one length
    let path = folder.path().join("record.sqlite");
    let pages = [
        good[..4096].to_vec(),
        good[4096..8192].to_vec(),
        good[good.len() - 4096..].to_vec(),
    ];
    let mut turn = 0_usize;
    fuzz("record", &SQLITE, pages, 400, |bytes| {
        turn += 1;
        for file in [
            "record.sqlite",
            "record.sqlite-wal",
            "record.sqlite-shm",
            "record.sqlite-journal",
        ] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        let mut torn = good.clone();
        match turn % 4 {
            0 => torn = bytes.to_vec(),
            1 => torn.truncate(bytes.len().min(torn.len())),
            at => {
                let at = (at * 4096 + bytes.first().map_or(0, |byte| usize::from(*byte) * 8))
                    % torn.len();
                let end = (at + bytes.len().min(2048)).min(torn.len());
                torn[at..end].copy_from_slice(&bytes[..end - at]);
            }
        }
        private(&path, &torn);
        if turn.is_multiple_of(7) {
            private(&path.with_extension("sqlite-wal"), bytes);
        }
        let opened = Recorder::open(&path);
        drop(opened.warning.map(|warning| warning.to_string()));
        let recorder = opened.value;
        use_it(&recorder, "y = 2");
        let _ = (
            recorder.recent(50),
            recorder.search("x", 50),
            recorder.recall(50),
        );
        let _ = recorder.left_behind(|_| false);
    });
}
