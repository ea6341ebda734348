//! livysh: parse, run, report, exit code.
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(livysh::run(std::env::args_os()))
}
