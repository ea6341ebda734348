//! Files and references given to a session, streamed: a jar is never in memory as a whole.
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use reqwest::multipart::{Form, Part};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio_util::io::ReaderStream;

use super::error::{Error, Problem};
use super::patience::{Patience, Progress};
use super::request::{Body, Call};
use super::{Client, SessionId};

/// A file on its way to the server.
pub(super) struct Upload {
    /// Name of the multipart field.
    field: &'static str,
    path: PathBuf,
}

impl fmt::Display for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(file {} as `{}`)", self.path.display(), self.field)
    }
}

impl Upload {
    /// The body; made anew for each redirect.
    pub(super) async fn form(&self, progress: &Progress) -> Result<Form, Problem> {
        let unreadable = |error: io::Error| {
            Problem::Setup(format!("{} cannot be read: {error}", self.path.display()))
        };
        let file = File::open(&self.path).await.map_err(unreadable)?;
        let about = file.metadata().await.map_err(unreadable)?;
        let name = self.path.file_name().filter(|_| about.is_file());
        let Some(name) = name else {
            return Err(Problem::Setup(format!(
                "{} is no regular file; only files can be uploaded",
                self.path.display()
            )));
        };
        let watched = Watched {
            // A file that grows meanwhile must not outgrow the length that was announced.
            file: file.take(about.len()),
            progress: progress.clone(),
        };
        let stream = reqwest::Body::wrap_stream(ReaderStream::with_capacity(watched, 64 * 1024));
        let part = Part::stream_with_length(stream, about.len())
            .file_name(name.to_string_lossy().into_owned())
            .mime_str("application/octet-stream")
            .map_err(|error| Problem::Setup(error.to_string()))?;
        Ok(Form::new().part(self.field, part))
    }
}

/// A file that tells when it is read.
struct Watched {
    file: tokio::io::Take<File>,
    progress: Progress,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.file).poll_read(context, into));
        self.progress.made();
        Poll::Ready(read)
    }
}

#[derive(Serialize)]
struct Reference<'a> {
    uri: &'a str,
}

impl Client {
    /// Adds a jar that the cluster can reach: a URI, or an absolute path on its file system.
    pub async fn add_jar(&self, session: &SessionId, uri: &str) -> Result<(), Error> {
        self.add(session, "add-jar", uri).await
    }

    /// Adds a file that the cluster can reach to the executors' working directory.
    pub async fn add_file(&self, session: &SessionId, uri: &str) -> Result<(), Error> {
        self.add(session, "add-file", uri).await
    }

    /// Adds a Python file that the cluster can reach to the Python path (since 0.3).
    pub async fn add_pyfile(&self, session: &SessionId, uri: &str) -> Result<(), Error> {
        self.add(session, "add-pyfile", uri).await
    }

    /// Sends a jar of this machine; servers take 100 MiB unless told otherwise.
    pub async fn upload_jar(&self, session: &SessionId, path: &Path) -> Result<(), Error> {
        self.upload(session, "upload-jar", "jar", path).await
    }

    /// Sends a file of this machine to the executors' working directory.
    pub async fn upload_file(&self, session: &SessionId, path: &Path) -> Result<(), Error> {
        self.upload(session, "upload-file", "file", path).await
    }

    /// Sends a Python file of this machine to the Python path (since 0.3).
    pub async fn upload_pyfile(&self, session: &SessionId, path: &Path) -> Result<(), Error> {
        self.upload(session, "upload-pyfile", "file", path).await
    }

    async fn add(&self, session: &SessionId, route: &str, uri: &str) -> Result<(), Error> {
        let segments = ["sessions", session.as_str(), route];
        let call = Call {
            // The server may fetch the file before it answers.
            patience: Patience::Double,
            ..Call::post(&segments, Self::json(&Reference { uri }))
        };
        self.wire().send(&call).await.map(drop)
    }

    async fn upload(
        &self,
        session: &SessionId,
        route: &str,
        field: &'static str,
        path: &Path,
    ) -> Result<(), Error> {
        let segments = ["sessions", session.as_str(), route];
        let upload = Upload {
            field,
            path: path.to_owned(),
        };
        let call = Call {
            method: "POST",
            body: Body::File(upload),
            patience: Patience::Upload,
            ..Call::get(&segments)
        };
        self.wire().send(&call).await.map(drop)
    }
}
