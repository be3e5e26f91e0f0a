//! What an answer costs.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::tokens;

/// Tokens of one answer, counted by the rule in `tokens.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cached_tokens: u64,
    pub reasoning_tokens: u64,
}

impl Usage {
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// `CompletionUsage` of the specification.
    pub(super) fn json(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens(),
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    }
}

/// Prompts are cached from this length on, in steps of that many tokens.
///
/// Source: developers.openai.com/cookbook/examples/prompt_caching_201, section 1.1.
const CACHED_FROM: u64 = 1024;
const CACHE_STEP: u64 = 128;

/// Prefixes remembered before all are forgotten.
const MOST_PREFIXES: usize = 100_000;

/// The beginnings of prompts seen so far, by whole messages.
#[derive(Debug, Default)]
pub(super) struct PromptCache {
    seen: HashSet<u64>,
}

impl PromptCache {
    /// Returns how many tokens of the prompt were seen before, and remembers it.
    pub(super) fn look_up(&mut self, request: &Value, prompt_tokens: u64) -> u64 {
        if prompt_tokens < CACHED_FROM {
            return 0;
        }
        if self.seen.len() > MOST_PREFIXES {
            self.seen.clear();
        }
        let mut prefix = DefaultHasher::new();
        (request["model"].as_str(), request["tools"].to_string()).hash(&mut prefix);
        let (mut tokens, mut cached) = (0, 0);
        for message in request["messages"].as_array().into_iter().flatten() {
            message.to_string().hash(&mut prefix);
            tokens += tokens::of_message(message);
            if !self.seen.insert(prefix.finish()) {
                cached = tokens;
            }
        }
        if cached < CACHED_FROM { 0 } else { cached / CACHE_STEP * CACHE_STEP }
    }
}
