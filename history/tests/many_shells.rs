//! Many shells write one record at once.

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;
    use std::process::Command;

    use livysh_history::{Ended, Record, Sent, Status};

    const FILE: &str = "LIVYSH_HISTORY_TEST_FILE";
    const SHELLS: usize = 4;
    const APPENDS: u32 = 200;

    fn append(path: &Path, shell: &str) {
        let record = Record::open(path).unwrap();
        for number in 0..APPENDS {
            let code = format!("{shell}\n{number}");
            let sent = Sent {
                time_ms: 1,
                server: "s",
                session: None,
                session_name: None,
                number,
                kind: "sql",
                code: &code,
            };
            let id = record.begin(&sent).unwrap();
            let ended = Ended {
                status: Status::Ok,
                started_ms: None,
                completed_ms: None,
                waited_ms: None,
            };
            record.finish(id, &ended).unwrap();
        }
    }

    /// Does nothing in a plain run: it is what the processes of the next test run.
    #[test]
    fn one_shell_of_many() {
        if let Some(file) = std::env::var_os(FILE) {
            append(Path::new(&file), &std::process::id().to_string());
        }
    }

    #[test]
    fn four_processes_that_start_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let program = std::env::current_exe().unwrap();
        let shells: Vec<_> = (0..SHELLS)
            .map(|_| {
                Command::new(&program)
                    .args(["--exact", "tests::one_shell_of_many"])
                    .env(FILE, &path)
                    .stdout(std::process::Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for mut shell in shells {
            assert!(shell.wait().unwrap().success());
        }
        whole(&path);
    }

    #[test]
    fn four_threads_that_start_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        std::thread::scope(|scope| {
            for shell in 0..SHELLS {
                let path = &path;
                scope.spawn(move || append(path, &shell.to_string()));
            }
        });
        whole(&path);
    }

    fn whole(path: &Path) {
        let mut codes = HashSet::new();
        let mut ended = 0;
        let record = Record::open(path).unwrap();
        record
            .export(|entry| {
                ended += usize::from(entry.status == Status::Ok);
                codes.insert(entry.code)
            })
            .unwrap();
        let all = SHELLS * usize::try_from(APPENDS).unwrap();
        assert_eq!((codes.len(), ended), (all, all));
    }
}
