//! How long a text is in tokens, without a vocabulary.
//!
//! A tokenizer's vocabulary costs tens of megabytes and is right for one family
//! of models only. Bytes are nearly as good once a provider has told a few
//! times what it counted: each report moves a model's correction a little.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::Line;

/// What a token is worth in bytes, before anything is known about a model.
const BYTES_PER_TOKEN: usize = 4;
/// What roles and separators add to each line.
pub const TOKENS_PER_LINE: u32 = 4;
/// How many models are remembered; further ones stay uncorrected.
const MAX_MODELS: usize = 64;
/// Shorter prompts say more about a provider's template than about its tokens.
const MIN_LEARNED_TOKENS: u32 = 32;

/// Corrections are kept in thousandths.
const ONE: u64 = 1_000;
const SMALLEST: u64 = 250;
const LARGEST: u64 = 4_000;
/// How much of the old correction stays when a report comes in, in parts of [`ONE`].
const INERTIA: u64 = 800;

/// Estimates tokens, and learns from what providers report.
#[derive(Debug, Default)]
pub struct TokenEstimates {
    corrections: Mutex<BTreeMap<String, u64>>,
}

impl TokenEstimates {
    /// How many tokens `model` will count in `text`, about.
    #[must_use]
    pub fn estimate(&self, model: &str, text: &str) -> u32 {
        corrected(tokens_of(text), self.correction(model))
    }

    /// How many tokens `model` will count in a prompt, about.
    #[must_use]
    pub fn estimate_prompt(&self, model: &str, lines: &[Line]) -> u32 {
        corrected(tokens_of_prompt(lines), self.correction(model))
    }

    /// Takes in what the provider counted in a prompt.
    pub fn learn(&self, model: &str, lines: &[Line], reported: u32) {
        let estimated = tokens_of_prompt(lines);
        if estimated < MIN_LEARNED_TOKENS {
            return;
        }
        let seen = (u64::from(reported) * ONE / u64::from(estimated)).clamp(SMALLEST, LARGEST);
        let mut corrections = self.lock();
        if let Some(correction) = corrections.get_mut(model) {
            *correction = (*correction * INERTIA + seen * (ONE - INERTIA)) / ONE;
        } else if corrections.len() < MAX_MODELS {
            corrections.insert(model.to_owned(), seen);
        }
    }

    fn correction(&self, model: &str) -> u64 {
        self.lock().get(model).copied().unwrap_or(ONE)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.corrections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tokens of a text, of no model in particular.
pub(super) fn tokens_of(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}

/// The tokens of a prompt, of no model in particular.
pub(super) fn tokens_of_prompt(lines: &[Line]) -> u32 {
    lines.iter().fold(0, |sum: u32, line| {
        sum.saturating_add(tokens_of(&line.spoken())).saturating_add(TOKENS_PER_LINE)
    })
}

fn corrected(tokens: u32, correction: u64) -> u32 {
    u32::try_from((u64::from(tokens) * correction).div_ceil(ONE)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MAX_MODELS, TokenEstimates};
    use crate::domain::{Line, Speaker};

    fn prompt(bytes: usize) -> [Line; 1] {
        [Line { speaker: Speaker::Person, text: "x".repeat(bytes), tokens: None, voice: None }]
    }

    #[test]
    fn a_model_nobody_reported_on_is_estimated_from_bytes() {
        let tokens = TokenEstimates::default();
        for (text, expected) in [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("привет", 3), ("漢字", 2)]
        {
            assert_eq!(tokens.estimate("m", text), expected, "{text}");
        }
        assert_eq!(tokens.estimate_prompt("m", &prompt(400)), 104);
    }

    #[test]
    fn reports_move_the_estimate_of_their_model_only() {
        let tokens = TokenEstimates::default();
        for _ in 0..30 {
            tokens.learn("dense", &prompt(400), 208);
        }
        assert_eq!(tokens.estimate("dense", &"x".repeat(400)), 200);
        assert_eq!(tokens.estimate("other", &"x".repeat(400)), 100);

        tokens.learn("dense", &prompt(400), 104);
        assert_eq!(tokens.estimate("dense", &"x".repeat(400)), 180);
    }

    #[test]
    fn absurd_reports_are_held_within_bounds() {
        let tokens = TokenEstimates::default();
        tokens.learn("much", &prompt(400), u32::MAX);
        tokens.learn("little", &prompt(400), 0);
        tokens.learn("short", &prompt(4), 5_000);
        assert_eq!(tokens.estimate("much", &"x".repeat(400)), 400);
        assert_eq!(tokens.estimate("little", &"x".repeat(400)), 25);
        assert_eq!(tokens.estimate("short", &"x".repeat(400)), 100);
    }

    #[test]
    fn no_more_models_are_remembered_than_the_limit() {
        let tokens = TokenEstimates::default();
        for number in 0..MAX_MODELS + 10 {
            tokens.learn(&format!("model-{number}"), &prompt(400), 208);
        }
        assert_eq!(tokens.corrections.lock().unwrap().len(), MAX_MODELS);
    }
}
