//! The HTTP clients: built on first use, once for http and once for https.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Proxy, retry};
use tokio::sync::watch;
use url::Url;

use super::cookies::Cookies;
use super::error::Problem;
use super::{Connection, ProxyChoice, is_loopback};

/// Jetty drops a connection after 30 s without a request. One that is given up earlier on our side is
/// never found dead by a statement, which may not be sent twice.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// The clients that carry requests; cookies are shared, in memory, and go to their host only.
pub(super) struct Transport {
    plain: Kept,
    tls: Kept,
    cookies: Arc<Cookies>,
    renewed: watch::Sender<()>,
}

type Kept = Mutex<Option<reqwest::Client>>;

impl Transport {
    pub(super) fn new() -> Self {
        Self {
            plain: Kept::default(),
            tls: Kept::default(),
            cookies: Arc::default(),
            renewed: watch::Sender::new(()),
        }
    }

    /// The client for a URL. Reading the system's CAs takes milliseconds, and fails on a machine that has
    /// none, so http does without.
    pub(super) fn client(
        &self,
        url: &Url,
        connection: &Connection,
    ) -> Result<reqwest::Client, Problem> {
        let over_tls = url.scheme() == "https";
        let kept = if over_tls { &self.tls } else { &self.plain };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*kept {
            return Ok(client.clone());
        }
        install_crypto();
        let builder = self.builder(url, connection)?;
        let builder = if over_tls {
            with_tls(builder, connection)?
        } else {
            builder.tls_certs_only([])
        };
        let client = builder.build().map_err(|error| setup(&error))?;
        *kept = Some(client.clone());
        Ok(client)
    }

    /// Leaves every connection, which may be dead: what is sent from now on makes new ones.
    pub(super) fn renew(&self) {
        for kept in [&self.plain, &self.tls] {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.renewed.send_replace(());
    }

    /// Hears of it.
    pub(super) fn renewed(&self) -> watch::Receiver<()> {
        self.renewed.subscribe()
    }

    /// Forgets every cookie: a login that the server no longer takes.
    pub(super) fn forget_cookies(&self) {
        self.cookies.forget();
    }

    fn builder(&self, url: &Url, connection: &Connection) -> Result<ClientBuilder, Problem> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("livysh/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(retry::never())
            .referer(false)
            .cookie_provider(Arc::clone(&self.cookies))
            .tcp_nodelay(true)
            .tcp_keepalive(KEEP_ALIVE)
            .pool_idle_timeout(KEEP_ALIVE)
            .connect_timeout(connection.connect_timeout);
        if is_loopback(url) {
            return Ok(builder.no_proxy());
        }
        match &connection.proxy {
            ProxyChoice::System => Ok(builder),
            ProxyChoice::None => Ok(builder.no_proxy()),
            ProxyChoice::Url(proxy) => {
                if !matches!(proxy.scheme(), "http" | "https") {
                    return Err(Problem::Setup(format!(
                        "a {} proxy is not supported; name an http or https proxy",
                        proxy.scheme()
                    )));
                }
                let proxy = Proxy::all(proxy.as_str()).map_err(|error| setup(&error))?;
                Ok(builder.proxy(proxy))
            }
        }
    }
}

/// rustls is built without a provider of its own; the first client names it for the process.
fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // It fails only when there is one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn with_tls(mut builder: ClientBuilder, connection: &Connection) -> Result<ClientBuilder, Problem> {
    if let Some(path) = &connection.cacert {
        let pem = read(path, "CA certificate")?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|certificates| !certificates.is_empty())
            .ok_or_else(|| no_pem(path, "certificate"))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(path) = &connection.cert {
        let mut pem = read(path, "client certificate")?;
        if let Some(key) = &connection.key {
            pem.push(b'\n');
            pem.extend(read(key, "client certificate's key")?);
        }
        let identity = Identity::from_pem(&pem)
            .map_err(|_| no_pem(path, "client certificate together with its key"))?;
        builder = builder.identity(identity);
    } else if connection.key.is_some() {
        return Err(Problem::Setup(
            "a client key was given without its certificate; give the certificate as well (--cert)"
                .to_owned(),
        ));
    }
    Ok(builder.tls_danger_accept_invalid_certs(connection.insecure))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Problem> {
    let others_write = fs::metadata(path)
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o022 != 0);
    if others_write {
        return Err(Problem::Setup(format!(
            "other users can write the {what} {0}, so it is not used; look at what is in it, then: \
             chmod go-w '{0}'",
            path.display()
        )));
    }
    fs::read(path).map_err(|error| {
        Problem::Setup(format!(
            "the {what} {} cannot be read: {error}",
            path.display()
        ))
    })
}

fn no_pem(path: &Path, what: &str) -> Problem {
    Problem::Setup(format!(
        "{} holds no {what} in PEM form (-----BEGIN ...); convert it with openssl first",
        path.display()
    ))
}

/// reqwest's own words say only that building failed.
fn setup(error: &reqwest::Error) -> Problem {
    let cause = super::reach::innermost(error);
    Problem::Setup(if cause.contains("No CA certificates") {
        "this machine has no CA certificates to check the server's with; install them (the package \
         is often called ca-certificates), or name the server's CA (--cacert)"
            .to_owned()
    } else {
        format!("the connection cannot be set up: {cause}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_certificates_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut connection = Connection::new("https://h".parse().unwrap());
        connection.cacert = Some(file.path().to_owned());
        let problem = Transport::new()
            .client(&connection.base, &connection)
            .unwrap_err();
        assert!(
            problem
                .to_string()
                .contains(&file.path().display().to_string()),
            "{problem}"
        );
    }
}
