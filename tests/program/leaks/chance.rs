//! Moments that nobody chose.
use super::super::exits::left_behind;
use super::*;

/// Runs per way.
const RUNS: u64 = 50;

#[test]
fn a_signal_at_any_moment_of_a_script_leaves_no_session() {
    in_all(&[Way::Int, Way::Term, Way::Hup], RUNS, |way, random| {
        // each answer is late by a little, so that each moment is met
        let late: Vec<u64> = (0..64).map(|_| random.u64(0..25)).collect();
        let asked = AtomicUsize::new(0);
        let livy = Livy::failing(move |_| {
            let at = asked.fetch_add(1, Ordering::SeqCst);
            Fault::Late(Duration::from_millis(late[at % late.len()]))
        });
        let home = Home::new();
        let started = home
            .livysh(&["-e", "1 + 1", "-e", "2", &livy.url()])
            .start();
        pause(random, 250);
        started.signal(way.signal().unwrap());
        let ended = started.end();
        let (made, deleted, left) = livy.counts();
        let code = ended.code();
        match code {
            // before it could listen, or after its end
            None => assert_eq!(made, 0, "{:?}", ended.err),
            Some(code) => assert!([0, way.code()].contains(&code), "{code}: {}", ended.err),
        }
        // who does not wait for the answer to the delete is told the id, and the journal keeps it
        let told = ended.err.contains("session 0 may still be there");
        if told {
            // Ctrl-C on the way out, which the deletion may not even have begun
            assert!(matches!(way, Way::Int) && left <= 1, "{}", ended.err);
        } else {
            assert_eq!(
                (made, left),
                (deleted, 0),
                "exit code {code:?}: {}",
                ended.err
            );
        }
        assert_eq!(
            left_behind(&home).len(),
            usize::from(told),
            "exit code {code:?}, {made} made: {}",
            ended.err
        );
    });
}
