//! What a check is, and the groups that share a session.
use std::path::PathBuf;

use super::server::Server;

/// The server that a group needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// As it comes; ours is the built program's `serve`.
    Plain,
    /// As it comes; ours runs its statements as Livy does, without its additions.
    Faithful,
    /// Heartbeats, idle times and retention are short.
    Short,
    /// Cross-site requests are refused, and every further session.
    Closed,
    /// Several users, with rules of what each may do.
    Users,
}

impl Setting {
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::Faithful,
        Self::Short,
        Self::Closed,
        Self::Users,
    ];
}

/// One sentence of the protocol.
pub struct Check {
    /// The sentence, as the name of its function.
    pub name: &'static str,
    /// Where it stands in the protocol's description.
    pub section: &'static str,
    /// The first release that it holds for: the 9 of 0.9.
    pub since: u32,
    /// The last one.
    pub until: u32,
    pub run: fn(&Scene),
}

impl Check {
    /// How it is called in tables and arguments.
    pub fn title(&self) -> String {
        self.name.replace('_', "-")
    }

    pub fn holds_for(&self, release: u32) -> bool {
        (self.since..=self.until).contains(&release)
    }
}

/// Checks that share a server and, where it opens one, a session. The destructive ones stand last.
pub struct Group {
    pub name: &'static str,
    pub setting: Setting,
    /// The body of `POST /sessions`; none for checks that need no session.
    pub session: Option<fn() -> serde_json::Value>,
    /// Checks of the session that is not idle yet.
    pub opening: &'static [Check],
    /// In order, a part after the other.
    pub checks: &'static [&'static [Check]],
}

impl Group {
    pub fn all(&self) -> impl Iterator<Item = &'static Check> {
        self.opening
            .iter()
            .chain(self.checks.iter().copied().flatten())
    }
}

/// What a check works on.
pub struct Scene<'a> {
    pub server: &'a Server,
    /// The group's session, 9999 where there is none.
    pub session: i64,
    /// How its creation was answered.
    pub created: Option<super::http::Answer>,
    /// The states that it had until it was idle.
    pub states: Vec<String>,
    /// A folder whose files may be added to sessions, and where gates are kept.
    pub folder: PathBuf,
}

/// `"section": name`, with `since` and `until` where a release decides.
macro_rules! checks {
    ($($section:literal $(since $since:literal)? $(until $until:literal)?: $name:ident),* $(,)?) => {
        &[$($crate::check::Check {
            name: stringify!($name),
            section: $section,
            since: 0 $(+ $since)?,
            until: checks!(@until $($until)?),
            run: $name,
        }),*]
    };
    (@until) => { u32::MAX };
    (@until $until:literal) => { $until };
}
pub(crate) use checks;
