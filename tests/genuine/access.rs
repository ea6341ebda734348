//! Livy's access control with several users. They come by a filter of ours (`BasicUsers.java`), since there is no
//! Kerberos and no LDAP here; what they may do is decided by Livy.
use super::*;
use crate::run::{Job, Started};

const USERS: &str = "livy.server.auth.type = basic\n\
                     livy.server.auth.basic.class = org.apache.livy.test.BasicUsers\n\
                     livy.server.auth.basic.param.users = ann:a,bob:b,carl:c,eve:e,root:r";
const CONTROL: &str = "livy.server.access-control.enabled = true\n\
                       livy.server.access-control.allowed-users = ann,bob\n\
                       livy.server.access-control.view-users = carl\n\
                       livy.superusers = root";

/// The program as one of them.
fn of(home: &Home, user: &str, arguments: &[&str]) -> Job {
    home.livysh(&[arguments, &["--user", user]].concat())
        .env("LIVYSH_PASSWORD", &user[..1])
}

/// What the superuser reads there.
fn get(livy: &Genuine, path: &str) -> serde_json::Value {
    let headers = [("Authorization", "Basic cm9vdDpy")];
    let answer = raw::send(&livy.url, "GET", path, &headers, b"").unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

/// The sessions, as the superuser sees them.
fn sessions(livy: &Genuine) -> Vec<serde_json::Value> {
    get(livy, "/sessions")["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

/// A statement of ann's that runs.
fn anns_statement(livy: &Genuine, ann: &Home) -> Started {
    let code = "import time; time.sleep(1000)";
    let started = of(ann, "ann", &[&livy.url, "-e", code]).start();
    until("ann's statement runs", || {
        // a session may be busy before it has one
        let up = sessions(livy)
            .first()
            .is_some_and(|it| ["busy", "idle"].contains(&it["state"].as_str().unwrap()));
        up && get(livy, "/sessions/0/statements")["statements"][0]["state"] == "running"
    });
    started
}

#[test]
fn another_user_sees_a_session_but_neither_reads_nor_ends_it() {
    let livy = Genuine::bare(&[USERS, CONTROL]);
    let (ann, bob) = (Home::new(), Home::new());
    let started = anns_statement(&livy, &ann);
    let url = &*livy.url;
    let listed = of(&bob, "bob", &["sessions", "list", url]).run().exits(0);
    assert!(listed.out.contains("ann"), "{}", listed.out);
    of(&bob, "bob", &["sessions", "show", "0", url])
        .run()
        .exits(0);
    for words in [["statements", "0"], ["logs", "0"], ["kill", "0"]] {
        of(&bob, "bob", &["sessions", words[0], words[1], url])
            .run()
            .exits(3)
            .prints("")
            .says(&["403", "somebody else's"]);
    }
    may_look(&livy);
    assert_eq!(sessions(&livy).len(), 1);
    started.signal(Signal::TERM);
    started.end().exits(143);
    assert_eq!(sessions(&livy).len(), 0, "ann's own may go");
    livy.until_childless();
}

/// Whom the operator lets look may look, and no more; whom he does not know is kept out; the superuser may all.
fn may_look(livy: &Genuine) {
    let (home, url) = (Home::new(), &*livy.url);
    let shown = of(&home, "carl", &["sessions", "statements", "0", url])
        .run()
        .exits(0);
    assert!(shown.out.contains("time.sleep"), "{}", shown.out);
    of(&home, "carl", &["sessions", "kill", "0", url])
        .run()
        .exits(3)
        .says(&["403"]);
    of(&home, "eve", &[url, "-e", "1"])
        .run()
        .exits(3)
        .prints("")
        .says(&["403", "list of users"]);
    let wrong = home.livysh(&["sessions", "list", url, "--user", "ann"]);
    wrong
        .env("LIVYSH_PASSWORD", "wrong")
        .run()
        .exits(3)
        .says(&["401", "password"]);
}

#[test]
fn the_superuser_may_end_anothers_session_and_whoever_waited_for_it_is_told() {
    let livy = Genuine::bare(&[USERS, CONTROL]);
    let (ann, root) = (Home::new(), Home::new());
    let started = anns_statement(&livy, &ann);
    of(&root, "root", &["sessions", "kill", "0", &livy.url])
        .run()
        .exits(0);
    started
        .end()
        .exits(1)
        .prints("")
        .says(&["the session is gone"]);
    livy.until_childless();
}

#[test]
fn running_as_another_user_needs_the_superusers_right() {
    let livy = Genuine::bare(&[USERS, CONTROL, "livy.impersonation.enabled = true"]);
    let home = Home::new();
    for option in ["--proxy-user", "--do-as"] {
        of(&home, "ann", &[&livy.url, option, "bob", "-e", "1"])
            .run()
            .exits(3)
            .prints("")
            .says(&["403", "not allowed to impersonate", "bob"]);
    }
    assert_eq!(sessions(&livy).len(), 0);
}
