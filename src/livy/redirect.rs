//! Which redirects are followed, and where to.
use url::Url;

use super::error::Problem;

/// How many redirects one call follows.
pub(super) const MOST: usize = 5;

/// Where to go next; `None` when the answer is no redirect.
///
/// `reads`: the call changes nothing; `served`: the server has answered one before. Credentials go along, so only the
/// same host is followed (the port may differ), and never down from https. 307 and 308 repeat the request as it is; the
/// older ones would turn a write into a read, so they are followed for reads only.
pub(super) fn next(
    from: &Url,
    (reads, served): (bool, bool),
    status: u16,
    location: Option<&str>,
) -> Result<Option<Url>, Problem> {
    let repeats = matches!(status, 307 | 308);
    if !(repeats || matches!(status, 301..=303)) {
        return Ok(None);
    }
    let Some(location) = location else {
        return Ok(None);
    };
    let to = from.join(location.trim()).ok();
    let same_host = to
        .as_ref()
        .is_none_or(|to| to.host_str() == from.host_str());
    // 303 means that it was done, and the result is elsewhere; older software says 302 for that, and a proxy may name a
    // host of its own there. Whoever sends a 302 to another host before anything was served shows a login page. 301, 307
    // and 308 say that it has to be sent elsewhere.
    let done = status == 303 || (status == 302 && (served || same_host));
    let acted = !reads && done;
    let refuse = |to: &str, why| {
        Err(Problem::Redirect {
            to: to.to_owned(),
            why,
            acted,
        })
    };
    let Some(mut to) = to else {
        return refuse("an address that cannot be read", "it is not a URL");
    };
    to.set_fragment(None);
    let shown = shown(&to);
    if !matches!(to.scheme(), "http" | "https") {
        return refuse(&shown, "it is not an http address");
    }
    if !to.username().is_empty() || to.password().is_some() {
        return refuse(&shown, "it holds a user name or a password");
    }
    if !same_host {
        return refuse(
            &shown,
            "it is another host, and credentials go only to the one that was named; if Livy is there, \
             give that address, else it is a login page and the credentials are not enough",
        );
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return refuse(&shown, "it leaves https");
    }
    if !repeats && !reads {
        return refuse(
            &shown,
            "what was sent would be lost on the way; give that address as the server's, or it is a login page",
        );
    }
    Ok(Some(to))
}

/// An address without what may be secret in it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    // Both fail only for URLs without a host, which have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    super::text::one_line(url.as_str(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(
        from: &str,
        reads: bool,
        status: u16,
        location: &str,
    ) -> Result<Option<String>, &'static str> {
        let to = next(
            &from.parse().unwrap(),
            (reads, true),
            status,
            Some(location),
        );
        match to {
            Ok(url) => Ok(url.map(|url| url.to_string())),
            Err(Problem::Redirect { why, .. }) => Err(why),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_same_host_is_followed_on_any_port_and_up_to_https() {
        for location in ["https://h/x", "http://h:99/x"] {
            assert_eq!(
                to("http://h/a", false, 307, location).unwrap().as_deref(),
                Some(location)
            );
        }
        assert_eq!(
            to("http://h/a/b", true, 302, "c?d").unwrap().as_deref(),
            Some("http://h/a/c?d")
        );
    }

    #[test]
    fn another_host_a_downgrade_and_a_lost_body_are_refused() {
        assert!(
            to("http://h/a", true, 307, "http://other/a")
                .unwrap_err()
                .contains("another host")
        );
        assert!(
            to("https://h/a", true, 307, "http://h/a")
                .unwrap_err()
                .contains("https")
        );
        assert!(
            to("http://h/a", false, 302, "/b")
                .unwrap_err()
                .contains("lost")
        );
        assert!(
            to("http://h/a", true, 307, "http://u:p@h/a")
                .unwrap_err()
                .contains("password")
        );
        assert!(to("http://h/a", true, 302, "file:///etc/passwd").is_err());
    }

    #[test]
    fn what_says_that_the_call_was_done_is_told_from_what_wants_it_sent_elsewhere() {
        let told = |(reads, served), status, location| match next(
            &"http://h/a".parse().unwrap(),
            (reads, served),
            status,
            Some(location),
        ) {
            Err(Problem::Redirect { acted, .. }) => acted,
            other => panic!("{other:?}"),
        };
        let acted = |reads, status, location| told((reads, true), status, location);
        assert!(acted(false, 303, "/b") && acted(false, 303, "http://other/"));
        assert!(acted(false, 302, "/b") && acted(false, 302, "http://inner/b"));
        for status in [301, 307, 308] {
            assert!(!acted(false, status, "http://other/b"), "{status}");
        }
        assert!(!acted(false, 301, "/b"));
        assert!(!acted(true, 303, "http://other/"), "a read does nothing");
        let new = (false, false);
        assert!(!told(new, 302, "http://login/"), "nothing was served yet");
        assert!(told(new, 302, "/b") && told(new, 303, "http://inner/b"));
    }

    #[test]
    fn an_answer_that_is_no_redirect_stays_an_answer() {
        assert_eq!(to("http://h/a", true, 304, "/b"), Ok(None));
        assert!(
            next(&"http://h/".parse().unwrap(), (true, true), 302, None)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_refused_address_is_shown_without_its_secrets() {
        let url = "https://u:p@h/login?token=x".parse().unwrap();
        assert_eq!(shown(&url), "https://h/login");
    }
}
