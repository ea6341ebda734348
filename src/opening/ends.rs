//! When a session ends that we leave on the server, in words.
use std::time::Duration;

use super::telling::keeps_heartbeat;
use crate::livy;
use crate::session::spoken;

/// What ends a session that nobody uses, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// Seconds after the last look at it.
    pub(super) heartbeat_s: Option<u32>,
    /// Time without use, as Livy writes it.
    pub(super) idle: Option<String>,
    /// Livy 0.8 means time without use, later releases its whole life.
    pub(super) ttl: Option<String>,
}

impl Ends {
    /// As the server shows it.
    pub(super) fn shown(session: &livy::Session) -> Self {
        Self {
            heartbeat_s: session.heartbeat_s(),
            idle: session.told("idleTimeout"),
            ttl: session.told("ttl"),
        }
    }

    /// Takes away what the server did not know.
    pub(super) fn leave_out(&mut self, fields: &[String]) {
        let lacks = |name: &str| fields.iter().any(|field| field == name);
        self.heartbeat_s = self.heartbeat_s.filter(|_| keeps_heartbeat(fields));
        self.idle = self.idle.take().filter(|_| !lacks("idleTimeout"));
        self.ttl = self.ttl.take().filter(|_| !lacks("ttl"));
    }

    /// The period of its heartbeat.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        let seconds = self.heartbeat_s?;
        Some(Duration::from_secs(u64::from(seconds)))
    }

    /// A sentence's second half.
    pub(super) fn text(&self) -> String {
        if let Some(seconds) = self.heartbeat_s {
            let period = Duration::from_secs(u64::from(seconds));
            return format!(
                "the server ends it {} after the last look at it (its heartbeat, which cannot be taken away)",
                spoken(period)
            );
        }
        match (&self.idle, &self.ttl) {
            (Some(idle), _) => format!("the server ends it after {idle} without use"),
            (None, Some(ttl)) => format!("the server ends it by its ttl of {ttl}"),
            (None, None) => {
                "the server's idle limit ends it (1 h without use, unless its operator set another)"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_that_comes_first_is_told() {
        let shown: livy::Session = serde_json::from_str(
            r#"{"id": 0, "heartbeatTimeoutInSecond": 600, "ttl": "8h", "idleTimeout": null}"#,
        )
        .unwrap();
        let mut ends = Ends::shown(&shown);
        assert!(ends.text().contains("10 min after the last look"));
        ends.heartbeat_s = None;
        assert!(ends.text().contains("ttl of 8h"));
        ends.idle = Some("30m".to_owned());
        assert!(ends.text().contains("30m without use"));
        assert!(Ends::default().text().contains("1 h without use"));
    }
}
