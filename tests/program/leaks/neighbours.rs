//! Two at once, of one user on one server.
use std::collections::BTreeMap;

use super::super::exits::left_behind;
use super::*;

const ROUNDS: u64 = 20;

/// The number of the session that a path names.
fn session(request: &support::Request) -> Option<usize> {
    let rest = request.target.strip_prefix("/sessions/")?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    number.parse().ok()
}

/// Who sent it.
fn sender(request: &support::Request) -> &str {
    request.header("x-window").unwrap()
}

/// What is left behind is looked at by the next of either window.
#[track_caller]
fn assert_untroubled(said: &str) {
    for trouble in ["may still be there", "The record"] {
        assert!(!said.contains(trouble), "{said}");
    }
}

#[test]
fn two_shells_at_once_neither_name_nor_delete_each_others_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let mine = |window: &str| {
        let requests = livy.requests();
        let created = requests.iter().filter(|it| it.line() == "POST /sessions");
        created.filter(|it| sender(it) == window).count()
    };
    let one = |window: &str, random: &mut Rng| {
        for _ in 0..ROUNDS {
            let made = mine(window);
            let header = format!("X-Window: {window}");
            let how = [None, Some(Way::Int), Some(Way::Term), Some(Way::Hup)];
            let way = how[random.usize(0..how.len())];
            let code = if way.is_some() { "hang" } else { "raise" };
            let started = home
                .livysh(&["--header", &header, "-v", "-e", code, &url])
                .start();
            if let Some(signal) = way.and_then(Way::signal) {
                // it listens by then
                let end = std::time::Instant::now() + pty::DEADLINE;
                while mine(window) == made {
                    assert!(std::time::Instant::now() < end, "nothing was asked for");
                    std::thread::sleep(Duration::from_millis(1));
                }
                pause(random, 100);
                started.signal(signal);
            }
            let ended = started.end().exits(way.map_or(1, Way::code));
            assert_untroubled(&ended.err);
            // every id that is told or logged is that of a session of this window
            let requests = livy.requests();
            let others = requests.iter().filter(|it| sender(it) != window);
            for request in others {
                let mut told = Vec::new();
                if request.line() == "POST /sessions" {
                    told.push(request.json()["name"].as_str().unwrap().to_owned());
                }
                if let Some(id) = session(request) {
                    told.extend([format!("session {id} "), format!("/sessions/{id}/")]);
                }
                for told in told {
                    assert!(!ended.err.contains(&told), "{told} in {}", ended.err);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for window in ["left", "right"] {
            let one = &one;
            scope.spawn(move || {
                let seed = window.len().try_into().unwrap();
                one(window, &mut Rng::with_seed(seed));
            });
        }
    });
    let requests = livy.requests();
    // two creations that come at once may be answered in either order: only what follows tells whose an id is
    let mut owners = BTreeMap::new();
    for request in &requests {
        if let Some(id) = session(request) {
            let owner = *owners.entry(id).or_insert(sender(request));
            assert_eq!(sender(request), owner, "{}", request.line());
        }
    }
    let (made, deleted, left) = livy.counts();
    assert_eq!((made, left), (deleted, 0));
    assert!(made > usize::try_from(ROUNDS).unwrap(), "{made}");
    assert!(left_behind(&home).is_empty());
}
