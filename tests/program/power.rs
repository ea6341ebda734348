//! What a power cut may not take away.
use super::bug::preloaded;
use super::support::Gate;
use super::*;

/// Each file that is brought to the disk is written down.
const SYNCS: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(int fd) {
    char link[64], path[4096];
    const char *file = getenv("LIVYSH_TEST_SYNCS");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    int log = file ? open(file, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (log >= 0 && length > 0) {
        path[length] = '\n';
        if (write(log, path, length + 1) < 0) abort();
    }
    if (log >= 0) close(log);
}

int fsync(int fd) { note(fd); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { note(fd); return syscall(SYS_fdatasync, fd); }
"#;

#[test]
fn a_session_is_in_the_journal_on_the_disk_before_its_creation_is_sent() {
    let gate = Gate::default();
    let held = gate.clone();
    let livy = Livy::failing(move |request| {
        if request.line() == "POST /sessions" {
            Fault::Held(held.clone())
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    // who opens the record alone begins a new log in it, which is brought to the disk as well
    let before = Livy::start(Plan::default());
    let first = home.livysh(&["-e", "hang", &before.url()]).start();
    before.until("GET /sessions/0/statements/0");
    let (library, syncs) = (preloaded(&home, "syncs", SYNCS), home.path("syncs"));
    let started = home
        .livysh(&["-e", "2", &livy.url()])
        .env("LD_PRELOAD", library.to_str().unwrap())
        .env("LIVYSH_TEST_SYNCS", syncs.to_str().unwrap())
        .start();
    livy.until("POST /sessions");
    let brought = std::fs::read_to_string(&syncs).unwrap_or_default();
    assert!(brought.contains("record.sqlite"), "{brought:?}");
    gate.open();
    started.end().exits(0).prints("2\n");
    before.finish();
    first.end().exits(0);
}
