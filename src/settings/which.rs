//! Which session a run uses, and what becomes of it.

/// The session that a run uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Which {
    /// A new one, which is deleted on the way out.
    #[default]
    New,
    /// A new one, which stays.
    Kept,
    /// One that is there.
    Attached {
        /// Its id or name.
        session: String,
        /// Whether it is deleted on the way out.
        delete: bool,
    },
    /// An idle one of ours that was made with the same options, else a new one; it stays.
    Reused {
        /// A word of the user's that tells it from others.
        name: Option<String>,
        /// Whether a new one is made in any case.
        fresh: bool,
    },
}
