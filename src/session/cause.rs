//! Why a session did not start, or ended: read from its log, since Livy says it nowhere else.
use std::fmt;
use std::time::Duration;

use super::life::spoken;

/// The likely cause, each with its advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The queue or the cluster has no room.
    QueueFull,
    /// The queue does not exist, or is closed to this user.
    QueueUnknown,
    /// The driver did not call back in time.
    ConnectTimeout,
    /// Spark could not read a memory size.
    BadMemory,
    /// More memory was asked for than one container may have.
    TooMuchMemory,
    /// The driver ran out of memory.
    OutOfMemory,
    /// A file, jar or archive was not found.
    FileNotFound,
    /// The storage or the cluster refused access.
    AccessDenied,
    /// Somebody killed the application.
    Killed,
    /// Kerberos credentials were missing or had expired.
    Kerberos,
    /// The interpreter's program is missing on the cluster.
    NoInterpreter,
    /// A Java that this Spark does not run on.
    WrongJava,
    /// Nobody used it for longer than the idle limit.
    Idle {
        /// How long.
        idle: Duration,
        /// The limit.
        limit: Duration,
        /// Did the server tell it? Else it is Livy's usual one.
        told: bool,
    },
    /// The server heard nothing for longer than the heartbeat's limit.
    Heartbeat {
        /// How long.
        away: Duration,
        /// The limit.
        limit: Duration,
        /// Why.
        why: Away,
    },
    /// The server was away for a while, and has forgotten its sessions.
    Restarted,
    /// The server still lists it, and cannot reach its driver any more.
    ChannelBroken,
}

/// Why a server heard nothing of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// This machine slept.
    Slept,
    /// It did not answer.
    Unreached,
    /// It was not asked.
    Stopped,
}

/// What gives each cause away, first match wins; in lower case.
const SIGNS: &[(Cause, &[&str])] = &[
    (
        Cause::BadMemory,
        &[
            "size must be specified as bytes",
            "invalid initial heap size",
            "invalid maximum heap size",
            "numberformatexception: size must be",
        ],
    ),
    (
        Cause::TooMuchMemory,
        &[
            "is above the max threshold",
            "required executor memory",
            "required am memory",
            "maximum allocation",
        ],
    ),
    (
        Cause::QueueUnknown,
        &[
            "unknown queue",
            "to unknown queue",
            "cannot submit applications to queue",
            "not authorized to submit",
        ],
    ),
    (
        Cause::OutOfMemory,
        &[
            "outofmemoryerror",
            "java heap space",
            "running beyond physical memory",
            "exit code 137",
            "exitcode: 137",
            "oomkilled",
        ],
    ),
    (
        Cause::Kerberos,
        &[
            "gssexception",
            "failed to find any kerberos",
            "login failure",
            "kerberos credentials",
        ],
    ),
    (
        Cause::AccessDenied,
        &[
            "accesscontrolexception",
            "permission denied",
            "access denied",
            "accessdenied",
            "403 forbidden",
            "not authorized",
        ],
    ),
    (
        Cause::FileNotFound,
        &[
            "filenotfoundexception",
            "file does not exist",
            "does not exist, skipping",
            "no such file",
            "nosuchfileexception",
        ],
    ),
    (
        Cause::NoInterpreter,
        &[
            "cannot run program \"python",
            "cannot run program \"rscript",
            "cannot run program \"r\"",
            "no module named 'pyspark'",
        ],
    ),
    (
        Cause::WrongJava,
        &[
            "unsupportedclassversionerror",
            "getsubject is not supported",
            "inaccessibleobjectexception",
        ],
    ),
    (
        Cause::Killed,
        &[
            "application was killed",
            "killed by user",
            "application killed",
            "final status: killed",
        ],
    ),
    (
        Cause::ConnectTimeout,
        &[
            "timed out waiting for",
            "rsc server connect timeout",
            "failed to connect within",
            "no yarn application is found with tag",
            "connection timed out",
        ],
    ),
    (
        Cause::QueueFull,
        &[
            "waiting for am container to be allocated",
            "queue's am resource limit exceeded",
            "user's am resource limit exceeded",
            "am resource limit",
            "(state: accepted)",
            "added to the scheduler and is not yet activated",
            "initial job has not accepted any resources",
        ],
    ),
];

impl Cause {
    /// The cause that a log gives away.
    pub fn of(log: &[String]) -> Option<Self> {
        let text = log.join("\n").to_lowercase();
        SIGNS
            .iter()
            .find(|(_, signs)| signs.iter().any(|sign| text.contains(sign)))
            .map(|(cause, _)| *cause)
    }

    /// The cause that the log of a session gives away which had started well: what only hinders a start
    /// stands in every log of a cluster.
    pub fn of_running(log: &[String]) -> Option<Self> {
        let text = log.join("\n").to_lowercase();
        SIGNS
            .iter()
            .filter(|(cause, _)| matches!(cause, Self::OutOfMemory | Self::Kerberos | Self::Killed))
            .find(|(_, signs)| signs.iter().any(|sign| text.contains(sign)))
            .map(|(cause, _)| *cause)
    }

    /// What to do next.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::QueueFull => {
                "wait for room, ask for less (--executor-memory, --num-executors), or take another queue (--queue)"
            }
            Self::QueueUnknown => "name a queue that you may use: --queue NAME",
            Self::ConnectTimeout => {
                "try again; if the cluster is only slow, --conf livy.rsc.server.connect.timeout=300s gives it longer"
            }
            Self::BadMemory => {
                "write memory as a number with a unit: --driver-memory 2g, --executor-memory 512m"
            }
            Self::TooMuchMemory => "ask for less memory than one container of the cluster may have",
            Self::OutOfMemory => "give the driver more: --driver-memory 4g",
            Self::FileNotFound => {
                "check the addresses given with --jars, --py-files, --files and --archives: they are read by the cluster, not by this machine"
            }
            Self::AccessDenied => {
                "check the rights of the session's user on its files and storage (--proxy-user says whom it runs as)"
            }
            Self::Killed => "ask the cluster's operator who ended it, or start again",
            Self::Kerberos => "the server's own Kerberos login has trouble: tell its operator",
            Self::NoInterpreter => {
                "that language is not installed on the cluster; set PYSPARK_PYTHON for it, or take another kind (--kind)"
            }
            Self::WrongJava => "this Spark needs another Java on the machine that runs the driver",
            Self::Idle { .. } => "--idle-timeout asks for a longer limit",
            Self::Heartbeat { .. } => "--heartbeat SECONDS gives it longer",
            Self::Restarted | Self::ChannelBroken => "start a new session",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle { idle, limit, told } => {
                let (idle, limit) = (spoken(*idle), spoken(*limit));
                let known = if *told {
                    "the session's idle limit is"
                } else {
                    "servers end idle sessions, most after"
                };
                return write!(f, "nobody used it for {idle}, and {known} {limit}");
            }
            Self::Heartbeat { away, limit, why } => {
                let away = spoken(*away);
                let why = match why {
                    Away::Slept => format!("this machine slept, and was away for {away}"),
                    Away::Unreached => format!("the server was out of reach for {away}"),
                    Away::Stopped => {
                        format!("livysh was stopped (Ctrl-Z), or could not run, for {away}")
                    }
                };
                let limit = limit.as_secs();
                return write!(
                    f,
                    "{why}, and the session ends after {limit} s without a heartbeat"
                );
            }
            Self::Restarted => {
                "the server was restarted: it was out of reach, and has forgotten its sessions"
            }
            Self::ChannelBroken => {
                "the server cannot reach its driver any more, whatever the state says"
            }
            Self::QueueFull => "the cluster, or your queue, has no room for it",
            Self::QueueUnknown => "the queue does not exist or is not open to you",
            Self::ConnectTimeout => "the driver did not report back in time",
            Self::BadMemory => "a memory size cannot be read",
            Self::TooMuchMemory => "more memory was asked for than a container may have",
            Self::OutOfMemory => "the driver ran out of memory",
            Self::FileNotFound => "a file that it was given was not found",
            Self::AccessDenied => "access was denied",
            Self::Killed => "somebody killed the application",
            Self::Kerberos => "Kerberos credentials are missing or have expired",
            Self::NoInterpreter => "the language's own program is missing on the cluster",
            Self::WrongJava => "Spark does not run on that Java",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(line: &str) -> Option<Cause> {
        Cause::of(&[line.to_owned()])
    }

    #[test]
    fn the_log_gives_the_cause_away() {
        assert_eq!(
            cause(
                "java.lang.NumberFormatException: Size must be specified as bytes (b), kibibytes (k)"
            ),
            Some(Cause::BadMemory)
        );
        assert_eq!(
            cause("Required executor memory (90000), is above the max threshold (8192 MB)"),
            Some(Cause::TooMuchMemory)
        );
        assert_eq!(
            cause("26/01/01 INFO Client: Application report for application_1_2 (state: ACCEPTED)"),
            Some(Cause::QueueFull)
        );
        assert_eq!(
            cause("Application application_1 submitted by user u to unknown queue: nope"),
            Some(Cause::QueueUnknown)
        );
        assert_eq!(
            cause("java.lang.OutOfMemoryError: Java heap space"),
            Some(Cause::OutOfMemory)
        );
        assert_eq!(cause("all is well"), None);
    }
}
