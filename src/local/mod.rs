//! A real Spark on this machine behind the Livy REST API.
pub mod server;
