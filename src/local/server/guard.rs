//! Who may ask: what runs on the server runs as the user, while other users of the machine and web pages in
//! the user's browser can reach its port.
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::answer;
use super::host::make_folder;

/// The gate in front of every route.
pub(super) struct Guard {
    secret: Option<SecretString>,
}

impl Guard {
    /// Without a secret only the checks against web pages remain.
    pub(super) fn new(secret: Option<SecretString>) -> Self {
        Self { secret }
    }

    /// Lets a request pass, or says why not in the shape of Livy's filters.
    pub(super) fn check(&self, headers: &HeaderMap, path: &str) -> Result<(), Box<Response>> {
        let refuse = |status, text| Box::new(answer::page(status, text, path, wants_json(headers)));
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        if !host.is_some_and(is_loopback) {
            // A web page can make its own name point here; the browser then sends that name.
            return Err(refuse(
                StatusCode::FORBIDDEN,
                "This server answers to 127.0.0.1 and localhost only",
            ));
        }
        if headers.contains_key(header::ORIGIN) {
            return Err(refuse(
                StatusCode::FORBIDDEN,
                "Requests from web pages are refused",
            ));
        }
        match &self.secret {
            Some(secret) if !knows(secret, headers) => {
                let mut response = refuse(StatusCode::UNAUTHORIZED, "Authentication required");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
                Err(response)
            }
            _ => Ok(()),
        }
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"))
}

/// A `Host` header that names this machine to itself, with any port: a tunnel may end on another one.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

/// Basic authentication with any user name; takes the same time whatever the password has in common with ours.
fn knows(secret: &SecretString, headers: &HeaderMap) -> bool {
    let password = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
        .and_then(|pair| {
            let colon = pair.iter().position(|byte| *byte == b':')?;
            Some(pair[colon + 1..].to_vec())
        });
    password.is_some_and(|password| {
        secret
            .expose_secret()
            .as_bytes()
            .ct_eq(password.as_slice())
            .into()
    })
}

/// 32 random bytes from the system, as text that needs no quoting anywhere.
pub(super) fn new_secret() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
}

/// The secret in a file of the user's own, removed when this is dropped.
pub(super) struct SecretFile {
    path: PathBuf,
}

impl SecretFile {
    /// Writes it whole or not at all. A file that a killed server of the same port left behind is replaced.
    pub(super) fn write(path: &Path, secret: &SecretString) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", std::process::id()));
        let draft = PathBuf::from(draft);
        let _ = fs::remove_file(&draft);
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| writeln!(file, "{}", secret.expose_secret()))
            .and_then(|()| fs::rename(&draft, path));
        if let Err(error) = written {
            let _ = fs::remove_file(&draft);
            return Err(error);
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

impl SecretFile {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn status(guard: &Guard, pairs: &[(header::HeaderName, &str)]) -> u16 {
        match guard.check(&headers(pairs), "/sessions") {
            Ok(()) => 200,
            Err(response) => response.status().as_u16(),
        }
    }

    #[test]
    fn the_secret_opens_with_any_user_name_and_nothing_else_does() {
        let guard = Guard::new(Some(SecretString::from("s3cret".to_owned())));
        let with = |pair: &str| {
            let value = format!("Basic {}", STANDARD.encode(pair));
            status(
                &guard,
                &[
                    (header::HOST, "localhost:8998"),
                    (header::AUTHORIZATION, &value),
                ],
            )
        };
        assert_eq!(with("me:s3cret"), 200);
        assert_eq!(with(":s3cret"), 200);
        for wrong in ["me:", "me:s3cre", "me:s3cret2", "s3cret", "me:S3CRET"] {
            assert_eq!(with(wrong), 401, "{wrong}");
        }
        assert_eq!(status(&guard, &[(header::HOST, "localhost")]), 401);
    }

    #[test]
    fn foreign_names_and_web_pages_are_refused_even_without_a_secret() {
        let guard = Guard::new(None);
        for host in [
            "127.0.0.1",
            "127.0.0.1:8998",
            "LOCALHOST:1",
            "[::1]:8998",
            "[::1]",
        ] {
            assert_eq!(status(&guard, &[(header::HOST, host)]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil:8998",
            "",
        ] {
            assert_eq!(status(&guard, &[(header::HOST, host)]), 403, "{host}");
        }
        assert_eq!(status(&guard, &[]), 403);
        for origin in ["http://evil.example", "null", "http://127.0.0.1:8998"] {
            let pairs = [(header::HOST, "127.0.0.1"), (header::ORIGIN, origin)];
            assert_eq!(status(&guard, &pairs), 403, "{origin}");
        }
    }

    #[test]
    fn the_file_is_the_owners_only_and_goes_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/serve-1.secret");
        let secret = new_secret().unwrap();
        assert_eq!(secret.expose_secret().len(), 43);
        let file = SecretFile::write(&path, &secret).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim_end(), secret.expose_secret());
        drop(file);
        assert!(!path.exists());
    }
}
