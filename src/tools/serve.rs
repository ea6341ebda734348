//! `livysh serve`: the Livy REST API over a Spark of this machine, until Ctrl-C.
use crate::cli::Serve;
use crate::local::serving::LocalSpark;
use crate::report::{Report, code, note};
use crate::session::Interrupts;
use crate::shutdown::{Duty, Shutdown};

use super::{failed, print};

/// Serves until Ctrl-C; the answer is the exit code.
pub async fn run(
    serve: &Serve,
    local: &LocalSpark,
    shutdown: &Shutdown,
    interrupts: &mut Interrupts,
) -> u8 {
    let started = tokio::select! {
        started = local.serve(serve.port, !serve.no_auth) => started,
        () = interrupts.next() => return code::INTERRUPTED,
    };
    let served = match started {
        Ok(served) => served,
        Err(error) => return failed(&Report::from(&error)),
    };
    let address = served.url.clone();
    let secret_file = served.secret_file.clone();
    if !shutdown.owe(Duty::new(|| None, stop(served.server))) {
        return code::INTERRUPTED;
    }
    let said = match &secret_file {
        Some(file) => format!(
            "Livy's REST API is at {address}\nHTTP Basic with any user name; the password is in {}\nfor example: livysh {address} --user me --password-file '{}'\n",
            file.display(),
            file.display()
        ),
        None => format!("Livy's REST API is at {address}\n"),
    };
    if let Err(report) = print(&said) {
        return failed(&report);
    }
    if secret_file.is_none() {
        note(
            "--no-auth: every user and program of this machine can run code as you through that address",
        );
    }
    note("Ctrl-C ends it, and its sessions");
    interrupts.next().await;
    code::OK
}

async fn stop(server: crate::local::serving::Server) -> Option<String> {
    server.shutdown().await;
    None
}
