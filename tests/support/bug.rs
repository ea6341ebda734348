//! A bug in the built program, at a moment that a test chooses: the clock fails once, on the main thread. The
//! standard library takes a clock that fails for a bug, and panics.
use std::path::PathBuf;
use std::process::Command;

use super::run::{Home, Job};

/// Loaded before the C library. Each look at the clock takes the file away, where it is there.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    const char *file = getenv("LIVYSH_TEST_BUG");
    if (file && syscall(SYS_gettid) == getpid() && unlink(file) == 0) {
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
}

impl Bug {
    /// One that is made in that home.
    pub fn new(home: &Home) -> Self {
        let library = home.path("clock.so");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(home.write("clock.c", CLOCK))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
        Self {
            library,
            moment: home.path("moment"),
        }
    }

    /// A program that has it.
    pub fn within(&self, job: Job) -> Job {
        job.env("LD_PRELOAD", self.library.to_str().unwrap())
            .env("LIVYSH_TEST_BUG", self.moment.to_str().unwrap())
    }

    /// It shows itself from now on, once.
    pub fn shows(&self) {
        std::fs::write(&self.moment, "").unwrap();
    }
}
