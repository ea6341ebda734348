//! livysh: parse, run, report, exit code.
fn main() {}
