//! The history of Switchboard's schema, one step per file.
//!
//! Steps are append-only once released. They name tables and columns
//! themselves and know nothing of `src/`, so that history does not change when
//! the code does. Each goes up and down; a running older version must survive
//! each step up.

mod dialect;
mod m20261123_000001_create_people;
mod m20261123_000002_create_places;
mod m20261123_000003_create_conversations;
mod m20261123_000004_create_inbox;
mod m20261123_000005_create_bookkeeping;
mod m20261123_000006_create_pairing_codes;
mod m20261125_000007_create_outbox;
mod m20261125_000008_add_recovery_to_inbox;
mod m20261125_000009_create_instances;
mod m20261125_000010_remember_what_was_heard;
mod m20261127_000011_let_keys_expire;
mod m20261127_000012_index_what_is_rare;
mod m20261127_000013_block_spaces;
mod m20261128_000014_say_why_addresses_are_closed;
mod m20261128_000016_keep_revisions;
mod m20261128_000017_create_feedback;
mod m20261128_000018_give_thumbs_to_turns;
mod whole;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

use sea_orm_migration::MigrationTrait;

use whole::Whole;

/// All steps, in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261123_000001_create_people::Migration),
            Box::new(m20261123_000002_create_places::Migration),
            Box::new(m20261123_000003_create_conversations::Migration),
            Box::new(m20261123_000004_create_inbox::Migration),
            Box::new(m20261123_000005_create_bookkeeping::Migration),
            Box::new(m20261123_000006_create_pairing_codes::Migration),
            Box::new(m20261125_000007_create_outbox::Migration),
            Box::new(m20261125_000008_add_recovery_to_inbox::Migration),
            Box::new(m20261125_000009_create_instances::Migration),
            Box::new(m20261125_000010_remember_what_was_heard::Migration),
            Box::new(m20261127_000011_let_keys_expire::Migration),
            Box::new(m20261127_000012_index_what_is_rare::Migration),
            Box::new(m20261127_000013_block_spaces::Migration),
            Box::new(m20261128_000014_say_why_addresses_are_closed::Migration),
            Box::new(m20261128_000016_keep_revisions::Migration),
            Box::new(m20261128_000017_create_feedback::Migration),
            Box::new(m20261128_000018_give_thumbs_to_turns::Migration),
        ];
        steps.into_iter().map(|step| Box::new(Whole(step)) as Box<dyn MigrationTrait>).collect()
    }
}
