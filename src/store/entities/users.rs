//! People.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) name: String,
    pub(in crate::store) role: String,
    pub(in crate::store) tier: String,
    pub(in crate::store) preferred_model: Option<String>,
    pub(in crate::store) locale: Option<String>,
    pub(in crate::store) time_zone: Option<String>,
    pub(in crate::store) settings: serde_json::Value,
    pub(in crate::store) is_blocked: bool,
    pub(in crate::store) is_anonymized: bool,
    pub(in crate::store) active_conversation_id: Option<Uuid>,
    pub(in crate::store) created_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
