//! Builds the models that the settings name.

use std::sync::Arc;

use crate::config::ModelSettings;
use crate::domain::texts::Texts;
use crate::model::{Chain, Echo, Model, OpenAi, RetryPolicy, Retrying, SetupError, TokenEstimates};

/// The models of the configured chain, or the stand-in when no provider is configured.
///
/// What their providers report on tokens goes to `tokens`.
pub fn from_settings(
    settings: &ModelSettings,
    tokens: &Arc<TokenEstimates>,
) -> Result<Arc<dyn Model>, SetupError> {
    if settings.providers.is_empty() {
        return Ok(Arc::new(Echo::new(Arc::new(Texts::english()))));
    }
    let mut models = Vec::new();
    for name in &settings.chain {
        models.push(provider(name, settings, tokens)?);
    }
    let mut models = models.into_iter();
    let first = models.next().ok_or(SetupError::EmptyChain)?;
    Ok(Arc::new(Chain::new(first, models.collect())))
}

fn provider(
    name: &str,
    settings: &ModelSettings,
    tokens: &Arc<TokenEstimates>,
) -> Result<Arc<dyn Model>, SetupError> {
    let provider = settings.providers.get(name);
    let provider = provider.ok_or_else(|| SetupError::UnknownProvider { name: name.to_owned() })?;
    let model = OpenAi::new(name, provider, Arc::clone(tokens))?;
    Ok(Arc::new(Retrying::new(Arc::new(model), RetryPolicy::from(provider))))
}
