//! A bug in the built program, at a moment that a test chooses: the clock fails once, on the thread that is meant. The
//! standard library takes a clock that fails for a bug, and panics.
use std::path::PathBuf;
use std::process::Command;

use super::run::{Home, Job};

/// Loaded before the C library. Each look at the clock takes the file away, where it is there. The first look after a
/// wait for what the system tells is that of whoever drives all timers and connections.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static __thread int drives;

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    int count = syscall(SYS_epoll_pwait, epoll, events, most, timeout, NULL, 8);
    drives = 1;
    return count;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int first = syscall(SYS_gettid) == getpid();
    const char *file = getenv(first ? "LIVYSH_TEST_BUG" : "LIVYSH_TEST_BUG_ELSEWHERE");
    if (drives) {
        const char *driver = getenv("LIVYSH_TEST_BUG_DRIVER");
        file = driver ? driver : file;
        drives = 0;
    }
    const char *date = getenv("LIVYSH_TEST_BUG_DATE");
    if (date && !first && clock == CLOCK_REALTIME)
        file = date;
    if (file && unlink(file) == 0) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_clock_gettime, clock, time);
}
"#;

/// The bug.
pub struct Bug {
    library: PathBuf,
    moment: PathBuf,
    thread: &'static str,
}

impl Bug {
    /// One that is made in that home, on the main thread.
    pub fn new(home: &Home) -> Self {
        Self::on(home, "LIVYSH_TEST_BUG")
    }

    /// The same on another thread, whichever looks at the clock first.
    pub fn elsewhere(home: &Home) -> Self {
        Self::on(home, "LIVYSH_TEST_BUG_ELSEWHERE")
    }

    /// The same in whatever drives all timers and connections: from then on none of them works.
    pub fn in_the_driver(home: &Home) -> Self {
        Self::on(home, "LIVYSH_TEST_BUG_DRIVER")
    }

    /// The same in a task that wants to know the date, and ends alone.
    pub fn in_a_task(home: &Home) -> Self {
        Self::on(home, "LIVYSH_TEST_BUG_DATE")
    }

    fn on(home: &Home, thread: &'static str) -> Self {
        let library = preloaded(home, "clock", CLOCK);
        Self {
            library,
            moment: home.path("moment"),
            thread,
        }
    }

    /// A program that has it.
    pub fn within(&self, job: Job) -> Job {
        let variables = self.variables().into_iter();
        variables.fold(job, |job, (name, value)| {
            job.env(name, value.to_str().unwrap())
        })
    }

    /// The environment that brings it to a program.
    pub fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", self.library.clone()),
            (self.thread, self.moment.clone()),
        ]
    }

    /// It shows itself from now on, once.
    pub fn shows(&self) {
        std::fs::write(&self.moment, "").unwrap();
    }
}

/// A library for `LD_PRELOAD`, made of that C in that home.
pub fn preloaded(home: &Home, name: &str, source: &str) -> PathBuf {
    let library = home.path(&format!("{name}.so"));
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(home.write(&format!("{name}.c"), source))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    library
}
