//! Values as people type them, on the command line, in the environment or in the config file.
//!
//! Each parser returns the value or a [`ValueError`] whose text is a whole sentence. Nothing here
//! repeats a text that may hold a secret.

mod urls;
mod words;

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;

pub use crate::livy::Kind;
pub use crate::render::Format;
pub use urls::{proxy_url, server_url, without_url_passwords};
pub use words::{Color, EditMode};

/// The largest number that Livy takes for a count or for seconds: it reads a Java `int`.
const LARGEST: u32 = i32::MAX as u32;

/// Why a typed value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// A word that is no kind.
    #[error(transparent)]
    Kind(#[from] crate::livy::UnknownKind),
    /// A word that is no form of results.
    #[error(transparent)]
    Format(#[from] crate::render::UnknownFormat),
    /// Not one of a fixed set of words.
    #[error("'{given}' is none of: {known}.")]
    Choice {
        /// What was typed.
        given: String,
        /// The words that would do.
        known: &'static str,
    },
    /// A memory size that Spark would refuse, long after the session was asked for.
    #[error(
        "'{given}' is no memory size. Write a whole number and a unit (k, m, g or t), such as 4g or 1536m."
    )]
    Memory {
        /// What was typed.
        given: String,
    },
    /// A length of time that cannot be read.
    #[error(
        "'{given}' is no length of time. Write a number and a unit (ms, s, m, h or d), such as 90s or 2h; a number alone counts seconds."
    )]
    Time {
        /// What was typed.
        given: String,
    },
    /// A length of time that must be longer than nothing.
    #[error("The time must be longer than zero.")]
    NoTime,
    /// A count that is not a whole number above zero.
    #[error("'{given}' is no count. Write a whole number from 1 to {LARGEST}.")]
    Count {
        /// What was typed.
        given: String,
    },
    /// A number of whole seconds, where zero is allowed.
    #[error("'{given}' is no number of seconds. Write a whole number from 0 (off) to {LARGEST}.")]
    Seconds {
        /// What was typed.
        given: String,
    },
    /// A true or false that is neither.
    #[error("'{given}' is neither true nor false.")]
    Switch {
        /// What was typed.
        given: String,
    },
    /// A `--var` that is none.
    #[error(
        "A variable for files is written NAME=VALUE, such as day=2026-01-31: a name of letters, digits and _ that begins with no digit, and a value of one line."
    )]
    Variable,
    /// A setting of Spark without `=`, or without a key. The text is not repeated: it may hold a key.
    #[error("A Spark setting is written KEY=VALUE, such as spark.sql.shuffle.partitions=8.")]
    KeyValue,
    /// A header that is not `Name: value`. Its text is not repeated: it may hold a token.
    #[error(
        "A header is written 'Name: value', with letters, digits and '-' in its name and one line of text as its value."
    )]
    Header,
    /// A header that carries a credential, on the command line.
    #[error(
        "A header '{name}' on the command line shows a credential to every user of this machine. Use --token-command, --password-file, LIVYSH_TOKEN or LIVYSH_PASSWORD."
    )]
    HeaderSecret {
        /// The header's name.
        name: String,
    },
    /// A name of a session that Livy would refuse after it had begun to start Spark.
    #[error(
        "'{given}' cannot name a session. Begin with a letter, then letters, digits, '-', '_' or '.', 100 at most."
    )]
    SessionName {
        /// What was typed.
        given: String,
    },
    /// Neither an id nor a name of a session.
    #[error("'{given}' is neither the id (a number) nor the name of a session.")]
    SessionId {
        /// What was typed.
        given: String,
    },
    /// A list without anything in it, or with a gap.
    #[error("The list has an empty entry. Write the entries with one comma between two.")]
    List,
    /// An empty text where something is needed.
    #[error("The value is empty.")]
    Empty,
    /// A user name with a password behind it, as curl takes it. Not repeated.
    #[error(
        "A user name has no ':' in it. A password never goes on the command line: use --password-file, LIVYSH_PASSWORD, or wait for the prompt."
    )]
    UserWithPassword,
    /// A password inside a URL. Never repeated.
    #[error(
        "The URL has a password in it, which the process list, the shell's history and logs would show. Leave it out and use --password-file, LIVYSH_PASSWORD, 'password-command' in the config file, or wait for the prompt."
    )]
    UrlPassword,
    /// A URL that cannot be read.
    #[error(
        "The URL cannot be read: {reason}. A server is written like https://host.example.net/livy or http://localhost:8998."
    )]
    Url {
        /// What the URL reader says; it does not quote the URL.
        reason: String,
    },
    /// A URL with a query or a fragment, which no base of a REST API has.
    #[error("The URL of a server ends with its path: leave out what begins with '?' or '#'.")]
    UrlTail,
    /// A version of Spark that is none.
    #[error("'{given}' is no version of Spark. Write it in full, such as 3.5.6.")]
    SparkVersion {
        /// What was typed.
        given: String,
    },
}

/// A header to send with every request. The value may be a token, so it cannot be printed.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name, as typed.
    pub name: String,
    /// Its value, without the blanks around it.
    pub value: SecretString,
}

impl Header {
    /// Checks a header that came as name and value.
    pub fn new(name: &str, value: &str) -> Result<Self, ValueError> {
        let (name, value) = (name.trim(), value.trim());
        let in_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(in_name) || value.chars().any(char::is_control) {
            return Err(ValueError::Header);
        }
        Ok(Self {
            name: name.to_owned(),
            value: SecretString::from(value),
        })
    }

    /// Reads `Name: value` from the command line, where credentials are refused.
    pub fn from_argument(text: &str) -> Result<Self, ValueError> {
        let (name, value) = text.split_once(':').ok_or(ValueError::Header)?;
        let header = Self::new(name, value)?;
        let lower = header.name.to_ascii_lowercase();
        if lower == "authorization" || lower == "proxy-authorization" {
            return Err(ValueError::HeaderSecret { name: header.name });
        }
        Ok(header)
    }
}

/// A memory size for Spark, in the only spelling that both Spark and Java's `-Xmx` take:
/// a whole number and one small letter.
pub fn memory(text: &str) -> Result<String, ValueError> {
    let bad = || ValueError::Memory {
        given: text.to_owned(),
    };
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &lower[digits.len()..];
    let number: u64 = plain_number(digits).ok_or_else(bad)?;
    let letter = match unit {
        "k" | "kb" => "k",
        "m" | "mb" => "m",
        "g" | "gb" => "g",
        "t" | "tb" => "t",
        _ => return Err(bad()),
    };
    if number == 0 {
        return Err(bad());
    }
    Ok(format!("{number}{letter}"))
}

/// A length of time for Livy's `ttl` and `idleTimeout`. A number alone counts seconds here, and is
/// sent with its unit: Livy itself would take it for milliseconds.
pub fn livy_time(text: &str) -> Result<String, ValueError> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &lower[digits.len()..];
    let number: u64 = plain_number(digits).ok_or_else(|| ValueError::Time {
        given: text.to_owned(),
    })?;
    if number == 0 {
        return Err(ValueError::NoTime);
    }
    match unit {
        "" => Ok(format!("{number}s")),
        "us" | "ms" | "s" | "m" | "min" | "h" | "d" => Ok(format!("{number}{unit}")),
        _ => Err(ValueError::Time {
            given: text.to_owned(),
        }),
    }
}

/// A length of time that we ourselves wait; fractions are fine, a number alone counts seconds.
pub fn time(text: &str) -> Result<Duration, ValueError> {
    let bad = || ValueError::Time {
        given: text.to_owned(),
    };
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &lower[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(bad()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err(bad());
    }
    let number: f64 = digits.parse().map_err(|_| bad())?;
    let time = Duration::try_from_secs_f64(number * scale).map_err(|_| bad())?;
    if time.is_zero() {
        return Err(ValueError::NoTime);
    }
    // A year and more is a slip of the finger, and would overflow what clocks can add.
    if time > Duration::from_secs(365 * 86400) {
        return Err(bad());
    }
    Ok(time)
}

/// A count above zero.
pub fn count(text: &str) -> Result<u32, ValueError> {
    plain_number(text.trim())
        .filter(|n| (1..=LARGEST).contains(n))
        .ok_or_else(|| ValueError::Count {
            given: text.to_owned(),
        })
}

/// Whole seconds, 0 for off.
pub fn seconds(text: &str) -> Result<u32, ValueError> {
    plain_number(text.trim())
        .filter(|n| *n <= LARGEST)
        .ok_or_else(|| ValueError::Seconds {
            given: text.to_owned(),
        })
}

/// True or false, in the words that people use in the environment.
pub fn switch(text: &str) -> Result<bool, ValueError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(ValueError::Switch {
            given: text.to_owned(),
        }),
    }
}

/// `KEY=VALUE` of Spark's configuration; the value may hold further `=`.
pub fn key_value(text: &str) -> Result<(String, String), ValueError> {
    let (key, value) = text.split_once('=').ok_or(ValueError::KeyValue)?;
    let key = key.trim();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err(ValueError::KeyValue);
    }
    Ok((key.to_owned(), value.trim().to_owned()))
}

/// `NAME=VALUE` of `--var`; the value is taken as it is, blanks too. It has one line, so that those of the
/// file keep their numbers.
pub fn variable(text: &str) -> Result<(String, String), ValueError> {
    let (name, value) = text.split_once('=').ok_or(ValueError::Variable)?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins || !name.chars().all(word) || value.contains(['\n', '\r', '\0']) {
        return Err(ValueError::Variable);
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A list with commas.
pub fn list(text: &str) -> Result<Vec<String>, ValueError> {
    text.split(',')
        .map(|item| match item.trim() {
            "" => Err(ValueError::List),
            item => Ok(item.to_owned()),
        })
        .collect()
}

/// A name for a session: what Livy takes and what stands in a URL as it is.
pub fn session_name(text: &str) -> Result<String, ValueError> {
    if text.len() <= 100 && is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(ValueError::SessionName {
            given: text.to_owned(),
        })
    }
}

/// A session's id, or its name where the server is newer than 0.5.
pub fn session_id(text: &str) -> Result<String, ValueError> {
    // some services have GUIDs as ids
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && is_word(text) {
        Ok(text.to_owned())
    } else {
        Err(ValueError::SessionId {
            given: without_url_passwords(text),
        })
    }
}

/// Whether a text can name a session or a profile: a letter, then letters, digits, `-`, `_`, `.`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word(text)
}

fn is_word(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A text that must say something.
pub fn text(text: &str) -> Result<String, ValueError> {
    if text.trim().is_empty() {
        Err(ValueError::Empty)
    } else {
        Ok(text.to_owned())
    }
}

/// A user's name, without a password behind it.
pub fn user(name: &str) -> Result<String, ValueError> {
    if name.contains(':') {
        Err(ValueError::UserWithPassword)
    } else {
        text(name)
    }
}

/// The full version of a Spark release.
pub fn spark_version(text: &str) -> Result<String, ValueError> {
    let parts: Vec<&str> = text.split('.').collect();
    let good = parts.len() == 3 && parts.iter().all(|p| plain_number::<u32>(p).is_some());
    if good {
        Ok(text.to_owned())
    } else {
        Err(ValueError::SparkVersion {
            given: text.to_owned(),
        })
    }
}

/// A number of digits only: no sign, no blank, no underscore.
fn plain_number<N: FromStr>(digits: &str) -> Option<N> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_memory_size_needs_a_unit_and_gets_the_spelling_that_java_takes() {
        assert_eq!(memory("4g").unwrap(), "4g");
        assert_eq!(memory("4GB").unwrap(), "4g");
        assert_eq!(memory("1536mb").unwrap(), "1536m");
        for bad in [
            "4",
            "",
            "g",
            "1.5g",
            "-4g",
            "4x",
            "0g",
            "4 g",
            "+4g",
            "٤g",
            "99999999999999999999g",
        ] {
            assert!(memory(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_for_livy_never_goes_without_a_unit() {
        assert_eq!(livy_time("30").unwrap(), "30s");
        assert_eq!(livy_time("2H").unwrap(), "2h");
        assert_eq!(livy_time("10min").unwrap(), "10min");
        for bad in ["", "h", "-1s", "1.5h", "3 weeks", "0"] {
            assert!(livy_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_of_ours_may_have_a_fraction_but_not_be_nothing() {
        assert_eq!(time("1.5").unwrap(), Duration::from_millis(1500));
        assert_eq!(time("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(time("2m").unwrap(), Duration::from_secs(120));
        for bad in [
            "",
            "0",
            "-1",
            "1e3",
            "nan",
            "inf",
            "5x",
            ".",
            "400d",
            "0.0000000001ms",
        ] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn counts_are_positive_and_fit_a_java_int() {
        assert_eq!(count("3").unwrap(), 3);
        for bad in ["0", "-1", "2147483648", "1.0", "", "x"] {
            assert!(count(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("0").unwrap(), 0);
        assert!(seconds("2147483648").is_err());
    }

    #[test]
    fn a_session_name_begins_with_a_letter_and_is_not_all_digits() {
        assert!(session_name("etl-2.x_1").is_ok());
        for bad in ["", "123", "1a", "-x", "a b", "a/b", "é", "a\n"] {
            assert!(session_name(bad).is_err(), "{bad:?}");
        }
        assert!(session_name(&"a".repeat(101)).is_err());
    }

    #[test]
    fn a_setting_of_spark_keeps_further_equal_signs() {
        assert_eq!(key_value("a=b=c").unwrap(), ("a".into(), "b=c".into()));
        assert!(key_value("a=").is_ok());
        for bad in ["a", "=b", "a b=c", ""] {
            assert!(key_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_header_with_a_credential_is_refused_on_the_command_line_only() {
        let header = Header::from_argument("X-Team:  data ").unwrap();
        assert_eq!(
            (header.name.as_str(), header.value.expose_secret()),
            ("X-Team", "data")
        );
        assert!(!format!("{header:?}").contains("data"));
        let error = Header::from_argument("authorization: Bearer abc").unwrap_err();
        assert!(!error.to_string().contains("abc"));
        assert!(Header::new("Authorization", "Bearer abc").is_ok());
        for bad in ["X-Team", "X Team: a", ": a", "X: a\r\nY: b"] {
            assert!(Header::from_argument(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for given in [
            "https://u:s3cret@host/livy",
            "http://:s3cret@host",
            "ftp://u:s3cret@host",
        ] {
            let error = server_url(given).unwrap_err();
            assert_eq!(error, ValueError::UrlPassword);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let error = server_url("https://u:s3cret@ho st/").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert!(
            !user("alice:s3cret")
                .unwrap_err()
                .to_string()
                .contains("s3cret")
        );
    }

    #[test]
    fn a_url_may_name_the_user() {
        let (url, user) = server_url("https://alice%40corp@host.example/livy").unwrap();
        assert_eq!(url.as_str(), "https://host.example/livy");
        assert_eq!(user.as_deref(), Some("alice@corp"));
    }

    #[test]
    fn a_server_is_an_http_url_without_query() {
        assert!(server_url("http://localhost:8998").is_ok());
        for bad in [
            "localhost:8998",
            "ftp://host",
            "https://",
            "http://h/livy?x=1",
            "http://h/#a",
        ] {
            assert!(server_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_of_urls_are_masked_in_foreign_messages() {
        let text = "unexpected 'https://u:p%40w@h/x' and http://h:80/a:b@c and a://u:p@q@h.";
        let masked = without_url_passwords(text);
        assert_eq!(
            masked,
            "unexpected 'https://u:***@h/x' and http://h:80/a:b@c and a://u:***@h."
        );
    }

    #[test]
    fn a_kind_has_the_names_of_livy_and_of_the_languages() {
        assert_eq!("scala".parse::<Kind>().unwrap(), Kind::Spark);
        assert_eq!("python".parse::<Kind>().unwrap().name(), "pyspark");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_value_panic(given in ".{0,40}", more in "[a-z0-9:/@%.?#=, -]{0,40}") {
            for given in [given.as_str(), more.as_str(), &format!("https://{more}")] {
                drop((memory(given), livy_time(given), time(given), count(given), seconds(given)));
                drop((key_value(given), list(given), session_id(given), Header::from_argument(given)));
                drop((server_url(given), proxy_url(given), without_url_passwords(given)));
            }
        }

        #[test]
        fn a_password_in_a_url_is_never_accepted_nor_repeated(
            user in "[a-z]{0,5}", password in "[A-Z]{6,12}", rest in "[a-z0-9./:@ -]{0,12}"
        ) {
            let given = format!("https://{user}:{password}@host{rest}");
            let error = server_url(&given).unwrap_err();
            let shown = format!("{error} {error:?}");
            proptest::prop_assert!(!shown.contains(&password));
            proptest::prop_assert!(!without_url_passwords(&given).contains(&password));
        }
    }
}
