//! Answers to commands: promised within three seconds, given within fifteen
//! minutes, seen only by the person who asked.
//!
//! A promise (deferral) is made once, whoever comes first: the timer, the
//! inbox, or the answer itself. It is no acceptance; when the inbox does not
//! take the command after all, the promise becomes "please repeat".

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serenity::http::{LightMethod, Route};
use serenity::model::id::InteractionId;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{sleep, timeout};

use crate::channels::ChannelError;
use crate::channels::discord::api::{Api, id_of, snowflake};
use crate::channels::discord::decode::moment;
use crate::channels::discord::encode;
use crate::channels::discord::errors::CallError;
use crate::channels::discord::memory::Memory;
use crate::domain::{Clock, Interaction, Part, PostedId};
use crate::telemetry::{Tasks, chain};

/// When the answer is promised at the latest; Discord waits three seconds.
pub(super) const PROMISE_AFTER: Duration = Duration::from_millis(1_500);

/// How long a promise may take to arrive; a second attempt has to fit in.
const PROMISE_TIMEOUT: Duration = Duration::from_millis(700);
const PROMISE_ATTEMPTS: u32 = 2;

/// How long tokens are good for: fifteen minutes, less what clocks differ by.
const TOKEN_LIFE: Duration = Duration::from_secs(14 * 60 + 30);

/// How many commands are known at a time.
const KNOWN: usize = 1_024;

/// The commands that wait for answers.
pub(super) struct Interactions {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    promises: Mutex<Memory<u64, Arc<AsyncMutex<Promise>>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promise {
    NotYet,
    Made,
    /// It is too late to make it.
    Missed,
}

impl Interactions {
    pub(super) fn new(api: Arc<Api>, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self { api, clock, tasks, promises: Mutex::new(Memory::of(KNOWN)) }
    }

    /// Promises the answer when its time comes, if nobody has until then.
    pub(super) fn arrived(self: &Arc<Self>, interaction: Interaction) {
        let this = Arc::clone(self);
        let ending = self.tasks.shutdown();
        self.tasks.spawn(async move {
            // When we are told to end, there may be no later.
            tokio::select! {
                () = sleep(PROMISE_AFTER) => {}
                () = ending.cancelled() => {}
            }
            this.promise_or_log(&interaction).await;
        });
    }

    /// Promises the answer now.
    pub(super) fn accepted(self: &Arc<Self>, interaction: Interaction) {
        let this = Arc::clone(self);
        self.tasks.spawn(async move { this.promise_or_log(&interaction).await });
    }

    /// Answers that the command was not taken in.
    pub(super) fn refused(self: &Arc<Self>, interaction: Interaction, words: String) {
        let this = Arc::clone(self);
        self.tasks.spawn(async move {
            let part = Part::new(0, words);
            if let Err(error) = this.show(&interaction, &part).await {
                tracing::warn!(error = %chain(&error), "could not tell a person that a command was not taken in");
            }
        });
    }

    /// Shows one part of the answer; nothing when the interaction is over.
    pub(super) async fn show(
        &self,
        interaction: &Interaction,
        part: &Part,
    ) -> Result<Option<PostedId>, ChannelError> {
        let step = "answering a command";
        if self.is_over(interaction) || self.promise(interaction).await? == Promise::Missed {
            return Ok(None);
        }
        let application_id = self.api.application().await?;
        let token = interaction.token.as_str();
        let answered = if part.number == 0 {
            let route = Route::WebhookOriginalInteractionResponse { application_id, token };
            self.api.call(step, LightMethod::Patch, route, Some(&encode::edit(&part.text))).await
        } else {
            let route = Route::WebhookFollowupMessages { application_id, token };
            self.api.call(step, LightMethod::Post, route, Some(&encode::follow_up(&part.text))).await
        };
        match answered {
            Ok(answer) => Ok(Some(PostedId(id_of(step, &answer)?.to_string()))),
            Err(CallError::Refused(refusal)) if refusal.is_lost_interaction() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces what a part shows; false when it is not part of this answer.
    pub(super) async fn change(
        &self,
        interaction: &Interaction,
        posted: &PostedId,
        part: &Part,
    ) -> Result<bool, ChannelError> {
        let step = "editing an answer to a command";
        if self.is_over(interaction) {
            return Ok(false);
        }
        let application_id = self.api.application().await?;
        let message_id = snowflake(step, &posted.0)?.into();
        let route = Route::WebhookFollowupMessage { application_id, token: &interaction.token, message_id };
        let body = encode::edit(&part.text);
        match self.api.call(step, LightMethod::Patch, route, Some(&body)).await {
            Ok(_) => Ok(true),
            Err(CallError::Refused(refusal))
                if refusal.is_lost_interaction() || refusal.is_unknown_message() =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a part of the answer away; false when it is not part of this answer.
    pub(super) async fn take_away(
        &self,
        interaction: &Interaction,
        posted: &PostedId,
    ) -> Result<bool, ChannelError> {
        let step = "deleting an answer to a command";
        if self.is_over(interaction) {
            return Ok(false);
        }
        let application_id = self.api.application().await?;
        let message_id = snowflake(step, &posted.0)?.into();
        let route = Route::WebhookFollowupMessage { application_id, token: &interaction.token, message_id };
        match self.api.call(step, LightMethod::Delete, route, None).await {
            Ok(_) => Ok(true),
            Err(CallError::Refused(refusal))
                if refusal.is_lost_interaction() || refusal.is_unknown_message() =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_over(&self, interaction: &Interaction) -> bool {
        let Ok(id) = interaction.id.parse() else { return true };
        self.clock.now() - moment(id) >= TOKEN_LIFE
    }

    async fn promise_or_log(&self, interaction: &Interaction) {
        match self.promise(interaction).await {
            Ok(Promise::Made | Promise::NotYet) => {}
            Ok(Promise::Missed) => {
                tracing::warn!(interaction.id, "was too late to answer command {}", interaction.id);
            }
            Err(error) => {
                tracing::warn!(interaction.id, error = %chain(&error), "could not promise an answer");
            }
        }
    }

    /// Makes the promise unless it is made. After a restart Discord knows whether it was.
    async fn promise(&self, interaction: &Interaction) -> Result<Promise, ChannelError> {
        let id = snowflake("promising an answer", &interaction.id)?;
        let promise = self.known(id);
        let mut state = promise.lock().await;
        let mut attempt = 1;
        while *state == Promise::NotYet {
            match self.call_back(InteractionId::new(id), &interaction.token).await {
                Ok(_) => *state = Promise::Made,
                Err(CallError::Refused(refusal)) if refusal.is_already_acknowledged() => {
                    *state = Promise::Made;
                }
                Err(CallError::Refused(refusal)) if refusal.is_lost_interaction() => *state = Promise::Missed,
                Err(_) if attempt < PROMISE_ATTEMPTS => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(*state)
    }

    async fn call_back(&self, interaction_id: InteractionId, token: &str) -> Result<Value, CallError> {
        let step = "promising an answer";
        let route = Route::InteractionResponse { interaction_id, token };
        let body = encode::deferral();
        let call = self.api.call(step, LightMethod::Post, route, Some(&body));
        timeout(PROMISE_TIMEOUT, call)
            .await
            .map_err(|elapsed| CallError::Failed(ChannelError::Unknown { step, source: elapsed.into() }))?
    }

    fn known(&self, id: u64) -> Arc<AsyncMutex<Promise>> {
        let mut promises = self.promises.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = promises.recall(&id) {
            return Arc::clone(known);
        }
        let new = Arc::new(AsyncMutex::new(Promise::NotYet));
        promises.learn(id, Arc::clone(&new));
        new
    }
}
