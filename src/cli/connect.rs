//! The channels that the settings name.

use std::sync::Arc;
use std::time::Duration;

use crate::app::SystemClock;
use crate::channels::discord::{self, Discord};
use crate::channels::slack::{self, Pace, Slack};
use crate::channels::telegram::{self, Hook, Telegram};
use crate::channels::{Channel, ChannelError};
use crate::cli::failure::Failure;
use crate::config::{DiscordThreads, Settings, SlackMode, SlackSettings, TelegramMode, TelegramSettings};
use crate::domain::Platform;
use crate::domain::texts::Texts;
use crate::telemetry::{Tasks, chain};

/// Makes a channel of each platform that has its token.
pub(super) fn channels(settings: &Settings, tasks: &Tasks) -> Result<Vec<Arc<dyn Channel>>, Failure> {
    let texts = Arc::new(Texts::english());
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    let discord = &settings.channels.discord;
    if let Some(token) = discord.token.clone() {
        let setup = discord::Setup {
            token,
            api_base: discord.api_base.clone(),
            message_content: discord.message_content,
            opens_threads: discord.threads == DiscordThreads::Always,
            catchup: settings.catchup,
            texts: Arc::clone(&texts),
            clock: Arc::new(SystemClock),
            tasks: tasks.clone(),
        };
        channels.push(Arc::new(Discord::new(setup).map_err(at(Platform::Discord))?));
    }
    let telegram = &settings.channels.telegram;
    if let Some(token) = telegram.token.clone() {
        let setup = telegram::Setup {
            token,
            api_base: telegram.api_base.clone(),
            way_in: telegram_way_in(telegram),
            has_drafts: telegram.drafts,
            catchup: settings.catchup,
            texts: Arc::clone(&texts),
            clock: Arc::new(SystemClock),
        };
        channels.push(Arc::new(Telegram::new(setup).map_err(at(Platform::Telegram))?));
    }
    let slack = &settings.channels.slack;
    if let (Some(bot_token), Some(way_in)) = (slack.bot_token.clone(), slack_way_in(slack)) {
        let setup = slack::Setup {
            bot_token,
            way_in,
            api_base: slack.api_base.clone(),
            has_streams: slack.streams,
            pace: Pace::default(),
            catchup: settings.catchup,
            texts,
            clock: Arc::new(SystemClock),
            tasks: tasks.clone(),
        };
        channels.push(Arc::new(Slack::new(setup).map_err(at(Platform::Slack))?));
    }
    Ok(channels)
}

/// How often Telegram is asked how its deliveries go.
const WEBHOOK_CHECK: Duration = Duration::from_secs(60);

fn telegram_way_in(settings: &TelegramSettings) -> telegram::WayIn {
    match (settings.mode, settings.webhook_secret.clone()) {
        (TelegramMode::Webhook, Some(secret)) => {
            let url = settings.webhook_url.clone();
            telegram::WayIn::Webhook(Hook { url, secret, check_every: WEBHOOK_CHECK })
        }
        (TelegramMode::Poll | TelegramMode::Webhook, _) => telegram::WayIn::Poll(settings.poll_seconds),
    }
}

fn slack_way_in(settings: &SlackSettings) -> Option<slack::WayIn> {
    match settings.mode {
        SlackMode::Socket => settings.app_token.clone().map(|app_token| slack::WayIn::Sockets { app_token }),
        SlackMode::Events => {
            let secret = settings.signing_secret.clone();
            secret.map(|signing_secret| slack::WayIn::Events { signing_secret })
        }
    }
}

fn at(platform: Platform) -> impl FnOnce(ChannelError) -> Failure {
    move |error| Failure::configuration(format!("{platform}: {}", chain(&error)))
}
