//! Uploads: one multipart field, streamed into the session's folder.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, request::Parts};
use tokio::io::AsyncWriteExt;

use super::answer::Refusal;
use super::host::make_folder;
use super::routes::What;

/// Takes the file out of the request; each upload has a folder of its own, so names may repeat.
pub(super) async fn receive(
    session: &Path,
    what: What,
    parts: &Parts,
    body: Body,
    limit: u64,
) -> Result<PathBuf, Refusal> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut request = Request::from_parts(parts.clone(), body);
    // The limit here is counted below, on the file alone.
    request.extensions_mut().insert(DefaultBodyLimit::disable());
    let no_file = || Refusal::Text(StatusCode::BAD_REQUEST, "No file sent!".to_owned());
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| no_file())?;
    let folder = session
        .join("uploads")
        .join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
    while let Some(field) = form.next_field().await.map_err(|_| no_file())? {
        if field.name() == Some(what.field()) {
            let name = base_name(field.file_name().unwrap_or_default());
            make_folder(&folder).map_err(|error| failed(&error))?;
            let file = folder.join(name);
            write(field, &file, limit).await?;
            return Ok(file);
        }
    }
    Err(no_file())
}

async fn write(mut field: Field<'_>, path: &Path, limit: u64) -> Result<(), Refusal> {
    let mut file = tokio::fs::File::create_new(path)
        .await
        .map_err(|error| failed(&error))?;
    let mut written = 0_u64;
    while let Some(chunk) = field.chunk().await.map_err(|error| {
        Refusal::exception(format!(
            "java.io.IOException: the upload was cut short: {error}"
        ))
    })? {
        written += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if written > limit {
            drop(file);
            let _ = tokio::fs::remove_file(path).await;
            return Err(Refusal::exception(
                "org.scalatra.servlet.SizeConstraintExceededException: Too large request or file",
            ));
        }
        file.write_all(&chunk)
            .await
            .map_err(|error| failed(&error))?;
    }
    file.flush().await.map_err(|error| failed(&error))
}

fn failed(error: &std::io::Error) -> Refusal {
    Refusal::exception(format!("java.io.IOException: {error}"))
}

/// The last part of the name that the client gave, so that nothing is written elsewhere.
fn base_name(name: &str) -> &str {
    match name.rsplit(['/', '\\']).next() {
        None | Some("" | "." | "..") => "upload",
        Some(base) if base.contains('\0') || base.len() > 255 => "upload",
        Some(base) => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_file_name_cannot_lead_out_of_the_folder() {
        for (given, kept) in [
            ("x.jar", "x.jar"),
            ("../../x.jar", "x.jar"),
            ("C:\\a\\x.jar", "x.jar"),
            ("..", "upload"),
            ("", "upload"),
            ("a/", "upload"),
        ] {
            assert_eq!(base_name(given), kept);
        }
    }
}
