//! The session as servers describe it.
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Kind, lenient};

/// A session's id: a number on Livy, a GUID on some managed services, so opaque text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SessionId(String);

impl SessionId {
    /// An id as a user or a server gave it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text, as it stands in a URL before escaping.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        lenient::text(from)?
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a session id is a number or a text"))
    }
}

/// The life of a session. Words that no release of Livy has are kept: they mean "in transition".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Not yet launched.
    NotStarted,
    /// Launched, not yet ready.
    Starting,
    /// Found again after a restart of the server.
    Recovering,
    /// Ready.
    Idle,
    /// Hardly ever seen: servers report the driver's own word instead.
    Running,
    /// A statement runs.
    Busy,
    /// On its way out.
    ShuttingDown,
    /// One interpreter died; other kinds still work.
    Error,
    /// Gone; its statements are out of reach.
    Dead,
    /// Killed in the cluster manager.
    Killed,
    /// Ended by itself.
    Success,
    /// A word of some other server.
    Other(String),
}

impl SessionState {
    /// The word on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::NotStarted => "not_started",
            Self::Starting => "starting",
            Self::Recovering => "recovering",
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Busy => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::Error => "error",
            Self::Dead => "dead",
            Self::Killed => "killed",
            Self::Success => "success",
            Self::Other(word) => word,
        }
    }

    /// May statements be sent? Before that, even asking for one may hang (protocol: states).
    pub fn takes_statements(&self) -> bool {
        matches!(self, Self::Idle | Self::Busy | Self::Running | Self::Error)
    }

    /// Will this session never answer again?
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::ShuttingDown | Self::Dead | Self::Killed | Self::Success
        )
    }
}

impl From<&str> for SessionState {
    fn from(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "not_started" => Self::NotStarted,
            "starting" => Self::Starting,
            "recovering" => Self::Recovering,
            "idle" => Self::Idle,
            "running" => Self::Running,
            "busy" => Self::Busy,
            "shutting_down" => Self::ShuttingDown,
            "error" => Self::Error,
            "dead" => Self::Dead,
            "killed" => Self::Killed,
            "success" => Self::Success,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Default for SessionState {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<'de> Deserialize<'de> for SessionState {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(lenient::text(from)?
            .as_deref()
            .map_or_else(Self::default, Self::from))
    }
}

/// Addresses that the cluster manager gave the session; each filled some time after the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppInfo {
    /// Where the driver's log can be read.
    #[serde(deserialize_with = "lenient::text")]
    pub driver_log_url: Option<String>,
    /// Spark's own UI.
    #[serde(deserialize_with = "lenient::text")]
    pub spark_ui_url: Option<String>,
}

/// One session. Only `id` must be there: the documented answer of Azure's service has four keys, Livy 0.9's
/// has twenty-two.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Opaque id.
    pub id: SessionId,
    /// State; a server that leaves it out is taken to be in transition.
    #[serde(default)]
    pub state: SessionState,
    /// Unique name, since 0.6.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Who created it; null without authentication.
    #[serde(default, deserialize_with = "lenient::text")]
    pub owner: Option<String>,
    /// Whom it runs as.
    #[serde(default, deserialize_with = "lenient::text")]
    pub proxy_user: Option<String>,
    /// `spark`, `pyspark`, `sparkr`, `sql` or `shared`, as the server says it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// The last lines of the launcher's log; empty for those without view rights.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub log: Vec<String>,
    /// The cluster's application id; null with a local master.
    #[serde(default, deserialize_with = "lenient::text")]
    pub app_id: Option<String>,
    /// The application's addresses.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub app_info: AppInfo,
    /// Everything else that the server told (memory, cores, ttl, vendor keys), untouched.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

impl Session {
    /// Its kind, where the server says one that statements can have.
    pub fn kind_or(&self, otherwise: Kind) -> Kind {
        let kind = self.kind.as_deref().and_then(|kind| kind.parse().ok());
        kind.unwrap_or(otherwise)
    }

    /// Seconds without a look after which the server ends it; none where it has, or shows, no heartbeat.
    pub fn heartbeat_s(&self) -> Option<u32> {
        let seconds = lenient::as_int(self.more.get("heartbeatTimeoutInSecond")?)?;
        u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }

    /// A text among what else the server told; none where it is empty.
    pub fn told(&self, key: &str) -> Option<String> {
        lenient::as_text(self.more.get(key)?.clone()).filter(|text| !text.is_empty())
    }
}

/// A page of the list of sessions.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SessionPage {
    /// Position of the first session of this page (positions, not ids).
    #[serde(default, deserialize_with = "lenient::int")]
    pub from: Option<i64>,
    /// How many sessions the server holds in all, finished ones included.
    #[serde(default, deserialize_with = "lenient::int")]
    pub total: Option<i64>,
    /// The sessions, in order of creation.
    #[serde(default)]
    pub sessions: Vec<Session>,
}

/// A page of a session's log: the launcher's output, not the driver's on a cluster.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct LogPage {
    /// Position of the first line; positions shift once 200 lines are exceeded.
    #[serde(default, deserialize_with = "lenient::int")]
    pub from: Option<i64>,
    /// Lines in all.
    #[serde(default, deserialize_with = "lenient::int")]
    pub total: Option<i64>,
    /// The lines.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub log: Vec<String>,
}
