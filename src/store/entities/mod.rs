//! The tables, one file each. They stay inside of the store.

pub(in crate::store) mod addresses;
pub(in crate::store) mod changes;
pub(in crate::store) mod conversations;
pub(in crate::store) mod identities;
pub(in crate::store) mod inbox;
pub(in crate::store) mod instances;
pub(in crate::store) mod leases;
pub(in crate::store) mod message_revisions;
pub(in crate::store) mod messages;
pub(in crate::store) mod outbox;
pub(in crate::store) mod pairing_codes;
pub(in crate::store) mod schema_meta;
pub(in crate::store) mod spaces;
pub(in crate::store) mod users;
