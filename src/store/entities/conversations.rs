//! Conversations.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "conversations")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) user_id: Option<Uuid>,
    pub(in crate::store) address_id: Option<Uuid>,
    pub(in crate::store) title: Option<String>,
    pub(in crate::store) model: Option<String>,
    pub(in crate::store) provider: Option<String>,
    pub(in crate::store) system_prompt: Option<String>,
    pub(in crate::store) status: String,
    pub(in crate::store) next_seq: i64,
    pub(in crate::store) version: i64,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) last_activity_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
