//! Who talks where: the same on every platform.

use switchboard::domain::Platform;

use crate::crash::oracle::FILE;
use crate::support::discord::{self, Discord};
use crate::support::slack::{self, Slack};
use crate::support::telegram::{self, BOT_USERNAME, Telegram};

/// The platforms that people are on.
pub const PLATFORMS: [Platform; 3] = [Platform::Telegram, Platform::Discord, Platform::Slack];

/// What stands beside a file.
const GOES_ON: &str = "This is a long answer. All of it is in the file.";

/// The platforms themselves.
#[derive(Debug, Clone)]
pub struct Platforms {
    pub telegram: Telegram,
    pub discord: Discord,
    pub slack: Slack,
}

impl Platforms {
    pub async fn start() -> Self {
        // What was said and posted in channels can be read back only with the rights for it.
        let (telegram, slack) = (Telegram::start().await, Slack::start().await.with_all_rights());
        telegram.without_rate_limits();
        slack.without_rate_limits();
        Self { telegram, discord: Discord::start().await.without_rate_limits(), slack }
    }
}

/// A person in a place, where somebody else may be, too.
#[derive(Debug, Clone)]
pub enum Seat {
    Telegram { telegram: Telegram, person: telegram::Person, group: Option<telegram::Group> },
    Discord { discord: Discord, person: discord::User, channel: u64, mentions: bool },
    Slack { slack: Slack, person: slack::Person, channel: String, thread: Option<String> },
}

/// Seats that share a conversation.
#[derive(Debug, Clone)]
pub struct Lane {
    pub platform: Platform,
    pub seats: Vec<Seat>,
}

impl Platforms {
    /// So many people alone with the bot, and two together with it.
    pub fn lanes(&self, platform: Platform, directs: u32) -> Vec<Lane> {
        let alone = (0..directs).map(|number| vec![self.direct(platform, number)]);
        let seats = alone.chain([self.group(platform)]);
        seats.map(|seats| Lane { platform, seats }).collect()
    }

    fn direct(&self, platform: Platform, number: u32) -> Seat {
        match platform {
            Platform::Telegram => {
                let person = self.telegram.user(1_000 + i64::from(number), "Alice");
                Seat::Telegram { telegram: self.telegram.clone(), person, group: None }
            }
            Platform::Discord => {
                let person = self.discord.user(1_000 + u64::from(number), "bob");
                let channel = person.dm_channel();
                Seat::Discord { discord: self.discord.clone(), person, channel, mentions: false }
            }
            Platform::Slack => {
                let person = self.slack.user(&format!("U10{number}"), &format!("carol{number}"));
                let channel = person.dm_channel();
                Seat::Slack { slack: self.slack.clone(), person, channel, thread: None }
            }
            Platform::Terminal => panic!("nobody is on the terminal here"),
        }
    }

    fn group(&self, platform: Platform) -> Vec<Seat> {
        match platform {
            Platform::Telegram => {
                let group = self.telegram.group(-1_001_234, "Team");
                let people = [self.telegram.user(501, "Dora"), self.telegram.user(502, "Emil")];
                let seat = |person| Seat::Telegram {
                    telegram: self.telegram.clone(),
                    person,
                    group: Some(group.clone()),
                };
                people.map(seat).into()
            }
            Platform::Discord => {
                let channel = self.discord.guild(600, "Team").channel(601, "general");
                let people = [self.discord.user(501, "dora"), self.discord.user(502, "emil")];
                let seat =
                    |person| Seat::Discord { discord: self.discord.clone(), person, channel, mentions: true };
                people.map(seat).into()
            }
            Platform::Slack => {
                let people = [self.slack.user("U501", "dora"), self.slack.user("U502", "emil")];
                let channel = self.slack.channel("C601", "general", &[&people[0], &people[1]]);
                let thread = Some(people[0].says_in(&channel, "lunch?"));
                let seat = |person| Seat::Slack {
                    slack: self.slack.clone(),
                    person,
                    channel: channel.clone(),
                    thread: thread.clone(),
                };
                people.map(seat).into()
            }
            Platform::Terminal => panic!("nobody is on the terminal here"),
        }
    }
}

impl Seat {
    /// Says something to the bot.
    pub fn says(&self, text: &str) {
        match self {
            Self::Telegram { person, group: None, .. } => {
                person.says(text);
            }
            Self::Telegram { person, group: Some(group), .. } => {
                person.says_in(group, &format!("@{BOT_USERNAME} {text}"));
            }
            Self::Discord { discord, person, channel, mentions } => {
                let mention = if *mentions { discord.mention() + " " } else { String::new() };
                person.says_in(*channel, &format!("{mention}{text}"));
            }
            Self::Slack { person, channel, thread: None, .. } => {
                person.says_in(channel, text);
            }
            Self::Slack { person, channel, thread: Some(thread), .. } => {
                person.replies_in(channel, thread, &format!("<@bot> {text}"));
            }
        }
    }

    /// Lets the platform tell of what was said last once more, as many times.
    pub fn is_told_again(&self, times: usize) {
        match self {
            Self::Telegram { telegram, .. } => (0..times).for_each(|_| telegram.resend_updates(1)),
            Self::Discord { discord, channel, .. } => {
                let screen = discord.screen(*channel);
                let last = screen.iter().rev().find(|shown| !shown.by_bot).expect("somebody said something");
                discord.tells_again(*channel, last.id, times);
            }
            // A mention is two events.
            Self::Slack { slack, thread, .. } => slack.tells_again(1 + usize::from(thread.is_some()), times),
        }
    }

    /// How many answers have a button there by which they can be stopped.
    pub fn stop_buttons(&self) -> usize {
        let is_stop = |words: &str| words.contains("Stop");
        match self {
            Self::Telegram { telegram, person, group } => {
                let chat = group.as_ref().map_or(person.id(), telegram::Group::id);
                let shown = telegram.screen(chat_of(chat)).into_iter().filter(|shown| !shown.deleted);
                shown.flat_map(|shown| shown.buttons().concat()).filter(|words| is_stop(words)).count()
            }
            Self::Discord { discord, channel, .. } => {
                let shown = discord.screen(*channel).into_iter().filter(|shown| !shown.deleted);
                shown.flat_map(|shown| shown.controls).filter(|button| is_stop(&button.label)).count()
            }
            Self::Slack { slack, channel, .. } => {
                let shown = slack.screen(channel).into_iter().filter(|shown| !shown.deleted);
                shown.flat_map(|shown| shown.buttons).filter(|button| is_stop(&button.label)).count()
            }
        }
    }

    /// What of the bot can be seen there, in order.
    pub fn posts(&self) -> Vec<String> {
        match self {
            Self::Telegram { telegram, person, group } => {
                let chat = group.as_ref().map_or(person.id(), telegram::Group::id);
                let shown = telegram.screen(chat_of(chat)).into_iter();
                let shown = shown.filter(|shown| shown.is_from_bot() && !shown.deleted);
                shown.map(|shown| with_file(shown.text, shown.file.map(|(_, text)| text))).collect()
            }
            Self::Discord { discord, channel, .. } => {
                let shown = discord.screen(*channel).into_iter();
                let shown = shown.filter(|shown| shown.by_bot && !shown.deleted);
                let read = |(_, bytes): (String, Vec<u8>)| String::from_utf8_lossy(&bytes).into_owned();
                shown.map(|shown| with_file(shown.text, shown.files.into_iter().map(read).next())).collect()
            }
            Self::Slack { slack, channel, thread, .. } => {
                let shown = slack.screen(channel).into_iter();
                let shown = shown.filter(|shown| shown.by_bot && !shown.deleted && shown.thread == *thread);
                let read = |(_, text): (String, String)| text;
                shown.map(|shown| with_file(shown.text, shown.files.into_iter().map(read).next())).collect()
            }
        }
    }
}

/// A post as it reads, or its file in its place.
fn with_file(text: String, file: Option<String>) -> String {
    match file {
        Some(file) => FILE.to_owned() + &text.replace(GOES_ON, "") + &file,
        None => text,
    }
}

fn chat_of(chat: i64) -> telegram::Place {
    telegram::Place { chat, thread: None }
}
