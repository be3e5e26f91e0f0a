//! The long poll: ask for updates, make them durable, and only then ask for more.
//!
//! Telegram takes an update for received when we ask for one behind it. So the
//! offset moves when the inbox has taken the whole batch, and what the inbox
//! did not take simply comes again.
//!
//! Update numbers start again at random after a week of silence. The offset is
//! therefore only used to confirm: once Telegram has nothing waiting we ask
//! without one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;
use teloxide::payloads::{DeleteWebhook, GetUpdates, GetUpdatesSetters};
use teloxide::types::AllowedUpdate;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::channels::absence::Absence;
use crate::channels::telegram::api::{Api, CallError, Refusal};
use crate::channels::telegram::decode::{self, Reading};
use crate::channels::telegram::errors::channel_error;
use crate::channels::telegram::wire::Me;
use crate::channels::telegram::{Telegram, backoff};
use crate::channels::{Batch, ChannelError, Inbox, InboxError};
use crate::domain::{Backoff, Event, Invocation, Platform, Timestamp};
use crate::telemetry::{KillPoint, chain, kill_point};

/// The most updates Telegram gives at once.
const BATCH: u8 = 100;
/// The kinds of updates that we ask for.
pub(super) const ALLOWED: [AllowedUpdate; 5] = [
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::MyChatMember,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::MessageReaction,
];
/// How much longer we wait for a poll than Telegram holds it open.
const POLL_MARGIN: Duration = Duration::from_secs(15);
/// The longest pause while what comes in cannot be stored; the database is ours, and near.
const LONGEST_INBOX_PAUSE: Duration = Duration::from_secs(1);
/// How long we leave the bot to somebody else who polls for it.
const CONFLICT_PAUSE: Duration = Duration::from_secs(2);
/// How often we complain about them.
const CONFLICT_COMPLAINT: Duration = Duration::from_secs(60);

const STEP: &str = "asking for messages";

/// The bot's queue at Telegram, and how far we have read it.
pub(super) struct Intake<'a> {
    telegram: &'a Telegram,
    api: &'a Api,
    /// Since when we have been back, as long as what comes may have been kept for us while we
    /// were away: until nothing waits any more, or something comes that was said since. With
    /// us there, a clock that is wrong makes nothing too old.
    back_since: Option<Timestamp>,
    me: &'a Me,
    inbox: &'a dyn Inbox,
    /// How long Telegram holds a poll open when there is nothing to tell.
    poll_seconds: u32,
    /// Whether the last poll was answered.
    is_connected: &'a AtomicBool,
    /// Confirms everything before it; none when all is confirmed.
    offset: Option<i64>,
    backoff: Backoff,
    complained: Option<Instant>,
}

/// What to do after a poll.
enum Next {
    Poll,
    Wait(Duration),
}

impl<'a> Intake<'a> {
    pub(super) fn new(telegram: &'a Telegram, me: &'a Me, inbox: &'a dyn Inbox, poll_seconds: u32) -> Self {
        Self {
            telegram,
            api: &telegram.api,
            back_since: Some(telegram.clock.now()),
            me,
            inbox,
            poll_seconds,
            is_connected: &telegram.is_connected,
            offset: None,
            backoff: backoff(),
            complained: None,
        }
    }

    /// Takes in updates until `shutdown` fires or the token is refused.
    pub(super) async fn run(mut self, shutdown: &CancellationToken) -> Result<(), ChannelError> {
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                next = self.poll() => next?,
            };
            if let Next::Wait(wait) = next {
                tokio::select! {
                    () = shutdown.cancelled() => return Ok(()),
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }

    async fn poll(&mut self) -> Result<Next, ChannelError> {
        // A quick one tells at once what was kept for us, and after a failure that all is well again.
        let is_well = self.is_connected.load(Ordering::Relaxed) && !self.backoff.has_failed();
        let is_well = is_well && self.back_since.is_none();
        let mut request = GetUpdates::new()
            .limit(BATCH)
            .timeout(if is_well { self.poll_seconds } else { 0 })
            .allowed_updates(ALLOWED);
        request.offset = self.offset.and_then(|offset| i32::try_from(offset).ok());
        let patience = Duration::from_secs(u64::from(self.poll_seconds)) + POLL_MARGIN;
        let body = match self.api.fetch(&request, patience).await {
            Ok(body) => body,
            Err(error) => return self.failed(error).await,
        };
        let result = match self.api.result(&body) {
            Ok(result) => result,
            Err(error) => return self.failed(error).await,
        };
        match serde_json::from_str::<Vec<&RawValue>>(result.get()) {
            Ok(updates) => {
                self.is_connected.store(true, Ordering::Relaxed);
                Ok(self.take_in(&updates).await)
            }
            Err(_) => self.failed(CallError::NoAnswer("the answer holds no updates".into())).await,
        }
    }

    /// Makes a batch durable and moves the offset behind it.
    async fn take_in(&mut self, updates: &[&RawValue]) -> Next {
        if !updates.is_empty() {
            kill_point(KillPoint::Read);
        }
        let (batch, offset) = read(updates.iter().map(|update| update.get()), self.me);
        let was_said_since = |since| batch.messages.iter().any(|message| message.sent_at >= since);
        let is_over = updates.is_empty() || self.back_since.is_some_and(was_said_since);
        let accepted = self.telegram.accept(batch, self.back_since.is_some(), self.inbox).await;
        if let Err(error) = accepted {
            tracing::error!(
                platform = %Platform::Telegram, error = %chain(&error),
                "could not store what came in; Telegram keeps it for us"
            );
            return Next::Wait(self.backoff.next_wait().min(LONGEST_INBOX_PAUSE));
        }
        if self.backoff.has_failed() {
            tracing::info!(platform = %Platform::Telegram, "messages come in again");
        }
        self.backoff.reset();
        self.back_since = self.back_since.filter(|_| !is_over);
        let is_stuck = !updates.is_empty() && offset.is_none();
        self.offset = offset;
        // Without a number there is nothing to confirm it by, and it comes again.
        if is_stuck { Next::Wait(CONFLICT_PAUSE) } else { Next::Poll }
    }

    async fn failed(&mut self, error: CallError) -> Result<Next, ChannelError> {
        self.is_connected.store(false, Ordering::Relaxed);
        self.back_since = Some(self.telegram.clock.now());
        if let Some(conflict) = error.refusal().filter(|refusal| refusal.code == 409) {
            return Ok(self.conflict(conflict).await);
        }
        let error = channel_error(STEP, error);
        match error {
            ChannelError::Unauthorized { .. } => Err(error),
            ChannelError::RateLimited { retry_after, .. } => Ok(Next::Wait(retry_after)),
            _ => {
                tracing::warn!(platform = %Platform::Telegram, error = %chain(&error), "cannot get messages; trying again");
                Ok(Next::Wait(self.backoff.next_wait()))
            }
        }
    }

    /// Somebody else gets the bot's updates: a webhook goes, a poller is waited for.
    async fn conflict(&mut self, conflict: &Refusal) -> Next {
        if !conflict.says("webhook is active") {
            self.complain(
                "another program gets this bot's messages with the same token: stop it, or give each its own bot \
                 (@BotFather, /newbot); until then each of us gets some of them",
            );
            return Next::Wait(CONFLICT_PAUSE);
        }
        let mut request = DeleteWebhook::new();
        request.drop_pending_updates = Some(false);
        match self.api.run(&request).await {
            Ok(()) => {
                tracing::warn!(
                    platform = %Platform::Telegram,
                    "a webhook was set for this bot, which keeps us from polling: removed it; waiting messages are kept"
                );
                // Whoever set it may set it again at once.
                Next::Wait(self.backoff.next_wait())
            }
            Err(error) => {
                let error = channel_error("removing the webhook", error);
                tracing::warn!(platform = %Platform::Telegram, error = %chain(&error), "a webhook keeps us from polling");
                Next::Wait(self.backoff.next_wait())
            }
        }
    }

    fn complain(&mut self, words: &str) {
        let is_due = self.complained.is_none_or(|last| last.elapsed() >= CONFLICT_COMPLAINT);
        if is_due {
            self.complained = Some(Instant::now());
            tracing::warn!(platform = %Platform::Telegram, "{words}");
        }
    }
}

impl Telegram {
    /// Makes a batch durable; if we `were_away`, a notice in the place of what is too old.
    pub(super) async fn accept(
        &self,
        mut batch: Batch,
        were_away: bool,
        inbox: &dyn Inbox,
    ) -> Result<(), InboxError> {
        if batch.is_empty() {
            return Ok(());
        }
        for message in &mut batch.messages {
            if matches!(&message.event, Event::Command(Invocation { pressed: Some(_), .. })) {
                message.sent_at = self.clock.now();
            }
        }
        if were_away {
            let absence = Absence::until(self.clock.now(), self.catchup);
            batch.messages = absence.sum_up(batch.messages, inbox).await?;
        }
        inbox.accept(batch).await
    }
}

/// Reads updates one by one; also returns the offset that confirms them all.
pub(super) fn read<'u>(updates: impl IntoIterator<Item = &'u str>, me: &Me) -> (Batch, Option<i64>) {
    let mut batch = Batch::default();
    let mut last = None;
    for raw in updates {
        let update = decode::update(raw, me);
        last = last.max(update.id);
        match update.reading {
            Reading::Heard(message) => batch.messages.push(*message),
            Reading::Moved(moved) => batch.moves.push(moved),
            Reading::Turned(door) => batch.doors.push(door),
            Reading::Unreadable(unreadable) => {
                tracing::warn!(platform = %Platform::Telegram, update.id = ?update.id, reason = %unreadable.reason, "set an update aside that cannot be read");
                batch.unreadable.push(unreadable);
            }
            Reading::Ignored(reason) => {
                tracing::debug!(platform = %Platform::Telegram, update.id = ?update.id, reason, "ignored an update");
            }
        }
    }
    (batch, last.map(|id: i64| id.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    fn offset(ids: &[i64]) -> Option<i64> {
        let me = serde_json::from_value(json!({ "id": 7, "first_name": "Bot" })).unwrap();
        let updates: Vec<String> = ids.iter().map(|id| json!({ "update_id": id }).to_string()).collect();
        read(updates.iter().map(String::as_str), &me).1
    }

    #[test]
    fn the_offset_is_behind_the_highest_number_of_a_batch() {
        assert_eq!(offset(&[5, 6, 7]), Some(8));
        assert_eq!(offset(&[7, 6, 5]), Some(8));
    }

    #[test]
    fn there_is_no_offset_when_nothing_waits_since_numbers_may_start_again() {
        assert_eq!(offset(&[]), None);
    }
}
