//! The schema's history, for the command line.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::store::{StoreError, engine};

/// One step of the schema's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub is_applied: bool,
}

/// The schema of a database that no daemon runs on.
pub struct Schema {
    db: DatabaseConnection,
    _lock: std::fs::File,
}

impl Schema {
    /// Opens the database without changing its schema.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let path = engine::path_of(url)?;
        let lock = engine::lock(&path)?;
        let connections = engine::connect(&path).await?;
        Ok(Self { db: connections.writer, _lock: lock })
    }

    /// Every step that this program or the database knows of.
    pub async fn status(&self) -> Result<Vec<Step>, StoreError> {
        let applied = engine::applied(&self.db).await?;
        let mut names: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let unknown = applied.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
        names.extend(unknown);
        Ok(names.into_iter().map(|name| Step { is_applied: applied.contains(&name), name }).collect())
    }

    /// Takes all steps that are not taken yet.
    pub async fn up(&self) -> Result<(), StoreError> {
        engine::migrate(&self.db).await
    }

    /// Takes the last `steps` steps back; what they had made is gone.
    pub async fn down(&self, steps: u32) -> Result<(), StoreError> {
        engine::refuse_newer(&self.db).await?;
        Migrator::down(&self.db, Some(steps)).await.map_err(StoreError::Migrate)
    }

    /// Takes every step back and up again: an empty database.
    pub async fn fresh(&self) -> Result<(), StoreError> {
        engine::refuse_newer(&self.db).await?;
        Migrator::down(&self.db, None).await.map_err(StoreError::Migrate)?;
        Migrator::up(&self.db, None).await.map_err(StoreError::Migrate)?;
        let vacuum = Statement::from_string(self.db.get_database_backend(), "VACUUM");
        self.db.execute_raw(vacuum).await?;
        Ok(())
    }
}
