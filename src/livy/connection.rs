//! How a server is reached: everything that is decided once, before the first request.
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc;
use url::Url;

use super::{Credentials, Renewal, Trace};

/// Which proxy carries the requests. Whatever is chosen, loopback never goes through one.
#[derive(Clone, Default)]
pub enum ProxyChoice {
    /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
    #[default]
    System,
    /// None at all.
    None,
    /// This one; it may carry a user and a password of its own.
    Url(Url),
}

impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::None => f.write_str("None"),
            Self::Url(url) => write!(f, "Url({})", url.host_str().unwrap_or_default()),
        }
    }
}

/// Where a server is and what it takes to talk to it.
#[derive(Clone)]
pub struct Connection {
    /// The address above `/sessions`: any path or none, with or without a trailing slash.
    pub base: Url,
    /// What says who asks.
    pub credentials: Credentials,
    /// How to fetch them again when the server takes them no longer; none where they stay what they are.
    pub renewal: Option<Renewal>,
    /// Headers for every request; one of the same name as ours takes its place.
    pub headers: Vec<(String, SecretString)>,
    /// Whom to act as (`doAs`), where the server allows it.
    pub do_as: Option<String>,
    /// CA certificates (PEM) to trust beside the system's.
    pub cacert: Option<PathBuf>,
    /// Client certificate (PEM); may hold the key as well.
    pub cert: Option<PathBuf>,
    /// The client certificate's key (PEM).
    pub key: Option<PathBuf>,
    /// Take any certificate.
    pub insecure: bool,
    /// Which proxy.
    pub proxy: ProxyChoice,
    /// Limit of connecting, the TLS handshake included.
    pub connect_timeout: Duration,
    /// Limit of waiting for an answer. DELETE gets twice as long; a statement's answer and an
    /// upload may take longer as long as bytes flow.
    pub read_timeout: Duration,
    /// Where to tell what is sent and received; secrets are hidden.
    pub trace: Option<mpsc::UnboundedSender<Trace>>,
}

impl Connection {
    /// A plain connection to `base`: no credentials, the system's proxy and CAs, 10 s to connect,
    /// 60 s to answer.
    pub fn new(base: Url) -> Self {
        Self {
            base,
            credentials: Credentials::None,
            renewal: None,
            headers: Vec::new(),
            do_as: None,
            cacert: None,
            cert: None,
            key: None,
            insecure: false,
            proxy: ProxyChoice::System,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            trace: None,
        }
    }
}

impl fmt::Debug for Connection {
    /// Hides the URL's userinfo and query and the headers' values; `Credentials` hide their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connection")
            .field("host", &self.base.host_str())
            .field("path", &self.base.path())
            .field("credentials", &self.credentials)
            .field("headers", &names)
            .field("do_as", &self.do_as)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
