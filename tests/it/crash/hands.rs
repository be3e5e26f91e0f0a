//! What people do with their hands: commands, and buttons that are there to be pressed.

use std::fmt;
use std::time::Duration;

use tokio::time::timeout;

use crate::crash::screen::is_answer;
use crate::crash::seats::Seat;
use crate::support::telegram::BOT_USERNAME;
use crate::support::{discord, slack, telegram};

/// How long people wait for a command to be offered to them.
const OFFERED_WITHIN: Duration = Duration::from_millis(200);

/// What somebody did of which the platform knows whether it was heard, or what came of it.
#[derive(Clone)]
pub enum Done {
    Click(telegram::Click),
    Invocation(discord::Invocation),
    Said,
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Click(_) => "Click",
            Self::Invocation(_) => "Invocation",
            Self::Said => "Said",
        })
    }
}

impl Done {
    /// Whether it may still be on its way to the program.
    pub fn is_under_way(&self) -> bool {
        match self {
            Self::Click(_) | Self::Said => false,
            Self::Invocation(invocation) => invocation.acknowledged().is_none() && !invocation.failed(),
        }
    }

    /// What whoever pressed was told, where that comes with it.
    pub fn told(&self) -> Option<String> {
        match self {
            Self::Click(click) => Some(click.answer_so_far()?.text),
            Self::Invocation(_) | Self::Said => None,
        }
    }
}

impl Seat {
    /// Gives a command as it is given here; nothing if it is not offered.
    pub async fn commands(&self, name: &str) -> Option<Done> {
        match self {
            Self::Telegram { person, group, .. } => {
                let to = group.as_ref().map_or_else(String::new, |_| format!("@{BOT_USERNAME}"));
                person.says_in(self.place(), &format!("/{name}{to}"));
            }
            Self::Discord { person, channel, .. } => {
                let run = person.runs_command(name, &[], *channel);
                return timeout(OFFERED_WITHIN, run).await.ok().map(Done::Invocation);
            }
            Self::Slack { person, channel, thread: None, .. } => {
                person.runs_in(channel, "/switchboard", name);
            }
            Self::Slack { person, channel, thread: Some(thread), .. } => {
                person.replies_in(channel, thread, &format!("<@bot> /{name}"));
            }
        }
        Some(Done::Said)
    }

    /// Whether everybody sees what a command is answered with.
    pub fn commands_openly(&self) -> bool {
        match self {
            Self::Telegram { .. } | Self::Slack { thread: Some(_), .. } => true,
            Self::Discord { .. } | Self::Slack { thread: None, .. } => false,
        }
    }

    /// Presses the last button with these words, if there is one.
    pub fn presses(&self, label: &str) -> Option<Done> {
        match self {
            Self::Telegram { telegram, person, .. } => {
                let has_it = |shown: &&telegram::Shown| {
                    !shown.deleted && shown.buttons().iter().flatten().any(|words| words == label)
                };
                let shown = telegram.screen(self.place()).into_iter().rev().find(|shown| has_it(&shown))?;
                Some(Done::Click(person.clicks(&shown, label)))
            }
            Self::Discord { discord, person, channel, .. } => {
                let shown = discord.screen(*channel).into_iter().rev().filter(|shown| !shown.deleted);
                let found = shown
                    .flat_map(|shown| shown.controls.into_iter().map(move |control| (shown.id, control)));
                let (id, control) = found.into_iter().find(|(_, control)| control.label == label)?;
                Some(Done::Invocation(person.clicks(id, &control.custom_id?)))
            }
            Self::Slack { slack, person, channel, thread } => {
                let shown = slack.screen(channel).into_iter().rev();
                let shown = shown.filter(|shown| !shown.deleted && shown.thread == *thread);
                let mut found = shown.flat_map(|shown| {
                    shown.buttons.into_iter().map(move |button| (shown.ts.clone(), button))
                });
                let (ts, button) = found.find(|(_, button)| button.label == label)?;
                person.clicks(channel, &ts, &button.action_id);
                Some(Done::Said)
            }
        }
    }

    /// Gives a thumb under the last answer there is; returns which post it stands under.
    pub fn gives_a_thumb(&self, is_up: bool) -> Option<String> {
        match self {
            Self::Telegram { telegram, person, .. } => {
                let mut shown = telegram.screen(self.place()).into_iter().rev();
                let is_it =
                    |shown: &telegram::Shown| shown.is_from_bot() && !shown.deleted && is_answer(&shown.text);
                let shown = shown.find(is_it)?;
                person.reacts(&shown, if is_up { "👍" } else { "👎" });
                Some(shown.id.to_string())
            }
            Self::Discord { discord, person, channel, .. } => {
                let mut shown = discord.screen(*channel).into_iter().rev();
                let shown = shown.find(|shown| shown.by_bot && !shown.deleted && is_answer(&shown.text))?;
                person.takes_back(shown.id, if is_up { "👎" } else { "👍" });
                person.reacts(shown.id, if is_up { "👍" } else { "👎" });
                Some(shown.id.to_string())
            }
            Self::Slack { slack, person, channel, thread } => {
                let mut shown = slack.screen(channel).into_iter().rev();
                let is_it = |shown: &slack::Shown| {
                    shown.by_bot && !shown.deleted && shown.thread == *thread && is_answer(&shown.text)
                };
                let shown = shown.find(is_it)?;
                person.reacts(channel, &shown.ts, if is_up { "+1" } else { "-1" });
                Some(shown.ts)
            }
        }
    }

    /// Who sits there, as the tables know them.
    pub fn person(&self) -> String {
        match self {
            Self::Telegram { person, .. } => person.id().to_string(),
            Self::Discord { person, .. } => person.id().to_string(),
            Self::Slack { person, .. } => person.id().to_owned(),
        }
    }

    /// What only this person was told here.
    pub fn told_in_private(&self) -> Vec<String> {
        match self {
            Self::Telegram { .. } => Vec::new(),
            Self::Discord { person, channel, .. } => {
                let shown = person.screen(*channel).into_iter();
                shown.filter(|shown| shown.ephemeral).map(|shown| shown.text).collect()
            }
            Self::Slack { slack, person, channel, .. } => {
                let shown = slack.screen(channel).into_iter();
                shown
                    .filter(|shown| shown.only_for.as_deref() == Some(person.id()))
                    .map(|shown| shown.text)
                    .collect()
            }
        }
    }
}
