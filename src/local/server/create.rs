//! What a session was asked for: reading the body of `POST /sessions` as strictly as Livy does.
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::body::{self, Fields};
use super::durations;
use super::kinds::KindName;

const CLASS: &str = "org.apache.livy.server.interactive.CreateInteractiveRequest";
/// In the order in which Livy lists them when it refuses another.
const FIELDS: [&str; 17] = [
    "executorCores",
    "conf",
    "driverMemory",
    "name",
    "driverCores",
    "idleTimeout",
    "pyFiles",
    "archives",
    "kind",
    "files",
    "jars",
    "proxyUser",
    "numExecutors",
    "heartbeatTimeoutInSecond",
    "ttl",
    "queue",
    "executorMemory",
];

/// The request, read; what has no effect on one machine is kept to be told back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    #[serde(skip)]
    pub(super) kind: KindName,
    #[serde(skip)]
    pub(super) name: Option<String>,
    #[serde(skip)]
    pub(super) proxy_user: Option<String>,
    pub(super) ttl: Option<String>,
    pub(super) idle_timeout: Option<String>,
    pub(super) driver_memory: Option<String>,
    pub(super) driver_cores: i32,
    pub(super) executor_memory: Option<String>,
    pub(super) executor_cores: i32,
    pub(super) conf: BTreeMap<String, String>,
    pub(super) archives: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) heartbeat_timeout_in_second: i32,
    pub(super) jars: Vec<String>,
    pub(super) num_executors: i32,
    pub(super) py_files: Vec<String>,
    pub(super) queue: Option<String>,
}

impl Create {
    /// Reads the body; the values are not judged yet.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let object = body::object(bytes, CLASS)?;
        let fields = Fields::new(&object, CLASS, &FIELDS)?;
        Ok(Self {
            kind: kind(&object)?,
            name: fields.text("name")?,
            proxy_user: fields.text("proxyUser")?,
            ttl: fields.text("ttl")?,
            idle_timeout: fields.text("idleTimeout")?,
            driver_memory: fields.text("driverMemory")?,
            driver_cores: fields.boxed_int("driverCores")?,
            executor_memory: fields.text("executorMemory")?,
            executor_cores: fields.boxed_int("executorCores")?,
            conf: fields.texts_by_key("conf")?,
            archives: fields.texts("archives")?,
            files: fields.texts("files")?,
            heartbeat_timeout_in_second: fields.int("heartbeatTimeoutInSecond")?,
            jars: fields.texts("jars")?,
            num_executors: fields.boxed_int("numExecutors")?,
            py_files: fields.texts("pyFiles")?,
            queue: fields.text("queue")?,
        })
    }

    /// Judges the values, in Livy's order. The name's uniqueness is the registry's to judge.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        for duration in [&self.ttl, &self.idle_timeout].into_iter().flatten() {
            durations::parse(duration).map_err(|error| Refusal::rejected(&error.to_string()))?;
        }
        let forbidden = "spark.submit.deployMode";
        if self.conf.contains_key(forbidden) {
            return Err(Refusal::rejected(&format!(
                "Blacklisted configuration values in session config: {forbidden}"
            )));
        }
        let paths = [&self.jars, &self.files, &self.archives, &self.py_files];
        for path in paths.into_iter().flatten() {
            resource(path)
                .map_err(|reason| Refusal::rejected(&format!("requirement failed: {reason}")))?;
        }
        match &self.name {
            Some(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(Refusal::rejected(&format!("Invalid session name: {name}")))
            }
            _ => Ok(()),
        }
    }

    /// What was asked for and does nothing on one machine, for the log.
    pub(super) fn without_effect(&self) -> Vec<&'static str> {
        [
            ("driverCores", self.driver_cores != 0),
            ("executorMemory", self.executor_memory.is_some()),
            ("executorCores", self.executor_cores != 0),
            ("numExecutors", self.num_executors != 0),
            ("queue", self.queue.is_some()),
            ("proxyUser", self.proxy_user.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect()
    }
}

/// A jar or file: another scheme is Spark's matter, a local path must be absolute and there.
///
/// Livy refuses local paths that its operator did not list; here the machine is the user's own, so only those
/// that do not exist are refused.
pub(super) fn resource(text: &str) -> Result<String, String> {
    let path = match text.split_once(':') {
        Some(("file" | "local", path)) => path.strip_prefix("//").unwrap_or(path),
        Some((scheme, _)) if !scheme.contains('/') => return Ok(text.to_owned()),
        _ => text,
    };
    if !path.starts_with('/') {
        return Err(format!("Path '{text}' is not absolute."));
    }
    // A fragment names the file on arrival (`x.zip#env`); it is no part of the path.
    let file = path.split_once('#').map_or(path, |(file, _)| file);
    if !std::path::Path::new(file).exists() {
        return Err(format!(
            "Local path {path} cannot be added to user sessions."
        ));
    }
    Ok(path.to_owned())
}

fn kind(object: &Map<String, Value>) -> Result<KindName, Refusal> {
    let through = |reason: &str| {
        Refusal::bad_json(format!(
            "{reason} (through reference chain: {CLASS}[\"kind\"])"
        ))
    };
    match object.get("kind") {
        None => Ok(KindName::Shared),
        Some(Value::Null) => Err(Refusal::exception(
            "java.lang.NullPointerException: Cannot invoke \"org.apache.livy.sessions.Kind.toString()\" because \
             \"kind\" is null",
        )),
        Some(Value::String(text)) => {
            KindName::parse(text).ok_or_else(|| through(&format!("Invalid kind: {text}")))
        }
        Some(_) => Err(through("requirement failed: Kind should be a string.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(body: &str) -> String {
        match Create::read(body.as_bytes()).and_then(|create| create.check()) {
            Err(Refusal::Message(_, text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_judged_in_livys_words() {
        for (body, words) in [
            (
                r#"{"ttl":"abc"}"#,
                "Rejected, Reason: Invalid time string: abc",
            ),
            (
                r#"{"idleTimeout":"-1"}"#,
                "Rejected, Reason: Invalid value: -1",
            ),
            (
                r#"{"name":"12345"}"#,
                "Rejected, Reason: Invalid session name: 12345",
            ),
            (r#"{"name":""}"#, "Rejected, Reason: Invalid session name: "),
            (
                r#"{"jars":["x.jar"]}"#,
                "Rejected, Reason: requirement failed: Path 'x.jar' is not absolute.",
            ),
            (
                r#"{"jars":["file:/nowhere/x.jar"]}"#,
                "Rejected, Reason: requirement failed: Local path /nowhere/x.jar cannot be added to user sessions.",
            ),
        ] {
            assert_eq!(rejection(body), words);
        }
    }

    #[test]
    fn scalars_in_conf_become_text_and_other_schemes_pass() {
        let body = r#"{"conf":{"a":4,"b":true,"c":"x"},"jars":["s3a://bucket/x.jar"]}"#;
        let create = Create::read(body.as_bytes()).unwrap();
        assert_eq!(create.conf.values().collect::<Vec<_>>(), ["4", "true", "x"]);
        assert_eq!(create.check(), Ok(()));
        assert_eq!(create.kind, KindName::Shared);
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let create = Create::read(br#"{"numExecutors":2,"queue":"q"}"#).unwrap();
        assert_eq!(create.without_effect(), ["numExecutors", "queue"]);
    }
}
