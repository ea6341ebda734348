//! The task behind a session: it starts the host, listens to it, and sees it off.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::SparkDefaults;
use super::host::{Event, Heard, Host, Launcher, make_folder};
use super::session::Session;

/// Keeps the session's host from its start to its end; returns when both are gone, and the folder with them.
pub(super) async fn keep(
    session: Arc<Session>,
    launcher: Arc<Launcher>,
    defaults: Arc<SparkDefaults>,
    to_host: mpsc::UnboundedReceiver<String>,
) {
    for field in session.create.without_effect() {
        session.log.push(&format!(
            "livysh: {field} has no effect here: this Spark runs in one process on this machine."
        ));
    }
    match start(&session, &launcher, &defaults, to_host) {
        Ok(mut host) => {
            listen(&session, &mut host).await;
            session.shutting_down();
            host.end(session.end_limit()).await;
        }
        Err(why) => {
            session.log.push(&why);
            session.shutting_down();
        }
    }
    let folder = session.folder.clone();
    // What cannot be removed now goes with the server's folder, or at the next start.
    let _ = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
    session.dead();
}

fn start(
    session: &Arc<Session>,
    launcher: &Launcher,
    defaults: &SparkDefaults,
    to_host: mpsc::UnboundedReceiver<String>,
) -> Result<Host, String> {
    let work = session.folder.join("work");
    make_folder(&work).map_err(|error| {
        format!(
            "The session's folder {} cannot be made: {error}",
            work.display()
        )
    })?;
    session.send(&start_request(session, defaults, &work.to_string_lossy()));
    launcher
        .launch(&session.folder, &session.log, to_host)
        .map_err(|error| error.to_string())
}

fn start_request(session: &Session, defaults: &SparkDefaults, work: &str) -> Value {
    let create = &session.create;
    let mut conf = defaults.conf.clone();
    for (key, value) in &create.conf {
        if key == "spark.master" {
            session
                .log
                .push("livysh: spark.master is ignored: the master is this machine.");
        } else {
            conf.insert(key.clone(), value.clone());
        }
    }
    let memory = create
        .driver_memory
        .clone()
        .or_else(|| conf.get("spark.driver.memory").cloned())
        .or_else(|| defaults.driver_memory.clone());
    let rows = conf
        .get("livy.rsc.sql.num-rows")
        .and_then(|rows| rows.parse::<u32>().ok())
        .unwrap_or(1_000);
    let name = match (&create.name, conf.get("spark.app.name")) {
        (Some(name), _) | (None, Some(name)) => name.clone(),
        (None, None) => format!("livy-session-{}", session.id),
    };
    let ui = conf.get("spark.ui.enabled").map(String::as_str) == Some("true");
    let local = |paths: &[String]| -> Vec<String> {
        paths
            .iter()
            .map(|path| super::create::resource(path).unwrap_or_else(|_| path.clone()))
            .collect()
    };
    json!({
        "op": "start",
        "kind": create.kind.name(),
        "name": name,
        "conf": conf,
        "driver_memory": memory,
        "work_dir": work,
        "jars": local(&create.jars),
        "py_files": local(&create.py_files),
        "files": local(&create.files),
        "archives": local(&create.archives),
        "faithful": defaults.faithful,
        "sql_rows": rows,
        "ui": ui,
    })
}

/// Listens until the host or the session ends.
async fn listen(session: &Arc<Session>, host: &mut Host) {
    let too_late = tokio::time::sleep(session.start_limit());
    tokio::pin!(too_late);
    let Host {
        heard: pipe, child, ..
    } = host;
    loop {
        tokio::select! {
            heard = pipe.recv() => {
                let Some(heard) = heard else {
                    // The pipe is closed; a host that lives on without it is ended by the caller.
                    if let Ok(Ok(status)) = tokio::time::timeout(Duration::from_secs(1), child.wait()).await {
                        note_end(session, status);
                    }
                    return;
                };
                if take(session, heard).is_break() {
                    return;
                }
            }
            () = session.stop.cancelled() => return,
            () = &mut too_late, if session.is_starting() => {
                session.log.push(&format!(
                    "livysh: Spark was not ready within {} s; livy.rsc.server.connect.timeout in the session's conf \
                     gives it longer.", session.start_limit().as_secs_f32()
                ));
                return;
            }
            Ok(status) = child.wait() => {
                // Its last words may still be in the pipe.
                while let Ok(Some(heard)) = tokio::time::timeout(Duration::from_millis(200), pipe.recv()).await {
                    if take(session, heard).is_break() { return }
                }
                note_end(session, status);
                return;
            }
        }
    }
}

fn note_end(session: &Session, status: std::process::ExitStatus) {
    session
        .log
        .push(&format!("livysh: the Spark process ended ({status})."));
}

fn take(session: &Session, heard: Heard) -> ControlFlow<()> {
    match heard {
        Heard::Event(event) => match event.name.as_str() {
            "ready" => {
                session.log.push(&ready_line(&event));
                session.began(event.ui);
            }
            "failed" | "dead" => {
                let why = event.error.as_deref().unwrap_or("the host said no more");
                session.log.push(&format!("livysh: {why}"));
                return ControlFlow::Break(());
            }
            _ => session.heard(*event),
        },
        Heard::TooLong => {
            session.answer_lost(
                "The answer is larger than 128 MiB and was dropped; the session lives.",
            );
        }
        Heard::Garbled(why) => session
            .log
            .push(&format!("livysh: a line of the host cannot be read: {why}")),
    }
    ControlFlow::Continue(())
}

fn ready_line(event: &Event) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    format!(
        "livysh: Spark {} on Java {}, Python {} is ready.",
        known(&event.spark),
        known(&event.java),
        known(&event.python)
    )
}
