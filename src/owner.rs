//! Who looks after a session, and whether that process still lives.
//!
//! A pid is used again, and containers that share a home may have equal pids and host names: so a
//! process holds a lock on a file of its own beside the journal, which the system takes from it when
//! it ends, whichever way. Where this proves nothing the owner counts as alive.
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use livysh_history::Owner;

/// This process, as it stands in the journal, and what it needs to judge others.
#[derive(Debug)]
pub struct Ourselves {
    folder: Option<PathBuf>,
    held: OnceLock<Option<Held>>,
}

/// A lock of ours; it is held as long as the file is open.
#[derive(Debug)]
struct Held {
    name: String,
    _file: File,
}

/// A looker holds a new file for a moment, before we do.
const TRIES: u32 = 50;

impl Ourselves {
    /// For a journal in this folder; none without a journal.
    pub fn beside(folder: Option<&Path>) -> Self {
        Self {
            folder: folder.map(|folder| folder.join("owners")),
            held: OnceLock::new(),
        }
    }

    /// This process; the first call takes its lock.
    pub fn owner(&self) -> Owner {
        let held = self.held.get_or_init(|| {
            let folder = self.folder.as_ref()?;
            sweep(folder);
            Held::take(folder)
        });
        let pid = std::process::id();
        Owner {
            host: host(),
            pid,
            process_start: start(pid).unwrap_or_default(),
            lock: held.as_ref().map(|held| held.name.clone()),
        }
    }

    /// Does that process live? True when in doubt.
    pub fn lives(&self, owner: &Owner) -> bool {
        let free = owner
            .lock
            .as_ref()
            .zip(self.folder.as_ref())
            .and_then(|(name, folder)| is_free(folder, name));
        match free {
            Some(false) => true,
            // a lock of another machine's may not be seen from here
            Some(true) => !(same_kernel(&owner.process_start) || owner.host == host()),
            None => !is_surely_gone(owner),
        }
    }
}

impl Held {
    fn take(folder: &Path) -> Option<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).ok()?;
        for _ in 0..TRIES {
            let name = format!("{:016x}.lock", fastrand::u64(..));
            let path = folder.join(&name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let file = options.open(&path).ok()?;
            if file.try_lock().is_ok() && is_at(&file, &path) {
                return Some(Self { name, _file: file });
            }
            let _ = fs::remove_file(path);
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

/// Is this the file that stands there? A sweep may have taken it away before it was locked.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Does nobody hold it? None when it cannot be told.
fn is_free(folder: &Path, name: &str) -> Option<bool> {
    // the name comes from a file that others of this user's programs write
    if name.contains('/') {
        return None;
    }
    let file = File::open(folder.join(name)).ok()?;
    // shared: two lookers do not take each other for an owner
    match file.try_lock_shared() {
        Ok(()) => Some(true),
        Err(TryLockError::WouldBlock) => Some(false),
        Err(TryLockError::Error(_)) => None,
    }
}

/// Without its lock a process is gone only where its number is nobody's, or another's.
fn is_surely_gone(owner: &Owner) -> bool {
    if owner.host != host() || owner.process_start.is_empty() {
        return false;
    }
    // where nothing is told of ourselves, nothing is told of others
    start(std::process::id()).is_some() && start(owner.pid) != Some(owner.process_start.clone())
}

/// Takes away old files that nobody holds. A session may still stand in the journal with one of them:
/// then it is told by host, pid and start that its owner is gone, as long as this kernel runs, and so
/// the file stays until it is a month old.
fn sweep(folder: &Path) {
    const OLD: Duration = Duration::from_secs(30 * 24 * 3600);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|about| about.modified());
        let old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD));
        if old && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The kernel's run and the start of a process in its clock ticks, where the system tells.
fn start(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the command's name may hold blanks and brackets: the fields begin behind the last bracket
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().nth(19)?;
    Some(format!("{}{BETWEEN}{ticks}", boot()?))
}

const BETWEEN: char = '/';

/// What tells one run of the kernel from another; containers of one machine share it.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

fn same_kernel(process_start: &str) -> bool {
    let theirs = process_start.split_once(BETWEEN).map(|(boot, _)| boot);
    theirs.is_some() && theirs.map(str::to_owned) == boot()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_process_lives_as_long_as_it_holds_its_lock() {
        let folder = folder();
        let (ours, looker) = (
            Ourselves::beside(Some(folder.path())),
            Ourselves::beside(Some(folder.path())),
        );
        let owner = ours.owner();
        assert_eq!(owner, ours.owner());
        assert!(owner.lock.is_some());
        assert!(looker.lives(&owner));
        drop(ours);
        // the pid still lives, and its start is the same: the lock decides
        assert!(!looker.lives(&owner));
    }

    #[test]
    fn containers_of_equal_pids_are_told_apart_by_their_locks() {
        let folder = folder();
        let (one, other) = (
            Ourselves::beside(Some(folder.path())),
            Ourselves::beside(Some(folder.path())),
        );
        let (first, second) = (one.owner(), other.owner());
        assert_eq!(
            (first.pid, &first.process_start),
            (second.pid, &second.process_start)
        );
        drop(one);
        assert!(!other.lives(&first));
        assert!(other.lives(&second));
    }

    #[test]
    fn the_owner_counts_as_alive_when_in_doubt() {
        let folder = folder();
        let ours = Ourselves::beside(Some(folder.path()));
        let looker = Ourselves::beside(Some(folder.path()));
        let me = ours.owner();
        drop(ours);
        let elsewhere = Owner {
            host: "another".to_owned(),
            process_start: "another-boot/1".to_owned(),
            ..me.clone()
        };
        // free, but perhaps only as seen from here
        assert!(looker.lives(&elsewhere));
        let without = Owner {
            lock: None,
            ..elsewhere
        };
        assert!(looker.lives(&without));
        let unknown_start = Owner {
            lock: None,
            process_start: String::new(),
            ..me.clone()
        };
        assert!(looker.lives(&unknown_start));
        let odd = Owner {
            lock: Some("../../etc/passwd".to_owned()),
            ..me
        };
        assert!(looker.lives(&odd), "this very process");
    }

    #[test]
    fn without_a_lock_host_pid_and_start_tell_where_the_system_does() {
        let looker = Ourselves::beside(None);
        let me = looker.owner();
        assert_eq!(me.lock, None);
        assert!(looker.lives(&me));
        if start(me.pid).is_some() {
            let used_again = Owner {
                process_start: "1".to_owned(),
                ..me
            };
            assert!(!looker.lives(&used_again));
        }
    }

    #[test]
    fn a_sweep_takes_only_old_files_that_nobody_holds() {
        let folder = folder();
        let ours = Ourselves::beside(Some(folder.path()));
        let name = ours.owner().lock.unwrap();
        let owners = folder.path().join("owners");
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(90 * 24 * 3600);
        for file in ["old.lock", "new.lock"] {
            fs::write(owners.join(file), "").unwrap();
        }
        for file in ["old.lock", name.as_str()] {
            let file = File::options().write(true).open(owners.join(file)).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        sweep(&owners);
        assert!(!owners.join("old.lock").exists());
        assert!(owners.join("new.lock").exists() && owners.join(name).exists());
    }
}
