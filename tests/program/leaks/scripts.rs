//! Scripts: standard output is a pipe.
use super::*;

const WAYS: [Way; 4] = [Way::Int, Way::Term, Way::Hup, Way::Pipe];

fn cases() -> Vec<(Stage, Way)> {
    let all = Stage::ALL.into_iter();
    all.flat_map(|stage| WAYS.map(|way| (stage, way))).collect()
}

#[test]
fn a_script_leaves_no_session_at_any_stage_by_any_signal_and_by_no_broken_pipe() {
    in_all(&cases(), rounds(), |(stage, way), random| {
        let scene = Scene::new(stage);
        let (mut started, mut token) = scene.script(stage, |job| job);
        pause(random, 20);
        match way.signal() {
            Some(signal) => started.signal(signal),
            None => drop(started.child.stdout.take()),
        }
        pause(random, 20);
        // who interrupts while the session is deleted does not wait for the answer
        if (stage, way) != (Stage::Deleting, Way::Int) {
            scene.answer();
        }
        if way == Way::Pipe {
            if let Some(token) = &mut token {
                std::io::Write::write_all(token, b"secret\n").unwrap();
            }
            drop(token);
            scene.go_on();
        }
        let code = match (stage, way) {
            (Stage::Cancelling, Way::Pipe) => 130,
            _ => way.code(),
        };
        let ended = started.end();
        // the run was over: the answer to the delete and the signal may come in either order
        let over = stage == Stage::Deleting && way != Way::Int && ended.code() == Some(0);
        let ended = ended.exits(if over { 0 } else { code });
        if (stage, way) == (Stage::Deleting, Way::Int) {
            ended.says(&["session 0 may still be there"]);
        }
        if way == Way::Pipe && stage == Stage::Before {
            scene.clean(Stage::Sent, way);
        } else {
            scene.clean(stage, way);
        }
    });
}
