//! Settings: read once, checked once.

mod model;

pub use model::{ModelSettings, PriceSettings, ProviderSettings};
