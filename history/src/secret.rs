//! The rule that keeps code with what looks like a credential out of the record, and its names of credentials, which
//! are hidden elsewhere too.
//!
//! It looks at text only and knows no language. It would rather keep out a line too many: what is
//! kept out is still in the shell's own memory until the shell ends.

/// Settings whose value is always a credential.
const SETTINGS: &[&str] = &[
    "fs.azure.account.key",
    "fs.azure.sas.",
    "fs.azure.account.oauth2.client.secret",
    ".secret.key",
    ".access.key",
    ".session.token",
    ".private.key",
    "aws_secret_access_key",
    "awssecretaccesskey",
    "accountkey=",
    "sharedaccesskey=",
    "sharedaccesssignature=",
    "private key-----",
    "identified by '",
    "identified by \"",
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
    "api-key",
    "api.key",
    "apikey",
    "access_key",
    "access-key",
    "access.key",
    "accesskey",
    "secretkey",
    "account_key",
    "account-key",
    "account.key",
    "accountkey",
    "private_key",
    "private-key",
    "private.key",
    "privatekey",
    "credential",
    "credentials",
    "authorization",
    "sig",
];

/// Those of them that name a credential only by themselves, or at the end of a longer name.
const AT_THE_END: &[&str] = &["sig", "authorization"];

/// How long a literal behind one of [`TOKENS`] is at least.
const TOKEN_LENGTH: usize = 12;

/// Beginnings of credentials that issuers made recognizable, and how long the rest at least is.
const ISSUED: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("ya29.", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("sk_live_", 16),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 30),
    ("dapi", 32),
    ("eyJ", 30),
    ("Bearer ", 16),
    ("bearer ", 16),
];

/// The same, where words of people begin so too: the rest has a digit or a `=` in it.
const ISSUED_MIXED: &[(&str, usize)] = &[("sk-", 20), ("Basic ", 10), ("basic ", 10)];

/// Calls that take a name and its value.
const SETTERS: &[&str] = &[
    "option",
    "put",
    "set",
    "setproperty",
    "config",
    "header",
    "add",
];

/// How far behind a name its value is looked for, and how much of a line before it: each look costs no
/// more, however long the code is.
const WINDOW: usize = 400;

/// Is the value of a setting, a key or a header of this name a credential? By the names that code is looked through
/// for, however their words are joined.
pub fn names_a_secret(name: &str) -> bool {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = name.to_ascii_lowercase();
    let joined = |text: &str| text.replace(['.', '_', '-'], "");
    let all = joined(&name);
    let names = PASSWORDS.iter().chain(TOKENS);
    let mut anywhere = names.filter(|word| !AT_THE_END.contains(word));
    let settings = SETTINGS
        .iter()
        .map(|setting| setting.trim_matches(['.', '=']));
    let last = name.rsplit(['.', '_', '-']).next().unwrap_or_default();
    AT_THE_END.contains(&last)
        || anywhere.any(|word| all.contains(&joined(word)))
        || settings
            .filter(|setting| !setting.contains([' ', '-']))
            .any(|setting| all.contains(&joined(setting)))
}

/// What in the code looks like a credential, in words for a message; none when nothing does.
pub fn looks_secret(code: &str) -> Option<&'static str> {
    let lower = code.to_ascii_lowercase();
    if SETTINGS.iter().any(|setting| lower.contains(setting)) {
        return Some("a setting that holds a key");
    }
    if ISSUED
        .iter()
        .any(|(start, rest)| has_issued(code, start, *rest, false))
        || ISSUED_MIXED
            .iter()
            .any(|(start, rest)| has_issued(code, start, *rest, true))
    {
        return Some("a token or an access key");
    }
    if has_login_in_url(code) {
        return Some("a password in a URL");
    }
    if PASSWORDS.iter().any(|name| is_given(&lower, name, 1))
        || has_pass(&lower)
        || has_login(&lower)
    {
        return Some("a password");
    }
    if TOKENS
        .iter()
        .any(|name| is_given(&lower, name, TOKEN_LENGTH))
    {
        return Some("a token or an access key");
    }
    None
}

/// Has a name that ends so a value of at least this length?
fn is_given(code: &str, name: &str, least: usize) -> bool {
    code.match_indices(name).any(|(at, _)| {
        value_behind(code, at, at + name.len(), least).is_some_and(|long| long >= least)
    })
}

/// `pass` by itself is a word of many others, and of Python.
fn has_pass(code: &str) -> bool {
    code.match_indices("pass").any(|(at, name)| {
        let free = !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        free && value_behind(code, at, at + name.len(), 1).is_some_and(|long| long > 0)
    })
}

/// `auth=('user', 'password')`, and `curl -u user:password`.
fn has_login(code: &str) -> bool {
    let pair = code.match_indices("auth").any(|(at, name)| {
        let behind = window(code, at + name.len()).trim_start();
        let Some(inside) = behind
            .strip_prefix('=')
            .and_then(|rest| rest.trim_start().strip_prefix('('))
        else {
            return false;
        };
        let Some((_, second)) = inside.split_once(',') else {
            return false;
        };
        let second = second.trim_start();
        inside.starts_with(QUOTES) && literal(second).is_some_and(|long| long > 0)
    });
    pair || code.match_indices("curl ").any(|(at, _)| {
        let line = window(code, at).lines().next().unwrap_or_default();
        let mut words = line.split_whitespace();
        words.any(|word| matches!(word, "-u" | "--user"))
            && words.next().is_some_and(|word| word.contains(':'))
    })
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The next few hundred bytes from `at`.
fn window(code: &str, at: usize) -> &str {
    let mut end = code.len().min(at + WINDOW);
    while !code.is_char_boundary(end) {
        end -= 1;
    }
    &code[at..end]
}

/// What stands before `at` in its line, at most a few hundred bytes of it.
fn line_before(code: &str, at: usize) -> &str {
    let mut start = at.saturating_sub(WINDOW);
    while !code.is_char_boundary(start) {
        start += 1;
    }
    let before = &code[start..at];
    before.rsplit('\n').next().unwrap_or(before)
}

/// How long the value is that is given to the name from `start` to `end`: a literal behind its `=`,
/// `:`, `,` or arrow, or what is glued to its `=` in a URL or a connection string. None when it has none.
fn value_behind(code: &str, start: usize, end: usize, least: usize) -> Option<usize> {
    let name_on = window(code, end);
    // A closing quote or bracket of the key: "password": or ["password"] =
    let key_end = name_on.trim_start_matches(['"', '\'', '`', ']', ')']);
    let is_key = key_end.len() < name_on.len();
    let padded = key_end.starts_with([' ', '\t']);
    let behind = key_end.trim_start();
    let Some((sign, behind)) = ["=>", "->", "<-", "==", "=", ":", ","]
        .iter()
        .find_map(|sign| behind.strip_prefix(sign).map(|rest| (*sign, rest)))
    else {
        // SQL: OPTIONS (password 'x')
        let one_word = |text: &str| !text.contains(char::is_whitespace);
        let text = behind.strip_prefix(QUOTES)?;
        let (inside, _) = text.split_once(QUOTES)?;
        return (padded && !is_key && one_word(inside)).then(|| inside.chars().count());
    };
    if sign == "==" || (sign == "," && !is_setter(line_before(code, start))) {
        return None;
    }
    let padded = padded || behind.starts_with([' ', '\t', '\n']);
    let behind = behind.trim_start();
    if let Some(long) = literal(behind) {
        return Some(long);
    }
    // a type between the name and its value
    if sign == ":" {
        let value =
            behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_.[]".contains(c));
        return literal(value.trim_start().strip_prefix('=')?.trim_start());
    }
    if sign != "=" || padded {
        return None;
    }
    // a directory of a partition is no token: token=abc/part-0
    let is_part = |c: &char| is_token(*c) && (least < TOKEN_LENGTH || *c != '/');
    let glued: String = behind.chars().take_while(is_part).collect();
    let is_name = glued.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && glued
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
        && behind[glued.len()..].starts_with(['(', ')', ',', '[']);
    // password=password, of a call, outside every text
    if is_name && !is_quoted(line_before(code, start)) {
        return None;
    }
    Some(glued.chars().count())
}

/// Is the name the first argument of a call that sets something, or of a pair in a list?
fn is_setter(before: &str) -> bool {
    let Some(before) = before
        .trim_end_matches(|c: char| c != '(')
        .strip_suffix('(')
    else {
        return false;
    };
    let before = before.trim_end();
    let word = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let called = &before[word.len()..];
    SETTERS.contains(&called) || (called.is_empty() && before.ends_with(['(', ',', '[']))
}

/// Does a text that begins in the line reach its end?
fn is_quoted(line: &str) -> bool {
    QUOTES
        .iter()
        .any(|quote| line.matches(*quote).count() % 2 == 1)
}

/// How long the quoted text is that `text` begins with; none where that is the end of another.
fn literal(text: &str) -> Option<usize> {
    let text = text.trim_start_matches(['f', 'r', 'b', 's', 'u']);
    let quote = text.chars().next().filter(|c| QUOTES.contains(c))?;
    let marks = text.chars().take_while(|c| *c == quote).count();
    // Two marks are an empty text; three or more begin a long one.
    if marks == 2 {
        return Some(0);
    }
    let rest = &text[marks..];
    if let Some(end) = rest.find(quote) {
        return Some(rest[..end].chars().count());
    }
    // cut, or too long to be seen whole; what closes another text has other signs behind it
    let open = !rest.is_empty() && !rest.contains([')', ' ', '\n']);
    (open || rest.len() > WINDOW / 2).then(|| rest.chars().count())
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/=%!$^*#@".contains(c)
}

fn has_issued(code: &str, start: &str, least: usize, mixed: bool) -> bool {
    code.match_indices(start).any(|(at, _)| {
        let free = !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = window(code, at + start.len());
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        let rest = &rest[..end];
        let told = !mixed || rest.contains(|c: char| c.is_ascii_digit() || c == '=');
        free && told && rest.len() >= least
    })
}

fn has_login_in_url(code: &str) -> bool {
    code.match_indices("://").any(|(at, _)| {
        let behind = window(code, at + 3);
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
mod tests;
