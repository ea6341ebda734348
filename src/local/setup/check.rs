//! Tries what was installed or found.

use std::time::Duration;

use serde::Deserialize;

use super::error::{Check, SetupError};
use super::run::{python, run};
use super::{REMOVED_ENV, Runtime};

const PROGRAM: &str = include_str!("check.py");

/// What the check program says.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub spark: String,
    #[serde(default)]
    count: u64,
    #[serde(default)]
    udf: Vec<u64>,
}

/// Loads pyspark.
pub(super) async fn import(runtime: &Runtime) -> Result<Answer, SetupError> {
    ask(runtime, Check::Import, "import", Duration::from_secs(120)).await
}

/// Starts Spark and runs a job and a Python UDF.
pub(super) async fn job(runtime: &Runtime) -> Result<(), SetupError> {
    let answer = ask(runtime, Check::Job, "job", Duration::from_secs(300)).await?;
    if answer.count == 10 && answer.udf == [1, 2] {
        return Ok(());
    }
    Err(SetupError::CheckFailed {
        check: Check::Job,
        lines: vec![format!(
            "A count of 10 rows gave {}, and adding one to 0 and 1 gave {:?}.",
            answer.count, answer.udf
        )],
    })
}

async fn ask(
    runtime: &Runtime,
    check: Check,
    name: &str,
    limit: Duration,
) -> Result<Answer, SetupError> {
    let failed = |lines| SetupError::CheckFailed { check, lines };
    let work = tempfile::Builder::new()
        .prefix("livysh-check-")
        .tempdir()
        .map_err(|error| failed(vec![format!("no temporary folder: {error}")]))?;
    let mut command = python(&runtime.python, PROGRAM, name);
    command
        .current_dir(work.path())
        .envs(runtime.env.iter().map(|(key, value)| (key, value)))
        .env("SPARK_LOCAL_IP", "127.0.0.1");
    for variable in REMOVED_ENV {
        command.env_remove(variable);
    }
    let finished = run(command, limit)
        .await
        .map_err(|error| failed(vec![error.to_string()]))?;
    let last = finished.stdout.lines().last().unwrap_or_default();
    match serde_json::from_str(last) {
        Ok(answer) if finished.success => Ok(answer),
        _ => Err(failed(finished.last_lines())),
    }
}
