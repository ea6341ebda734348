//! Sessions that stay on the genuine server, and those that a kill left behind.
use super::*;

#[test]
fn a_kept_session_outlives_twice_the_heartbeat_of_another_and_is_attached_to() {
    let livy = Genuine::bare(&["livy.server.heartbeat-watchdog.interval = 1s"]);
    let home = Home::new();
    home.livysh(&[&livy.url, "--keep", "-e", "x = 41"])
        .run()
        .exits(0)
        .says(&["session 0 stays: ", "1 h without use", "--attach 0"]);
    let pty = shell(&home, &[&livy.url, "--heartbeat", "3"]);
    prompt(&pty, "pyspark 1>");
    let idle = || raw::sessions(&livy).iter().all(|it| it["state"] == "idle");
    until("both are idle", || {
        raw::sessions(&livy).len() == 2 && idle()
    });
    // two at once: neither names the other's
    home.livysh(&["sessions", "clean", &livy.url])
        .run()
        .exits(0)
        .says(&["nothing of yours is left behind"]);
    assert!(!pty.screen().contains("still there"), "{}", pty.screen());
    pty.signal(Signal::KILL);
    until("the other has gone", || raw::sessions(&livy).len() == 1);
    let end = Instant::now() + Duration::from_secs(6);
    while Instant::now() < end {
        assert_eq!(raw::state(&livy), "idle", "{}", livy.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    home.livysh(&[&livy.url, "--attach", "0", "-e", "x + 1"])
        .run()
        .exits(0)
        .prints("42\n")
        .silent();
    assert_eq!(raw::state(&livy), "idle");
    home.livysh(&[&livy.url, "--attach", "0", "--delete", "-e", "x"])
        .run()
        .exits(0)
        .prints("41\n");
    nothing_left(&livy);
}

#[test]
fn what_a_kill_left_is_cleaned_and_a_reused_session_answers_without_a_start() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    until("it is idle", || raw::state(&livy) == "idle");
    pty.signal(Signal::KILL);
    drop(pty);
    home.livysh(&["sessions", "clean", &livy.url])
        .run()
        .exits(0)
        .says(&["session 0 (livysh-", "is ended"]);
    nothing_left(&livy);
    let reuse = [&livy.url, "--reuse", "-o", "json", "-e", "1 + 1"];
    home.livysh(&reuse).run().exits(0);
    let mut beside = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        let ended = home.livysh(&reuse).run().exits(0).silent();
        let took = began.elapsed().as_secs_f64() * 1000.0;
        let answers: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        beside.push(took - answers[0]["waited_ms"].as_f64().unwrap());
    }
    assert_eq!(raw::sessions(&livy).len(), 1);
    // the best of three: the machine may be busy with other things
    let best = beside.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(best < 1000.0, "{beside:?} ms beside the statement");
    home.livysh(&["sessions", "kill", "1", &livy.url])
        .run()
        .exits(0);
    nothing_left(&livy);
}
