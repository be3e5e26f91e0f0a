//! Chats and threads.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "addresses")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) platform: String,
    pub(in crate::store) scope: String,
    pub(in crate::store) chat: String,
    pub(in crate::store) thread: String,
    pub(in crate::store) kind: String,
    pub(in crate::store) space_id: Option<Uuid>,
    pub(in crate::store) lane_id: Uuid,
    pub(in crate::store) active_conversation_id: Option<Uuid>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) closed_at: Option<i64>,
    pub(in crate::store) closed_reason: Option<String>,
    pub(in crate::store) last_sequence: Option<i64>,
    pub(in crate::store) last_said_at: Option<i64>,
    pub(in crate::store) gap_from: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
