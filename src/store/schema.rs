//! The schema's history, for the command line.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::config::DatabaseSettings;
use crate::store::StoreError;
use crate::store::engine::{self, Exclusive};

/// One step of the schema's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub is_applied: bool,
}

/// The schema of a database, which nobody else changes meanwhile.
pub struct Schema(Exclusive);

impl Schema {
    /// Opens the database without changing its schema.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Exclusive::open(settings).await.map(Self)
    }

    /// Every step that this program or the database knows of; also beside a running daemon,
    /// and without changing anything.
    pub async fn look(settings: &DatabaseSettings) -> Result<Vec<Step>, StoreError> {
        engine::look(settings).await.map(Self::steps)
    }

    /// The same of a database that nobody else changes meanwhile.
    pub async fn status(&self) -> Result<Vec<Step>, StoreError> {
        engine::applied(&self.0.db).await.map(Self::steps)
    }

    fn steps(applied: Vec<String>) -> Vec<Step> {
        let mut names: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let unknown = applied.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
        names.extend(unknown);
        names.into_iter().map(|name| Step { is_applied: applied.contains(&name), name }).collect()
    }

    /// Takes all steps that are not taken yet.
    pub async fn up(&self) -> Result<(), StoreError> {
        engine::migrate(&self.0.db).await.map_err(|error| self.0.named(error))
    }

    /// Takes the last `steps` steps back; what they had made is gone.
    pub async fn down(&self, steps: u32) -> Result<(), StoreError> {
        engine::refuse_newer(&self.0.db).await?;
        self.0.refuse_company().await?;
        Migrator::down(&self.0.db, Some(steps)).await.map_err(|error| self.failed(error))
    }

    /// Takes every step back and up again: an empty database.
    pub async fn fresh(&self) -> Result<(), StoreError> {
        engine::refuse_newer(&self.0.db).await?;
        self.0.refuse_company().await?;
        Migrator::down(&self.0.db, None).await.map_err(|error| self.failed(error))?;
        Migrator::up(&self.0.db, None).await.map_err(|error| self.failed(error))?;
        let vacuum = Statement::from_string(self.0.db.get_database_backend(), "VACUUM");
        self.0.db.execute_raw(vacuum).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    fn failed(&self, error: DbErr) -> StoreError {
        self.0.named(StoreError::Migrate(error))
    }
}
