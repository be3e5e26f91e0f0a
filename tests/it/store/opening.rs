//! Opening: what is refused, in which words, and that nothing is harmed by it.

use std::error::Error;
use std::fs;
use std::path::Path;

use switchboard::store::{Schema, Store, StoreError};
use switchboard::telemetry::Tasks;

use super::{Shelf, direct};
use crate::support::database::{Beside, Own, settings};

async fn refusal(url: &str) -> StoreError {
    let opened = Store::open(&settings(url), &Tasks::default()).await;
    opened.err().unwrap_or_else(|| panic!("{url} should be refused"))
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("music.db");
    let theirs = Beside::of_file(&path).await;
    theirs.run("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Help!')").await;
    theirs.close().await;
    let before = fs::read(&path).unwrap();

    let error = refusal(&url(&path)).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    let words = format!(
        "`{}` is a database of another program; give Switchboard one of its own (`database.url`)",
        path.display()
    );
    assert_eq!(error.to_string(), words);
    assert!(Schema::open(&settings(&url(&path))).await.is_err());
    assert!(fs::read(&path).unwrap() == before, "the file is as it was");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "Buy milk.\n".repeat(1_000);
    fs::write(&path, &text).unwrap();

    let error = refusal(&url(&path)).await;
    assert_eq!(error.to_string(), format!("cannot open the database `{}`", path.display()));
    assert!(error.source().unwrap().to_string().contains("file is not a database"), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for directory in [folder.path().join("file"), "/proc/switchboard".into()] {
        let error = refusal(&url(&directory.join("x.db"))).await;
        assert!(matches!(error, StoreError::Directory { .. }), "{error:?}");
        let words = format!("cannot use the directory `{}` for the database", directory.display());
        assert_eq!(error.to_string(), words);
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    fs::create_dir(&path).unwrap();

    assert_eq!(
        refusal(&url(&path)).await.to_string(),
        format!("cannot open the database `{}`", path.display())
    );
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let shelf = Shelf::new().await;
    let url = shelf.database.url();
    shelf.beside.run("UPDATE schema_meta SET value = '7' WHERE name = 'minimum_compatible_version'").await;
    shelf.beside.run("INSERT INTO seaql_migrations VALUES ('m20990101_000001_later', 0)").await;
    let Shelf { database: _database, store, tasks, beside } = shelf;
    drop(store);
    tasks.end().await;

    let error = refusal(&url).await;
    assert!(matches!(error, StoreError::Newer { needed: 7, ours: 1 }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the database was made by a newer Switchboard (it needs version 7 of the schema's readers, this one has 1); \
         start that version again, or restore a backup"
    );
    let schema = Schema::open(&settings(&url)).await.unwrap();
    assert!(matches!(schema.up().await, Err(StoreError::Newer { .. })));
    assert!(matches!(schema.down(1).await, Err(StoreError::Newer { .. })));
    assert!(matches!(schema.fresh().await, Err(StoreError::Newer { .. })));
    let last = schema.status().await.unwrap().pop().unwrap();
    assert_eq!((last.name.as_str(), last.is_applied), ("m20990101_000001_later", true));
    assert_eq!(beside.number("SELECT COUNT(*) FROM schema_meta").await, 1);
}

#[tokio::test]
async fn a_newer_schema_that_we_can_live_with_is_lived_with() {
    let shelf = Shelf::new().await;
    shelf.beside.run("INSERT INTO seaql_migrations VALUES ('m20990101_000001_later', 0)").await;
    shelf.beside.run("ALTER TABLE inbox ADD COLUMN mood TEXT").await;

    let shelf = shelf.reopened().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    assert!(shelf.claim(lane).await.is_some());
}

#[tokio::test]
async fn a_second_daemon_on_one_file_is_refused_until_the_first_is_gone() {
    let shelf = Shelf::open(Own::file()).await;
    let settings = shelf.database.settings();
    let error = refusal(&shelf.database.url()).await;
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(Schema::open(&settings).await.is_err(), "nor may the schema change under it");
    assert!(Store::open_beside(&settings, &shelf.tasks).await.is_ok());

    shelf.reopened().await;
}

#[tokio::test]
async fn a_path_is_taken_letter_by_letter() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["50%25 off", "what?mode=ro", "a#b", "é 'quoted'"] {
        let path = folder.path().join(name).join("x.db");
        Store::open(&settings(&url(&path)), &Tasks::default()).await.unwrap();
        assert!(path.is_file(), "{name}");
    }
}
