//! livysh: the Spark shell for any Apache Livy endpoint.
pub mod auth;
pub mod cli;
pub mod config;
pub mod editor;
pub mod language;
pub mod livy;
pub mod local;
pub mod paths;
pub mod render;
pub mod resolve;
pub mod session;
pub mod settings;
