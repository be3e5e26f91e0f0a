//! Secrets that stand in files: those that a `KEY_file` names, and systemd's credentials.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::Path;

use crate::config::Source;
use crate::config::effective::Effective;
use crate::config::problem::Fault;
use crate::config::schema::{FILE_SUFFIX, Key};

/// The variable in which systemd says where the credentials are.
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// No secret is larger than this.
const LARGEST_SECRET_BYTES: u64 = 64 * 1024;

/// Puts the content of files in the place of the secrets they hold.
pub(super) fn fetch(effective: &mut Effective, credentials: Option<&Path>) {
    let keys: Vec<Key> = effective.schema.keys().filter(|key| key.rule.is_secret()).cloned().collect();
    for key in keys {
        for path in effective.paths(&key) {
            fetch_named(effective, &key, &path);
            if let Some(directory) = credentials {
                fetch_credential(effective, &key, &path, directory);
            }
        }
    }
}

/// Takes the file that `KEY_file` names, unless a later source gives the value itself.
fn fetch_named(effective: &mut Effective, key: &Key, path: &str) {
    let path_key = format!("{path}{FILE_SUFFIX}");
    let (Some(file), Some(named)) = (effective.text(&path_key), effective.get(&path_key)) else { return };
    let (file, named_by) = (file.to_owned(), named.source.clone());
    let has_value = effective.text(path).is_some();
    let value_rank = effective.get(path).map_or(0, |given| given.source.rank());
    if value_rank > named_by.rank() {
        return;
    }
    if has_value && value_rank == named_by.rank() {
        let name = key.name();
        let fault = format!("is given beside `{name}`, keep one of them").into();
        effective.complain(&path_key, named_by, fault);
        return;
    }
    let file = Path::new(&file);
    match read(file).and_then(|text| key.admit_text(&text)) {
        Ok(value) => {
            let source = Source::SecretFile { path: file.to_owned(), named_by: Box::new(named_by) };
            effective.put(path, value, source);
        }
        Err(fault) => {
            let what = format!("{} {}", shown_path(file), fault.what);
            effective.complain(&path_key, named_by, what.into());
        }
    }
}

/// Takes systemd's credential of that name, if nobody else gave a value.
fn fetch_credential(effective: &mut Effective, key: &Key, path: &str, directory: &Path) {
    let file = directory.join(path);
    let is_given = effective.get(path).is_some_and(|given| given.source != Source::Default)
        && effective.text(path).is_some();
    let is_named = effective.text(&format!("{path}{FILE_SUFFIX}")).is_some();
    if is_given || is_named || !file.exists() {
        return;
    }
    let source = Source::Credential(file.clone());
    match read(&file).and_then(|text| key.admit_text(&text)) {
        Ok(value) => effective.put(path, value, source),
        Err(fault) => effective.complain(path, source, fault),
    }
}

/// Shows a path, unless it looks as if somebody had put the secret in its place.
pub(super) fn shown_path(path: &Path) -> String {
    let is_path = path.is_absolute() || path.starts_with(".") || path.starts_with("..") || path.exists();
    if is_path {
        format!("`{}`", path.display())
    } else {
        "the path (not shown, it looks like none)".to_owned()
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    let cannot = |error: std::io::Error| Fault::from(format!("cannot be read: {error}"));
    let metadata = fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err("is not a file".into());
    }
    if is_writable_by_all(&metadata) {
        return Err("can be written by everybody, take that right away".into());
    }
    let mut text = String::new();
    let file = File::open(path).map_err(cannot)?;
    file.take(LARGEST_SECRET_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > LARGEST_SECRET_BYTES {
        return Err(format!("is larger than {LARGEST_SECRET_BYTES} bytes").into());
    }
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err("is empty".into()) } else { Ok(text.to_owned()) }
}

/// Readable by everybody is how Docker and Kubernetes mount secrets; writable is nobody's.
#[cfg(unix)]
fn is_writable_by_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    metadata.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn is_writable_by_all(_: &Metadata) -> bool {
    false
}
