//! Why no answer came: reqwest's own text says only "error sending request", so its causes are walked.
use std::error::Error;
use std::io;

use url::Url;

use super::Connection;
use super::error::{Problem, Reach};
use super::text;

/// Every cause, outermost first. An `io::Error` made of another error hides that one from `source()`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    const MOST: usize = 16;
    let mut found = Vec::new();
    let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
    while let Some(error) = next.filter(|_| found.len() < MOST) {
        found.push(error);
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    found
}

/// The text of the innermost cause, which is the one that says something.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    const LONGEST: usize = 300;
    let said = causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    text::one_line(&said, LONGEST)
}

/// What a failed exchange means. `spoken`: has this server ever answered us?
pub(super) fn problem(
    error: &reqwest::Error,
    url: &Url,
    connection: &Connection,
    spoken: bool,
) -> Problem {
    let causes = causes(error);
    let io_kind = |kind| {
        causes
            .iter()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == kind)
    };
    let cause = innermost(error);
    let to = place(url);
    if error.is_builder() {
        return Problem::Setup(format!("the request cannot be made: {cause}"));
    }
    if let Some(tls) = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
    {
        return Reach::Tls {
            to,
            cause: tls_cause(tls, &cause),
        }
        .into();
    }
    if error.is_dns() {
        let host = url.host_str().unwrap_or_default().to_owned();
        return Reach::Dns { host }.into();
    }
    if error.is_connect() {
        return if error.is_timeout() {
            let after = connection.connect_timeout;
            Reach::ConnectTimeout { to, after }.into()
        } else if url.scheme() == "https" && io_kind(io::ErrorKind::UnexpectedEof) {
            let cause = format!("{cause}; perhaps there is no TLS on that port: try http://");
            Reach::Tls { to, cause }.into()
        } else {
            Reach::Connect { to, cause }.into()
        };
    }
    if io_kind(io::ErrorKind::InvalidInput) || io_kind(io::ErrorKind::InvalidData) {
        return Problem::Garbled {
            reason: format!("it cannot be unpacked: {cause}"),
            begin: String::new(),
        };
    }
    let cause = if url.scheme() == "http" && !spoken {
        format!("{cause}; perhaps that port speaks TLS (try https://), or no HTTP at all")
    } else {
        cause
    };
    Reach::Broken { cause }.into()
}

/// Host and port, as people name a place on the network.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn tls_cause(error: &rustls::Error, said: &str) -> String {
    use rustls::CertificateError as Certificate;
    let advice = match error {
        rustls::Error::InvalidMessage(_) => "that port speaks no TLS; perhaps it is http://",
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            Certificate::BadSignature => {
                "the CA named is not the one that signed the server's certificate, though it has its name; \
                 fetch it anew (--cacert)"
            }
            Certificate::UnknownIssuer => {
                "nobody that this machine trusts signed the server's certificate; name its CA (--cacert)"
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                "the certificate is for another host name; use that name in the server's address"
            }
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                "the server's certificate has run out, or this machine's clock is wrong"
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet, or this machine's clock is wrong"
            }
            _ => return said.to_owned(),
        },
        rustls::Error::AlertReceived(_) => {
            "the server broke off; perhaps it wants a client certificate (--cert, --key)"
        }
        _ => return said.to_owned(),
    };
    format!("{said}; {advice}")
}
