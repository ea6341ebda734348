//! Shells in a terminal.
use rustix::termios::{ControlModes, InputModes, LocalModes, OutputModes, Termios, tcgetattr};

use super::super::pty::Pty;
use super::super::shell::{enter, shell};
use super::scene::{CANCEL, DELETE, LOOK};
use super::*;

const WAYS: [Way; 5] = [Way::Int, Way::Term, Way::Hup, Way::Eof, Way::Quit];

/// Whoever is asked for a password is not at a prompt that takes commands.
fn cases() -> Vec<(Stage, Way)> {
    let all = Stage::ALL.into_iter();
    all.flat_map(|stage| WAYS.map(|way| (stage, way)))
        .filter(|case| *case != (Stage::Before, Way::Quit))
        .collect()
}

/// The settings of a terminal that programs change.
#[derive(Debug, PartialEq)]
pub struct Mode(InputModes, OutputModes, ControlModes, LocalModes);

fn mode(device: &std::fs::File) -> Mode {
    let Termios {
        input_modes,
        output_modes,
        control_modes,
        local_modes,
        ..
    } = tcgetattr(device).unwrap();
    Mode(input_modes, output_modes, control_modes, local_modes)
}

/// Those of one that nobody changed.
pub fn fresh() -> Mode {
    let pty = pty::Builder::new("/bin/cat").spawn();
    mode(&std::fs::File::open(pty.device()).unwrap())
}

/// The program has ended, and its terminal is as it was. `device` was held open: the terminal's mode outlives the
/// program only as long as somebody holds it.
#[track_caller]
pub fn assert_as_it_was(pty: &Pty, device: std::fs::File, fresh: &Mode) {
    assert_eq!(mode(&device), *fresh);
    drop(device);
    pty.drain();
    let (pasting, hidden) = pty.look(|screen| (screen.bracketed_paste(), screen.hide_cursor()));
    assert!(
        !pasting && !hidden,
        "pasting {pasting}, cursor hidden {hidden}"
    );
}

#[test]
fn a_shell_leaves_no_session_at_any_stage_by_any_way_and_the_terminal_is_as_it_was() {
    let fresh = fresh();
    in_all(&cases(), rounds(), |(stage, way), random| {
        let scene = Scene::new(if stage == Stage::Idle {
            Stage::Running
        } else {
            stage
        });
        let options: &[&str] = if stage == Stage::Before {
            &["--user", "me"]
        } else {
            &[]
        };
        let mut pty = shell(&scene.livy, &scene.home, options);
        let device = std::fs::File::open(pty.device()).unwrap();
        reach(&scene, stage, &mut pty);
        pause(random, 20);
        take(&scene, stage, way, &mut pty, random);
        let code = match (stage, way) {
            // the run was over: the answer to the delete and the signal may come in either order
            (Stage::Deleting, Way::Term | Way::Hup) if pty.exit_code() == 0 => 0,
            // a signal is one key there, and Ctrl-D follows
            (Stage::Idle | Stage::Running | Stage::Cancelling, Way::Int) => 0,
            // no password
            (Stage::Before, Way::Eof) => 3,
            _ => way.code(),
        };
        assert_eq!(
            i64::from(pty.exit_code()),
            i64::from(code),
            "{}",
            pty.screen()
        );
        assert_as_it_was(&pty, device, &fresh);
        scene.clean(stage, way);
    });
}

/// Brings the shell to that stage.
pub fn reach(scene: &Scene, stage: Stage, pty: &mut Pty) {
    pty.wait_for(if stage == Stage::Before {
        "assword"
    } else {
        "pyspark 1>"
    });
    match stage {
        Stage::Before | Stage::Sent | Stage::Starting => scene.reach(stage),
        Stage::Idle => scene.livy.until("GET /sessions/0"),
        Stage::Running => {
            enter(pty, "hang");
            scene.livy.until(LOOK);
        }
        Stage::Cancelling => {
            enter(pty, "spin");
            scene.livy.until(LOOK);
            pty.signal(Signal::INT);
            scene.livy.until(CANCEL);
        }
        Stage::Deleting => {
            scene.livy.until("GET /sessions/0");
            pty.send("\x04");
            scene.livy.until(DELETE);
        }
    }
}

/// Takes the way out of it.
fn take(scene: &Scene, stage: Stage, way: Way, pty: &mut Pty, random: &mut Rng) {
    match (way, stage) {
        (Way::Int, Stage::Idle) => {
            pty.send("half a line");
            pty.wait_for("half a line");
        }
        (Way::Eof, _) => pty.send("\x04"),
        (Way::Quit, Stage::Sent | Stage::Starting | Stage::Idle) => enter(pty, ":quit"),
        (Way::Quit, _) => {
            pty.send(":quit");
            pty.press("\r");
        }
        _ => {}
    }
    match way.signal() {
        // the line editor reads it as a key
        Some(Signal::INT) if matches!(stage, Stage::Sent | Stage::Starting | Stage::Idle) => {
            pty.send("\x03");
        }
        Some(signal) => pty.signal(signal),
        None => {}
    }
    pause(random, 20);
    match (stage, way) {
        (Stage::Deleting, Way::Int) => {}
        // once there is a session, the same key would only clear the line
        (Stage::Sent | Stage::Starting, Way::Int) => {
            pty.wait_for("given up");
            scene.answer();
        }
        (Stage::Idle | Stage::Running | Stage::Cancelling, Way::Int) => {
            let next = if stage == Stage::Idle {
                "pyspark 1>"
            } else {
                "pyspark 2>"
            };
            empty_prompt(pty, next);
            if stage == Stage::Cancelling {
                end_until(pty, |pty| pty.screen().contains("Ctrl-D again leaves"));
            }
            end_until(pty, Pty::has_ended);
        }
        // what is typed meanwhile is read when it has ended
        (Stage::Running | Stage::Cancelling, Way::Eof | Way::Quit) => scene.go_on(),
        _ => scene.answer(),
    }
}

/// Waits for that prompt, with nothing after it.
fn empty_prompt(pty: &Pty, text: &str) {
    pty.wait_until(&format!("an empty {text}"), |screen| {
        screen.contents().trim_end().ends_with(text)
    });
}

/// Ctrl-D until it was heard: what is typed before a prompt that follows a failure does not act.
pub fn end_until(pty: &mut Pty, heard: impl Fn(&mut Pty) -> bool) {
    let end = std::time::Instant::now() + pty::DEADLINE;
    loop {
        pty.send("\x04");
        for _ in 0..60 {
            if heard(pty) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(
            std::time::Instant::now() < end,
            "Ctrl-D is not heard:\n{}",
            pty.screen()
        );
    }
}
