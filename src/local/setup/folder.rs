//! The runtime folder on disk: names, step markers, manifest, lock, room. `mod.rs` draws its layout.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::SetupError;
use super::event::{Event, Step};
use super::install::Teller;

/// Raised when older manifests can no longer be used; such an environment is then checked anew.
const FORMAT: u32 = 1;

/// What a complete environment is made of. Written last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    pub python: PathBuf,
    pub python_version: String,
    /// For a Spark home of the user's; empty where pyspark is in the environment.
    pub python_path: Vec<PathBuf>,
    pub spark_home: PathBuf,
    pub spark_version: String,
    pub scala_version: String,
    pub java_home: PathBuf,
    pub java_version: String,
}

impl Manifest {
    pub const FORMAT: u32 = FORMAT;
}

/// One environment in a runtime folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// The runtime folder.
    pub root: PathBuf,
    /// The environment's folder inside it.
    pub environment: PathBuf,
}

impl Folder {
    pub fn new(root: &Path, name: &str) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
        Self {
            environment: root.join(name),
            root,
        }
    }

    /// The environment for one pyspark release.
    pub fn for_spark(root: &Path, version: &str) -> Self {
        Self::new(root, &format!("spark-{version}"))
    }

    /// The environment for one Spark home: named by a hash (FNV-1a) of its path.
    pub fn for_home(root: &Path, home: &Path) -> Self {
        let home = fs::canonicalize(home).unwrap_or_else(|_| home.to_path_buf());
        let bytes = home.as_os_str().as_encoded_bytes();
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::new(root, &format!("home-{hash:016x}"))
    }

    pub fn python(&self) -> PathBuf {
        self.environment.join("bin/python")
    }

    /// The folders that pip installs into: one, as long as the environment is whole.
    pub fn site_packages(&self) -> Option<PathBuf> {
        fs::read_dir(self.environment.join("lib"))
            .ok()?
            .flatten()
            .map(|entry| entry.path().join("site-packages"))
            .find(|path| path.is_dir())
    }

    /// pip's download cache.
    pub fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    /// pip's work space: on the disk whose room was checked, not in a small /tmp.
    pub fn work(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Whether a step was completed, and what it made is there. Nothing counts without the environment.
    pub fn is_done(&self, step: Step) -> bool {
        self.marker(step).is_file()
            && self.marker(Step::Environment).is_file()
            && self.python().is_file()
    }

    /// Says that a step is complete.
    pub fn mark(&self, step: Step) -> Result<(), SetupError> {
        let marker = self.marker(step);
        self.create(&self.environment.join(".livysh"))?;
        fs::write(&marker, "").map_err(io_error("written", &marker))
    }

    /// Takes a step's marker back, and with it what depends on it.
    pub fn unmark(&self, step: Step) {
        let _ = fs::remove_file(self.marker(step));
    }

    fn marker(&self, step: Step) -> PathBuf {
        self.environment.join(".livysh").join(match step {
            Step::Environment => "environment",
            Step::Spark => "spark",
            Step::JavaInstall => "java",
            Step::Java | Step::Python | Step::Check => "none",
        })
    }

    /// Removes the whole environment.
    pub fn remove_environment(&self) -> Result<(), SetupError> {
        // First what makes it look complete, so that a crash half-way leaves nothing to believe in.
        for file in [self.manifest_file(), self.marker(Step::Environment)] {
            let _ = fs::remove_file(file);
        }
        remove(&self.environment)
    }

    /// Removes what an interrupted pip left of packages: pip would take some of it for whole.
    pub fn remove_packages(&self, prefixes: &[&str]) -> Result<(), SetupError> {
        let site = self.site_packages();
        for entry in site
            .and_then(|site| fs::read_dir(site).ok())
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            // pip renames what it replaces to `~yspark`.
            if name.starts_with('~') || prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn manifest_file(&self) -> PathBuf {
        self.environment.join("runtime.json")
    }

    /// The manifest, if what it names is still there.
    pub fn read_manifest(&self) -> Option<Manifest> {
        let text = fs::read(self.manifest_file()).ok()?;
        let manifest: Manifest = serde_json::from_slice(&text).ok()?;
        (manifest.format == FORMAT
            && manifest.python.is_file()
            && manifest.spark_home.join("jars").is_dir()
            && manifest.java_home.join("bin/java").is_file())
        .then_some(manifest)
    }

    /// Writes the manifest whole or not at all.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), SetupError> {
        self.create(&self.environment)?;
        let text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
        write_whole(&self.manifest_file(), &text)
    }

    /// Remembers this environment as the one for those who ask for none.
    pub fn make_current(&self) -> Result<(), SetupError> {
        let name = self.environment.file_name().unwrap_or_default();
        write_whole(&self.root.join("current"), name.as_encoded_bytes())
    }

    /// The release that `livysh setup` chose last.
    pub fn current_spark(root: &Path) -> Option<String> {
        let name = fs::read_to_string(root.join("current")).ok()?;
        name.trim().strip_prefix("spark-").map(str::to_owned)
    }

    /// The 3.5 releases that have a manifest here, oldest first.
    pub fn installed_sparks(root: &Path) -> Vec<String> {
        let mut all: Vec<String> = fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().join("runtime.json").is_file())
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                name.strip_prefix("spark-").map(str::to_owned)
            })
            .collect();
        all.sort_by_key(|version| {
            version
                .rsplit('.')
                .next()
                .and_then(|n| n.parse::<u32>().ok())
        });
        all
    }

    /// Makes a folder below the runtime folder.
    pub fn create(&self, folder: &Path) -> Result<(), SetupError> {
        fs::create_dir_all(folder).map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: io::Error) -> SetupError {
        SetupError::NotWritable {
            folder: self.root.clone(),
            source,
        }
    }

    /// Takes the lock, waiting while another process installs. It is free again when the file is
    /// dropped, or its process ends in whatever way.
    pub async fn lock(&self, teller: &Teller) -> Result<File, SetupError> {
        self.create(&self.root)?;
        let path = self.root.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| self.unwritable(source))?;
        let mut told = None;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => {
                    return Err(SetupError::Locked { file: path, source });
                }
            }
            let holder = holder(&mut file);
            if told != Some(holder) {
                teller.tell(Event::Waiting(holder));
                told = Some(holder);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(io_error("written", &path))?;
        Ok(file)
    }

    /// Bytes that we may still write to the disk of the runtime folder.
    pub fn free(&self) -> Option<u64> {
        let there = self.root.ancestors().find(|folder| folder.exists())?;
        let disk = rustix::fs::statvfs(there).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Fails when there is not that much room. An unknown room is no reason to fail.
    pub fn require(&self, needed: u64) -> Result<(), SetupError> {
        match self.free() {
            Some(free) if free < needed => Err(SetupError::DiskFull {
                folder: self.root.clone(),
                needed,
                free,
            }),
            _ => Ok(()),
        }
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Removes a file or folder that may not exist.
pub(super) fn remove(path: &Path) -> Result<(), SetupError> {
    let result = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("removed", path)(error))
        }
        _ => Ok(()),
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SetupError> {
    let folder = path.parent().unwrap_or(path);
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        // Other users may share the runtime; a temporary file is the owner's alone.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(io_error("written", path))
}

pub(super) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SetupError {
    let path = path.to_path_buf();
    move |source| SetupError::Io { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_no_disk_has_is_refused_with_both_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::for_spark(&dir.path().join("not/yet"), "3.5.9");
        assert!(folder.require(1).is_ok());
        let error = folder.require(u64::MAX).unwrap_err();
        assert!(matches!(error, SetupError::DiskFull { needed, free, .. }
            if needed == u64::MAX && free > 0));
    }

    #[test]
    fn markers_count_only_with_a_whole_environment() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::for_spark(dir.path(), "3.5.9");
        folder.mark(Step::Spark).unwrap();
        assert!(!folder.is_done(Step::Spark));
        folder.mark(Step::Environment).unwrap();
        fs::create_dir_all(folder.environment.join("bin")).unwrap();
        fs::write(folder.python(), "").unwrap();
        assert!(folder.is_done(Step::Spark));
    }

    #[test]
    fn two_homes_have_two_environments() {
        let root = Path::new("/r");
        let one = Folder::for_home(root, Path::new("/opt/spark-a"));
        let two = Folder::for_home(root, Path::new("/opt/spark-b"));
        assert_ne!(one.environment, two.environment);
        assert_eq!(
            one.environment,
            Folder::for_home(root, Path::new("/opt/spark-a")).environment
        );
    }
}
