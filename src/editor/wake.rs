//! Ends a read that nobody's key ends: the session is ready for what was entered before it was.
//!
//! The line editor has no way for that. So it is given keys of ours to read, in place of the terminal, at a moment when it
//! reads none: while it paints. The first of them gives the terminal back and takes the text out of the buffer, the second
//! ends the read.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use super::shared::lock;

/// The character of the key: Ctrl-^, which has no other meaning.
pub(super) const KEY: char = '^';
/// Some commands of vi's take the key after them for their own: the first may be lost.
const KEYS: &[u8] = b"\x1e\x1e\x1e";

#[derive(Default)]
pub(super) struct Wake {
    /// The terminal, while the editor reads our keys.
    terminal: Mutex<Option<OwnedFd>>,
}

impl Wake {
    /// From now on the editor reads our keys. On its own thread only, between two keys.
    pub fn start(&self) -> io::Result<()> {
        let mut terminal = lock(&self.terminal);
        if terminal.is_some() {
            return Ok(());
        }
        let stdin = rustix::stdio::stdin();
        let kept = rustix::io::fcntl_dupfd_cloexec(stdin, 3)?;
        let (keys, mut to) = io::pipe()?;
        to.write_all(KEYS)?;
        rustix::stdio::dup2_stdin(&keys)?;
        *terminal = Some(kept);
        Ok(())
    }

    /// It reads the terminal again; did it not?
    pub fn stop(&self) -> bool {
        let Some(kept) = lock(&self.terminal).take() else {
            return false;
        };
        // it worked the other way round, with the same descriptors
        let _ = rustix::stdio::dup2_stdin(&kept);
        true
    }
}
