//! The ways to log in that HTTP knows, as a server offers them and a request carries them.
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A way to log in (an HTTP authentication scheme).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// User and password.
    Basic,
    /// A token.
    Bearer,
    /// Kerberos, through SPNEGO; as servers use the word, NTLM is not meant.
    Negotiate,
    /// Any other (`Digest`, `NTLM`, ...), none of which is spoken.
    Other,
}

impl From<&str> for Scheme {
    fn from(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "basic" => Self::Basic,
            "bearer" => Self::Bearer,
            "negotiate" => Self::Negotiate,
            _ => Self::Other,
        }
    }
}

/// The schemes that a refusal offers. One header may offer several, with commas, and a scheme's own
/// parameters have commas between them too: what is followed by `=` is a parameter.
pub(super) fn offered(headers: &HeaderMap) -> Vec<Scheme> {
    let mut found = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        for part in parts(&String::from_utf8_lossy(value.as_bytes())) {
            let mut words = part.split_whitespace();
            let name = words.next().unwrap_or_default();
            let parameter =
                name.contains('=') || words.next().is_some_and(|word| word.starts_with('='));
            let scheme = Scheme::from(name);
            if !(name.is_empty() || parameter || found.contains(&scheme)) {
                found.push(scheme);
            }
        }
    }
    found
}

/// The parts between commas that stand in no quotes.
fn parts(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in value.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Vec<Scheme> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        offered(&headers)
    }

    #[test]
    fn several_schemes_are_found_in_one_header_and_in_many() {
        let both = [Scheme::Negotiate, Scheme::Basic];
        assert_eq!(of(&["Negotiate", "Basic realm=\"x\""]), both);
        assert_eq!(
            of(&["negotiate, BASIC realm=\"a, Digest b\", charset=\"UTF-8\""]),
            both
        );
        assert_eq!(
            of(&["Bearer realm=\"say \\\" NTLM, x\", error = \"invalid_token\", NTLM"]),
            [Scheme::Bearer, Scheme::Other]
        );
        assert!(of(&["", ", ,"]).is_empty());
    }
}
