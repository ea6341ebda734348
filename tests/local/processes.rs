//! The processes of one test, known by its home folder: in their environment, or in their command line.
use std::path::Path;

use super::run::Home;

/// A process of a test.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub command: String,
}

impl Process {
    /// Is it Spark's?
    pub fn is_jvm(&self) -> bool {
        self.command.contains("org.apache.spark.deploy.SparkSubmit")
    }
}

/// All of them; none where the system has no /proc.
pub fn of(home: &Home) -> Vec<Process> {
    let mark = home.path("");
    let mark = mark.to_str().unwrap().trim_end_matches('/');
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command = read(&entry.path().join("cmdline"));
            let ours = command.contains(mark) || read(&entry.path().join("environ")).contains(mark);
            ours.then_some(Process { pid, command })
        })
        .collect()
}

/// Those that run a session: not livysh itself.
pub fn of_sessions(home: &Home) -> Vec<Process> {
    let mut all = of(home);
    all.retain(|process| !process.command.starts_with(env!("CARGO_BIN_EXE_livysh")));
    all
}

/// A file of /proc; empty where the process has gone or is another user's.
fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}
