//! Durations as Livy writes them: digits and a unit; without a unit they are milliseconds.
use std::time::Duration;

/// A text that is no duration, in the words of Livy's `ClientConf`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BadDuration {
    /// Not digits and letters.
    #[error("Invalid time string: {0}")]
    Text(String),
    /// A unit that Livy does not know.
    #[error("Invalid suffix: \"{0}\"")]
    Suffix(String),
    /// Negative.
    #[error("Invalid value: {0}")]
    Value(String),
}

/// Reads `90s`, `1h`, `500` (milliseconds), in any case.
pub(super) fn parse(text: &str) -> Result<Duration, BadDuration> {
    let lower = text.to_ascii_lowercase();
    let bad = || BadDuration::Text(text.to_owned());
    let (negative, rest) = match lower.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, lower.as_str()),
    };
    let unit_at = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, unit) = rest.split_at(unit_at);
    if digits.is_empty() || !unit.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(bad());
    }
    let number: u64 = digits.parse().map_err(|_| bad())?;
    let seconds = match unit {
        "" | "ms" => None,
        "us" => return checked(negative, digits, Duration::from_micros(number)),
        "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        other => return Err(BadDuration::Suffix(other.to_owned())),
    };
    let duration = match seconds {
        None => Duration::from_millis(number),
        Some(each) => Duration::from_secs(number.saturating_mul(each)),
    };
    checked(negative, digits, duration)
}

fn checked(negative: bool, digits: &str, duration: Duration) -> Result<Duration, BadDuration> {
    if negative && !duration.is_zero() {
        Err(BadDuration::Value(format!("-{digits}")))
    } else {
        Ok(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_livys_and_no_unit_is_milliseconds() {
        for (text, millis) in [
            ("5", 5),
            ("5ms", 5),
            ("2S", 2_000),
            ("1m", 60_000),
            ("1min", 60_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("7us"), Ok(Duration::from_micros(7)));
    }

    #[test]
    fn bad_ones_are_refused_in_livys_words() {
        for (text, words) in [
            ("abc", "Invalid time string: abc"),
            ("", "Invalid time string: "),
            ("5x", "Invalid suffix: \"x\""),
            ("-1", "Invalid value: -1"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), words);
        }
    }
}
