//! Guilds, workspaces and groups.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "spaces")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) platform: String,
    pub(in crate::store) platform_space_id: String,
    pub(in crate::store) name: Option<String>,
    pub(in crate::store) settings: serde_json::Value,
    pub(in crate::store) allowed_by: Option<Uuid>,
    pub(in crate::store) allowed_at: Option<i64>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) blocked_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
