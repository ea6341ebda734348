//! Killed without warning, or ended by a bug of its own: nothing outlives the program, and the next start cleans up.
use livysh_history::Recorder;
use rustix::process::Signal;

use super::bug::Bug;
use super::*;

/// How long anything of a session may outlive the program.
const LIMIT: Duration = Duration::from_secs(10);

/// The folders below the work folder.
fn work(home: &Home) -> Vec<std::path::PathBuf> {
    let root = home.path("livysh/state/work");
    let entries = std::fs::read_dir(root).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect()
}

/// Runs code that makes the file `name` and never ends, and kills livysh then; `command` is part of the command
/// line of a process that runs by then. The answer is the folder that it left.
fn kill_while(
    home: &Home,
    kind: &str,
    code: &str,
    name: &str,
    command: &str,
) -> std::path::PathBuf {
    let _slot = spark::slot();
    let stale = if home.path("livysh/state/work").exists() {
        work(home)
    } else {
        Vec::new()
    };
    let mark = home.path(name);
    let code = code.replace("MARK", mark.to_str().unwrap());
    let started = local(home, &["-k", kind, "-e", &code]).start();
    until(
        &format!("{name}: the code runs"),
        Duration::from_secs(150),
        || mark.exists(),
    );
    let folders = work(home);
    assert_eq!(
        folders.len(),
        1,
        "{name}: not swept: {stale:?}, {folders:?}"
    );
    let before = processes::of_sessions(home);
    for part in ["main.py", "org.apache.spark.deploy.SparkSubmit", command] {
        assert!(
            before.iter().any(|it| it.command.contains(part)),
            "{name}: no {part} among {before:?}"
        );
    }
    let began = Instant::now();
    started.signal(Signal::KILL);
    while !processes::of_sessions(home).is_empty() {
        assert!(
            began.elapsed() < LIMIT,
            "{name}: left {LIMIT:?} after the kill: {:?}",
            processes::of_sessions(home)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    folders.into_iter().next().unwrap()
}

#[test]
fn a_killed_livysh_leaves_no_process_and_its_folder_goes_at_the_next_start() {
    let home = Home::new();
    let mut stale = Vec::new();
    for (kind, code, name, command) in [
        (
            "pyspark",
            "open('MARK', 'w').close()\nwhile True: pass",
            "python-loop",
            "main.py",
        ),
        (
            "spark",
            "java.nio.file.Files.createFile(java.nio.file.Paths.get(\"MARK\")); while (true) {}",
            "scala-loop",
            "main.py",
        ),
        (
            "pyspark",
            "sc.parallelize(range(2), 2).map(lambda i: (open('MARK', 'w').close(), any(iter(int, 1)))).count()",
            "job",
            "pyspark.daemon",
        ),
    ] {
        stale.push(kill_while(&home, kind, code, name, command));
    }
    assert!(stale.last().is_some_and(|folder| folder.exists()));
    assert!(!stale[0].exists() && !stale[1].exists());
}

#[test]
fn a_bug_that_breaks_its_own_server_ends_livysh_at_once_with_its_spark_and_leaves_no_row() {
    let _slot = spark::slot();
    let home = Home::new();
    let (bug, mark) = (Bug::in_the_driver(&home), home.path("runs"));
    let code = format!(
        "import time; open({:?}, 'w').close(); time.sleep(600)",
        mark.to_str().unwrap()
    );
    let started = bug.within(local(&home, &["-e", &code])).start();
    until("the code runs", Duration::from_secs(150), || mark.exists());
    let began = Instant::now();
    bug.shows();
    let ended = started.end();
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    assert_eq!(ended.code(), Some(1), "{}", ended.err);
    for said in ["a bug of its own", "livysh ends now"] {
        assert!(ended.err.contains(said), "{}", ended.err);
    }
    assert!(!ended.err.contains("may still"), "{}", ended.err);
    until("no process is left", LIMIT, || {
        processes::of(&home).is_empty()
    });
    let record = Recorder::open(&home.path("livysh/data/record.sqlite")).value;
    let rows = record.own_sessions().value;
    assert!(rows.is_empty(), "{rows:?}");
}
