//! What is asked of a session when it is created.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::fill;
use super::values::{self, Kind, ValueError};

/// The fields of a new session. Names follow spark-submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionSettings {
    /// The language of a statement that names none; see [`SessionSettings::kind_or_default`].
    pub kind: Option<Kind>,
    /// The word that its name begins with, checked.
    pub name: Option<String>,
    /// Spark's configuration.
    pub conf: BTreeMap<String, String>,
    /// Jars for driver and executors.
    pub jars: Vec<String>,
    /// Python files for the session.
    pub py_files: Vec<String>,
    /// Files for each executor's working folder.
    pub files: Vec<String>,
    /// Archives that are unpacked there.
    pub archives: Vec<String>,
    /// Such as `4g`.
    pub driver_memory: Option<String>,
    /// A count.
    pub driver_cores: Option<u32>,
    /// Such as `4g`.
    pub executor_memory: Option<String>,
    /// A count.
    pub executor_cores: Option<u32>,
    /// A count.
    pub num_executors: Option<u32>,
    /// YARN's queue.
    pub queue: Option<String>,
    /// The user to act as.
    pub proxy_user: Option<String>,
    /// The session's longest life, with a unit, as Livy reads it.
    pub ttl: Option<String>,
    /// How long the session may be idle, with a unit, as Livy reads it.
    pub idle_timeout: Option<String>,
    /// Seconds until the server drops a session that nobody asks about; 0 is off.
    pub heartbeat: Option<u32>,
    /// How many rows of a SQL result the server returns.
    pub rows: Option<u32>,
    /// How long to wait for the session to become idle.
    pub start_timeout: Option<Duration>,
    /// The Spark that a local session uses.
    pub spark_home: Option<PathBuf>,
}

impl SessionSettings {
    /// The options that hold one value, by their long names.
    pub const SCALARS: &[&str] = &[
        "kind",
        "name",
        "driver-memory",
        "driver-cores",
        "executor-memory",
        "executor-cores",
        "num-executors",
        "queue",
        "proxy-user",
        "ttl",
        "idle-timeout",
        "heartbeat",
        "rows",
        "start-timeout",
    ];
    /// The option that only a session on this machine has; no profile can set it.
    pub const SPARK_HOME: &str = "spark-home";
    /// The options that hold a list, by their long names.
    pub const LISTS: &[&str] = &["jars", "py-files", "files", "archives"];
    /// Seconds of the heartbeat when none was asked for.
    pub const DEFAULT_HEARTBEAT: u32 = 600;

    /// Sets an option by its long name from a text; false when the name is none of ours.
    /// A list takes commas and is added to.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, ValueError> {
        match key {
            "kind" => self.kind = Some(value.parse()?),
            "name" => self.name = Some(values::session_name(value)?),
            "driver-memory" => self.driver_memory = Some(values::memory(value)?),
            "driver-cores" => self.driver_cores = Some(values::count(value)?),
            "executor-memory" => self.executor_memory = Some(values::memory(value)?),
            "executor-cores" => self.executor_cores = Some(values::count(value)?),
            "num-executors" => self.num_executors = Some(values::count(value)?),
            "queue" => self.queue = Some(values::text(value)?),
            "proxy-user" => self.proxy_user = Some(values::text(value)?),
            "ttl" => self.ttl = Some(values::livy_time(value)?),
            "idle-timeout" => self.idle_timeout = Some(values::livy_time(value)?),
            "heartbeat" => self.heartbeat = Some(values::seconds(value)?),
            "rows" => self.rows = Some(values::count(value)?),
            "start-timeout" => self.start_timeout = Some(values::time(value)?),
            Self::SPARK_HOME => self.spark_home = Some(values::text(value)?.into()),
            "jars" => self.jars.extend(values::list(value)?),
            "py-files" => self.py_files.extend(values::list(value)?),
            "files" => self.files.extend(values::list(value)?),
            "archives" => self.archives.extend(values::list(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The options that are set and that only the creation of a session heeds, as they are typed.
    pub fn for_creation(&self) -> Vec<&'static str> {
        let options = [
            ("--name", self.name.is_some()),
            ("--conf", !self.conf.is_empty()),
            ("--jars", !self.jars.is_empty()),
            ("--py-files", !self.py_files.is_empty()),
            ("--files", !self.files.is_empty()),
            ("--archives", !self.archives.is_empty()),
            ("--driver-memory", self.driver_memory.is_some()),
            ("--driver-cores", self.driver_cores.is_some()),
            ("--executor-memory", self.executor_memory.is_some()),
            ("--executor-cores", self.executor_cores.is_some()),
            ("--num-executors", self.num_executors.is_some()),
            ("--queue", self.queue.is_some()),
            ("--proxy-user", self.proxy_user.is_some()),
            ("--ttl", self.ttl.is_some()),
            ("--idle-timeout", self.idle_timeout.is_some()),
            ("--heartbeat", self.heartbeat.is_some()),
            ("--rows", self.rows.is_some()),
        ];
        let set = options.into_iter().filter(|(_, set)| *set);
        set.map(|(name, _)| name).collect()
    }

    /// Fills what is open from a lower layer: a list as a whole, `conf` key by key.
    #[must_use]
    pub fn or(mut self, lower: Self) -> Self {
        fill!(self, lower: kind, name, driver_memory, driver_cores, executor_memory,
            executor_cores, num_executors, queue, proxy_user, ttl, idle_timeout, heartbeat, rows,
            start_timeout, spark_home);
        for (key, value) in lower.conf {
            self.conf.entry(key).or_insert(value);
        }
        let lists = [
            (&mut self.jars, lower.jars),
            (&mut self.py_files, lower.py_files),
            (&mut self.files, lower.files),
            (&mut self.archives, lower.archives),
        ];
        for (upper, lower) in lists {
            if upper.is_empty() {
                *upper = lower;
            }
        }
        self
    }

    /// The language of the session.
    pub fn kind_or_default(&self) -> Kind {
        self.kind.unwrap_or(Kind::Pyspark)
    }

    /// The heartbeat's period in seconds, or none when it was switched off.
    pub fn heartbeat_or_default(&self) -> Option<u32> {
        Some(self.heartbeat.unwrap_or(Self::DEFAULT_HEARTBEAT)).filter(|seconds| *seconds > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_option_can_be_set() {
        for key in SessionSettings::SCALARS
            .iter()
            .chain(SessionSettings::LISTS)
        {
            let value = ["sql", "abc", "4g", "3"].into_iter().find(|value| {
                let mut settings = SessionSettings::default();
                matches!(settings.set(key, value), Ok(true))
                    && settings != SessionSettings::default()
            });
            assert!(value.is_some(), "{key}");
        }
        assert_eq!(SessionSettings::default().set("conf", "a=b"), Ok(false));
    }

    #[test]
    fn the_upper_layer_wins_and_conf_is_merged_by_key() {
        let mut upper = SessionSettings::default();
        upper.set("jars", "a.jar").unwrap();
        upper.set("kind", "sql").unwrap();
        upper.conf.insert("x".into(), "1".into());
        let mut lower = SessionSettings::default();
        lower.set("jars", "b.jar,c.jar").unwrap();
        lower.set("kind", "spark").unwrap();
        lower.set("queue", "night").unwrap();
        lower.conf.insert("x".into(), "2".into());
        lower.conf.insert("y".into(), "3".into());
        let merged = upper.or(lower);
        assert_eq!(merged.jars, ["a.jar"]);
        assert_eq!(merged.kind, Some(Kind::Sql));
        assert_eq!(merged.queue.as_deref(), Some("night"));
        assert_eq!(merged.conf["x"], "1");
        assert_eq!(merged.conf["y"], "3");
    }

    #[test]
    fn every_field_of_a_lower_layer_comes_through_an_empty_upper_one() {
        let mut lower = SessionSettings::default();
        for key in SessionSettings::SCALARS
            .iter()
            .chain(SessionSettings::LISTS)
            .chain(&[SessionSettings::SPARK_HOME])
        {
            let set = ["sql", "abc", "4g", "3"]
                .iter()
                .any(|v| lower.set(key, v).is_ok());
            assert!(set, "{key}");
        }
        assert_eq!(SessionSettings::default().or(lower.clone()), lower);
    }

    #[test]
    fn a_heartbeat_of_zero_is_off() {
        let mut settings = SessionSettings::default();
        assert_eq!(settings.heartbeat_or_default(), Some(600));
        settings.set("heartbeat", "0").unwrap();
        assert_eq!(settings.heartbeat_or_default(), None);
    }
}
