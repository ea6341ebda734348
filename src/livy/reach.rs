//! Why no answer came: reqwest's own text says only "error sending request", so its causes are walked.
use std::error::Error;
use std::io;

use url::Url;

use super::Connection;
use super::error::{Problem, Reach, TlsWhy};
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
        return of_tls(tls, error.is_connect(), spoken, to, cause).into();
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
            let cause = "it closed the connection during the handshake".to_owned();
            if spoken {
                Reach::Connect { to, cause }.into()
            } else {
                let why = TlsWhy::Closed;
                Reach::Tls { to, why, cause }.into()
            }
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

/// A server that has spoken before knows TLS: what is no matter of certificates passes, as when its gateway restarts.
fn of_tls(
    error: &rustls::Error,
    connecting: bool,
    spoken: bool,
    to: String,
    cause: String,
) -> Reach {
    if !spoken || is_certificate(error) {
        let why = tls_why(error);
        return Reach::Tls { to, why, cause };
    }
    if connecting {
        Reach::Connect { to, cause }
    } else {
        // the request may have left before
        Reach::Broken { cause }
    }
}

/// Is it about a certificate, the server's or ours?
fn is_certificate(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    matches!(
        error,
        Error::InvalidCertificate(_)
            | Error::NoCertificatesPresented
            | Error::AlertReceived(
                Alert::CertificateRequired
                    | Alert::NoCertificate
                    | Alert::BadCertificate
                    | Alert::UnsupportedCertificate
                    | Alert::CertificateRevoked
                    | Alert::CertificateExpired
                    | Alert::CertificateUnknown
                    | Alert::UnknownCA
                    | Alert::AccessDenied
            )
    )
}

fn tls_why(error: &rustls::Error) -> TlsWhy {
    use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error};
    match error {
        Error::InvalidMessage(_) => TlsWhy::NotTls,
        Error::InvalidCertificate(certificate) => match certificate {
            Certificate::UnknownIssuer => TlsWhy::UnknownIssuer,
            Certificate::BadSignature => TlsWhy::WrongIssuer,
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                TlsWhy::OtherName
            }
            Certificate::Expired | Certificate::ExpiredContext { .. } => TlsWhy::Expired,
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                TlsWhy::NotYetValid
            }
            _ => TlsWhy::Other,
        },
        Error::PeerIncompatible(_) | Error::AlertReceived(Alert::ProtocolVersion) => {
            TlsWhy::Incompatible
        }
        Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            // what TLS 1.2 says for a certificate that is missing
            | Alert::HandshakeFailure,
        ) => TlsWhy::ClientCertificate,
        _ => TlsWhy::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_tls_is_told_by_its_type() {
        use rustls::{
            AlertDescription as Alert, CertificateError as Certificate, Error, PeerIncompatible,
        };
        for (error, why) in [
            (
                Error::InvalidCertificate(Certificate::UnknownIssuer),
                TlsWhy::UnknownIssuer,
            ),
            (
                Error::InvalidCertificate(Certificate::BadSignature),
                TlsWhy::WrongIssuer,
            ),
            (
                Error::InvalidCertificate(Certificate::NotValidForName),
                TlsWhy::OtherName,
            ),
            (
                Error::InvalidCertificate(Certificate::Expired),
                TlsWhy::Expired,
            ),
            (
                Error::InvalidCertificate(Certificate::NotValidYet),
                TlsWhy::NotYetValid,
            ),
            (
                Error::InvalidCertificate(Certificate::Revoked),
                TlsWhy::Other,
            ),
            (
                Error::AlertReceived(Alert::CertificateRequired),
                TlsWhy::ClientCertificate,
            ),
            (
                Error::AlertReceived(Alert::ProtocolVersion),
                TlsWhy::Incompatible,
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                TlsWhy::Incompatible,
            ),
            (
                Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
                TlsWhy::NotTls,
            ),
            (Error::AlertReceived(Alert::InternalError), TlsWhy::Other),
        ] {
            assert_eq!(tls_why(&error), why, "{error}");
        }
    }

    #[test]
    fn once_the_server_has_spoken_only_certificates_are_final() {
        use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error};
        let reach = |error: &Error, connecting, spoken| {
            of_tls(error, connecting, spoken, String::new(), String::new())
        };
        let hiccup = Error::AlertReceived(Alert::InternalError);
        assert!(matches!(reach(&hiccup, true, false), Reach::Tls { .. }));
        assert!(matches!(reach(&hiccup, true, true), Reach::Connect { .. }));
        assert!(matches!(reach(&hiccup, false, true), Reach::Broken { .. }));
        for error in [
            Error::InvalidCertificate(Certificate::Expired),
            Error::AlertReceived(Alert::CertificateRequired),
        ] {
            assert!(matches!(reach(&error, true, true), Reach::Tls { .. }));
        }
    }
}
