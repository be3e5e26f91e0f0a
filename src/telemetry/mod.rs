//! What the program tells its operator, and who owns its tasks.
//!
//! Log lines carry ids, never what people wrote, never a secret.

mod logging;
pub mod metrics;
mod tasks;

pub use logging::{chain, init};
pub use tasks::Tasks;
