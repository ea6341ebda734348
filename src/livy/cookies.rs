//! Cookies of the server, in memory: as many as a browser must keep (RFC 6265, section 6.1), whatever it sets.
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::HeaderValue;
use url::Url;

/// Cookies that are kept, and the bytes that each may have with its attributes.
const MOST: usize = 50;
const LARGEST: usize = 4096;

/// A jar with a bottom, that can be emptied.
#[derive(Default)]
pub(super) struct Cookies(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    jar: Jar,
    /// What tells those in it apart.
    known: HashSet<String>,
}

impl Cookies {
    /// Forgets all of them: a login that the server no longer takes.
    pub(super) fn forget(&self) {
        *self.change() = Kept::default();
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Kept> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CookieStore for Cookies {
    fn set_cookies(&self, cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        let small = cookies.filter(|cookie| cookie.len() <= LARGEST);
        let cookies: Vec<&HeaderValue> = small.take(MOST).collect();
        if cookies.is_empty() {
            return;
        }
        let mut kept = self.change();
        kept.known.extend(cookies.iter().map(|cookie| key(cookie)));
        if kept.known.len() > MOST {
            // the jar cannot give one away; what is needed still is set again
            *kept = Kept::default();
            kept.known.extend(cookies.iter().map(|cookie| key(cookie)));
        }
        kept.jar.set_cookies(&mut cookies.into_iter(), url);
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        self.kept().jar.cookies(url)
    }
}

/// Its name, and what it is for.
fn key(cookie: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(cookie.as_bytes());
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().and_then(|first| first.split('=').next());
    let scope = parts.filter(|part| {
        let word = part.split('=').next().unwrap_or_default().trim();
        word.eq_ignore_ascii_case("path") || word.eq_ignore_ascii_case("domain")
    });
    let mut key = name.unwrap_or_default().trim().to_owned();
    scope.for_each(|part| key.extend([";", part]));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_value_or_a_later_end_makes_no_other_cookie_and_another_path_does() {
        let key = |text| key(&HeaderValue::from_static(text));
        let one = key("JSESSIONID=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(
            one,
            key("JSESSIONID=2; path=/; HttpOnly").replace("path", "Path")
        );
        assert_ne!(one, key("JSESSIONID=2; Path=/livy"));
        assert_ne!(one, key("other=1; Path=/"));
    }
}
