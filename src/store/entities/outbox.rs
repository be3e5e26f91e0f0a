//! What is on its way out.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) turn_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) number: i64,
    pub(in crate::store) platform: String,
    pub(in crate::store) state: String,
    pub(in crate::store) payload: Option<String>,
    pub(in crate::store) posted_id: Option<String>,
    pub(in crate::store) is_labelled: bool,
    pub(in crate::store) sending_at: Option<i64>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) ended_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
