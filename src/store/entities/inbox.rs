//! What has come in.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
    PrimaryKeyTrait,
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: Uuid,
    pub(in crate::store) dedupe_hash: Vec<u8>,
    pub(in crate::store) platform: String,
    pub(in crate::store) lane_id: Option<Uuid>,
    pub(in crate::store) address_id: Option<Uuid>,
    pub(in crate::store) identity_id: Option<Uuid>,
    pub(in crate::store) sequence: i64,
    pub(in crate::store) turn_id: Option<Uuid>,
    pub(in crate::store) state: String,
    pub(in crate::store) outcome: Option<String>,
    pub(in crate::store) claim: Option<Uuid>,
    pub(in crate::store) attempts: i64,
    pub(in crate::store) payload: Option<String>,
    pub(in crate::store) raw: Option<String>,
    pub(in crate::store) sent_at: i64,
    pub(in crate::store) received_at: i64,
    pub(in crate::store) ended_at: Option<i64>,
    pub(in crate::store) instance_id: Option<Uuid>,
    pub(in crate::store) ending: Option<String>,
    pub(in crate::store) is_suspect: bool,
    pub(in crate::store) reserved_tokens: i64,
    pub(in crate::store) reserved_cost_micros: i64,
    pub(in crate::store) key_until: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
