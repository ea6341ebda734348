//! From session settings to the request that creates a session.
use std::time::Duration;

use super::Making;
use crate::livy::{CreateSession, Kind};
use crate::session::{self, Wanted};
use crate::settings::{SessionSettings, Settings, Which};

/// How long a session may take to start, unless asked otherwise: full clusters queue.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(600);

/// The least silence after which a script gives up.
const SILENCE: Duration = Duration::from_secs(600);

/// The body of the request that makes the session which the settings name, with what `--keep` and `--reuse` change in
/// it. Nothing is asked for where it is attached to.
pub fn wanted_as_named(settings: &Settings, kind: Kind) -> Wanted {
    let mut wanted = wanted(&settings.session, kind);
    let making = match &settings.which {
        Which::Kept => Making {
            stays: true,
            ..Making::default()
        },
        Which::Reused { name, .. } if !settings.run.no_history => {
            let word = name.as_ref().or(settings.session.name.as_ref());
            Making {
                stays: true,
                word: word.cloned(),
                ..Making::default()
            }
        }
        _ => Making::default(),
    };
    making.change(&mut wanted);
    wanted
}

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
            name: Some(match &asked.name {
                Some(word) => session::unique_name_of(word),
                None => session::unique_name(&user),
            }),
            conf,
            heartbeat_timeout_in_second: asked.heartbeat_or_default(),
            ttl: asked.ttl.clone(),
            idle_timeout: asked.idle_timeout.clone(),
        },
        kind,
        timeout: asked.start_timeout.unwrap_or(START_TIMEOUT),
        row_limit: rows,
        patience: None,
    }
}

/// How long a server may be silent before a script, which nobody watches, gives an answer up: by
/// then a session with a heartbeat is gone.
pub(super) fn patience_of_scripts(heartbeat: Option<u32>) -> Duration {
    let heartbeat = heartbeat.map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(u64::from(seconds))
    });
    heartbeat.max(SILENCE)
}

/// What was asked for and means nothing to a Spark that runs in one process on this machine, as a sentence.
pub(super) fn without_effect(asked: &SessionSettings) -> Option<String> {
    let options = [
        ("--driver-cores", asked.driver_cores.is_some()),
        ("--executor-memory", asked.executor_memory.is_some()),
        ("--executor-cores", asked.executor_cores.is_some()),
        ("--num-executors", asked.num_executors.is_some()),
        ("--queue", asked.queue.is_some()),
        ("--proxy-user", asked.proxy_user.is_some()),
    ];
    let names = options.into_iter().filter(|(_, given)| *given);
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    let effect = no_effect(&names)?;
    Some(format!(
        "{effect}: this Spark runs in one process on this machine"
    ))
}

/// What was typed and means nothing to a session that is there, as a sentence; one that is reused was made with the
/// same options.
pub fn ignored(settings: &Settings) -> Option<String> {
    let asked = settings.asked_of_creation.as_slice();
    match &settings.which {
        Which::Attached { .. } => Some(format!(
            "{} beside --attach: the session is there already",
            no_effect(asked)?
        )),
        Which::Reused { name: Some(_), .. } if asked.contains(&"--name") => Some(format!(
            "{} beside --reuse NAME: that one names it",
            no_effect(&["--name"])?
        )),
        _ => None,
    }
}

/// A sentence's begin; none without names.
fn no_effect(names: &[&str]) -> Option<String> {
    let (last, first) = names.split_last()?;
    Some(if first.is_empty() {
        format!("{last} has no effect")
    } else {
        format!("{} and {last} have no effect", first.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_bears_ten_minutes_of_silence_or_a_longer_heartbeat() {
        let minutes = |heartbeat| patience_of_scripts(heartbeat).as_secs() / 60;
        assert_eq!(minutes(None), 10);
        assert_eq!(minutes(Some(60)), 10);
        assert_eq!(minutes(Some(1800)), 30);
    }

    #[test]
    fn options_for_a_cluster_are_said_to_have_no_effect() {
        let mut asked = SessionSettings::default();
        assert_eq!(without_effect(&asked), None);
        asked.driver_memory = Some("1g".to_owned());
        assert_eq!(without_effect(&asked), None);
        asked.queue = Some("q".to_owned());
        let one = without_effect(&asked).unwrap();
        assert!(one.starts_with("--queue has no effect"), "{one}");
        asked.driver_cores = Some(1);
        asked.num_executors = Some(1);
        let all = without_effect(&asked).unwrap();
        assert!(
            all.starts_with("--driver-cores, --num-executors and --queue have no effect"),
            "{all}"
        );
    }
}
