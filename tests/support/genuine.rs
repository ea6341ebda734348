//! The genuine Apache Livy server: built once per checkout, started on a port of its own, ended with all it started.
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use livysh::local::setup::{Runtime, Wanted, missing};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::spark;

/// Names the server's folder in the environment of all that it starts.
const MARK: &str = "LIVYSH_TEST_LIVY";
/// What Livy and its RPC reach into, and Java 17 keeps shut.
const OPENED: [&str; 8] = [
    "java.lang",
    "java.lang.invoke",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "java.nio",
    "java.net",
    "sun.nio.ch",
];
/// No start or end takes longer on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// A running server of release 0.7.1-incubating.
pub struct Genuine {
    /// Where it answers, without a slash at the end.
    pub url: String,
    port: u16,
    /// The program that runs the statements of a session, below this project's folder.
    host: &'static str,
    folder: TempDir,
    server: Option<Child>,
    guard: Option<Guard>,
}

/// A process that kills the server's group when whoever holds this ends without a word, as by `kill -9`: no
/// destructor runs then, and the pipe to the guard ends.
struct Guard(Child);

impl Guard {
    /// `group` is the id of the process that leads it.
    fn of(group: u32) -> Self {
        let script = "read -r _; kill -s KILL -- \"-$1\"";
        let guard = Command::new("sh")
            .args(["-c", script, "guard", &group.to_string()])
            // what ends our own group must not end this
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // before its pipe ends: the group's number may be another's by then
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Genuine {
    /// Starts one; `settings` are further lines of livy.conf, which win over those before them.
    pub fn start(settings: &[&str]) -> Self {
        Self::with("src/local/host/main.py", settings)
    }

    /// One whose sessions have Python and no Spark, which takes most of a start: for what a session lives through.
    pub fn bare(settings: &[&str]) -> Self {
        Self::with("tests/livy/bare_host.py", settings)
    }

    fn with(host: &'static str, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port(10_000..20_000);
        for name in ["conf", "logs", "work", "staging"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for entry in std::fs::read_dir(home()).unwrap() {
            let entry = entry.unwrap();
            std::os::unix::fs::symlink(entry.path(), folder.path().join(entry.file_name()))
                .unwrap();
        }
        let mut genuine = Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            host,
            folder,
            server: None,
            guard: None,
        };
        genuine.configure(settings);
        genuine.run();
        genuine
    }

    /// Its folder: files below it may be added to sessions.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn configure(&self, settings: &[&str]) {
        let folder = self.folder.path().display();
        let rpc = free_port(20_000..32_000);
        let mut conf = format!(
            "livy.server.host = 127.0.0.1\n\
             livy.server.port = {}\n\
             livy.spark.master = local[2]\n\
             livy.rsc.rpc.server.address = 127.0.0.1\n\
             livy.rsc.launcher.port.range = {rpc}~{}\n\
             livy.rsc.server.idle-timeout = 15s\n\
             livy.repl.enable-hive-context = false\n\
             livy.session.staging-dir = file://{folder}/staging\n\
             livy.file.local-dir-whitelist = {folder}\n",
            self.port,
            rpc.saturating_add(40),
        );
        for line in settings {
            let _ = writeln!(conf, "{line}");
        }
        std::fs::write(self.folder.path().join("conf/livy.conf"), conf).unwrap();
        std::fs::write(
            self.folder.path().join("conf/log4j.properties"),
            "log4j.rootCategory=INFO, console\n\
             log4j.appender.console=org.apache.log4j.ConsoleAppender\n\
             log4j.appender.console.target=System.err\n\
             log4j.appender.console.layout=org.apache.log4j.PatternLayout\n\
             log4j.appender.console.layout.ConversionPattern=%d{HH:mm:ss,SSS} %p %c{1}: %m%n\n",
        )
        .unwrap();
    }

    /// Starts the configured server, and waits until it answers.
    fn run(&mut self) {
        let (folder, runtime) = (self.folder.path(), runtime());
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .unwrap();
        let mut command = Command::new(runtime.java_home.join("bin/java"));
        for package in OPENED {
            command.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
        }
        let home = folder.display();
        // the last holds a filter of ours, too
        let classes = format!("{home}/conf:{home}/jars/*:{home}/repl_2.11-jars/*");
        command
            .args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", &classes])
            .arg("org.apache.livy.server.LivyServer")
            .current_dir(folder.join("work"))
            .env_clear()
            .envs(runtime.env.iter().map(|(name, value)| (name, value)))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .env("LIVY_HOME", folder)
            .env("LIVY_CONF_DIR", folder.join("conf"))
            .env("JAVA_HOME", &runtime.java_home)
            .env("SPARK_HOME", &runtime.spark_home)
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("LIVYSH_HOST_PYTHON", &runtime.python)
            .env("LIVYSH_HOST_SPARK_HOME", &runtime.spark_home)
            .env("LIVYSH_HOST_MAIN", manifest(self.host))
            .env(MARK, folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let server = command.spawn().unwrap();
        self.guard = Some(Guard::of(server.id()));
        self.server = Some(server);
        let end = Instant::now() + LIMIT;
        loop {
            let answers = self.answers();
            // another one may have answered, on its port
            let ended = self.server.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "Livy ended: {}", self.log());
            if answers {
                return;
            }
            assert!(Instant::now() < end, "no answer from Livy: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.write_all(b"GET /version HTTP/1.0\r\nAccept: application/json\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 "))
    }

    /// Kills the server as a crash does: its drivers live on until they miss it.
    pub fn crash(&mut self) {
        if let Some(mut server) = self.server.take() {
            self.guard = None;
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// A new server at the same place, which knows nothing of the one before.
    pub fn restart(&mut self) {
        self.crash();
        self.run();
    }

    /// The processes of its sessions: drivers, hosts, and their JVMs. None where the system has no /proc.
    pub fn children(&self) -> Vec<Process> {
        let server = self.server.as_ref().map(Child::id);
        let mut all = marked(self.folder.path());
        all.retain(|process| Some(process.pid) != server);
        all
    }

    /// Waits until nothing of its sessions runs any more.
    #[track_caller]
    pub fn until_childless(&self) {
        let end = Instant::now() + LIMIT;
        while !self.children().is_empty() {
            assert!(Instant::now() < end, "still there: {:?}", self.children());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the drivers of all its sessions, as the kernel does when memory runs out.
    pub fn kill_drivers(&self) {
        for process in self.children() {
            if process.command.contains("RSCDriverBootstrapper") {
                let _ = kill_process(pid(process.pid), Signal::KILL);
            }
        }
    }

    /// What it and its drivers wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The end of the log, for whoever reads why a test failed.
    #[allow(clippy::print_stderr)]
    fn tell(&self) {
        const SHOWN: usize = 120;
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(SHOWN)..];
        eprintln!("the server's log ends so:\n{}", last.join("\n"));
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("logs/server.log")
    }
}

impl Drop for Genuine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        if let Some(mut server) = self.server.take() {
            self.guard = None;
            let _ = kill_process_group(pid(server.id()), Signal::KILL);
            let _ = server.wait();
        }
        // a host ends with its driver, and its JVM with it; what is slow is helped
        let (soon, end) = (
            Instant::now() + Duration::from_secs(10),
            Instant::now() + LIMIT,
        );
        loop {
            let left = marked(self.folder.path());
            if left.is_empty() {
                return;
            }
            if Instant::now() > soon {
                for process in &left {
                    let _ = kill_process(pid(process.pid), Signal::KILL);
                }
            }
            if Instant::now() > end {
                assert!(std::thread::panicking(), "left running: {left:?}");
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A process that a server of ours started.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub command: String,
}

/// All processes with the mark of that server's folder; zombies are none.
pub fn marked(folder: &Path) -> Vec<Process> {
    let mark = format!("{MARK}={}", folder.display());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let environment = read(entry.path().join("environ"));
            environment.split('\0').any(|it| it == mark).then(|| {
                let command = read(entry.path().join("cmdline")).replace('\0', " ");
                Process { pid, command }
            })
        })
        .collect()
}

fn pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// The Spark and the Java that run it, and the host's Python.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        missing(&Wanted::new(spark::runtime()))
            .unwrap()
            .ready
            .unwrap()
    })
}

/// Livy's home folder: `jars`, `rsc-jars` and `repl_2.11-jars`, built where they are not there yet.
fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("livy");
        std::fs::create_dir_all(&place).unwrap();
        // two runs at once: the second waits, and finds it built
        let lock = File::create(place.join("lock")).unwrap();
        lock.lock().unwrap();
        let sources = [
            manifest("tests/livy/pom.xml"),
            manifest("tests/livy/src/main/java/org/apache/livy/repl/ReplDriver.java"),
            manifest("tests/livy/src/main/java/org/apache/livy/test/BasicUsers.java"),
        ];
        let sources: String = sources
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let built = place.join("built");
        if std::fs::read_to_string(&built).is_ok_and(|text| text == sources) {
            return place.join("home");
        }
        build(&place);
        std::fs::write(built, sources).unwrap();
        place.join("home")
    })
}

fn build(place: &Path) {
    let _ = std::fs::remove_dir_all(place.join("home"));
    let made = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "-f"])
        .arg(manifest("tests/livy/pom.xml"))
        .arg(format!("-Dout={}", place.display()))
        .arg("package")
        .stdin(Stdio::null())
        .output();
    let needs = "The tests of the genuine Livy server need Maven and a JDK (Debian: apt install maven default-jdk-headless)";
    match made {
        Err(error) => panic!("{needs}: mvn cannot be started: {error}"),
        Ok(made) if !made.status.success() => panic!(
            "{needs}; mvn says:\n{}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr)
        ),
        Ok(_) => {}
    }
}

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A port that nobody listens on. A server takes seconds until it does, so it is none of those that systems give to
/// whoever asks for any, or makes a connection.
fn free_port(among: std::ops::Range<u16>) -> u16 {
    loop {
        let port = fastrand::u16(among.clone());
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
