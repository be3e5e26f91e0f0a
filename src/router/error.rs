//! Why a message could not be decided on.

use crate::store::StoreError;

/// Why a message could not be decided on.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The database did not answer.
    #[error("could not {step}")]
    Store {
        step: &'static str,
        #[source]
        source: StoreError,
    },
}

impl RouterError {
    /// Names the step at which the store failed.
    pub(super) fn at(step: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |source| Self::Store { step, source }
    }
}
