//! Opening the database for a short command, beside a daemon or before its first start.

use crate::cli::failure::Failure;
use crate::config::{DatabaseSettings, Settings};
use crate::store::{Store, missing_file};
use crate::telemetry::Tasks;

/// Opens the database that a daemon has made.
///
/// Where there is none, whoever asks most likely stands in another directory, and an
/// empty one of their own would only tell them that nothing has happened.
pub(super) async fn open(settings: &Settings, tasks: &Tasks) -> Result<Store, Failure> {
    if let Some(path) = missing_file(&settings.database)? {
        return Err(Failure::configuration(format!(
            "there is no database at `{}`; run this in the directory of the daemon and with its settings \
             (`--config`, or `database.url`), once it has been started",
            path.display()
        )));
    }
    Ok(Store::open_beside(&settings.database, tasks).await?)
}

/// Opens the database, and says where one was made because there was none.
pub(super) async fn open_or_make(database: &DatabaseSettings, tasks: &Tasks) -> Result<Store, Failure> {
    let missing = missing_file(database)?;
    let store = Store::open_beside(database, tasks).await?;
    if let Some(path) = missing {
        tell(&format!("There was no database yet, so I made one: {}", path.display()));
    }
    Ok(store)
}

#[expect(clippy::print_stderr, reason = "standard output is for what was asked for")]
fn tell(words: &str) {
    eprintln!("{words}");
}
