//! What names are: `:doc`, `NAME?`, `:tables`, `:describe`, on a Livy in memory.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::pty::Pty;
use super::shell::{answered, enter, mark, shell};
use super::support::Reply;
use super::*;

/// What is told of a name, so many lines long.
fn told(mark: &str, lines: usize) -> Ran {
    let text: Vec<String> = (1..=lines)
        .map(|n| format!("line {n} \u{1b}[31m"))
        .collect();
    let facts = json!([
        ["Signature", "select(*cols)"],
        ["Docstring", text.join("\n")]
    ]);
    Ran::Ends(1, livy::text(&format!("{mark}{facts}\n")))
}

/// An SQL answer of texts.
fn rows(columns: &[&str], rows: Value) -> Ran {
    let fields = columns
        .iter()
        .map(|it| json!({"name": it, "type": "string"}));
    let fields: Vec<Value> = fields.collect();
    let mut json = json!({"schema": {"type": "struct", "fields": fields}});
    json["data"] = rows;
    let data = json!({"application/json": json});
    Ran::Ends(
        1,
        json!({"status": "ok", "execution_count": 0, "data": data}),
    )
}

fn failed(text: &str) -> Ran {
    let error = json!({"status": "error", "execution_count": 0, "ename": "Error", "evalue": text, "traceback": []});
    Ran::Ends(1, error)
}

/// Enters a command on an empty screen and waits for the text, and the prompt below it.
#[track_caller]
fn ask(pty: &mut Pty, line: &str, shown: &str) {
    typing::ask(pty, line, shown, "pyspark 2>");
}

/// The same for an answer that the question has been pushed off the screen by.
#[track_caller]
fn ask_long(pty: &mut Pty, line: &str, shown: &str) {
    pty.send("\x0c");
    enter(pty, line);
    pty.wait_until(&format!("{shown:?} from {line:?}"), |screen| {
        screen.contents().contains(shown) && typing::before_cursor(screen) == "pyspark 2>"
    });
}

#[test]
fn documentation_comes_in_the_pager_where_it_is_longer_than_the_screen() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(mark) => told(mark, if code.contains("longer") { 60 } else { 3 }),
        None => livy::interpret(code, kind),
    });
    let home = Home::new();
    home.config("[shell]\npager = \"sed s/^/paged-/\"\n");
    let mut pty = answered(&livy, &home, &[]);
    ask(
        &mut pty,
        ":doc df.select",
        "Signature: select(*cols)\nDocstring:\nline 1 ",
    );
    assert!(!pty.screen().contains("paged"), "{}", pty.screen());
    ask(&mut pty, "df.select?", "\nline 3 ");
    ask_long(&mut pty, "df.longer?", "paged-line 60 ");
    // no colours of others
    assert!(pty.screen().contains("[31m"), "{}", pty.screen());
    ask_long(&mut pty, ":help", "paged-an empty line ends a block");
    ask(&mut pty, ":doc 1 +", "is no name in Python");
    pty.send("\x0c");
    ask(&mut pty, ":statements", "1 + 1");
    assert!(pty.screen().contains("1 row"), "{}", pty.screen());
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
    let history = home.livysh(&["history"]).run().exits(0);
    assert!(!history.out.contains("livysh:"), "{}", history.out);

    let mut pty = answered(&livy, &home, &["--no-pager"]);
    ask_long(&mut pty, "df.longer?", "\nline 60 ");
    assert!(!pty.screen().contains("paged"), "{}", pty.screen());
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_pager_that_fails_is_told_and_the_text_is_shown_all_the_same() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(mark) => told(mark, 60),
        None => livy::interpret(code, kind),
    });
    for (pager, told) in [
        ("no-such-pager", "`no-such-pager` cannot be started"),
        ("sh -c 'exit 3'", "ended with exit code 3"),
    ] {
        let home = Home::new();
        home.config(&format!("[shell]\npager = \"{pager}\"\n"));
        let mut pty = answered(&livy, &home, &[]);
        ask_long(&mut pty, "x?", told);
        assert!(pty.screen().contains("line 60"), "{}", pty.screen());
        assert_eq!(pty.leave(), 0);
    }
}

#[test]
fn ctrl_c_leaves_a_question_at_once_and_has_it_cancelled() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(_) => Ran::Runs,
        None => livy::interpret(code, kind),
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    pty.send("\x0c");
    enter(&mut pty, ":doc df");
    livy.until("GET /sessions/0/statements/1");
    pty.send("\x03");
    pty.wait_for("given up");
    livy.until("POST /sessions/0/statements/1/cancel");
    typing::prompt(&pty, "pyspark 2>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_busy_session_is_told_and_nothing_is_sent_to_it() {
    let busy = Arc::new(AtomicBool::new(false));
    let name = Arc::new(Mutex::new(Value::Null));
    let (flag, named) = (Arc::clone(&busy), Arc::clone(&name));
    let livy = Livy::failing(move |request| {
        if request.line() == "POST /sessions" {
            *named.lock().unwrap() = request.json()["name"].clone();
        }
        if flag.load(Ordering::SeqCst) && request.line() == "GET /sessions/0" {
            let name = &*named.lock().unwrap();
            let shown = json!({"id": 0, "state": "busy", "kind": "pyspark", "name": name});
            return Fault::Instead(Reply::json(200, shown.to_string()));
        }
        Fault::None
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    busy.store(true, Ordering::SeqCst);
    for line in [":doc x", "x?", ":tables", ":describe x"] {
        ask(&mut pty, line, "the session is busy");
    }
    busy.store(false, Ordering::SeqCst);
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.submitted(), ["1 + 1"]);
}

#[test]
fn what_a_command_asks_goes_to_sessions_of_others_too() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(mark) => told(mark, 3),
        None => livy::interpret(code, kind),
    });
    let theirs = livy.make(json!({"kind": "pyspark", "name": "theirs"}));
    let home = Home::new();
    let mut pty = answered(&livy, &home, &["--attach", &theirs]);
    ask(&mut pty, "df.select?", "Signature: select(*cols)");
    assert_eq!(pty.leave(), 0);
    let home = Home::new();
    home.config("[shell]\nhidden-statements = false\n");
    let mut pty = answered(&livy, &home, &[]);
    ask(&mut pty, "df.select?", "Signature: select(*cols)");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn an_answer_that_is_none_is_told_and_not_taken_for_a_name_that_is_not_there() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(mark) => Ran::Ends(1, livy::text(&format!("{mark}[[\"torn"))),
        None => livy::interpret(code, kind),
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    for line in [":doc x", ":describe x"] {
        ask(&mut pty, line, "the session did not tell");
    }
    assert_eq!(pty.leave(), 0);
}

/// A session with a table, a view and a database.
fn catalog(code: &str, kind: &str) -> Ran {
    let Some((_, query)) = code.split_once("livysh: tables\n") else {
        return match mark(code) {
            Some(mark) if code.contains("\\\"frame\\\"") => Ran::Ends(
                1,
                livy::text(&format!("{mark}[[\"n\",\"bigint\",\"the number\"]]")),
            ),
            Some(mark) => Ran::Ends(1, livy::text(&format!("{mark}null"))),
            None => livy::interpret(code, kind),
        };
    };
    let tables = ["namespace", "tableName", "isTemporary"];
    match query {
        "show tables" => rows(
            &tables,
            json!([["default", "sales", false], ["", "view_of_it", true]]),
        ),
        "show tables in `old` like 's*'" => rows(&tables, json!([["old", "scraps", false]])),
        "show tables like 'x*'" => rows(&tables, json!([])),
        "show databases" => rows(&["namespace"], json!([["default"], ["olden"]])),
        "describe extended `sales`" => rows(
            &["col_name", "data_type", "comment"],
            json!([
                ["customer", "string", "who \u{1b}[2J"],
                ["", "", ""],
                ["# Detailed Table Information", "", ""],
                ["Provider", "parquet", ""]
            ]),
        ),
        query if query.contains("`olde`") => {
            failed("[SCHEMA_NOT_FOUND] The schema `olde` cannot be found.")
        }
        query if query.starts_with("describe") => {
            failed("\n[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found.")
        }
        _ => failed("what?"),
    }
}

#[test]
fn tables_and_columns_are_shown_and_wrong_names_are_told_with_near_ones() {
    let livy = Livy::answering(catalog);
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    for (line, shown) in [
        (":tables", "│ default  │ sales      │ false     │"),
        (":tables old.s*", "│ old      │ scraps │ false     │"),
        (":tables x*", "no table or view is called so"),
        (
            ":tables olde.*",
            "there is no database `olde`\n  what to do: did you mean `olden`?",
        ),
        (":describe sales", "│ customer │ string │ who"),
        (":describe sales", "\nprovider: parquet"),
        (":describe frame", "│ n      │ bigint │ the number │"),
        (":describe frame", "\nframe: a DataFrame in Python"),
        (
            ":describe sale",
            "no DataFrame of that name in Python\n  what to do: did you mean `sales`?",
        ),
    ] {
        ask(&mut pty, line, shown);
    }
    ask(&mut pty, ":format csv", "");
    ask(
        &mut pty,
        ":tables",
        "database,name,temporary\ndefault,sales,false\n,view_of_it,true\n",
    );
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_list_that_the_server_cuts_is_asked_for_in_the_sessions_own_language() {
    let livy = Livy::answering(|code, kind| {
        let tables = ["namespace", "tableName", "isTemporary"];
        match mark(code) {
            Some(mark) => {
                let all = json!([
                    {"namespace": "default", "tableName": "a", "isTemporary": false},
                    {"namespace": "default", "tableName": "b", "isTemporary": false},
                    {"namespace": "", "tableName": "c", "isTemporary": true}
                ]);
                Ran::Ends(1, livy::text(&format!("{mark}{all}")))
            }
            None if code.contains("show tables") => rows(
                &tables,
                json!([["default", "a", false], ["default", "b", false]]),
            ),
            None => livy::interpret(code, kind),
        }
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &["--rows", "2"]);
    ask(&mut pty, ":tables", "3 rows");
    assert_eq!(pty.leave(), 0);
    // a session that speaks SQL has no other
    let mut pty = shell(&livy, &Home::new(), &["--rows", "2", "-k", "sql"]);
    pty.wait_for("sql 1>");
    enter(&mut pty, ":tables");
    pty.wait_for("cut at 2 rows by the server; use --rows N or a PATTERN");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_server_whose_statements_have_no_kind_is_asked_in_the_sessions_language() {
    let livy = Livy::start(Plan {
        interpreter: Box::new(|code, kind| match mark(code) {
            Some(mark) if code.contains("show tables") => {
                let all =
                    json!([{"database": "default", "tableName": "sales", "isTemporary": false}]);
                Ran::Ends(1, livy::text(&format!("{mark}{all}")))
            }
            Some(mark) => Ran::Ends(1, livy::text(&format!("{mark}null"))),
            None => livy::interpret(code, kind),
        }),
        fault: Box::new(|request| {
            let submission = request.method == "POST" && request.target.ends_with("/statements");
            if submission && request.json().get("kind").is_some() {
                let text =
                    "Unrecognized field \"kind\" (class x.ExecuteRequest), not marked as ignorable";
                return Fault::Instead(Reply::json(400, json!(text).to_string()));
            }
            Fault::None
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    ask(&mut pty, ":tables", "│ default  │ sales │ false     │");
    assert_eq!(pty.leave(), 0);
    let sent = livy.submitted();
    assert!(
        sent.iter().all(|code| !code.starts_with("show")),
        "{sent:?}"
    );
}
