//! Telling Telegram which commands there are, so that it offers them.

use teloxide::payloads::{GetMyCommands, SetMyCommands};
use teloxide::types::BotCommand;
use tokio_util::sync::CancellationToken;

use crate::channels::ChannelError;
use crate::channels::telegram::api::{Api, CallError};
use crate::channels::telegram::backoff;
use crate::channels::telegram::errors::channel_error;
use crate::domain::texts::Texts;
use crate::domain::{Command, Platform};
use crate::telemetry::chain;

/// How often it is tried; the commands work without being offered.
const ATTEMPTS: usize = 5;

const STEP: &str = "registering the commands";

/// Registers the commands unless Telegram already has them; a failure is told and survived.
pub(super) async fn register(api: &Api, texts: &Texts, shutdown: &CancellationToken) {
    let mut waits = backoff();
    for attempt in 1..=ATTEMPTS {
        let tried = tokio::select! {
            () = shutdown.cancelled() => return,
            tried = offer(api, texts) => tried,
        };
        let error = match tried {
            Ok(()) => return,
            Err(error) => channel_error(STEP, error),
        };
        if attempt == ATTEMPTS || !error.is_passing() {
            tracing::warn!(
                platform = %Platform::Telegram, error = %chain(&error),
                "Telegram does not offer our commands to people; they work all the same"
            );
            return;
        }
        let wait = match &error {
            ChannelError::RateLimited { retry_after, .. } => *retry_after,
            _ => waits.next_wait(),
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn offer(api: &Api, texts: &Texts) -> Result<(), CallError> {
    let wanted = wanted(texts);
    let offered: Vec<BotCommand> = api.call(&GetMyCommands::new()).await?;
    if offered == wanted {
        return Ok(());
    }
    api.run(&SetMyCommands::new(wanted)).await?;
    tracing::info!(platform = %Platform::Telegram, "registered the commands with Telegram");
    Ok(())
}

fn wanted(texts: &Texts) -> Vec<BotCommand> {
    Command::ALL.map(|command| BotCommand::new(command.name(), texts.get(command.summary_key()))).to_vec()
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use crate::domain::texts::Texts;

    #[test]
    fn every_command_is_within_telegrams_limits() {
        for command in wanted(&Texts::english()) {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(command.command.len() <= 32 && command.command.chars().all(is_name), "{command:?}");
            assert!((3..=256).contains(&command.description.chars().count()), "{command:?}");
        }
    }
}
