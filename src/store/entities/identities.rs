//! Accounts of people.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) user_id: Uuid,
    pub(in crate::store) platform: String,
    pub(in crate::store) scope: String,
    pub(in crate::store) platform_user_id: String,
    pub(in crate::store) name: String,
    pub(in crate::store) username: Option<String>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) last_seen_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
