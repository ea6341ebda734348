//! What a server says about itself.
use serde::Deserialize;

use super::lenient;

/// The answer to `GET /version` (since 0.3). Any value may be missing, empty or `<unknown>`; vendors'
/// builds are patched, so a number here promises nothing about what the server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Such as `0.9.0-incubating`.
    #[serde(deserialize_with = "lenient::text")]
    pub version: Option<String>,
    /// Who built it.
    #[serde(deserialize_with = "lenient::text")]
    pub user: Option<String>,
    /// Commit.
    #[serde(deserialize_with = "lenient::text")]
    pub revision: Option<String>,
    /// Branch.
    #[serde(deserialize_with = "lenient::text")]
    pub branch: Option<String>,
    /// When it was built.
    #[serde(deserialize_with = "lenient::text")]
    pub date: Option<String>,
    /// Where its source is.
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<String>,
}
