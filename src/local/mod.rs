//! A real Spark on this machine, behind the same REST API as a Livy server.

pub mod host;
pub mod server;
pub mod serving;
pub mod setup;
