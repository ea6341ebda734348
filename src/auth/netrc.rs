//! The netrc file, as ftp, curl and git read it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::Warning;

/// No netrc of people is longer.
const LARGEST: u64 = 1024 * 1024;

/// What netrc says about a host.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// The host; none for `default`, which stands for any other.
    pub(super) host: Option<String>,
    pub(super) login: Option<String>,
    pub(super) password: Option<SecretString>,
}

/// The first entry for the host (and the user, when one is named), else `default`. A file that is
/// not there says nothing, unless it was `named`.
pub(super) fn look_up(
    path: &Path,
    named: bool,
    host: &str,
    user: Option<&str>,
) -> Result<(Option<Entry>, Option<Warning>), Warning> {
    let left_out = |reason: String| Warning::Netrc {
        path: path.to_owned(),
        reason,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok((None, None)),
        Err(error) => return Err(left_out(error.to_string())),
    };
    let about = file
        .metadata()
        .map_err(|error| left_out(error.to_string()))?;
    if about.is_file() && about.mode() & 0o022 != 0 {
        return Err(left_out(format!(
            "other users can write it; look at what is in it, then: chmod 600 '{}'",
            path.display()
        )));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| left_out(error.to_string()))?;
    let entries = parse(&text).map_err(|line| left_out(format!("line {line} cannot be read")))?;
    let entry = choose(entries, host, user);
    let readable = entry.is_some() && about.is_file() && about.mode() & 0o077 != 0;
    let warning = readable.then(|| Warning::Readable {
        path: path.to_owned(),
    });
    Ok((entry, warning))
}

fn choose(entries: Vec<Entry>, host: &str, user: Option<&str>) -> Option<Entry> {
    let of_user = |entry: &Entry| match (user, &entry.login) {
        (Some(user), Some(login)) => user == login,
        _ => true,
    };
    let of_host = |entry: &Entry| {
        let name = entry.host.as_deref();
        name.is_none_or(|name| name.eq_ignore_ascii_case(host))
    };
    let mut fitting = entries.into_iter().filter(|e| of_host(e) && of_user(e));
    // `default` stands last in a file by its definition, wherever it is written.
    let first = fitting.next()?;
    if first.host.is_some() {
        return Some(first);
    }
    fitting.find(|entry| entry.host.is_some()).or(Some(first))
}

/// All entries, or the number of the first line that makes no sense.
fn parse(text: &str) -> Result<Vec<Entry>, usize> {
    let mut words = Words { text, at: 0 };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(word) = words.keyword()? {
        match word.as_str() {
            "machine" => entries.push(Entry {
                host: Some(words.value()?.to_string()),
                ..Entry::default()
            }),
            "default" => entries.push(Entry::default()),
            "macdef" => words.skip_macro(),
            "login" | "user" | "password" | "account" => {
                let value = words.value()?;
                let entry = entries.last_mut().ok_or_else(|| words.line())?;
                match word.as_str() {
                    "password" => entry.password = Some(SecretString::from(value.as_str())),
                    "account" => {}
                    _ => entry.login = Some(value.to_string()),
                }
            }
            _ => return Err(words.line()),
        }
    }
    Ok(entries)
}

struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Words<'_> {
    /// The next word where a keyword is due: only here can a comment begin.
    fn keyword(&mut self) -> Result<Option<Zeroizing<String>>, usize> {
        loop {
            self.skip_blanks();
            match self.rest().chars().next() {
                None => return Ok(None),
                Some('#') => self.skip_line(),
                Some(_) => return self.value().map(Some),
            }
        }
    }

    /// The next word, quoted or not; a `#` in it is a letter.
    fn value(&mut self) -> Result<Zeroizing<String>, usize> {
        self.skip_blanks();
        let mut word = Zeroizing::new(String::new());
        let mut letters = self.rest().char_indices().peekable();
        let quoted = letters.next_if(|(_, letter)| *letter == '"').is_some();
        let mut end = None;
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' if quoted => {
                    end = Some(at + 1);
                    break;
                }
                // Only quoted words have escapes: a backslash is common in plain passwords.
                '\\' if quoted => match letters.next() {
                    Some((_, 'n')) => word.push('\n'),
                    Some((_, 't')) => word.push('\t'),
                    Some((_, 'r')) => word.push('\r'),
                    Some((_, other)) => word.push(other),
                    None => return Err(self.line()),
                },
                '\n' if quoted => return Err(self.line()),
                _ if !quoted && letter.is_whitespace() => {
                    end = Some(at);
                    break;
                }
                _ => word.push(letter),
            }
        }
        let end = match end {
            Some(end) => end,
            None if quoted || word.is_empty() => return Err(self.line()),
            None => self.rest().len(),
        };
        self.at += end;
        Ok(word)
    }

    /// A macro goes on to the next empty line.
    fn skip_macro(&mut self) {
        self.skip_line();
        while !self.rest().is_empty() {
            let line = self.rest().lines().next().unwrap_or_default();
            let empty = line.trim().is_empty();
            self.skip_line();
            if empty {
                break;
            }
        }
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').map_or(rest.len(), |at| at + 1);
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn line(&self) -> usize {
        self.text[..self.at].split('\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn found(text: &str, host: &str, user: Option<&str>) -> Option<(String, String)> {
        let entry = choose(parse(text).unwrap(), host, user)?;
        let password = entry
            .password
            .as_ref()
            .map(|p| p.expose_secret().to_owned());
        Some((
            entry.login.unwrap_or_default(),
            password.unwrap_or_default(),
        ))
    }

    fn pair(login: &str, password: &str) -> (String, String) {
        (login.to_owned(), password.to_owned())
    }

    #[test]
    fn the_first_entry_of_the_host_counts_and_that_of_the_user_before_it() {
        let text = "machine a login x password 1\nmachine b\n  login y\n  password 2 machine b login z password 3";
        assert_eq!(found(text, "a", None), Some(pair("x", "1")));
        assert_eq!(found(text, "B", None), Some(pair("y", "2")));
        assert_eq!(found(text, "b", Some("z")), Some(pair("z", "3")));
        assert_eq!(found(text, "b", Some("w")), None);
        assert_eq!(found(text, "c", None), None);
    }

    #[test]
    fn default_stands_for_any_other_host() {
        let text = "default login any password 9\nmachine a login x password 1";
        assert_eq!(found(text, "a", None), Some(pair("x", "1")));
        assert_eq!(found(text, "c", None), Some(pair("any", "9")));
    }

    #[test]
    fn comments_quotes_and_macros_are_understood() {
        let text = "# machine no login no password no\n\
                    machine a login \"b \\\"c\" password #d\\e account f # the end\n\
                    macdef init\nmachine m login m password m\n\n\
                    machine g login h password \"\"\n";
        assert_eq!(found(text, "a", None), Some(pair("b \"c", "#d\\e")));
        assert_eq!(found(text, "m", None), None);
        assert_eq!(found(text, "g", None), Some(pair("h", "")));
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_line() {
        for (text, line) in [
            ("machine a\nnonsense x", 2),
            ("login x", 1),
            ("machine a login \"x\n", 1),
            ("\n\nmachine", 3),
        ] {
            assert_eq!(parse(text).unwrap_err(), line, "{text}");
        }
        assert!(parse("").unwrap().is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic_or_go_on_for_ever(
            text in "((machine|default|macdef|login|password|#|\"|\\\\|é|[a-z]| |\n){0,3}){0,30}"
        ) {
            drop(parse(&text));
        }
    }
}
