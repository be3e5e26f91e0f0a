//! Files people send, and how the bot gets at them.

use axum::body::{Body, Bytes};
use hyper::Response;
use serde_json::{Value, json};

use super::super::server::Reply;
use super::answer::{self, Answer, Refusal};
use super::params::Params;
use super::state::State;

/// `Client::MAX_DOWNLOAD_FILE_SIZE`.
const LARGEST: usize = 20 << 20;

/// A file on the platform's disks.
#[derive(Debug)]
pub(super) struct StoredFile {
    pub unique: String,
    pub path: String,
    pub bytes: Bytes,
    /// What the platform says of its size, which a test may make up.
    pub size: usize,
}

/// A file somebody sends.
#[derive(Debug, Clone)]
pub struct Upload {
    kind: UploadKind,
    bytes: Bytes,
    size: Option<usize>,
    caption: String,
}

#[derive(Debug, Clone)]
enum UploadKind {
    Document { name: String, mime: String },
    Photo,
    Voice { seconds: u32 },
}

impl Upload {
    /// A file with a name.
    pub fn document(name: &str, mime: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(UploadKind::Document { name: name.to_owned(), mime: mime.to_owned() }, bytes.into())
    }

    /// A picture.
    pub fn photo(bytes: impl Into<Bytes>) -> Self {
        Self::new(UploadKind::Photo, bytes.into())
    }

    /// A voice message.
    pub fn voice(seconds: u32, bytes: impl Into<Bytes>) -> Self {
        Self::new(UploadKind::Voice { seconds }, bytes.into())
    }

    /// Adds words to it.
    pub fn caption(mut self, caption: &str) -> Self {
        caption.clone_into(&mut self.caption);
        self
    }

    /// Makes the platform believe that the file is this long.
    pub fn pretending_size(mut self, bytes: usize) -> Self {
        self.size = Some(bytes);
        self
    }

    fn new(kind: UploadKind, bytes: Bytes) -> Self {
        Self { kind, bytes, size: None, caption: String::new() }
    }

    pub(super) fn words(&self) -> &str {
        &self.caption
    }
}

/// Stores a file; tells the field of the message it goes to, and the JSON there.
pub(super) fn store(state: &mut State, upload: &Upload) -> (&'static str, Value) {
    let serial = state.serial();
    let (folder, prefix, extension) = match &upload.kind {
        UploadKind::Document { name, .. } => {
            ("documents", "BQACAgIAAxkBAAI", name.rsplit_once('.').map_or("", |(_, extension)| extension))
        }
        UploadKind::Photo => ("photos", "AgACAgIAAxkBAAI", "jpg"),
        UploadKind::Voice { .. } => ("voice", "AwACAgIAAxkBAAI", "oga"),
    };
    let id = format!("{prefix}{serial:010}");
    let unique = format!("AgAD{serial:08}");
    let dot = if extension.is_empty() { "" } else { "." };
    let path = format!("{folder}/file_{serial}{dot}{extension}");
    let size = upload.size.unwrap_or(upload.bytes.len());
    let mut json = json!({ "file_id": id, "file_unique_id": unique, "file_size": size });
    let field = match &upload.kind {
        UploadKind::Document { name, mime } => {
            json["file_name"] = json!(name);
            json["mime_type"] = json!(mime);
            "document"
        }
        UploadKind::Voice { seconds } => {
            json["duration"] = json!(seconds);
            json["mime_type"] = json!("audio/ogg");
            "voice"
        }
        UploadKind::Photo => {
            json["width"] = json!(800);
            json["height"] = json!(600);
            json = json!([json]);
            "photo"
        }
    };
    state.files.insert(id, StoredFile { unique, path, bytes: upload.bytes.clone(), size });
    (field, json)
}

/// `getFile`.
pub(super) fn get(state: &mut State, params: &Params) -> Answer {
    let id = params.text("file_id");
    if id.is_empty() {
        return Err(Refusal::bad_request("file_id not specified").malformed());
    }
    let file = state.files.get(&id).ok_or_else(|| Refusal::bad_request("invalid file_id"))?;
    if file.size > LARGEST {
        return Err(Refusal::bad_request("file is too big"));
    }
    Ok(
        json!({ "file_id": id, "file_unique_id": file.unique, "file_size": file.size, "file_path": file.path }),
    )
}

/// Answers a download from `/file/bot<token>/<path>`.
pub(super) fn download(state: &State, path: &str) -> Result<Reply, Refusal> {
    let file = state.files.values().find(|file| file.path == path).ok_or_else(|| Refusal::of_status(404))?;
    let response = Response::builder()
        .status(answer::status(200))
        .header("content-type", "application/octet-stream")
        .body(Body::from(file.bytes.clone()))
        .expect("a valid response");
    Ok(Reply::Respond(response))
}
