//! The body that creates a session.
use std::collections::BTreeMap;

use serde::Serialize;

/// The fields of `POST /sessions`. Only those that were asked for are sent: servers refuse
/// fields that they do not know, and read `null` as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSession {
    /// Default kind of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Whom to run as; servers without impersonation ignore it silently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_user: Option<String>,
    /// Jars for the class path: URIs or absolute paths on the cluster's file system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jars: Vec<String>,
    /// Files for the Python path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub py_files: Vec<String>,
    /// Files for the executors' working directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Driver memory such as `4g`; Livy does not check it, Spark does when it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_memory: Option<String>,
    /// Driver cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_cores: Option<u32>,
    /// Executor memory such as `4g`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor_memory: Option<String>,
    /// Cores per executor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor_cores: Option<u32>,
    /// Number of executors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_executors: Option<u32>,
    /// Archives to unpack (YARN only).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<String>,
    /// YARN queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Unique name; neither empty nor all digits (either leaks a driver on the server).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Spark configuration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub conf: BTreeMap<String, String>,
    /// Seconds without a request after which the server deletes the session.
    #[serde(
        rename = "heartbeatTimeoutInSecond",
        skip_serializing_if = "Option::is_none"
    )]
    pub heartbeat_timeout_in_second: Option<u32>,
    /// Duration; idle limit in 0.8, life time since 0.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Duration; idle limit, since 0.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<String>,
}
