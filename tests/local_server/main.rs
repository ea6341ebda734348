//! The local server with a host that has no Spark: protocol, life, guard. Fast, and always run.
mod recorded;
mod support;
