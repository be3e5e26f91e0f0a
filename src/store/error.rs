//! Why the store could not do what it was asked.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::DbErr;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database we can open.
    #[error(
        "this version keeps everything in SQLite: `database.url` must begin with `sqlite://`, and begins with `{scheme}:`"
    )]
    Url { scheme: String },

    /// The directory of the database file cannot be used.
    #[error("cannot use the directory `{}` for the database", path.display())]
    Directory {
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    /// Another process works on the same file.
    #[error("another Switchboard is running on `{}`; stop it first, or give this one a database of its own (`database.url`)", path.display())]
    InUse { path: PathBuf },

    /// The file cannot be opened, or is no database.
    #[error("cannot open the database `{}`", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: DbErr,
    },

    /// The file is a database, but somebody else's.
    #[error("`{}` is a database of another program; give Switchboard one of its own (`database.url`)", path.display())]
    Foreign { path: PathBuf },

    /// The schema is from a version after this one.
    #[error(
        "the database was made by a newer Switchboard (it needs version {needed} of the schema's readers, this one has {ours}); start that version again, or restore a backup"
    )]
    Newer { needed: i64, ours: i64 },

    /// A step of the schema's history failed.
    #[error("cannot migrate the database")]
    Migrate(#[source] DbErr),

    /// A statement failed; nothing of its job was kept.
    #[error("a database statement failed")]
    Statement(#[from] DbErr),

    /// The work was done, but could not be made durable; nothing was kept.
    #[error("cannot commit to the database")]
    Commit(#[source] Arc<DbErr>),

    /// The job was not run, because the transaction around it could not go on.
    #[error("the database could not begin or continue a transaction")]
    Abandoned,

    /// A stored row has a shape that this version cannot read.
    #[error("row {id} of `{table}` cannot be read")]
    Row {
        table: &'static str,
        id: String,
        #[source]
        source: Option<serde_json::Error>,
    },

    /// A job panicked; nothing of it was kept.
    #[error("a database job panicked")]
    Panicked,

    /// The file that was opened is not where it was.
    #[error("the database file has been moved, deleted or replaced")]
    Lost,

    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}
