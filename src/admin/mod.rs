//! Every operation that has more than one surface.
//!
//! Each file holds the typed request, what it does, and the typed result. The
//! command line and, later, chat commands and an API only parse and print.

mod access;

pub use access::{Access, AccessError, Approved, Subject};
