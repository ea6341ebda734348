//! livysh: the Spark shell for any Apache Livy endpoint.
pub mod auth;
pub mod editor;
pub mod language;
pub mod livy;
pub mod local;
pub mod render;
pub mod session;
pub mod terminal;
