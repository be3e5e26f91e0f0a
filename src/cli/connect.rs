//! The channels that the settings name.

use std::sync::Arc;

use crate::app::SystemClock;
use crate::channels::discord::{self, Discord};
use crate::channels::slack::{self, Pace, Slack};
use crate::channels::telegram::{self, Telegram};
use crate::channels::{Channel, ChannelError};
use crate::cli::failure::Failure;
use crate::config::Settings;
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
            poll_seconds: telegram.poll_seconds,
            catchup: settings.catchup,
            texts: Arc::clone(&texts),
            clock: Arc::new(SystemClock),
        };
        channels.push(Arc::new(Telegram::new(setup).map_err(at(Platform::Telegram))?));
    }
    let slack = &settings.channels.slack;
    if let (Some(bot_token), Some(app_token)) = (slack.bot_token.clone(), slack.app_token.clone()) {
        let setup = slack::Setup {
            bot_token,
            app_token,
            api_base: slack.api_base.clone(),
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

fn at(platform: Platform) -> impl FnOnce(ChannelError) -> Failure {
    move |error| Failure::configuration(format!("{platform}: {}", chain(&error)))
}
