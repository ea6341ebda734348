//! The server's work folder: private, locked while the server lives, swept by the next one when it was killed.
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::host::make_folder;

const LOCK: &str = "lock";

/// A server's own folder below the common root. Dropping it removes the folder.
#[derive(Debug)]
pub(super) struct WorkFolder {
    path: PathBuf,
    /// Held as long as the folder is in use; the system lets go of it however the process ends.
    _lock: File,
}

impl WorkFolder {
    /// Makes the folder `<pid>-<start>` and sweeps those of servers that are gone. Who makes or sweeps holds the
    /// root's lock, so that nobody takes a folder that is just being made for a left-over.
    pub(super) fn claim(root: &Path) -> io::Result<Self> {
        make_folder(root)?;
        fs::set_permissions(root, fs::Permissions::from_mode(0o700))?;
        let gate = open_lock(&root.join(LOCK))?;
        gate.lock()?;
        let start = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let path = root.join(format!("{}-{start}", std::process::id()));
        make_folder(&path)?;
        let lock = open_lock(&path.join(LOCK))?;
        lock.lock()?;
        let left_over = left_over(root, &path);
        drop(gate);
        if !left_over.is_empty() {
            // Removing may take long (Spark's spilled data) and nobody waits for it; what stays goes next time.
            std::thread::spawn(move || {
                for (folder, lock) in left_over {
                    let _ = fs::remove_dir_all(folder);
                    drop(lock);
                }
            });
        }
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Folders whose lock nobody holds, with the lock taken.
fn left_over(root: &Path, own: &Path) -> Vec<(PathBuf, File)> {
    let Ok(entries) = fs::read_dir(root) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| path != own)
        .filter_map(|path| {
            let lock = open_lock(&path.join(LOCK)).ok()?;
            lock.try_lock().ok()?;
            Some((path, lock))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_living_servers_folder_is_left_alone_and_a_dead_ones_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let living = WorkFolder::claim(root.path()).unwrap();
        let dead = root.path().join("1-1");
        fs::create_dir_all(dead.join("session-0/work")).unwrap();
        let next = WorkFolder::claim(root.path()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while dead.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!dead.exists());
        assert!(living.path().exists() && next.path().exists());
        assert_ne!(living.path(), next.path());
        let path = next.path().to_owned();
        drop(next);
        assert!(!path.exists());
    }
}
