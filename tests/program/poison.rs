//! A server whose every text holds what moves cursors, changes titles, turns text round and hides in it: a
//! terminal gets none of it, from no command.
use serde_json::{Value, json};

use super::pty::{Builder, Pty};
use super::support::{Reply, Request, Server};
use super::typing::{before_cursor, enter, prompt};
use super::*;

/// In every string. The letter behind each tells it from what the program itself sends.
const POISON: &str =
    "poison\u{1b}]0;q\u{7}\u{1b}[2Jq\u{202e}q\u{2066}q\u{9b}2Jq\rq\u{8}q\u{200b}q\u{e0041}q";

/// What a header can carry of it.
const HEADER: &str = "poison\u{202e}q\u{2066}q\u{9b}2Jq\u{200b}q\u{e0041}q";

/// What no terminal may get.
const HARM: [&str; 10] = [
    "\u{1b}]0;q",
    "\u{7}",
    "\u{1b}[2Jq",
    "\u{202e}",
    "\u{2066}",
    "\u{9b}",
    "\rq",
    "\u{8}q",
    "\u{200b}",
    "\u{e0041}",
];

#[track_caller]
fn assert_harmless(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for harm in HARM {
        assert!(!text.contains(harm), "{what}: {harm:?} in {text:?}");
    }
}

fn session(id: &Value, name: &Value, state: &str) -> Value {
    json!({"id": id, "name": name, "owner": POISON, "proxyUser": POISON, "state": state, "kind": POISON, "appId": POISON,
        "appInfo": {"driverLogUrl": POISON, "sparkUiUrl": POISON}, "log": [POISON], POISON: POISON, "driverMemory": POISON})
}

fn output(code: &str) -> Value {
    let data = match code {
        "table" => {
            let field = json!({"name": POISON, "type": POISON, "nullable": true, "metadata": {}});
            json!({"application/json": {"schema": {"type": "struct", "fields": [field]}, "data": [[POISON], [{POISON: POISON}]]}})
        }
        "magic" => {
            json!({"application/vnd.livy.table.v1+json": {"headers": [{"name": POISON, "type": POISON}], "data": [[POISON], [[POISON]]]}})
        }
        "mime" => {
            json!({"text/html": POISON, format!("image/png{POISON}"): "aGk=", POISON: POISON})
        }
        "json" => json!({"application/json": {POISON: [POISON]}}),
        "error" => {
            return json!({"status": "error", "execution_count": 0, "ename": POISON, "evalue": POISON, "traceback": [POISON, POISON]});
        }
        "broken" => {
            json!({"content": {"status": "error", "ename": POISON, "evalue": POISON, "traceback": [POISON]}, "msg_type": "execute_reply"})
        }
        _ => json!({"text/plain": POISON}),
    };
    json!({"status": "ok", "execution_count": 0, "data": data})
}

const CODES: [&str; 7] = ["text", "table", "magic", "mime", "json", "error", "broken"];

/// Well but for its words. Statement N runs the Nth of [`CODES`].
fn serve(request: &Request, state: &str) -> Reply {
    let path = request.target.split('?').next().unwrap();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let with = |status, body: Value| {
        let headers = [
            ("Server", HEADER),
            ("X-Poison", HEADER),
            ("Content-Type", "application/json"),
        ];
        Reply::with(status, &headers, body.to_string())
    };
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["sessions"]) => with(201, session(&json!(0), &request.json()["name"], state)),
        ("GET", ["sessions"]) => with(
            200,
            json!({"from": 0, "total": 2, "sessions": [
            session(&json!(POISON), &json!(POISON), POISON), session(&json!(1), &json!(POISON), "idle")]}),
        ),
        ("GET", ["sessions", _]) => with(200, session(&json!(0), &Value::Null, state)),
        ("GET", ["sessions", _, "state"]) => with(200, json!({"id": 0, "state": state})),
        ("GET", ["sessions", _, "log"]) => with(
            200,
            json!({"id": 0, "from": 0, "total": 2, "log": [POISON, POISON]}),
        ),
        ("GET", ["sessions", _, "statements"]) => with(
            200,
            json!({"total_statements": 1, "statements": [
            {"id": 0, "code": POISON, "state": POISON, "output": output("error"), "progress": 1.0}]}),
        ),
        ("POST", ["sessions", _, "statements"]) => {
            let code = request.json()["code"].clone();
            let at = CODES.iter().position(|one| code == *one).unwrap_or(0);
            with(
                201,
                json!({"id": at, "code": POISON, "state": POISON, "output": null, "progress": 0.5}),
            )
        }
        ("GET", ["sessions", _, "statements", n]) => {
            let code = CODES[n.parse::<usize>().unwrap() % CODES.len()];
            with(
                200,
                json!({"id": n.parse::<i64>().unwrap(), "code": POISON, "state": "available", "output": output(code), "progress": 1.0}),
            )
        }
        _ => with(200, json!({"msg": POISON})),
    }
}

/// A run in a terminal, to its end: all that the terminal got.
fn seen(home: &Home, arguments: &[&str]) -> Vec<u8> {
    let mut pty = terminal(home, arguments);
    pty.exit_code();
    pty.drain();
    pty.raw()
}

fn terminal(home: &Home, arguments: &[&str]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .env("PAGER", "cat")
        .size(100, 30);
    let all = arguments.iter();
    all.fold(builder, |builder, argument| builder.arg(*argument))
        .spawn()
}

/// In a terminal, nothing comes through, and that something came is seen.
#[track_caller]
fn check(home: &Home, arguments: &[&str], shows: bool) {
    let raw = seen(home, arguments);
    assert_harmless(&format!("{arguments:?}"), &raw);
    let text = String::from_utf8_lossy(&raw);
    assert!(!shows || text.contains("poison"), "{arguments:?}: {text}");
}

/// What the program itself tells is harmless wherever stderr goes. (A statement's own output is piped as it came.)
#[track_caller]
fn check_piped(home: &Home, arguments: &[&str]) {
    let err = home.livysh(arguments).run().err;
    assert_harmless(&format!("stderr of {arguments:?}"), err.as_bytes());
}

#[test]
fn no_answer_can_harm_the_terminal_of_a_run() {
    let server = Server::start(|request| serve(request, "idle"));
    let (home, url) = (Home::new(), server.url(""));
    for code in CODES {
        for format in ["text", "table", "json"] {
            check(&home, &["-e", code, "-o", format, &url], true);
        }
    }
    check(&home, &["-e", "table", "-o", "csv", &url], true);
    check(&home, &["-vv", "-e", "error", &url], true);
}

#[test]
fn no_list_of_a_server_can_harm_the_terminal() {
    let server = Server::start(|request| serve(request, "idle"));
    let (home, url) = (Home::new(), server.url(""));
    for words in [
        &["list"][..],
        &["show", "1"],
        &["statements", "1"],
        &["logs", "1"],
    ] {
        let all = [&["sessions"], words, &[url.as_str()]].concat();
        check(&home, &all, true);
        check_piped(&home, &[&["-vv"], all.as_slice()].concat());
    }
    check(&home, &["sessions", "kill", "1", &url], false);
    check(&home, &["history"], false);
}

#[test]
fn no_session_that_fails_can_harm_the_terminal() {
    for state in ["dead", "error", POISON] {
        let server = Server::start(move |request| serve(request, state));
        let (home, url) = (Home::new(), server.url(""));
        let arguments = ["--start-timeout", "1", "-e", "1", &url];
        check(&home, &arguments, true);
        check_piped(&home, &arguments);
    }
}

#[test]
fn no_refusal_can_harm_the_terminal() {
    let shapes = [
        json!({"msg": POISON}).to_string(),
        json!(POISON).to_string(),
        format!("<html><title>{POISON}</title></html>"),
        format!("{POISON}\n{POISON}"),
        json!({"id": {POISON: 1}}).to_string() + POISON,
    ];
    for status in [200, 307, 400, 401, 403, 404, 500] {
        for shape in &shapes {
            let body = shape.clone();
            let server = Server::start(move |_| {
                let place = format!("http://other.invalid/{HEADER}");
                let scheme = format!("Basic realm=\"{HEADER}\", {HEADER}");
                let headers = [
                    ("Location", &*place),
                    ("WWW-Authenticate", &scheme),
                    ("Retry-After", HEADER),
                ];
                Reply::with(status, &headers, &body)
            });
            let home = Home::new();
            let url = server.url("");
            // what a failure tells goes to stderr the same way, terminal or not
            check_piped(&home, &["-vv", "sessions", "list", &url]);
            // a creation whose answer may be lost is looked for, which takes its time
            if matches!(status, 307 | 401 | 403 | 404) {
                check_piped(&home, &["-vv", "-e", "1", &url]);
            }
        }
    }
    let server = Server::start(|_| Reply::json(500, json!({"msg": POISON}).to_string()));
    check(&Home::new(), &["-vv", "-e", "1", &server.url("")], true);
}

#[test]
fn no_answer_can_harm_the_shells_terminal() {
    let server = Server::start(|request| serve(request, "idle"));
    let home = Home::new();
    let mut pty = terminal(&home, &["-v", &server.url("")]);
    prompt(&pty, "pyspark 1>");
    for (n, code) in CODES.iter().enumerate() {
        enter(&mut pty, code);
        prompt(&pty, &format!("pyspark {}>", n + 2));
    }
    let last = format!("pyspark {}>", CODES.len() + 1);
    for command in [
        ":info",
        ":sessions",
        ":statements",
        ":logs",
        ":cancel 0",
        ":history poison",
    ] {
        enter(&mut pty, command);
        pty.wait_until(command, |screen| before_cursor(screen) == last);
    }
    enter(&mut pty, ":quit");
    pty.exit_code();
    pty.drain();
    let raw = pty.raw();
    assert_harmless("the shell", &raw);
    assert!(String::from_utf8_lossy(&raw).matches("poison").count() > CODES.len());
}
