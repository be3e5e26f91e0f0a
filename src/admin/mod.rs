//! Every operation that has more than one surface.
//!
//! Each file holds the typed request, what it does, and the typed result. The
//! command line and, later, chat commands and an API only parse and print.

mod access;
mod deliveries;
mod inbox;
mod matter;

pub use access::{Access, AccessError, Approved, Subject};
pub use deliveries::{Deliveries, Purge, Retried, ShownDelivery};
pub use inbox::{Inbox, Replayed, ReplayedAll};
pub use matter::MatterError;
