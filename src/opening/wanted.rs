//! From session settings to the request that creates a session.
use std::time::Duration;

use crate::livy::{CreateSession, Kind};
use crate::session::{self, Wanted};
use crate::settings::SessionSettings;

/// How long a session may take to start, unless asked otherwise: full clusters queue.
const START_TIMEOUT: Duration = Duration::from_secs(600);
/// Seconds without a request after which a server deletes a session of ours, unless asked otherwise.
const HEARTBEAT: u32 = 600;

/// The body of the request: only what was asked for, and what keeps the promise to leave nothing behind.
pub fn wanted(asked: &SessionSettings, kind: Kind) -> Wanted {
    let user = std::env::var("USER").unwrap_or_default();
    let mut conf = asked.conf.clone();
    if let Some(rows) = asked.rows {
        conf.insert("livy.rsc.sql.num-rows".to_owned(), rows.to_string());
    }
    let rows = conf
        .get("livy.rsc.sql.num-rows")
        .and_then(|rows| rows.parse().ok());
    Wanted {
        create: CreateSession {
            kind: Some(kind.name()),
            proxy_user: asked.proxy_user.clone(),
            jars: asked.jars.clone(),
            py_files: asked.py_files.clone(),
            files: asked.files.clone(),
            archives: asked.archives.clone(),
            driver_memory: asked.driver_memory.clone(),
            driver_cores: asked.driver_cores,
            executor_memory: asked.executor_memory.clone(),
            executor_cores: asked.executor_cores,
            num_executors: asked.num_executors,
            queue: asked.queue.clone(),
            name: Some(
                asked
                    .name
                    .clone()
                    .unwrap_or_else(|| session::unique_name(&user)),
            ),
            conf,
            heartbeat_timeout_in_second: Some(asked.heartbeat.unwrap_or(HEARTBEAT))
                .filter(|seconds| *seconds > 0),
            ttl: asked.ttl.clone(),
            idle_timeout: asked.idle_timeout.clone(),
        },
        kind,
        timeout: asked.start_timeout.unwrap_or(START_TIMEOUT),
        row_limit: rows,
    }
}
