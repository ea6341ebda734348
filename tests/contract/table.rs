//! What came out: the table, and the list of differences that it is held against.
use std::collections::BTreeMap;

use super::arguments::SERVERS;
use super::check::Check;
use super::lane::{Found, Verdict, Verdicts};

/// `check server reason`, a line each.
const DIFFERENCES: &str = include_str!("differences.txt");

/// The listed reasons, by check and server.
pub struct Differences(BTreeMap<(String, String), String>);

impl Differences {
    /// Reads the list; a line that names no check, or a server of another name, is an error.
    pub fn read(names: &[String]) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for line in DIFFERENCES.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.splitn(3, char::is_whitespace);
            let (check, server) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let reason = words.next().unwrap_or("").trim();
            if !names.iter().any(|name| name == check) {
                return Err(format!("differences.txt: no check is called {check:?}"));
            }
            if !SERVERS[..2].contains(&server) || reason.is_empty() {
                return Err(format!(
                    "differences.txt: not `check server reason`: {line}"
                ));
            }
            all.insert((check.to_owned(), server.to_owned()), reason.to_owned());
        }
        Ok(Self(all))
    }

    fn reason(&self, check: &str, server: &str) -> Option<&str> {
        let key = (check.to_owned(), server.to_owned());
        self.0.get(&key).map(String::as_str)
    }
}

/// A server's column.
pub struct Column {
    pub server: &'static str,
    /// The title, with the release.
    pub title: String,
    found: Found,
}

impl Column {
    pub fn new(server: &'static str, found: Verdicts) -> Self {
        let found = found.into_inner().unwrap();
        Self {
            server,
            title: format!("{server} 0.{}", found.release),
            found,
        }
    }
}

/// The table, and what is wrong in it.
pub struct Report {
    pub table: String,
    pub faults: Vec<String>,
}

/// Writes the table of these checks.
pub fn report(checks: &[&Check], columns: &[Column], differences: &Differences) -> Report {
    let widest = checks.iter().map(|check| check.name.len()).max();
    let widest = widest.unwrap_or(0);
    let mut table = format!("{:widest$}  section", "check");
    for column in columns {
        table.push_str(&format!("  {:12}", column.title));
    }
    table.push_str("  reason\n");
    let mut faults = Vec::new();
    for check in checks {
        let title = check.title();
        let mut reasons = Vec::new();
        table.push_str(&format!("{title:widest$}  {:7}", check.section));
        for column in columns {
            let reason = differences.reason(&title, column.server);
            let verdict = column.found.of.get(check.name);
            let (word, fault) = judged(verdict, reason);
            table.push_str(&format!("  {word:12}"));
            reasons.extend(reason.filter(|_| word == "differs"));
            faults.extend(fault.map(|why| format!("{title} on {}: {why}", column.server)));
        }
        table.push_str(&format!("  {}", reasons.join("; ")));
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    Report { table, faults }
}

/// The word for the table, and the complaint.
fn judged(verdict: Option<&Verdict>, listed: Option<&str>) -> (&'static str, Option<String>) {
    match (verdict, listed) {
        (Some(Verdict::Holds), None) => ("ok", None),
        (Some(Verdict::Holds), Some(_)) => (
            "ok, listed",
            Some("it holds, and stands in differences.txt: take it out".to_owned()),
        ),
        (Some(Verdict::Fails(_)), Some(_)) => ("differs", None),
        (Some(Verdict::Fails(why)), None) => ("FAILS", Some(why.clone())),
        (Some(Verdict::None(_)), None) => ("-", None),
        (Some(Verdict::None(why)), Some(_)) => (
            "-, listed",
            Some(format!(
                "it stands in differences.txt and is not asked: {why}"
            )),
        ),
        (None, _) => ("NOT RUN", Some("it was not run".to_owned())),
    }
}
