//! Which addresses are our own machine: they need no proxy, and what goes there crosses no network.
use url::{Host, Url};

/// Whether a URL's host is this machine, by its name or address alone: `localhost` and the names below
/// it (RFC 6761), 127.0.0.0/8, `::1`, and those IPv4 addresses written as IPv6.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for url in [
            "http://localhost:1",
            "http://LOCALHOST.",
            "http://a.localhost",
            "http://127.9.0.1",
            "http://2130706433",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "http://localhost.example.net",
            "http://notlocalhost",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[::2]",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert!(!is_loopback(&url.parse().unwrap()), "{url}");
        }
    }
}
