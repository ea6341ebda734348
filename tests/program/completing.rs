//! Tab in the shell: names of the session, and that nothing of asking for them is seen, kept or in the way.
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pty::Pty;
use super::shell::{answered, enter, mark, shell};
use super::*;

/// What the fake session answers for names.
const NAMES: &str = r#"[["select","function(*cols: str) -> DataFrame"],["selectExpr","function"],["sem\u001b]0;x","bad"],["sent","a \u001b[2Jb"]]"#;

/// A Livy whose session has names.
fn with_names() -> Livy {
    Livy::answering(|code, kind| match mark(code) {
        Some(mark) => Ran::Ends(1, livy::text(&format!("noise\n{mark}{NAMES}\n"))),
        None => livy::interpret(code, kind),
    })
}

fn tab(pty: &mut Pty, typed: &str) {
    pty.send(typed);
    pty.wait_for(typed);
    // what comes in one piece counts as a paste, in which a tab is a tab
    pty.press("\t");
}

fn hidden(livy: &Livy) -> usize {
    let sent = livy.submitted();
    sent.iter()
        .filter(|code| code.contains("livysh: completion"))
        .count()
}

#[test]
fn a_menu_says_what_names_are_and_asking_for_them_leaves_no_trace() {
    let (livy, home) = (with_names(), Home::new());
    let mut pty = answered(&livy, &home, &[]);
    tab(&mut pty, "df.se");
    let menu = [
        "select      function(*cols: str) -> DataFrame",
        "sent        a [2Jb",
    ];
    pty.press_until("\t", "the menu", |screen| {
        let text = screen.contents();
        menu.iter().all(|line| text.contains(line))
    });
    assert!(!pty.screen().contains("bad"), "{}", pty.screen());
    // the same word, longer: asked of nobody
    pty.send("le");
    pty.wait_for("df.sele");
    pty.press("\t");
    pty.wait_for("df.select");
    assert_eq!(hidden(&livy), 1);
    pty.send("\x03");
    pty.wait_for("pyspark 2>");
    pty.send("\x0c");
    enter(&mut pty, "6 * 7");
    pty.wait_for("pyspark 3>");
    enter(&mut pty, ":statements");
    pty.wait_for("2 rows");
    assert!(!pty.screen().contains("completion"), "{}", pty.screen());
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
    let told = home.livysh(&["history"]).run().exits(0);
    assert!(
        told.out.contains("6 * 7") && !told.out.contains("livysh:"),
        "{}",
        told.out
    );
}

#[test]
fn a_key_ends_the_wait_for_names_and_is_not_lost() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(_) => Ran::Runs,
        None => livy::interpret(code, kind),
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    tab(&mut pty, "df.");
    livy.until("GET /sessions/0/statements/1");
    pty.send("x");
    pty.wait_for("df.x");
    livy.until("POST /sessions/0/statements/1/cancel");
    pty.press("\t");
    livy.until("GET /sessions/0/statements/2");
    pty.send("\x03");
    livy.until("POST /sessions/0/statements/2/cancel");
    pty.wait_until("an empty prompt", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2>")
    });
    pty.send("\x0c");
    enter(&mut pty, "1 + 1");
    pty.wait_for("\n2\n");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_second_tab_waits_for_the_same_names() {
    let gate = support::Gate::default();
    let held = gate.clone();
    let livy = Livy::start(Plan {
        interpreter: Box::new(|code, kind| match mark(code) {
            Some(mark) => Ran::Ends(1, livy::text(&format!("{mark}{NAMES}\n"))),
            None => livy::interpret(code, kind),
        }),
        fault: Box::new(move |request| {
            if request.line() == "GET /sessions/0/statements/1" {
                Fault::Held(held.clone())
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    tab(&mut pty, "df.se");
    livy.until("GET /sessions/0/statements/1");
    pty.send("\t");
    std::thread::sleep(Duration::from_millis(150));
    gate.open();
    pty.press_until("\t", "the menu", |screen| {
        screen.contents().contains("selectExpr")
    });
    assert_eq!(hidden(&livy), 1);
    assert_eq!(livy.asked("POST /sessions/0/statements/1/cancel"), 0);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

/// A server's completer that fails says only that there is nothing.
#[test]
fn an_answer_without_names_is_asked_for_again_with_the_next_tab() {
    let asked = AtomicUsize::new(0);
    let livy = Livy::start(Plan {
        fault: Box::new(move |request| {
            if !request.target.ends_with("/completion") {
                return Fault::None;
            }
            let names = match asked.fetch_add(1, Ordering::Relaxed) {
                0 => r#"{"candidates": []}"#,
                _ => r#"{"candidates": ["read", "readStream"]}"#,
            };
            Fault::Instead(support::Reply::json(200, names))
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    tab(&mut pty, ":scala spark.re");
    livy.until("POST /sessions/0/completion");
    pty.press_until("\t", "the menu", |screen| {
        screen.contents().contains("readStream")
    });
    assert_eq!(livy.asked("POST /sessions/0/completion"), 2);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn nothing_is_asked_of_sessions_of_others_nor_when_it_is_switched_off() {
    let livy = with_names();
    let home = Home::new();
    home.config("[shell]\nhidden-statements = false\n");
    let theirs = livy.make(serde_json::json!({"kind": "pyspark", "name": "theirs"}));
    for (options, home) in [(vec![], home), (vec!["--attach", &theirs], Home::new())] {
        let mut pty = answered(&livy, &home, &options);
        tab(&mut pty, "df.se");
        std::thread::sleep(Duration::from_millis(150));
        // what follows is read at once
        pty.send("cret");
        pty.wait_for("df.secret");
        assert_eq!(pty.clear_and_leave(), 0);
    }
    assert_eq!(hidden(&livy), 0, "{:?}", livy.submitted());
}

/// An SQL session of one table, which has as many rows for each list as are told.
fn with_tables(code: &str, kind: &str) -> Ran {
    let field = |name: &str| serde_json::json!({"name": name, "type": "string"});
    let table = |fields: &[&str], rows: serde_json::Value| {
        let fields: Vec<_> = fields.iter().map(|name| field(name)).collect();
        let json =
            serde_json::json!({"schema": {"type": "struct", "fields": fields}, "data": rows});
        let all = serde_json::json!({"status": "ok", "execution_count": 0, "data": {"application/json": json}});
        Ran::Ends(1, all)
    };
    let tables = ["namespace", "tableName", "isTemporary"];
    match code.strip_prefix("-- livysh: completion\n") {
        Some("show tables") => table(
            &tables,
            serde_json::json!([["default", "sales_of_2026", "false"]]),
        ),
        Some("show tables like 'ze*'") => {
            table(&tables, serde_json::json!([["default", "zebras", "false"]]))
        }
        Some("describe `sales_of_2026`") => table(
            &["col_name", "data_type", "comment"],
            serde_json::json!([["customer", "string", null], ["customs", "int", null]]),
        ),
        Some("select * from `sales_of_2026` limit 0") => {
            table(&["customer", "customs", "custody"], serde_json::json!([]))
        }
        Some(_) => table(&["name"], serde_json::json!([])),
        None => livy::interpret(code, kind),
    }
}

/// How many hidden statements hold that text.
fn asked_for(livy: &Livy, text: &str) -> usize {
    let sent = livy.submitted();
    let hidden = sent
        .iter()
        .filter(|code| code.contains("livysh: completion"));
    hidden.filter(|code| code.contains(text)).count()
}

/// A shell at its second SQL prompt.
fn at_sql(livy: &Livy, home: &Home) -> Pty {
    let mut pty = shell(livy, home, &["-k", "sql"]);
    pty.wait_for("sql 1>");
    enter(&mut pty, "select 1;");
    pty.wait_for("sql 2>");
    pty
}

#[test]
fn sql_is_completed_from_what_the_session_once_told_and_again_after_a_change() {
    let livy = Livy::answering(with_tables);
    let home = Home::new();
    let mut pty = at_sql(&livy, &home);
    tab(&mut pty, "select * from sal");
    pty.wait_for("select * from sales_of_2026");
    pty.send(" where cust");
    pty.wait_for("where cust");
    pty.press("\t");
    pty.wait_for("where custom");
    pty.press_until("\t", "the menu", |screen| {
        let text = screen.contents();
        text.contains("customer  string") && text.contains("customs   int")
    });
    assert_eq!(asked_for(&livy, "describe"), 1);
    for (code, prompt, described) in [
        ("select 2;", "sql 3>", 1),
        ("create view v as select 1;", "sql 4>", 2),
    ] {
        pty.send("\x03");
        pty.send("\x0c");
        enter(&mut pty, code);
        pty.wait_for(prompt);
        tab(&mut pty, "select cust from sales_of_2026 where cust");
        pty.wait_for("where custom");
        assert_eq!(asked_for(&livy, "describe"), described, "{code}");
    }
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn lists_that_the_server_cuts_are_whole_all_the_same() {
    let livy = Livy::answering(with_tables);
    let home = Home::new();
    // one table and two columns are as many as there may be
    for (rows, line, shown) in [
        ("1", "select * from ze", "select * from zebras"),
        (
            "2",
            "select * from sales_of_2026 where custod",
            "where custody",
        ),
    ] {
        let mut pty = shell(&livy, &home, &["-k", "sql", "--rows", rows]);
        pty.wait_for("sql 1>");
        enter(&mut pty, "select 1;");
        pty.wait_for("sql 2>");
        tab(&mut pty, line);
        pty.wait_for(shown);
        assert_eq!(pty.clear_and_leave(), 0);
    }
}

#[test]
fn a_look_at_tables_ends_with_ctrl_c_and_a_path_is_never_described() {
    let livy = Livy::answering(|code, kind| {
        if code.contains("livysh: completion") {
            return Ran::Runs;
        }
        livy::interpret(code, kind)
    });
    let home = Home::new();
    let mut pty = at_sql(&livy, &home);
    tab(&mut pty, "select * from sal");
    livy.until("GET /sessions/0/statements/1");
    pty.send("\x03");
    livy.until("POST /sessions/0/statements/1/cancel");
    pty.wait_until("an empty prompt", |screen| {
        screen.contents().trim_end().ends_with("sql 2>")
    });
    tab(&mut pty, "select * from parquet.`/data/t` where cu");
    pty.send("x");
    pty.wait_for("where cux");
    assert_eq!(asked_for(&livy, "describe"), 0, "{:?}", livy.submitted());
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn the_arguments_of_commands_about_names_are_completed() {
    let livy = Livy::answering(|code, kind| match mark(code) {
        Some(mark) => Ran::Ends(1, livy::text(&format!("{mark}{NAMES}\n"))),
        None => with_tables(code, kind),
    });
    let home = Home::new();
    let mut pty = answered(&livy, &home, &[]);
    for (typed, shown) in [
        (":doc df.selectE", ":doc df.selectExpr"),
        (":describe sal", ":describe sales_of_2026"),
        (":tables sal", ":tables sales_of_2026"),
        (":help desc", ":help describe"),
    ] {
        tab(&mut pty, typed);
        // a slow machine may give up waiting for the answer once
        pty.press_until("\t", shown, |screen| screen.contents().contains(shown));
        pty.send("\x03");
        pty.send("\x0c");
        typing::prompt(&pty, "pyspark 2>");
    }
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}
