//! `livysh sessions` and `livysh history`.
use serde_json::{Value, json};

use super::*;

fn two() -> Livy {
    let livy = Livy::new();
    livy.make(json!({"kind": "spark", "name": "first", "driverMemory": "1g"}));
    livy.make(json!({"kind": "pyspark"}));
    livy
}

#[test]
fn sessions_are_listed_as_csv_json_and_text() {
    let (livy, home) = (two(), Home::new());
    let url = livy.url();
    let csv = "id,name,kind,state,owner,proxy user,application,age seconds,driver memory,driver cores,executors,executor memory,executor cores,Spark UI\n0,first,spark,starting,,,,,1g,,,,,\n1,,pyspark,starting,,,,,,,,,,\n";
    home.livysh(&["sessions", "list", &url, "-o", "csv"])
        .run()
        .exits(0)
        .prints(csv)
        .silent();
    home.livysh(&["sessions", &url, "-o", "csv"])
        .run()
        .exits(0)
        .prints(csv);
    let ended = home
        .livysh(&["sessions", &url, "-o", "json"])
        .run()
        .exits(0);
    let rows: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        rows[0],
        json!({"id": "0", "name": "first", "kind": "spark", "state": "starting", "owner": null, "proxy_user": null, "application": null,
            "age_seconds": null, "driver_memory": "1g", "driver_cores": null, "executors": null,
            "executor_memory": null, "executor_cores": null, "Spark_UI": null})
    );
    let ended = home
        .livysh(&["sessions", &url, "-o", "ndjson"])
        .run()
        .exits(0);
    assert_eq!(ended.out.lines().count(), 2);
    let ended = home.livysh(&["sessions", &url]).run().exits(0);
    assert!(
        ended.out.contains("first") && ended.out.contains("pyspark"),
        "{}",
        ended.out
    );
    assert_eq!(livy.counts(), (0, 0, 2), "looking ends nothing");
}

#[test]
fn a_session_is_shown_by_its_id_and_by_its_name() {
    let (livy, home) = (two(), Home::new());
    let url = livy.url();
    for id in ["0", "first"] {
        let ended = home
            .livysh(&["sessions", "show", id, &url, "-o", "csv"])
            .run()
            .exits(0);
        for line in ["property,value", "name,first", "driverMemory,1g"] {
            assert!(
                ended.out.lines().any(|it| it == line),
                "{line} in {}",
                ended.out
            );
        }
    }
}

#[test]
fn statements_and_the_log_are_shown() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let started = home.livysh(&["-e", "hang", &url]).start();
    livy.until("GET /sessions/0/statements/0");
    let ended = home
        .livysh(&["sessions", "statements", "0", &url, "-o", "json"])
        .run()
        .exits(0);
    let rows: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["state"], &rows[0]["code"]),
        (&json!(0), &json!("running"), &json!("hang"))
    );
    home.livysh(&["sessions", "logs", "0", &url])
        .run()
        .exits(0)
        .prints("stdout: \nlogline\n");
    started.signal(rustix::process::Signal::INT);
    started.end().exits(130);
}

#[test]
fn kill_ends_what_is_named_and_an_unknown_id_is_told_with_3() {
    let (livy, home) = (two(), Home::new());
    let url = livy.url();
    let ended = home
        .livysh(&["sessions", "kill", "0", "77", "1", &url])
        .run()
        .exits(3)
        .prints("");
    ended.says(&[
        "session 0 is ended",
        "there is no session 77",
        "session 1 is ended",
    ]);
    assert_eq!(livy.counts(), (0, 2, 0));
}

#[test]
fn an_unknown_id_is_told_with_3_by_every_look() {
    let (livy, home) = (two(), Home::new());
    for verb in ["show", "statements", "logs"] {
        let ended = home
            .livysh(&["sessions", verb, "77", &livy.url()])
            .run()
            .exits(3)
            .prints("");
        ended.says(&["Session '77' not found", "`livysh sessions`"]);
    }
}

#[test]
fn an_id_that_could_lead_elsewhere_is_refused() {
    let (livy, home) = (two(), Home::new());
    for id in ["../batches/1", "a b", "0/statements"] {
        home.livysh(&["sessions", "kill", id, &livy.url()])
            .run()
            .exits(2);
    }
    assert!(livy.requests().is_empty());
}

#[test]
fn what_ran_is_found_shown_and_exported() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    home.livysh(&["history"])
        .run()
        .exits(2)
        .says(&["nothing is recorded yet"]);
    let sql = "%sql\nselect 1\n  as a";
    home.livysh(&["--continue", "-e", "1 + 1", "-e", sql, "-e", "raise", &url])
        .run()
        .exits(1);
    let ended = home.livysh(&["history", "-o", "json"]).run().exits(0);
    let rows: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    let of = |key: &str| rows.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("code"), ["1 + 1", "select 1\n  as a", "raise"]);
    assert_eq!(of("status"), ["ok", "ok", "error"]);
    let ended = home
        .livysh(&["history", "search", "SELECT", "-o", "json"])
        .run()
        .exits(0);
    let found: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(found.len(), 1);
    let id = found[0]["id"].to_string();
    home.livysh(&["history", "show", &id])
        .run()
        .exits(0)
        .prints("select 1\n  as a\n");
    home.livysh(&["history", "show", "999"])
        .run()
        .exits(2)
        .says(&["no entry 999"]);
    let ended = home.livysh(&["history", "export"]).run().exits(0);
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (lines.len(), &lines[0]["kind"], &lines[0]["session"]),
        (3, &json!("pyspark"), &json!("0"))
    );
    let file = home.path("all.ndjson");
    home.livysh(&["history", "export", "--output", file.to_str().unwrap()])
        .run()
        .exits(0)
        .prints("");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), ended.out);
    // again: the file is replaced
    home.livysh(&["history", "export", "--output", file.to_str().unwrap()])
        .run()
        .exits(0)
        .prints("");
    assert_eq!(std::fs::read_to_string(file).unwrap(), ended.out);
}

#[test]
fn no_history_records_nothing() {
    let (livy, home) = (Livy::new(), Home::new());
    home.livysh(&["--no-history", "-e", "1", &livy.url()])
        .run()
        .exits(0)
        .silent();
    assert!(!home.path("livysh/data/record.sqlite").exists());
}

#[test]
fn a_log_is_followed_until_the_session_is_over_or_an_interrupt() {
    let (livy, home) = (two(), Home::new());
    let url = livy.url();
    let started = home.livysh(&["sessions", "logs", "-f", "0", &url]).start();
    livy.until("GET /sessions/0/log?size=-1");
    std::thread::sleep(moment());
    started.signal(rustix::process::Signal::INT);
    started.end().exits(130).prints("stdout: \nlogline\n");
    let over = Livy::start(Plan {
        started: "dead",
        ..Plan::default()
    });
    over.make(json!({"kind": "spark"}));
    let ended = home
        .livysh(&["sessions", "logs", "-f", "0", &over.url()])
        .run();
    ended
        .exits(0)
        .prints("stdout: \nlogline\n")
        .says(&["session 0 is dead"]);
}

#[test]
fn a_log_is_followed_through_outages_and_its_end_is_told_where_a_second_look_agrees() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.line() != "GET /sessions/0/state" {
            return Fault::None;
        }
        let pause = [("Retry-After", "1")];
        match looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 | 5 | 7 => Fault::None,
            1 | 2 => Fault::Instead(support::Reply::dropped()),
            3 => Fault::Instead(support::Reply::with(503, &pause, "<html>")),
            4 => Fault::Instead(support::Reply::html(502, "<html>")),
            _ => {
                let gone = "{\"msg\":\"Session '0' not found.\"}";
                Fault::Instead(support::Reply::json(404, gone))
            }
        }
    });
    livy.make(json!({"kind": "spark"}));
    let home = Home::new();
    let arguments = ["sessions", "logs", "-f", "0", &livy.url()];
    let ended = home.livysh(&arguments).run().exits(3);
    assert_eq!(ended.out, "stdout: \nlogline\n");
    ended.says(&["Session '0' not found"]);
    assert_eq!(livy.asked("GET /sessions/0/log"), 3);
    assert_eq!(livy.asked("GET /sessions/0/state"), 10);
}

#[test]
fn the_options_that_looks_at_sessions_offer_act() {
    let (livy, home) = (two(), Home::new());
    let url = livy.url();
    for look in [&["list"][..], &["show", "0"], &["statements", "0"]] {
        let arguments = [&["sessions"], look, &[&url, "--color", "always"]].concat();
        let out = home.livysh(&arguments).run().exits(0).out;
        assert!(out.contains("\x1b[1m"), "{look:?}: {out}");
    }
    for look in [
        &["list"][..],
        &["show", "0"],
        &["statements", "0"],
        &["logs", "0"],
        &["kill", "0"],
    ] {
        let arguments = [&["sessions"], look, &[&url, "-v"]].concat();
        home.livysh(&arguments)
            .run()
            .exits(0)
            .says(&["/sessions", "< 200"]);
    }
}

/// A server with so many sessions that a list of them is cut before that one.
fn crowded(name: &'static str) -> Livy {
    Livy::failing(move |request| {
        if let Some((_, from)) = request.target.split_once("/sessions?from=") {
            let from: u64 = from.split('&').next().unwrap().parse().unwrap();
            let of = |id| json!({"id": id, "state": "idle", "name": format!("other-{id}")});
            let mut sessions: Vec<Value> = (from..from + 100).map(of).collect();
            if from == 10_000 {
                sessions = vec![json!({"id": from, "state": "idle", "name": name})];
            }
            let page = json!({"from": from, "total": 10_001, "sessions": sessions});
            return Fault::Instead(support::Reply::json(200, page.to_string()));
        }
        if request.target == format!("/sessions/{name}") {
            // a release that knows no names in its paths
            let unknown = format!(r#"{{"msg":"Session '{name}' not found."}}"#);
            return Fault::Instead(support::Reply::json(404, unknown));
        }
        Fault::None
    })
}

#[test]
fn a_list_that_is_cut_is_said_to_be_and_does_not_tell_that_a_name_is_not_there() {
    let (livy, home) = (crowded("mine"), Home::new());
    let url = livy.url();
    let list = home.livysh(&["sessions", &url, "-o", "csv"]).run().exits(0);
    assert_eq!(list.out.lines().count(), 10_001);
    list.says(&["the list is cut after 10000 sessions"]);
    for command in [["sessions", "show", "mine"], ["sessions", "kill", "mine"]] {
        home.livysh(&[&command[..], &[&url]].concat())
            .run()
            .exits(3)
            .says(&["not known", "10000 sessions"]);
    }
    assert_eq!(livy.asked("DELETE"), 0);
}
