//! Sessions of ours that stay for the next run, which then need not wait for a start.
use std::pin::pin;

use futures_util::StreamExt;

use super::attach::Taking;
use super::left::looks;
use super::wanted::wanted;
use super::{Asked, Making, Opened, Opener};
use crate::livy::{Client, CreateSession, Kind, Reason, Session, SessionState};
use crate::record::{JournalKey, OwnSession};
use crate::report::Report;
use crate::settings::ConnectionSettings;

impl Opener {
    /// An idle session of ours that was made with the same wishes, else a new one for the next.
    pub(super) async fn reused(
        &self,
        name: Option<String>,
        fresh: bool,
        asked: Asked<'_>,
    ) -> Result<Opened, Report> {
        let settings = &self.0.settings;
        if !self.0.record.is_kept() {
            asked.telling.note(
                "without the record nobody could find the session again: it is deleted on the way out",
            );
            return self.made(asked, Making::default()).await;
        }
        let word = name.or_else(|| settings.session.name.clone());
        let mut create = wanted(&settings.session, asked.kind).create;
        create.heartbeat_timeout_in_second = None;
        let options = fingerprint(&create, word.as_deref(), asked.kind, &settings.connection);
        asked.telling.status("looking for an idle session of yours");
        let client = self.client().await?;
        if !fresh && let Some((shown, journal)) = self.idle(&client, &options).await {
            let taking = Taking {
                journal,
                shared: false,
                heartbeat_s: None,
                ours: true,
                delete: false,
            };
            self.tell_what_was_left(&client, asked.telling);
            return self.taken(&client, &shown, &taking, asked).await;
        }
        let making = Making {
            stays: true,
            options: Some(options),
            word,
        };
        self.made(asked, making).await
    }

    /// The newest that is there, idle, surely ours and used by nobody. From then on it is this process's.
    async fn idle(&self, client: &Client, options: &str) -> Option<(Session, JournalKey)> {
        let record = &self.0.record;
        let own = record.own_sessions(&self.journal_name(client));
        let fits = |own: &OwnSession| {
            own.session.is_some()
                && own.kept
                && own.heartbeat_s.is_none()
                && own.options.as_deref() == Some(options)
        };
        let fits = own.into_iter().rev().filter(fits);
        let rows = fits.filter(|own| !record.is_in_use(own)).collect();
        let mut looks = pin!(looks(client, rows));
        while let Some((own, look)) = looks.next().await {
            let own = &own;
            match look {
                Ok(shown) if shown.name.as_deref() != Some(own.name.as_str()) => {
                    // a server that shows no names proves nothing
                    if shown.name.is_some() {
                        record.forget(own);
                    }
                }
                Ok(shown) if shown.state == SessionState::Idle => {
                    if let Some(journal) = record.adopt(own) {
                        return Some((shown, journal));
                    }
                }
                Ok(shown) if shown.state.is_over() => record.forget(own),
                Err(error) if error.reason() == Some(Reason::NoSuchSession) => record.forget(own),
                Ok(_) | Err(_) => {}
            }
        }
        None
    }
}

/// The same for the same wishes, and other for others: 64 bits of FNV-1a. What was wished may hold secrets, so that
/// it is not written down itself.
fn fingerprint(
    create: &CreateSession,
    word: Option<&str>,
    kind: Kind,
    connection: &ConnectionSettings,
) -> String {
    let mut create = create.clone();
    create.name = None;
    let body = serde_json::to_string(&create).unwrap_or_default();
    let all = [
        Some(body.as_str()),
        word,
        Some(kind.name()),
        connection.user.as_deref(),
        connection.do_as.as_deref(),
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in all {
        // a byte that no text has stands between two of them, another for one that is not there
        let bytes = part.map_or(&[0xfe_u8][..], str::as_bytes);
        for byte in bytes.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_wishes_have_the_same_fingerprint_and_no_others() {
        let none = ConnectionSettings::default();
        let create = |name: &str, memory: &str| CreateSession {
            name: Some(name.to_owned()),
            driver_memory: Some(memory.to_owned()),
            ..CreateSession::default()
        };
        let of = |create: &CreateSession, word, kind| fingerprint(create, word, kind, &none);
        let one = of(&create("a", "1g"), None, Kind::Sql);
        assert_eq!(
            one,
            of(&create("b", "1g"), None, Kind::Sql),
            "names are random"
        );
        let mut user = none.clone();
        user.user = Some("ann".to_owned());
        let others = [
            of(&create("a", "2g"), None, Kind::Sql),
            of(&create("a", "1g"), Some("x"), Kind::Sql),
            of(&create("a", "1g"), Some(""), Kind::Sql),
            of(&create("a", "1g"), None, Kind::Spark),
            fingerprint(&create("a", "1g"), None, Kind::Sql, &user),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(&one, other);
            assert!(!others[..at].contains(other), "{at}");
        }
    }
}
