//! The rule that keeps code with what looks like a credential out of the record.
//!
//! It looks at text only and knows no language. It would rather keep out a line too many: what is
//! kept out is still in the shell's own memory until the shell ends.

/// Settings whose value is always a credential.
const SETTINGS: &[&str] = &[
    "fs.azure.account.key",
    "fs.azure.sas.",
    "fs.azure.account.oauth2.client.secret",
    "fs.s3a.secret.key",
    "fs.s3a.access.key",
    "fs.s3a.session.token",
    "aws_secret_access_key",
    "awssecretaccesskey",
    "accountkey=",
    "sharedaccesskey=",
    "sharedaccesssignature=",
    "private key-----",
];

/// Names whose value is a credential whatever it looks like.
const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secret_key",
];

/// Names that also mean harmless things: only a long literal behind them counts.
const TOKENS: &[&str] = &[
    "token",
    "api_key",
    "apikey",
    "access_key",
    "accesskey",
    "secretkey",
    "sig",
];

/// Beginnings of credentials that issuers made recognizable, and how long the rest at least is.
const ISSUED: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("dapi", 32),
    ("eyJ", 30),
    ("Bearer ", 16),
    ("bearer ", 16),
];

/// What in the code looks like a credential, in words for a message; none when nothing does.
pub fn looks_secret(code: &str) -> Option<&'static str> {
    let lower = code.to_ascii_lowercase();
    if SETTINGS.iter().any(|setting| lower.contains(setting)) {
        return Some("a setting that holds a key");
    }
    if ISSUED
        .iter()
        .any(|(start, rest)| has_issued(code, start, *rest))
    {
        return Some("a token or an access key");
    }
    if has_login_in_url(code) {
        return Some("a password in a URL");
    }
    let assigned = |name: &&str, long: usize| {
        values_of(&lower, name).any(|value| value.is_literal && value.length >= long)
            || values_of(&lower, name).any(|value| value.is_glued && value.length >= long)
    };
    if PASSWORDS.iter().any(|name| assigned(name, 1)) {
        return Some("a password");
    }
    if TOKENS.iter().any(|name| assigned(name, 12)) {
        return Some("a token or an access key");
    }
    None
}

/// What stands behind a name and its `=`, `:`, `,` or arrow.
struct Value {
    /// A quoted text.
    is_literal: bool,
    /// Not quoted, and without blanks around a `=`, as in URLs and connection strings.
    is_glued: bool,
    /// How many characters it has.
    length: usize,
}

/// The values given to names that end like this one.
fn values_of<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = Value> + 'a {
    code.match_indices(name).filter_map(move |(at, _)| {
        let behind = &code[at + name.len()..];
        // A closing quote or bracket of the key: "password": or ["password"] =
        let behind = behind.trim_start_matches(['"', '\'', '`', ']', ')']);
        let padded = behind.starts_with([' ', '\t']);
        let behind = behind.trim_start();
        let (sign, behind) = ["=>", "->", "<-", "==", "=", ":", ","]
            .iter()
            .find_map(|sign| behind.strip_prefix(sign).map(|rest| (*sign, rest)))?;
        if sign == "==" {
            return None;
        }
        let padded = padded || behind.starts_with([' ', '\t', '\n']);
        let behind = behind.trim_start();
        let text = behind.trim_start_matches(['f', 'r', 'b', 's', 'u']);
        let quote = text
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'));
        let Some(quote) = quote else {
            let length = behind.chars().take_while(|c| is_token(*c)).count();
            let is_glued = sign == "=" && !padded;
            return Some(Value {
                is_literal: false,
                is_glued,
                length,
            });
        };
        let marks = text.chars().take_while(|c| *c == quote).count();
        // Two marks are an empty text; three or more begin a long one.
        let length = if marks == 2 {
            0
        } else {
            let inside = text[marks..].chars();
            inside.take_while(|c| *c != quote).count()
        };
        Some(Value {
            is_literal: true,
            is_glued: false,
            length,
        })
    })
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/=%!$^*#@".contains(c)
}

fn has_issued(code: &str, start: &str, rest: usize) -> bool {
    code.match_indices(start).any(|(at, _)| {
        let free = !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let behind = &code[at + start.len()..];
        free && behind.chars().take_while(|c| is_token(*c)).count() >= rest
    })
}

fn has_login_in_url(code: &str) -> bool {
    code.match_indices("://").any(|(at, _)| {
        let behind = &code[at + 3..];
        let end = behind.find(|c: char| c.is_whitespace() || "/?#\"'`".contains(c));
        let authority = &behind[..end.unwrap_or(behind.len())];
        let login = authority.rsplit_once('@').map(|(login, _)| login);
        // A container of a storage account stands before the '@' too, but has no ':'.
        login.is_some_and(|login| {
            login
                .split_once(':')
                .is_some_and(|(_, word)| !word.is_empty())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_many_forms_are_seen() {
        for code in [
            "spark.conf.set('fs.azure.account.key.acc.blob.core.windows.net', k)",
            "key = 'AKIAIOSFODNN7EXAMPLE'",
            "password = \"hunter2\"",
            "val dbPassword: String = readLine; val x = Map(\"password\" -> \"hunter2\")",
            ".option(\"password\", \"hunter2\")",
            "PASSWORD='hunter2'",
            "opts['password'] = f'{a}'",
            "jdbc:postgresql://h/db?user=u&password=hunter2",
            "spark.read.jdbc('postgresql://u:hunter2@h/db')",
            "token = 'dGhpcyBpcyBhIHRva2Vu'",
            "{'Authorization': 'Bearer dGhpcyBpcyBhIHRva2Vu'}",
            "t = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh'",
            "conn = 'AccountName=a;AccountKey=abc=='",
            "-----BEGIN RSA PRIVATE KEY-----",
            "pwd <- 'x'",
            "password = \"\"\"hunter2\"\"\"",
            "sc.hadoopConfiguration.set(\"fs.s3a.secret.key\", s)",
        ] {
            assert!(looks_secret(code).is_some(), "{code}");
        }
    }

    #[test]
    fn ordinary_code_is_kept() {
        for code in [
            "tokens = text.split(' ')",
            "for token in tokens: print(token)",
            "df.where(df.token == 'abcdefghijklmnop')",
            "password = getpass.getpass()",
            "password = ''\nname = 'x'",
            "select count(*) from passwords",
            "spark.read.csv('abfss://box@acc.dfs.core.windows.net/x')",
            "spark.read.csv('wasbs://box@acc.blob.core.windows.net/a:b')",
            "x = 'https://host:8443/livy'",
            "token = ''",
            "sig = 3",
            "x = 1 + 1",
            "",
        ] {
            assert_eq!(looks_secret(code), None, "{code}");
        }
    }
}
