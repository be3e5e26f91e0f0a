//! Staying connected: asking where the gateway is, connecting, and doing so
//! again after every end that is not final, ever more patiently.
//!
//! Discord has no acknowledgement, and serenity no brake: what the gateway
//! sends has to be kept until the inbox takes it. When too much of it waits,
//! the gateway is closed until the inbox has caught up. What is said meanwhile,
//! and whenever a session is new, is in the channels' history: see `catchup.rs`.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serenity::http::{LightMethod, Route};
use serenity::model::gateway::{BotGateway, GatewayIntents, Ready};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::channels::discord::gateway::{Door, End, Gateway};
use crate::channels::discord::happening::Happening;
use crate::channels::discord::waiting::{Arrival, Waiting};
use crate::channels::discord::{Shared, commands};
use crate::channels::{ChannelError, LimitScope};
use crate::domain::Backoff;
use crate::telemetry::chain;

/// How many events may wait for the inbox before the gateway is closed.
pub(super) const CROWDED: usize = 3_072;

/// Waits between attempts; those that end in a new session are counted by Discord.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// The longest wait before asking again for an address that we did not get.
const LONGEST_WAIT_TO_ASK: Duration = Duration::from_secs(60);

/// A connection that lasted so long was a good one.
const GOOD: Duration = Duration::from_secs(60);

/// More new sessions than this within this time, and we take a rest.
const SESSIONS: usize = 5;
const SESSIONS_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Sessions that are left to whoever finds out what is wrong.
const RESERVE: u64 = 20;

/// Stays connected until `shutdown` fires or Discord will not have us.
pub(super) async fn keep(
    shared: &Shared,
    waiting: &Waiting,
    shutdown: &CancellationToken,
) -> Result<(), ChannelError> {
    let mut asking = Backoff::new(FIRST_WAIT, LONGEST_WAIT_TO_ASK);
    let mut connecting = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let mut sessions = Sessions::default();
    loop {
        let wait = match address(shared).await {
            Ok(url) => {
                asking.reset();
                let since = Instant::now();
                let stayed = stay(shared, waiting, url, &mut sessions, shutdown).await;
                shared.is_connected.store(false, Ordering::Relaxed);
                match stayed? {
                    Stay::Ended => return Ok(()),
                    Stay::Crowded => {
                        waiting.until(|length| length.all == 0).await;
                        Duration::ZERO
                    }
                    Stay::Lost(why) => {
                        if since.elapsed() > GOOD {
                            connecting.reset();
                        }
                        let wait = connecting.next_wait();
                        tracing::warn!("lost the gateway ({why}), connecting again in {wait:?}");
                        wait
                    }
                }
            }
            Err(ChannelError::RateLimited { retry_after, .. }) => retry_after.max(FIRST_WAIT),
            Err(error) if error.is_passing() => {
                let wait = asking.next_wait();
                tracing::warn!(error = %chain(&error), "could not ask for the gateway, asking again in {wait:?}");
                wait
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = sleep(wait) => {}
        }
    }
}

/// Where the gateway is; a refusal when we have connected too often today.
async fn address(shared: &Shared) -> Result<String, ChannelError> {
    let step = "asking for the gateway";
    let answer = shared.api.call(step, LightMethod::Get, Route::GatewayBot, None).await?;
    let gateway: BotGateway = serde_json::from_value(answer)
        .map_err(|error| ChannelError::Unknown { step, source: error.into() })?;
    let left = gateway.session_start_limit;
    if left.remaining < RESERVE {
        let retry_after = Duration::from_millis(left.reset_after);
        tracing::error!(
            "connected to Discord too often today, as it resets tokens of bots that do; waiting {retry_after:?}"
        );
        return Err(ChannelError::RateLimited { step, scope: LimitScope::Account, retry_after });
    }
    Ok(gateway.url)
}

/// How a stay at the gateway ended.
enum Stay {
    Ended,
    Crowded,
    Lost(&'static str),
}

async fn stay(
    shared: &Shared,
    waiting: &Waiting,
    url: String,
    sessions: &mut Sessions,
    shutdown: &CancellationToken,
) -> Result<Stay, ChannelError> {
    let http = shared.api.for_gateway();
    let (places, is_connected) = (shared.places.clone(), shared.is_connected.clone());
    let mut gateway = Gateway::connect(Door { http, url, intents: intents(shared), places, is_connected })?;
    let take = |arrival| take_in(shared, waiting, arrival);
    loop {
        let arrival = tokio::select! {
            () = shutdown.cancelled() => {
                gateway.close(take).await;
                return Ok(Stay::Ended);
            }
            arrival = gateway.next() => arrival,
        };
        let Some(arrival) = arrival else {
            return match gateway.end().await {
                End::Asked => Ok(Stay::Ended),
                End::Lost(why) => Ok(Stay::Lost(why)),
                End::Refused(error) => Err(error),
            };
        };
        let is_new_session = matches!(arrival.what, Happening::Ready(_));
        take(arrival);
        if is_new_session && sessions.are_too_many() {
            gateway.close(take).await;
            return Ok(Stay::Lost("there were too many new sessions"));
        }
        if waiting.len() >= CROWDED {
            tracing::error!("closed the gateway: {CROWDED} events wait to be stored");
            gateway.close(take).await;
            return Ok(Stay::Crowded);
        }
    }
}

fn intents(shared: &Shared) -> GatewayIntents {
    let needed = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
    let needed = needed | GatewayIntents::GUILD_MESSAGE_REACTIONS | GatewayIntents::DIRECT_MESSAGE_REACTIONS;
    if shared.message_content { needed | GatewayIntents::MESSAGE_CONTENT } else { needed }
}

fn take_in(shared: &Shared, waiting: &Waiting, arrival: Arrival) {
    if let Happening::Ready(ready) = &arrival.what {
        return begin_session(shared, waiting, ready);
    }
    if let Some(interaction) = arrival.what.interaction() {
        shared.interactions.arrived(interaction);
    }
    waiting.push(arrival);
}

fn begin_session(shared: &Shared, waiting: &Waiting, ready: &Ready) {
    tracing::info!(guilds = ready.guilds.len(), "connected to Discord as {}", ready.user.name);
    shared.api.is_application(ready.application.id);
    shared.is_bot(ready.user.id);
    shared.is_connected.store(true, Ordering::Relaxed);
    if shared.catchup.places > 0 {
        waiting.hold();
        shared.sessions.send_modify(|count| *count += 1);
    }
    if shared.has_registered.swap(true, Ordering::Relaxed) {
        return;
    }
    let (api, texts, has_registered) =
        (shared.api.clone(), shared.texts.clone(), shared.has_registered.clone());
    shared.tasks.spawn(async move {
        if let Err(error) = commands::register(&api, &texts).await {
            tracing::warn!(error = %chain(&error), "could not register the commands with Discord");
            // The next session tries again.
            has_registered.store(false, Ordering::Relaxed);
        }
    });
}

/// When sessions began, lately.
#[derive(Debug, Default)]
struct Sessions(VecDeque<Instant>);

impl Sessions {
    /// Counts one more; true when they follow each other too closely.
    fn are_too_many(&mut self) -> bool {
        let now = Instant::now();
        self.0.push_back(now);
        while self.0.front().is_some_and(|began| now - *began > SESSIONS_WITHIN) {
            self.0.pop_front();
        }
        self.0.len() > SESSIONS
    }
}

#[cfg(test)]
mod tests {
    use super::{SESSIONS, Sessions};

    #[test]
    fn a_handful_of_sessions_in_a_row_is_enough() {
        let mut sessions = Sessions::default();
        for _ in 0..SESSIONS {
            assert!(!sessions.are_too_many());
        }
        assert!(sessions.are_too_many());
    }
}
