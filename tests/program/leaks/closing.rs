//! The terminal's window is closed.
use std::io::{Read, Write};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::scene::{CANCEL, DELETE, LOOK};
use super::*;

/// What is open as long as the window is.
struct Ends {
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn portable_pty::MasterPty + Send>,
}

/// One end of a terminal, read only as far as it is looked at: it can be closed, since no thread holds it.
struct Window {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    ends: Option<Ends>,
}

impl Window {
    fn open(scene: &Scene, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_livysh"));
        command.args(arguments);
        command.arg(scene.livy.url());
        command.env_clear();
        command.cwd("/");
        command.env("PATH", "/usr/bin:/bin");
        command.env("TERM", "xterm-256color");
        command.env("HOME", scene.home.path(""));
        command.env("LIVYSH_HOME", scene.home.path("livysh"));
        let child = pair.slave.spawn_command(command).unwrap();
        let (reader, writer) = (pair.master.try_clone_reader(), pair.master.take_writer());
        let ends = Some(Ends {
            reader: reader.unwrap(),
            writer: writer.unwrap(),
            master: pair.master,
        });
        Self { child, ends }
    }

    /// Reads until this was written.
    fn wait_for(&mut self, text: &str) {
        let (mut seen, mut bytes) = (String::new(), [0; 4096]);
        let reader = &mut self.ends.as_mut().unwrap().reader;
        while !seen.contains(text) {
            let count = reader.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "no {text} in {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    fn send(&mut self, keys: &str) {
        let writer = &mut self.ends.as_mut().unwrap().writer;
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Types as a person does: the Enter a moment after the text, or it counts as a paste.
    fn enter(&mut self, text: &str) {
        self.send(text);
        std::thread::sleep(Duration::from_millis(60));
        self.send("\r");
    }

    /// Closes it, as far as its program can tell: whoever had it as the terminal gets a HUP.
    fn close(&mut self) {
        let ends = self.ends.take().unwrap();
        // without a key for the end, its writer types none into it when it is dropped
        let device = std::fs::File::open(ends.master.tty_name().unwrap()).unwrap();
        let mut mode = tcgetattr(&device).unwrap();
        mode.special_codes[SpecialCodeIndex::VEOF] = 0;
        tcsetattr(&device, OptionalActions::Now, &mode).unwrap();
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
        let mut arguments = if stage == Stage::Before {
            vec!["--user", "me"]
        } else {
            vec![]
        };
        if script {
            arguments.extend(["-e", stage.code()]);
        }
        let mut window = Window::open(&scene, &arguments);
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
        let end = std::time::Instant::now() + pty::DEADLINE;
        let status = loop {
            if let Some(status) = window.child.try_wait().unwrap() {
                break status;
            }
            assert!(std::time::Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        let code = status.exit_code();
        // the answer to the delete, or the end of what was to be typed, may come before the signal
        let other = match stage {
            Stage::Before => 3,
            Stage::Deleting => 0,
            // a closed terminal is the end of what is typed, too
            _ if !script => 0,
            _ => 129,
        };
        assert!([129, other].contains(&code), "{status:?}");
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
