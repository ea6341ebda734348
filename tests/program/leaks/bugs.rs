//! A bug of livysh's own, which strikes wherever a thread looks at the clock next: also inside of what holds a lock
//! that the way out needs.
use super::super::bug::Bug;
use super::super::exits::left_behind;
use super::super::pty::Pty;
use super::super::shell::builder;
use super::shells::{assert_as_it_was, end_until, fresh};
use super::*;

/// Whose bug it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thread {
    /// The one that waits, prints and reads.
    Main,
    /// Those that do the rest.
    Other,
}

impl Thread {
    fn bug(self, home: &Home) -> Bug {
        match self {
            Self::Main => Bug::new(home),
            Self::Other => Bug::elsewhere(home),
        }
    }
}

fn cases() -> Vec<(Stage, Thread)> {
    let all = Stage::ALL.into_iter();
    let all = all.flat_map(|stage| [(stage, Thread::Main), (stage, Thread::Other)]);
    // before there is anything to do, the others sleep
    all.filter(|case| *case != (Stage::Before, Thread::Other))
        .collect()
}

/// One session was made, unless it was too early for that, and it is gone.
#[track_caller]
fn assert_none_left(scene: &Scene, stage: Stage) {
    let (made, deleted, left) = scene.livy.counts();
    assert_eq!((made, left), (deleted, 0));
    assert!(made == 1 || stage == Stage::Before);
    let left = left_behind(&scene.home);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_script_that_meets_a_bug_of_its_own_leaves_no_session_at_any_stage() {
    in_all(&cases(), rounds(), |(stage, thread), random| {
        let scene = Scene::new(stage);
        let bug = thread.bug(&scene.home);
        let (started, asked) = scene.script(stage, |job| bug.within(job));
        pause(random, 20);
        bug.shows();
        // what is waited for comes, and with it the moment
        if let Some(mut token) = asked {
            std::io::Write::write_all(&mut token, b"secret\n").unwrap();
        }
        scene.go_on();
        let ended = started.end();
        // the run may be over with the answer to the delete
        let over = stage == Stage::Deleting && ended.code() == Some(0);
        // one that ends a task alone is told, and the script goes on, perhaps without a session
        let goes_on = thread == Thread::Other && ended.err.contains("livysh goes on");
        let code = ended.code();
        let goes_on = goes_on && [Some(0), Some(3)].contains(&code);
        if !over && !goes_on {
            assert_eq!(code, Some(1), "{}", ended.err);
            // once, also where another bug came before that ended a task alone
            let told = ended.err.matches("livysh ends now").count();
            assert_eq!(told, 1, "{}", ended.err);
        }
        // deleted by then, where it was about to be
        if stage != Stage::Deleting && code == Some(1) {
            let has_session = stage != Stage::Before;
            let told = ended.err.contains("and deletes its session");
            // the others may make one while the first thread meets its bug
            let made_meanwhile = !has_session && scene.livy.counts().0 == 1;
            assert!(told == has_session || made_meanwhile, "{}", ended.err);
        }
        assert_none_left(&scene, stage);
    });
}

#[test]
fn a_shell_that_meets_a_bug_of_its_own_leaves_no_session_and_the_terminal_as_it_was() {
    let fresh = fresh();
    let cases: Vec<_> = cases()
        .into_iter()
        .filter(|case| case.0 != Stage::Before)
        .collect();
    in_all(&cases, rounds(), |(stage, thread), random| {
        let scene = Scene::new(if stage == Stage::Idle {
            Stage::Running
        } else {
            stage
        });
        let bug = thread.bug(&scene.home);
        let shell = builder(&scene.livy.url(), &scene.home, &[]);
        let variables = bug.variables().into_iter();
        let mut pty = variables
            .fold(shell, |shell, (name, value)| shell.env(name, value))
            .spawn();
        let device = std::fs::File::open(pty.device()).unwrap();
        shells::reach(&scene, stage, &mut pty);
        pause(random, 20);
        bug.shows();
        let at_prompt = [Stage::Sent, Stage::Starting, Stage::Idle].contains(&stage);
        if at_prompt && thread == Thread::Main {
            // the line editor looks at the clock with each key
            pty.send("1");
        }
        scene.go_on();
        // one that ends a task alone is told, and the shell goes on
        let goes_on = |pty: &Pty| String::from_utf8_lossy(&pty.raw()).contains("livysh goes on");
        let end = std::time::Instant::now() + pty::DEADLINE;
        while !pty.has_ended() && !goes_on(&pty) {
            assert!(std::time::Instant::now() < end, "{}", pty.screen());
            std::thread::sleep(Duration::from_millis(2));
        }
        // what runs may hide the prompt: it is pressed until it is heard
        if goes_on(&pty) {
            end_until(&mut pty, Pty::has_ended);
        }
        let code = pty.exit_code();
        let fits = code == 1 || (code == 0 && (stage == Stage::Deleting || goes_on(&pty)));
        assert!(fits, "{code}: {}", pty.screen());
        assert_as_it_was(&pty, device, &fresh);
        if code == 1 {
            pty.wait_for("a bug of its own");
        }
        assert_none_left(&scene, stage);
    });
}

#[test]
fn a_bug_of_its_own_leaves_the_session_that_is_to_stay_and_does_not_say_otherwise() {
    let cases = [
        (&["--keep"][..], 0),
        (&["--reuse"], 0),
        (&["--attach", "0"], 1),
    ];
    in_all(&cases, 1, |(options, of_others), _| {
        let scene = Scene::new(Stage::Running);
        if of_others > 0 {
            scene.livy.make(serde_json::json!({"kind": "pyspark"}));
        }
        let bug = Bug::new(&scene.home);
        let url = scene.livy.url();
        let arguments = [options, &["-e", Stage::Running.code(), &url]].concat();
        let started = bug.within(scene.home.livysh(&arguments)).start();
        scene.reach(Stage::Running);
        bug.shows();
        let ended = started.end();
        assert_eq!(ended.code(), Some(1), "{}", ended.err);
        assert!(
            ended.err.contains("livysh ends now; please"),
            "{}",
            ended.err
        );
        assert!(!ended.err.contains("delete"), "{}", ended.err);
        assert_eq!(scene.livy.counts(), (1 - of_others, 0, 1));
        let left = left_behind(&scene.home);
        assert!(left.is_empty(), "kept on purpose: {left:?}");
    });
}
