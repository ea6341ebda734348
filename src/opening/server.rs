//! The server that sessions are opened on: the one named, or a Spark of this machine.
use secrecy::SecretString;
use url::Url;

use super::telling::Telling;
use super::{Opener, given_up};
use crate::livy::{Client, Connection, Credentials, Error, ProxyChoice, Reason};
use crate::local::serving::{LocalSpark, Served};
use crate::report::Report;
use crate::settings::Target;
use crate::shutdown::Duty;

impl Opener {
    /// The client; the first call makes it, and starts the local server where that is meant.
    pub async fn client(&self) -> Result<Client, Report> {
        let mut client = self.0.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let connection = match (&self.0.settings.target, &self.0.local) {
            (Target::Server { url, .. }, _) => self.connection(url.clone()),
            (Target::Local, Some(local)) => self.serve(local).await?,
            (Target::Local, None) => {
                return Err(Report::new(
                    crate::report::code::SERVER,
                    "there is no Spark on this machine yet",
                )
                .advise("livysh setup installs it"));
            }
        };
        let made = Client::new(connection).map_err(|error| Report::from(&error))?;
        *client = Some(made.clone());
        Ok(made)
    }

    async fn serve(&self, local: &LocalSpark) -> Result<Connection, Report> {
        let Served {
            url,
            secret,
            server,
            ..
        } = local.start().await.map_err(|error| Report::from(&error))?;
        let duty = Duty::new(|| None, async move {
            server.shutdown().await;
            None
        });
        // its sessions first
        if !self.0.shutdown.owe(duty.at_last()) {
            return Err(given_up());
        }
        let url = Url::parse(&url)
            .map_err(|error| Report::new(crate::report::code::SERVER, format!("{url}: {error}")))?;
        let mut connection = self.connection(url);
        connection.credentials = secret.map_or(Credentials::None, |password| Credentials::Basic {
            user: "livysh".to_owned(),
            password,
        });
        connection.renewal = None;
        connection.proxy = ProxyChoice::None;
        Ok(connection)
    }

    fn connection(&self, base: Url) -> Connection {
        let asked = &self.0.settings.connection;
        let headers = asked
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.clone()));
        Connection {
            credentials: self.0.credentials.clone(),
            renewal: asked.renewal(&base),
            headers: headers.collect::<Vec<(String, SecretString)>>(),
            do_as: asked.do_as.clone(),
            cacert: asked.cacert.clone(),
            cert: asked.cert.clone(),
            key: asked.key.clone(),
            insecure: asked.insecure.unwrap_or(false),
            proxy: match (&asked.proxy, asked.no_proxy) {
                (_, Some(true)) => ProxyChoice::None,
                (Some(url), _) => ProxyChoice::Url(url.clone()),
                (None, _) => ProxyChoice::System,
            },
            connect_timeout: asked.connect_timeout_or_default(),
            trace: self.0.trace.clone(),
            ..Connection::new(base)
        }
    }

    /// A URL without a path that is no Livy is tried once at /livy, where gateways put it.
    pub(super) async fn below_livy(
        &self,
        client: &Client,
        error: &Error,
        telling: &Telling,
    ) -> Option<Client> {
        let other_service = error.reason() == Some(Reason::NoSuchRoute)
            || matches!(&*error.problem, crate::livy::Problem::Garbled { .. });
        let Target::Server { url, .. } = &self.0.settings.target else {
            return None;
        };
        if !other_service || !client.base().path().trim_matches('/').is_empty() {
            return None;
        }
        let below = url.join("livy").ok()?;
        let client = Client::new(self.connection(below.clone())).ok()?;
        client.sessions(None, Some(0)).await.ok()?;
        telling.note(&format!(
            "{url} is no Livy server, {below} is: that one is used"
        ));
        Some(client)
    }
}
