//! What the program tells its operator, and who owns its tasks.
//!
//! Log lines carry ids, never what people wrote, never a secret.

mod kill_point;
mod logging;
pub mod metrics;
mod tasks;

pub use kill_point::{KillPoint, kill_point, taste};
#[cfg(feature = "kill-points")]
pub use kill_point::{arm, poison};
pub use logging::{chain, init};
pub use tasks::Tasks;
