//! Who talks where: the same on every platform.

use switchboard::domain::Platform;

use crate::crash::deeds::Life;
use crate::crash::said::Spoken;
use crate::crash::screen::Seen;
use crate::support::discord::{self, Discord};
use crate::support::slack::{self, Slack};
use crate::support::telegram::{self, BOT_USERNAME, Telegram};

/// The platforms that people are on.
pub const PLATFORMS: [Platform; 3] = [Platform::Telegram, Platform::Discord, Platform::Slack];

/// What Discord begins a thread with (THREAD_STARTER_MESSAGE).
const STARTER: u8 = 21;

/// A small group, and a forum.
const GROUP: i64 = -1_001_234;
const FORUM: i64 = -1_001_234_567_890;

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
        // Slack shares files late, so that a copy after a crash says that it may be one: there long answers go on in posts.
        slack.withdraw("files:write");
        Self { telegram, discord: Discord::start().await.without_rate_limits(), slack }
    }
}

/// A person in a place, where somebody else may be, too.
#[derive(Debug, Clone)]
pub enum Seat {
    Telegram {
        telegram: Telegram,
        person: telegram::Person,
        group: Option<telegram::Group>,
        /// The topic of a forum.
        topic: Option<i64>,
    },
    Discord {
        discord: Discord,
        person: discord::User,
        channel: u64,
        mentions: bool,
    },
    Slack {
        slack: Slack,
        person: slack::Person,
        channel: String,
        thread: Option<String>,
    },
}

/// Seats that share a conversation.
#[derive(Debug, Clone)]
pub struct Lane {
    pub platform: Platform,
    pub seats: Vec<Seat>,
    /// Whether people go on here without a mention, now and then.
    pub goes_on: bool,
}

impl Platforms {
    /// So many people alone with the bot, and two together with it.
    pub fn lanes(&self, platform: Platform, directs: u32, life: Option<Life>) -> Vec<Lane> {
        let alone = (0..directs).map(|number| vec![self.direct(platform, number)]);
        let seats = alone.chain([self.group(platform, life)]);
        seats.map(|seats| Lane { platform, seats, goes_on: false }).collect()
    }

    fn direct(&self, platform: Platform, number: u32) -> Seat {
        match platform {
            Platform::Telegram => {
                let person = self.telegram.user(1_000 + i64::from(number), "Alice");
                Seat::Telegram { telegram: self.telegram.clone(), person, group: None, topic: None }
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

    fn group(&self, platform: Platform, life: Option<Life>) -> Vec<Seat> {
        let has_threads = life.is_some_and(|life| life.has_threads);
        match platform {
            Platform::Telegram => {
                let people = [self.telegram.user(501, "Dora"), self.telegram.user(502, "Emil")];
                let group = match has_threads {
                    true => self.telegram.forum(FORUM, "Team"),
                    false => self.telegram.group(GROUP, "Team"),
                };
                let topic = has_threads.then(|| group.topic("lunch", &people[0]).id());
                if life.is_some() {
                    // Of thumbs in groups only administrators are told.
                    people[0].promotes_bot(&group);
                }
                let seat = |person| Seat::Telegram {
                    telegram: self.telegram.clone(),
                    person,
                    group: Some(group.clone()),
                    topic,
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
                if life.is_some() {
                    self.slack.hears_reactions();
                }
                if has_threads {
                    self.slack.hears_channels();
                }
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
    pub fn says(&self, text: &str) -> Spoken {
        self.goes_on(&self.call(text))
    }

    /// Says something without calling the bot.
    pub fn goes_on(&self, text: &str) -> Spoken {
        match self {
            Self::Telegram { person, .. } => Spoken::Telegram(person.says_in(self.place(), text)),
            Self::Discord { person, channel, .. } => {
                Spoken::Discord { channel: *channel, id: person.says_in(*channel, text) }
            }
            Self::Slack { person, channel, thread, .. } => {
                let ts = match thread {
                    None => person.says_in(channel, text),
                    Some(thread) => person.replies_in(channel, thread, text),
                };
                Spoken::Slack { channel: channel.clone(), ts }
            }
        }
    }

    /// Goes into the thread that an answer to this has opened, or in which it stands; false
    /// where people have to call the bot all the same.
    pub fn goes_into_thread(&mut self, first: &Spoken) -> bool {
        match (self, first) {
            (Self::Discord { channel, mentions: true, .. }, Spoken::Discord { id, .. }) => {
                *channel = *id;
                true
            }
            (Self::Slack { thread, .. }, _) => thread.is_some(),
            (Self::Telegram { .. } | Self::Discord { .. }, _) => false,
        }
    }

    /// Changes the words of a message.
    pub fn edits(&self, message: &Spoken, text: &str) {
        let text = &self.call(text);
        match (self, message) {
            (Self::Telegram { person, .. }, Spoken::Telegram(message)) => person.edits(message, text),
            (Self::Discord { person, .. }, Spoken::Discord { id, .. }) => person.edits(*id, text),
            (Self::Slack { person, .. }, Spoken::Slack { channel, ts }) => person.edits(channel, ts, text),
            _ => panic!("{message:?} is on another platform"),
        }
    }

    /// Takes a message back.
    pub fn deletes(&self, message: &Spoken) {
        match (self, message) {
            (Self::Telegram { person, .. }, Spoken::Telegram(message)) => person.deletes(message),
            (Self::Discord { person, .. }, Spoken::Discord { id, .. }) => person.deletes(*id),
            (Self::Slack { person, .. }, Spoken::Slack { channel, ts }) => person.deletes(channel, ts),
            _ => panic!("{message:?} is on another platform"),
        }
    }

    /// Words as they are said to the bot here.
    pub fn call(&self, text: &str) -> String {
        match self {
            Self::Telegram { group: Some(_), .. } => format!("@{BOT_USERNAME} {text}"),
            Self::Discord { discord, mentions: true, .. } => format!("{} {text}", discord.mention()),
            Self::Slack { thread: Some(_), .. } => format!("<@bot> {text}"),
            Self::Telegram { .. } | Self::Discord { .. } | Self::Slack { .. } => text.to_owned(),
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

    /// Where Telegram has it.
    pub fn place(&self) -> telegram::Place {
        match self {
            Self::Telegram { person, group, topic, .. } => {
                let chat = group.as_ref().map_or(person.id(), telegram::Group::id);
                telegram::Place { chat, thread: *topic }
            }
            Self::Discord { .. } | Self::Slack { .. } => panic!("this is not Telegram"),
        }
    }

    /// What of the bot everybody there can see, in order.
    pub fn posts(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.text).collect()
    }

    /// The same, with files and buttons.
    pub fn seen(&self) -> Vec<Seen> {
        match self {
            Self::Telegram { telegram, .. } => {
                let shown = telegram.screen(self.place()).into_iter();
                let shown = shown.filter(|shown| shown.is_from_bot() && !shown.deleted);
                shown.map(telegram_post).collect()
            }
            Self::Discord { discord, channel, .. } => {
                let shown = discord.screen(*channel).into_iter();
                // A thread begins with what Discord says in the name of whoever opened it.
                let is_said =
                    |shown: &discord::Shown| shown.by_bot && !shown.deleted && shown.kind != STARTER;
                shown.filter(is_said).map(discord_post).collect()
            }
            Self::Slack { slack, channel, thread, .. } => {
                let shown = slack.screen(channel).into_iter();
                let is_public =
                    |shown: &slack::Shown| shown.by_bot && !shown.deleted && shown.only_for.is_none();
                shown.filter(|shown| is_public(shown) && shown.thread == *thread).map(slack_post).collect()
            }
        }
    }
}

fn telegram_post(shown: telegram::Shown) -> Seen {
    let buttons = shown.buttons().into_iter().flatten().collect();
    Seen { text: shown.text, file: shown.file.map(|(_, text)| text), buttons }
}

fn discord_post(shown: discord::Shown) -> Seen {
    let file = shown.files.into_iter().next().map(|(_, bytes)| String::from_utf8(bytes).unwrap());
    let buttons = shown.controls.into_iter().map(|control| control.label).collect();
    Seen { text: shown.text, file, buttons }
}

fn slack_post(shown: slack::Shown) -> Seen {
    let buttons = shown.buttons.into_iter().map(|button| button.label).collect();
    Seen { text: shown.text, file: None, buttons }
}
