//! The switches a test has: faults, limits, time, the way of updates; and the
//! records it reads.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::Telegram;
use super::delivery;
use super::faults::{self, Fault};
use super::places::Place;
use super::queue::{Body, RETENTION};
use super::screen::NotSeen;
use super::state::CallRecord;
use super::webhook;

impl Telegram {
    /// Sends the last update to the webhook once more, so many times at once; returns how each went.
    pub async fn sends_again(&self, copies: usize) -> Vec<Result<(), String>> {
        delivery::again(self.state(), copies).await
    }

    /// Waits until the bot has set its webhook; returns what `getWebhookInfo` tells of it.
    pub async fn wait_for_webhook(&self) -> Result<Value, NotSeen> {
        let set = self.state().wait_for(|state| state.webhook.is_some().then(|| webhook::info(state))).await;
        let info = set.and_then(Result::ok);
        info.ok_or_else(|| NotSeen::new("the bot sets no webhook"))
    }

    /// Waits until Telegram has failed to deliver an update; returns how, in its words.
    pub async fn wait_for_failed_delivery(&self) -> Result<String, NotSeen> {
        let failed = self.state().wait_for(|state| state.webhook.as_ref()?.last_error.clone()).await;
        failed.map(|(_, why)| why).ok_or_else(|| NotSeen::new("no delivery failed"))
    }

    /// Takes the bot's webhook away, as somebody else with its token can.
    pub fn loses_webhook(&self) {
        self.state().update(|state| state.webhook = None);
    }

    /// Lets the next calls of a method go wrong; `*` means any method, `file` a download.
    pub fn fault(&self, method: &str, times: usize, fault: Fault) {
        self.state().update(|state| state.faults.plan(method, times, fault));
    }

    /// Lets the next calls of a method go wrong that are about this chat.
    pub fn fault_in(&self, chat: i64, method: &str, times: usize, fault: Fault) {
        self.fault(&faults::in_chat(method, chat), times, fault);
    }

    /// Takes back all faults that have not happened yet.
    pub fn no_more_faults(&self) {
        self.state().update(|state| state.faults.clear());
    }

    /// How many planned faults have not happened yet.
    pub fn faults_left(&self) -> usize {
        self.state().read(|state| state.faults.left())
    }

    /// Switches off all limits of pace, those on polls and webhooks included.
    pub fn without_rate_limits(&self) {
        self.state().update(|state| state.limits.enabled = false);
    }

    /// Holds a chat back: calls that write there get 429 until the time is over.
    pub fn hold_back(&self, place: impl Into<Place>, time: Duration) {
        let chat = place.into().chat;
        self.state().update(|state| {
            let now = state.now();
            state.limits.hold_back(chat, time, now);
        });
    }

    /// Moves the platform's clock ahead.
    pub fn time_passes(&self, time: Duration) {
        self.state().update(|state| state.ahead += time);
    }

    /// Lets the members of a group send words only.
    pub fn takes_no_files(&self, place: impl Into<Place>) {
        let chat = place.into().chat;
        self.state().update(|state| state.chat_mut(chat).takes_no_files = true);
    }

    /// Sets privacy mode, which is on at first.
    pub fn privacy_mode(&self, on: bool) {
        self.state().update(|state| state.bot.privacy = on);
    }

    /// Replaces the token; the old one is refused from now on.
    pub fn rotate_token(&self, new: &str) {
        self.state().update(|state| {
            let old = std::mem::replace(&mut state.token, new.to_owned());
            state.revoked.insert(old);
            state.revoked.remove(new);
        });
    }

    /// Reaches public https webhooks through this address, over plain http.
    pub fn webhook_gate(&self, address: SocketAddr) {
        self.state().update(|state| state.webhook_memory.gate = Some(address));
    }

    /// Calls that no correct bot makes, in words.
    pub fn problems(&self) -> Vec<String> {
        self.state().read(|state| state.problems.clone())
    }

    /// Takes the problems away, for tests that cause them on purpose.
    pub fn take_problems(&self) -> Vec<String> {
        self.state().update(|state| std::mem::take(&mut state.problems))
    }

    /// All calls of the bot, in the order in which they were answered.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().read(|state| state.calls.clone())
    }

    /// How often a method was called.
    pub fn count_calls(&self, method: &str) -> usize {
        self.state().read(|state| state.call_counts.get(method).copied().unwrap_or(0))
    }

    /// Waits until a method has been called this often.
    pub async fn wait_for_calls(&self, method: &str, times: usize) -> Result<(), NotSeen> {
        let seen = self
            .state()
            .wait_for(|state| (state.call_counts.get(method).copied().unwrap_or(0) >= times).then_some(()))
            .await;
        seen.ok_or_else(|| NotSeen::new(&format!("{method} was not called {times} times")))
    }

    /// The commands people are offered in a scope (`default`, `chat:-100…`, `chat_member:-100…:7`) and language.
    pub fn offered_commands(&self, scope: &str, language: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.state().read(|state| {
            let commands = state.commands.get(&(scope.to_owned(), language.to_owned()));
            commands
                .into_iter()
                .flatten()
                .map(|one| (text(&one["command"]), text(&one["description"])))
                .collect()
        })
    }

    /// How many updates wait for the bot.
    pub fn pending_updates(&self) -> usize {
        self.state().read(|state| state.queue.len())
    }

    /// Waits until the bot has confirmed every update.
    pub async fn wait_until_confirmed(&self) -> Result<(), NotSeen> {
        let confirmed = self.state().wait_for(|state| (state.queue.len() == 0).then_some(())).await;
        confirmed.ok_or_else(|| NotSeen::new("the bot did not confirm its updates"))
    }

    /// Tells whether the bot waits in a long poll.
    pub fn is_polled(&self) -> bool {
        self.state().read(|state| state.poll.is_waiting())
    }

    /// Waits until the bot waits in a long poll.
    pub async fn wait_for_poll(&self) -> Result<(), NotSeen> {
        let polled = self.state().wait_for(|state| state.poll.is_waiting().then_some(())).await;
        polled.ok_or_else(|| NotSeen::new("the bot does not poll"))
    }

    /// Waits until no long poll is open, as after the bot has died.
    pub async fn wait_until_nobody_polls(&self) -> Result<(), NotSeen> {
        let gone = self.state().wait_for(|state| (!state.poll.is_waiting()).then_some(())).await;
        gone.ok_or_else(|| NotSeen::new("somebody still polls"))
    }

    /// Puts an update of any kind and content into the queue and returns its id.
    ///
    /// The payload may be any JSON text, such as one with a lone surrogate.
    pub fn inject(&self, kind: &str, payload: &str) -> i64 {
        self.state().update(|state| {
            assert!(!state.outlet.is_held(), "held updates get their ids only when they are released");
            let id = state.queue.next_id();
            state.enqueue(Body::Kind(kind.to_owned(), payload.to_owned()), RETENTION, -id);
            id
        })
    }

    /// Puts text into the queue that is delivered as it is; it stands under the returned id.
    pub fn inject_verbatim(&self, text: impl FnOnce(i64) -> String) -> i64 {
        self.state().update(|state| {
            assert!(!state.outlet.is_held(), "held updates get their ids only when they are released");
            let id = state.queue.next_id();
            state.enqueue(Body::Verbatim(text(id)), RETENTION, -id);
            id
        })
    }

    /// Keeps updates back until they are released.
    pub fn hold_updates(&self) {
        self.state().update(|state| state.hold_updates());
    }

    /// Releases what was held, in the order of events.
    pub fn release_updates(&self) {
        self.state().update(|state| state.release_updates(false));
    }

    /// Releases what was held with the last event first, under rising ids.
    pub fn release_updates_reversed(&self) {
        self.state().update(|state| state.release_updates(true));
    }

    /// Releases what was held in any order, by places in the order of events, under rising ids.
    pub fn release_updates_in_order(&self, places: &[usize]) {
        self.state().update(|state| state.release_in_order(places));
    }

    /// Lists the next batches of at least two updates backwards, ids falling.
    pub fn reverse_batches(&self, times: usize) {
        self.state().update(|state| state.outlet.reversed_batches += times);
    }

    /// Lets each of the next updates come twice under its id.
    pub fn repeat_updates(&self, times: usize) {
        self.state().update(|state| state.repeat_updates(times));
    }

    /// Sends the last updates once more, confirmed or not.
    pub fn resend_updates(&self, count: usize) {
        self.state().update(|state| state.resend_updates(count));
    }

    /// Lets the numbering of updates start again, as it does after a week of silence.
    ///
    /// The real server only does so when nothing waits, and so does this one.
    pub fn restart_update_ids(&self, next: i64) {
        self.state().update(|state| {
            assert_eq!(state.queue.len(), 0, "updates still wait for their confirmation");
            state.queue.restart(next);
        });
    }
}
