//! The stand-in: repeats what it is told, with no account anywhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use crate::domain::texts::Texts;
use crate::domain::{Begun, FinishReason, Finished, Line, Price, Speaker, Usage};
use crate::model::tokens::{tokens_of, tokens_of_prompt};
use crate::model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream};

const NAME: &str = "echo";

/// Says back what it was told, word by word, and that it is a stand-in.
pub struct Echo {
    texts: Arc<Texts>,
    pause: Duration,
}

impl Echo {
    /// Speaks as fast as it can.
    #[must_use]
    pub fn new(texts: Arc<Texts>) -> Self {
        Self::with_pause(texts, Duration::ZERO)
    }

    /// Pauses before each word, as a model would.
    #[must_use]
    pub fn with_pause(texts: Arc<Texts>, pause: Duration) -> Self {
        Self { texts, pause }
    }

    fn answer(&self, lines: &[Line]) -> String {
        let said = lines.iter().rfind(|line| line.speaker == Speaker::Person);
        let said = said.map_or("", |line| line.text.as_str());
        let answer = self.texts.around("echo-answer", &[("text", said)]);
        format!("{}\n\n{}", answer.trim_end(), self.texts.get("echo-notice"))
    }
}

#[async_trait]
impl Model for Echo {
    fn name(&self) -> &str {
        NAME
    }

    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let text = self.answer(&request.lines);
        let usage = Usage {
            prompt_tokens: tokens_of_prompt(&request.lines),
            completion_tokens: tokens_of(&text),
            cost_micros: 0,
            is_reported: false,
        };
        let words: Vec<String> = text.split_inclusive(char::is_whitespace).map(str::to_owned).collect();
        let pause = self.pause;
        let deltas = stream::iter(words).then(move |word| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(ModelEvent::Delta(word))
        });
        let begun = Begun {
            model: NAME.to_owned(),
            provider: NAME.to_owned(),
            prompt_tokens: usage.prompt_tokens,
            price: Price::default(),
        };
        let finished = Finished {
            text,
            finish_reason: FinishReason::Stop,
            usage,
            model: NAME.to_owned(),
            provider: NAME.to_owned(),
        };
        let end = stream::once(async { Ok(ModelEvent::Finished(finished)) });
        let beginning = stream::once(async { Ok(ModelEvent::Begun(begun)) });
        Ok(Box::pin(beginning.chain(deltas).chain(end)))
    }
}
