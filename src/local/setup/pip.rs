//! Runs pip in the environment and follows what it does.
//!
//! The user's pip configuration, index and proxies hold: no index is named here. Bytes are seen by
//! looking at the file that grows in pip's work space, which works with every pip, while its own raw
//! progress exists only in new ones.
//!
//! pip's own cache is off: whether it keeps a download depends on what the index says about caching
//! (seen to keep nothing), and when it does, 640 MB more are needed while installing. Instead a finished
//! download gets a second name in `downloads/`, and the next try installs that file. (With
//! `--find-links` pip was seen to prefer the index.)

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::error::SetupError;
use super::event::{Activity, Event, Notice, Step};
use super::folder::{Folder, remove};
use super::install::Teller;
use super::run::{Running, python};

const PROGRAM: &str = include_str!("pip.py");

/// How many of pip's last lines an error shows.
const LAST_LINES: usize = 15;

/// Settings that would send the packages elsewhere than into the environment.
const MISLEADING: [&str; 5] = [
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_DRY_RUN",
    "PIP_PYTHON",
];

/// Installs one package, given as `name==version`, as a part of `step`.
pub(super) async fn install(
    folder: &Folder,
    step: Step,
    package: &str,
    teller: &Teller,
) -> Result<(), SetupError> {
    folder.create(&folder.work())?;
    folder.create(&folder.downloads())?;
    let failed = |error: &io::Error| SetupError::PipFailed {
        package: package.to_owned(),
        code: None,
        lines: vec![error.to_string()],
    };
    let kept = kept_download(folder, package);
    let source = kept
        .as_ref()
        .map_or(OsStr::new(package), |file| file.as_os_str());
    let mut running = Running::start(command(folder, source)).map_err(|error| failed(&error))?;
    let mut output = Output::new(folder, step, teller);
    output
        .follow(&mut running)
        .await
        .map_err(|error| failed(&error))?;
    let status = running.ended().await.map_err(|error| failed(&error))?;
    if status.success() {
        return Ok(());
    }
    let error = reason(folder, package, status.code(), &output.lines);
    if let (Some(file), SetupError::PipFailed { .. }) = (kept, &error) {
        // It may be damaged, as after a power cut: the next try shall not stumble over it again.
        remove(&file)?;
    }
    Err(error)
}

/// The finished download of a package that an interrupted install left.
fn kept_download(folder: &Folder, package: &str) -> Option<PathBuf> {
    let name = package.replace("==", "-");
    let files = fs::read_dir(folder.downloads()).ok()?.flatten();
    files.map(|entry| entry.path()).find(|path| {
        let file = path.file_name().and_then(|file| file.to_str());
        file.and_then(|file| file.strip_prefix(&name))
            .is_some_and(|rest| rest.starts_with(".tar.") || rest.starts_with('-'))
    })
}

fn command(folder: &Folder, package: &OsStr) -> Command {
    let mut command = python(&folder.python(), PROGRAM, "pip");
    command
        .args(["--disable-pip-version-check", "--no-input", "--no-color"])
        .args(["--no-cache-dir", "install", "--no-warn-script-location"])
        .args(["--progress-bar", "off"])
        .arg(package)
        .env("TMPDIR", folder.work())
        // A `user = true` in the configuration fails in an environment.
        .env("PIP_USER", "0")
        .current_dir(folder.work());
    for variable in MISLEADING {
        command.env_remove(variable);
    }
    command
}

/// pip's output as it comes.
struct Output<'a> {
    folder: &'a Folder,
    step: Step,
    teller: &'a Teller,
    activity: Activity,
    lines: Vec<String>,
    warned: Option<Notice>,
}

impl<'a> Output<'a> {
    fn new(folder: &'a Folder, step: Step, teller: &'a Teller) -> Self {
        Self {
            folder,
            step,
            teller,
            activity: Activity::Starting,
            lines: Vec::new(),
            warned: None,
        }
    }

    async fn follow(&mut self, running: &mut Running) -> io::Result<()> {
        let mut out = running.child.stdout.take().map(Lines::new);
        let mut err = running.child.stderr.take().map(Lines::new);
        let mut look = tokio::time::interval(Duration::from_millis(150));
        while out.is_some() || err.is_some() {
            tokio::select! {
                more = next(&mut out) => self.take(more?, &mut out),
                more = next(&mut err) => self.take(more?, &mut err),
                _ = look.tick() => self.look(),
            }
        }
        Ok(())
    }

    fn take<R>(&mut self, more: Option<Vec<String>>, from: &mut Option<Lines<R>>) {
        let Some(lines) = more else {
            *from = None;
            return;
        };
        for line in lines {
            if let Some(activity) = activity(&line) {
                self.now(activity);
            }
            if let Some(warning) = line.strip_prefix("WARNING: ") {
                self.warn(warning);
            }
            self.lines.push(line);
        }
    }

    /// pip retries by itself and warns each time; once is enough.
    fn warn(&mut self, warning: &str) {
        let notice = if warning.starts_with("Retrying ") {
            Notice::Retrying(shorten(warning))
        } else {
            Notice::Pip(warning.to_owned())
        };
        if self.warned.as_ref() != Some(&notice) {
            self.warned = Some(notice.clone());
            self.teller.tell(Event::Notice(notice));
        }
    }

    fn now(&mut self, activity: Activity) {
        if activity == self.activity {
            return;
        }
        if activity == Activity::Building {
            self.keep_download();
        }
        self.activity = activity;
        self.teller
            .tell(Event::Doing(self.step, self.activity.clone()));
    }

    /// pip builds only what it has whole and has compared with the index's checksum.
    fn keep_download(&self) {
        if let Activity::Downloading { file, .. } = &self.activity
            && let Some((path, _)) = find_below(&self.folder.work(), file)
        {
            // Without it the next try only downloads again.
            let _ = fs::hard_link(path, self.folder.downloads().join(file));
        }
    }

    /// Sees how far a download is.
    fn look(&mut self) {
        let Activity::Downloading { file, total, .. } = &self.activity else {
            return;
        };
        if let Some((_, done)) = find_below(&self.folder.work(), file) {
            let (file, total) = (file.clone(), *total);
            self.now(Activity::Downloading { file, done, total });
        }
    }
}

/// Whole lines from a pipe; what is read survives when the reading future is dropped.
struct Lines<R> {
    pipe: R,
    rest: Vec<u8>,
}

impl<R> Lines<R> {
    fn new(pipe: R) -> Self {
        Self {
            pipe,
            rest: Vec::new(),
        }
    }
}

/// The next lines; `None` at the end. Waits for ever when there is no pipe any more.
async fn next<R: AsyncRead + Unpin>(
    lines: &mut Option<Lines<R>>,
) -> io::Result<Option<Vec<String>>> {
    let Some(lines) = lines else {
        return std::future::pending().await;
    };
    let read = lines.pipe.read_buf(&mut lines.rest).await?;
    if read == 0 && lines.rest.is_empty() {
        return Ok(None);
    }
    let end = match lines.rest.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => at + 1,
        None if read == 0 => lines.rest.len(),
        None => return Ok(Some(Vec::new())),
    };
    let whole: Vec<u8> = lines.rest.drain(..end).collect();
    let text = String::from_utf8_lossy(&whole);
    let lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty());
    Ok(Some(lines.map(str::to_owned).collect()))
}

/// What a line of pip's says that it does now.
fn activity(line: &str) -> Option<Activity> {
    let line = line.trim_start();
    if line.starts_with("Collecting ") || line.starts_with("Using cached ") {
        return Some(Activity::LookingUp);
    }
    if line.starts_with("Installing collected packages") {
        return Some(Activity::Installing);
    }
    if [
        "Processing ",
        "Installing build ",
        "Preparing metadata",
        "Building wheel",
    ]
    .iter()
    .any(|start| line.starts_with(start))
    {
        return Some(Activity::Building);
    }
    let rest = line.strip_prefix("Downloading ")?;
    let (name, size) = match rest.rsplit_once(" (") {
        Some((name, size)) => (name, bytes(size.trim_end_matches(')'))),
        None => (rest, None),
    };
    let name = name.split('#').next().unwrap_or(name);
    Some(Activity::Downloading {
        file: name.rsplit('/').next().unwrap_or(name).to_owned(),
        done: 0,
        total: size,
    })
}

/// Bytes of pip's `317.3 MB`.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let factor = match unit {
        "bytes" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    // Tenths, without a detour over floating point.
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let tenths: u64 = tenths.get(..1)?.parse().ok()?;
    Some(whole.parse::<u64>().ok()? * factor + tenths * factor / 10)
}

/// A file of this name in one of the folders of pip's work space, and its size.
fn find_below(work: &Path, file: &str) -> Option<(PathBuf, u64)> {
    let folders = fs::read_dir(work).ok()?.flatten();
    folders
        .filter_map(|folder| {
            let path = folder.path().join(file);
            let size = fs::metadata(&path).ok()?.len();
            Some((path, size))
        })
        .max_by_key(|(_, size)| *size)
}

/// pip tells why it failed in words only; this is the one place that reads them.
fn reason(folder: &Folder, package: &str, code: Option<i32>, lines: &[String]) -> SetupError {
    let said = |words: &[&str]| {
        lines
            .iter()
            .rev()
            .find(|line| words.iter().any(|word| line.contains(word)))
    };
    if said(&["No space left on device", "Disk quota exceeded"]).is_some() {
        return SetupError::DiskFull {
            folder: folder.root.clone(),
            needed: super::plan::Item::Spark(String::new()).disk(),
            free: folder.free().unwrap_or(0),
        };
    }
    if let Some(line) = said(&[
        "Failed to establish a new connection",
        "NameResolutionError",
        "ConnectTimeout",
        "ReadTimeout",
        "Read timed out",
        "ProxyError",
        "SSLError",
        "CERTIFICATE_VERIFY_FAILED",
        "Connection refused",
        "Connection reset",
        "Connection aborted",
        "Connection broken",
        "Network is unreachable",
        "incomplete-download",
    ]) {
        return SetupError::NoNetwork {
            package: package.to_owned(),
            reason: shorten(line),
        };
    }
    let name = package.split("==").next().unwrap_or(package);
    if said(&["No matching distribution found for"]).is_some_and(|line| line.contains(name)) {
        return SetupError::NoSuchRelease {
            package: package.to_owned(),
            available: said(&["(from versions: "])
                .map(|line| releases(line))
                .unwrap_or_default(),
        };
    }
    let from = lines.len().saturating_sub(LAST_LINES);
    SetupError::PipFailed {
        package: package.to_owned(),
        code,
        lines: lines[from..].to_vec(),
    }
}

/// The cause in a warning like `… broken by 'ProxyError('…', NewConnectionError('<… at 0x7f>: CAUSE'))': /…`.
fn shorten(line: &str) -> String {
    let line = line.trim();
    let inner = line
        .split_once("broken by '")
        .and_then(|(_, rest)| rest.rsplit_once("':"))
        .map_or(line, |(inner, _)| inner);
    let cause = inner.rsplit_once(">: ").map_or(inner, |(_, cause)| {
        cause.trim_end_matches(['\'', '"', ')', ','])
    });
    cause.chars().take(300).collect()
}

fn releases(line: &str) -> Vec<String> {
    let list = line.split_once("(from versions: ").map(|(_, list)| list);
    let list = list
        .and_then(|list| list.split_once(')'))
        .map(|(all, _)| all);
    list.unwrap_or_default()
        .split(", ")
        .filter(|version| version.starts_with("3.5."))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(lines: &[&str]) -> SetupError {
        let folder = Folder::for_spark(Path::new("/nowhere"), "3.5.9");
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        reason(&folder, "pyspark==3.5.9", Some(1), &lines)
    }

    #[test]
    fn a_download_line_gives_file_and_size() {
        let expected = Activity::Downloading {
            file: "pyspark-3.5.9.tar.gz".into(),
            done: 0,
            total: Some(317_300_000),
        };
        assert_eq!(
            activity("  Downloading pyspark-3.5.9.tar.gz (317.3 MB)"),
            Some(expected.clone())
        );
        let mirror =
            "Downloading https://mirror.example/x/pyspark-3.5.9.tar.gz#sha256=1 (317.3 MB)";
        assert_eq!(activity(mirror), Some(expected));
    }

    #[test]
    fn sizes_in_every_unit() {
        assert_eq!(bytes("200 kB"), Some(200_000));
        assert_eq!(bytes("1.5 GB"), Some(1_500_000_000));
        assert_eq!(bytes("17 bytes"), Some(17));
        assert_eq!(bytes("much"), None);
    }

    #[test]
    fn no_network_is_told_from_no_release() {
        let error = judge(&[
            "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
             'NewConnectionError('<X>: Failed to establish a new connection: [Errno 111] \
             Connection refused')': /simple/pyspark/",
            "ERROR: Could not find a version that satisfies the requirement pyspark==3.5.9 (from versions: none)",
            "ERROR: No matching distribution found for pyspark==3.5.9",
        ]);
        assert!(
            matches!(&error, SetupError::NoNetwork { reason, .. }
            if reason == "Failed to establish a new connection: [Errno 111] Connection refused"),
            "{error:?}"
        );
        let error = judge(&[
            "ERROR: Could not find a version that satisfies the requirement pyspark==3.5.77 (from versions: 3.4.1, 3.5.0, 3.5.1, 4.0.0)",
            "ERROR: No matching distribution found for pyspark==3.5.77",
        ]);
        assert!(matches!(&error, SetupError::NoSuchRelease { available, .. }
            if available == &["3.5.0", "3.5.1"]));
    }

    #[test]
    fn a_full_disk_and_the_rest() {
        let full = judge(&[
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        ]);
        assert!(matches!(full, SetupError::DiskFull { .. }));
        let other = judge(&["error: something new"]);
        assert!(
            matches!(other, SetupError::PipFailed { code: Some(1), lines, .. } if lines.len() == 1)
        );
    }

    #[tokio::test]
    async fn lines_cut_by_reads_are_joined_and_an_unfinished_last_one_counts() {
        let pipe = tokio_test_pipe(&[b"one\ntw", b"o\nthree"]);
        let mut lines = Some(Lines::new(pipe));
        let mut all = Vec::new();
        while let Some(more) = next(&mut lines).await.unwrap() {
            all.extend(more);
        }
        assert_eq!(all, ["one", "two", "three"]);
    }

    /// A reader that gives one chunk per read.
    fn tokio_test_pipe(chunks: &[&'static [u8]]) -> impl AsyncRead + Unpin {
        let [first, second] = chunks else {
            panic!("two chunks");
        };
        first.chain(*second)
    }
}
