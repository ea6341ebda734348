//! Reading a session's log: the launcher's last lines, which shift under the reader.
use std::time::{Duration, Instant};

use super::poll::{Backoff, SECOND_LOOK, Tolerance, asked, is_session_denied};
use crate::livy::{Client, Error, SessionId, SessionState};

/// Time between two looks at a log that is followed.
const INTERVAL: Duration = Duration::from_secs(1);
/// Trouble that lasts longer is told.
const TROUBLE_AFTER: Duration = Duration::from_secs(3);

/// Hands new lines of a session's log to `show` until it is over, or `show` says that they are no longer wanted; the
/// answer is its last state. Once a look has been answered, outages are waited for; `trouble` hears of each that lasts,
/// once.
///
/// # Errors
/// What the first look met, or what will not pass.
pub async fn follow_log(
    client: &Client,
    id: &SessionId,
    mut show: impl FnMut(&[String]) -> bool,
    mut trouble: impl FnMut(Duration, &Error),
) -> Result<SessionState, Error> {
    let mut before: Vec<String> = Vec::new();
    let (mut backoff, mut tolerance) = (Backoff::default(), Tolerance::default());
    let (mut looked, mut denied, mut told) = (false, false, false);
    let mut since = None::<Instant>;
    loop {
        let wait = match look(client, id).await {
            Ok((state, lines)) => {
                (looked, denied, told, since) = (true, false, false, None);
                backoff.reset();
                tolerance.reset();
                let fresh = fresh_lines(&before, &lines);
                if (!fresh.is_empty() && !show(fresh)) || state.is_over() {
                    return Ok(state);
                }
                before = lines;
                INTERVAL
            }
            // one answer alone is no proof
            Err(error) if looked && is_session_denied(&error) && !denied => {
                denied = true;
                SECOND_LOOK
            }
            Err(error) if looked && tolerance.passes(client, &error) => {
                denied = false;
                let long = since.get_or_insert_with(Instant::now).elapsed();
                if long >= TROUBLE_AFTER && !told {
                    told = true;
                    trouble(long, &error);
                }
                backoff.next(asked(&error))
            }
            Err(error) => return Err(error),
        };
        tokio::time::sleep(wait).await;
    }
}

/// The state before the lines: those of the end are not missed.
async fn look(client: &Client, id: &SessionId) -> Result<(SessionState, Vec<String>), Error> {
    let state = client.state(id).await?;
    let page = client.log(id, None, Some(-1)).await?;
    Ok((state, page.log))
}

/// The lines of `now` that were not yet in `before`.
///
/// The server keeps rings of 200 lines, so positions shift: the longest tail of `before` that
/// stands in `now` tells where the news begin.
pub fn fresh_lines<'a>(before: &[String], now: &'a [String]) -> &'a [String] {
    let Some(last) = before.last() else {
        return now;
    };
    // the place where most of the known lines end in a row
    let best = (0..now.len())
        .filter(|&end| &now[end] == last)
        .max_by_key(|&end| {
            before
                .iter()
                .rev()
                .zip(now[..=end].iter().rev())
                .take_while(|(old, new)| old == new)
                .count()
        });
    best.map_or(now, |end| &now[end + 1..])
}

/// Is the line one of Livy's own headings, or empty?
fn is_marker(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || matches!(line, "stdout:" | "stderr:" | "YARN Diagnostics:")
}

/// Does the line only say that Spark is doing what it always does?
fn is_chatter(line: &str) -> bool {
    [
        " INFO ",
        " DEBUG ",
        " TRACE ",
        "INFO:",
        "Setting default log level",
        "To adjust logging level",
        "NativeCodeLoader",
        "Using Spark's default log4j profile",
        "\tat ",
        "WARNING: ",
    ]
    .iter()
    .any(|mark| line.contains(mark))
}

/// The part of a log that a person wants to see after a failure: at most `limit` lines, YARN's
/// diagnostics whole, errors before chatter.
pub fn useful_lines(log: &[String], limit: usize) -> Vec<String> {
    // YARN's diagnostics are one entry of many lines
    const ENTRY: usize = 200;
    let yarn = log
        .iter()
        .position(|line| line.trim() == "YARN Diagnostics:")
        .map_or(&log[log.len()..], |at| &log[at + 1..]);
    let rest = &log[..log.len() - yarn.len()];
    let mut lines: Vec<&String> = rest
        .iter()
        .filter(|line| !is_marker(line) && !is_chatter(line))
        .collect();
    if lines.is_empty() && yarn.iter().all(|line| is_marker(line)) {
        lines = rest.iter().filter(|line| !is_marker(line)).collect();
    }
    let yarn: Vec<&String> = yarn.iter().filter(|line| !is_marker(line)).collect();
    let yarn = &yarn[yarn.len().saturating_sub(limit)..];
    let room = limit.saturating_sub(yarn.len());
    let skip = lines.len().saturating_sub(room);
    lines
        .into_iter()
        .skip(skip)
        .chain(yarn.iter().copied())
        .flat_map(|line| line.lines().take(ENTRY))
        .map(cut)
        .collect()
}

/// A line as long as a person reads one: some programs log whole files on one.
fn cut(line: &str) -> String {
    const LONGEST: usize = 1000;
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_megabytes_is_cut() {
        let log = ["é".repeat(5 << 20), "a\n".repeat(1 << 20)];
        let lines = useful_lines(&log, 3);
        assert_eq!(lines[0].chars().count(), 1001);
        assert_eq!(lines.len(), 201);
    }

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn news_are_found_by_content_when_the_ring_has_shifted() {
        assert_eq!(
            fresh_lines(&lines("a b c"), &lines("b c d e")),
            lines("d e")
        );
        assert_eq!(fresh_lines(&[], &lines("a b")), lines("a b"));
        assert!(fresh_lines(&lines("a b"), &lines("a b")).is_empty());
        assert_eq!(fresh_lines(&lines("a b"), &lines("x y")), lines("x y"));
    }

    #[test]
    fn a_repeated_line_is_placed_by_its_neighbours() {
        assert_eq!(
            fresh_lines(&lines("a x b x"), &lines("x b x c x")),
            lines("c x")
        );
    }

    #[test]
    fn a_failure_shows_errors_and_yarns_diagnostics_not_chatter() {
        let log: Vec<String> = [
            "stdout: ",
            "\nstderr: ",
            "26/01/01 INFO Client: Uploading",
            "Exception in thread \"main\" java.lang.IllegalArgumentException: bad",
            "\tat org.apache.Foo",
            "\nYARN Diagnostics: ",
            "Application was killed",
        ]
        .map(str::to_owned)
        .to_vec();
        assert_eq!(
            useful_lines(&log, 10),
            [
                "Exception in thread \"main\" java.lang.IllegalArgumentException: bad",
                "Application was killed"
            ]
        );
    }

    #[test]
    fn a_log_of_chatter_alone_is_better_than_nothing() {
        let log = vec!["stderr: ".to_owned(), "x INFO y".to_owned()];
        assert_eq!(useful_lines(&log, 10), ["x INFO y"]);
    }
}
