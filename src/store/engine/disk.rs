//! What a file cannot be opened for although nothing is wrong with it: its disk,
//! or another program that holds it.

use std::io;
use std::path::Path;

use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr, SqlxError};

use crate::store::StoreError;

/// An input or output error of the operating system, which has no name of its own in Rust.
const EIO: i32 = 5;

/// Names the disk or whoever holds the file, where one of these is the cause.
pub(super) fn named(path: &Path, error: StoreError) -> StoreError {
    let cause = match &error {
        StoreError::Open { source, .. } | StoreError::Migrate(source) | StoreError::Statement(source) => {
            of_sqlite(source)
        }
        StoreError::Directory { source, .. } => of_system(source),
        _ => None,
    };
    let Some(cause) = cause else { return error };
    let (path, source) = (path.to_owned(), Box::new(error));
    match cause {
        Cause::Full => StoreError::Full { path, source },
        Cause::Broken => StoreError::Broken { path, source },
        Cause::Locked => StoreError::Locked { path, source },
    }
}

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Full,
    /// Full as well, perhaps: SQLite tells the two apart for some of its files only.
    Broken,
    Locked,
}

fn of_sqlite(error: &DbErr) -> Option<Cause> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return None };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    let SqlxError::Database(cause) = cause.as_ref() else { return None };
    // Codes of PostgreSQL may look alike.
    cause.try_downcast_ref::<SqliteError>()?;
    let code: i32 = cause.code()?.parse().ok()?;
    // The lower byte is the kind; what is above tells which call it was.
    match code & 0xff {
        5 | 6 => Some(Cause::Locked),
        10 => Some(Cause::Broken),
        13 => Some(Cause::Full),
        _ => None,
    }
}

fn of_system(error: &io::Error) -> Option<Cause> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Cause::Full),
        _ if error.raw_os_error() == Some(EIO) => Some(Cause::Broken),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{EIO, named};
    use crate::store::StoreError;

    #[test]
    fn what_the_system_says_of_a_disk_is_told_from_what_is_wrong_with_a_path() {
        let told = |error: io::Error| {
            named(Path::new("a.db"), StoreError::Directory { path: "d".into(), source: error })
        };
        assert!(matches!(told(io::ErrorKind::StorageFull.into()), StoreError::Full { .. }));
        assert!(matches!(told(io::ErrorKind::QuotaExceeded.into()), StoreError::Full { .. }));
        assert!(matches!(told(io::Error::from_raw_os_error(EIO)), StoreError::Broken { .. }));
        assert!(matches!(told(io::ErrorKind::PermissionDenied.into()), StoreError::Directory { .. }));
    }
}
