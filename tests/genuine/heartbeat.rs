//! A shell keeps its session alive, and a shell that was killed does not.
use super::*;

#[test]
fn the_session_lives_as_long_as_the_shell_and_its_heartbeat_ends_it_after_kill_9() {
    let livy = Genuine::bare(&["livy.server.heartbeat-watchdog.interval = 1s"]);
    let home = Home::new();
    let pty = shell(&home, &[&livy.url, "--heartbeat", "9"]);
    prompt(&pty, "pyspark 1>");
    until("it is idle", || raw::state(&livy) == "idle");
    // the list is no heartbeat: only the shell itself keeps it alive
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let now = raw::state(&livy);
        assert!(["idle", "busy"].contains(&&*now), "{now}: {}", livy.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    pty.signal(Signal::KILL);
    until("the session has gone", || raw::sessions(&livy).is_empty());
    livy.until_childless();
}
