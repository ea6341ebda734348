//! The terminal's window is closed.
use super::super::window::Window;
use super::scene::{CANCEL, DELETE, LOOK};
use super::*;

#[test]
fn a_closed_window_leaves_no_session_at_any_stage_of_a_shell_and_of_a_script() {
    let cases: Vec<(Stage, bool)> = Stage::ALL
        .into_iter()
        .flat_map(|stage| [(stage, false), (stage, true)])
        .collect();
    in_all(&cases, rounds(), |(stage, script), random| {
        let scene = Scene::new(if (stage, script) == (Stage::Idle, false) {
            Stage::Running
        } else {
            stage
        });
        let url = scene.livy.url();
        let mut arguments = vec![url.as_str()];
        if stage == Stage::Before {
            arguments.extend(["--user", "me"]);
        }
        if script {
            arguments.extend(["-e", stage.code()]);
        }
        let mut window = Window::open(&scene.home, &arguments);
        if stage == Stage::Before {
            window.wait_for("assword");
        } else if script {
            in_script(&scene, stage, &mut window);
        } else {
            in_shell(&scene, stage, &mut window);
        }
        pause(random, 20);
        window.close();
        pause(random, 20);
        scene.answer();
        let code = window.exit_code();
        // the answer to the delete, or the end of what was to be typed, may come before the signal
        let other = match stage {
            Stage::Before => 3,
            Stage::Deleting => 0,
            // a closed terminal is the end of what is typed, too
            _ if !script => 0,
            _ => 129,
        };
        assert!([129, other].contains(&code), "{code}");
        scene.clean(stage, Way::Closed);
    });
}

fn in_script(scene: &Scene, stage: Stage, window: &mut Window) {
    scene.reach(stage);
    if stage == Stage::Cancelling {
        window.send("\x03");
        scene.livy.until(CANCEL);
    }
}

fn in_shell(scene: &Scene, stage: Stage, window: &mut Window) {
    window.wait_for("pyspark 1>");
    match stage {
        Stage::Idle => scene.livy.until("GET /sessions/0"),
        Stage::Running | Stage::Cancelling => {
            window.enter(stage.code());
            scene.livy.until(LOOK);
            if stage == Stage::Cancelling {
                window.send("\x03");
                scene.livy.until(CANCEL);
            }
        }
        Stage::Deleting => {
            scene.livy.until("GET /sessions/0");
            window.send("\x04");
            scene.livy.until(DELETE);
        }
        _ => scene.reach(stage),
    }
}
