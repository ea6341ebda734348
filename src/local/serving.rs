//! The installed Spark and the server in one: what `livysh local` and `livysh serve` start.
use super::setup::Runtime;
use secrecy::SecretString;
use std::path::PathBuf;
use url::Url;
/// stub
#[derive(Debug)]
pub struct Served {
    /// u
    pub url: Url,
    /// s
    pub secret: SecretString,
    /// f
    pub secret_file: Option<PathBuf>,
    /// s
    pub server: Server,
}
/// stub
#[derive(Debug)]
pub struct Server;
impl Server {
    /// stub
    pub async fn shutdown(self) {}
}
/// stub
#[derive(Debug)]
pub struct LocalSpark {
    runtime: Runtime,
    state: PathBuf,
}
/// stub
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ServeError;
impl LocalSpark {
    /// stub
    pub fn new(runtime: Runtime, state: PathBuf) -> Self {
        Self { runtime, state }
    }
    /// stub
    pub async fn start(&self) -> Result<Served, ServeError> {
        let _ = (&self.runtime, &self.state);
        Err(ServeError)
    }
    /// stub
    pub async fn serve(&self, _p: u16, _a: bool) -> Result<Served, ServeError> {
        Err(ServeError)
    }
}
