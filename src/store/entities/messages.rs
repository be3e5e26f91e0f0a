//! What was said in conversations.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) conversation_id: Uuid,
    pub(in crate::store) seq: i64,
    pub(in crate::store) turn_id: Option<Uuid>,
    pub(in crate::store) user_id: Option<Uuid>,
    pub(in crate::store) origin_identity_id: Option<Uuid>,
    pub(in crate::store) role: String,
    pub(in crate::store) content: String,
    pub(in crate::store) parent_id: Option<Uuid>,
    pub(in crate::store) version: i64,
    pub(in crate::store) tokens: Option<i64>,
    pub(in crate::store) model: Option<String>,
    pub(in crate::store) provider: Option<String>,
    pub(in crate::store) prompt_tokens: Option<i64>,
    pub(in crate::store) completion_tokens: Option<i64>,
    pub(in crate::store) cost_micros: Option<i64>,
    pub(in crate::store) response_ms: Option<i64>,
    pub(in crate::store) finish_reason: Option<String>,
    pub(in crate::store) error: Option<String>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) completed_at: Option<i64>,
    pub(in crate::store) deleted_at: Option<i64>,
    pub(in crate::store) said_key: Option<Vec<u8>>,
    pub(in crate::store) edited_at: Option<i64>,
    pub(in crate::store) superseded_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
