//! The three platforms, their people, and a channel on each.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::line::{Line, On};
use crate::support::discord::{Discord, Guild, User};
use crate::support::models::{Answer, AskedRequest, Finished, Models};
use crate::support::slack::{Person as SlackPerson, Slack};
use crate::support::telegram::{Group, Person as TelegramPerson, Telegram};
use crate::view::{Printed, Seen};

/// How often screens are looked at.
const LOOK: Duration = Duration::from_millis(25);
/// How long nothing may change before a line counts as answered.
const QUIET: Duration = Duration::from_millis(1_500);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// How fast the model speaks that is asked to do so slowly, in tokens a second.
const SLOWLY: f64 = 6.0;

/// The name of the channel that all share.
pub const CHANNEL: &str = "general";

pub struct Stage {
    discord: Discord,
    guild: Guild,
    discord_channel: u64,
    telegram: Telegram,
    group: Group,
    slack: Slack,
    slack_channel: String,
    models: Models,
    cast: Mutex<Cast>,
    printed: Mutex<Printed>,
}

/// Who has spoken so far, by name.
#[derive(Default)]
struct Cast {
    discord: BTreeMap<String, User>,
    telegram: BTreeMap<String, TelegramPerson>,
    slack: BTreeMap<String, SlackPerson>,
}

impl Stage {
    pub async fn build() -> Self {
        let (discord, telegram, slack) =
            (Discord::start().await, Telegram::start().await, Slack::start().await);
        let guild = discord.guild(500, "Sandbox");
        let discord_channel = guild.channel(501, CHANNEL);
        let group = telegram.group(-100_500, CHANNEL);
        let slack_channel = slack.channel("C0GENERAL", CHANNEL, &[]);
        let models = Models::start().await;
        models.answers_with(answer);
        let (cast, printed) = (Mutex::default(), Mutex::default());
        Self { discord, guild, discord_channel, telegram, group, slack, slack_channel, models, cast, printed }
    }

    /// The daemon's settings: everybody may talk, and a model answers that repeats them.
    pub fn settings(&self, home: &Path) -> String {
        format!(
            "[database]\nurl = \"sqlite://{}/sandbox.db\"\n[admin]\nlisten = \"\"\n[log]\nfilter = \"warn\"\n\
             [access]\ndirect = \"open\"\ngroups = \"open\"\n\
             [channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"\n\
             [channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
             [channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"\n\
             [model.providers.sandbox]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\nmodels = [\"gpt-4o-mini\"]\n",
            home.display(),
            self.discord.token(),
            self.discord.url(),
            self.telegram.token(),
            self.telegram.url(),
            self.slack.bot_token(),
            self.slack.app_token(),
            self.slack.api_url(),
            self.models.base_url(),
            self.models.key(),
        )
    }

    pub async fn wait_until_connected(&self) {
        self.discord.wait_until_connected().await;
        self.telegram.wait_for_poll().await.unwrap();
        assert!(self.slack.wait_for_sockets(1).await, "no socket to Slack");
    }

    /// Lets somebody say something, and prints what people see until it is answered.
    pub async fn play(&self, line: &Line) {
        println!("{} {}{} says: {}", line.on.name(), line.name, self.place(line), line.text);
        self.say(line).await;
        let (began, mut changed, mut answers) = (Instant::now(), Instant::now(), 0);
        while began.elapsed() < PATIENCE && (answers == 0 || changed.elapsed() < QUIET) {
            let new = self.printed.lock().unwrap().print(&self.screens());
            if new > 0 || self.is_answering() {
                changed = Instant::now();
                answers += new;
            }
            sleep(LOOK).await;
        }
        if answers == 0 {
            println!("(Nobody sees anything new.)");
        }
    }

    /// Whether the model has more to say.
    fn is_answering(&self) -> bool {
        self.models.requests().iter().any(|asked| asked.finished == Finished::NotYet)
    }

    fn place(&self, line: &Line) -> String {
        if line.is_in_channel { format!(" in {CHANNEL}") } else { String::new() }
    }

    async fn say(&self, line: &Line) {
        match line.on {
            On::Discord => self.say_on_discord(line).await,
            On::Telegram => self.say_on_telegram(line),
            On::Slack => self.say_on_slack(line),
        }
    }

    async fn say_on_discord(&self, line: &Line) {
        let user = {
            let mut cast = self.cast.lock().unwrap();
            let id = 1_001 + cast.discord.len() as u64;
            let user = cast.discord.entry(line.name.clone()).or_insert_with(|| {
                let user = self.discord.user(id, &line.name);
                self.guild.welcomes(&user);
                user
            });
            user.clone()
        };
        let channel = if line.is_in_channel { self.discord_channel } else { user.dm_channel() };
        if let Some(command) = line.text.strip_prefix('/') {
            let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
            let options = [("name", argument.into())];
            let options = if argument.is_empty() { &options[..0] } else { &options[..] };
            user.runs_command(name, options, channel).await;
        } else if line.is_in_channel {
            user.says_in(channel, &format!("{} {}", self.discord.mention(), line.text));
        } else {
            user.dm(&line.text);
        }
    }

    fn say_on_telegram(&self, line: &Line) {
        let mut cast = self.cast.lock().unwrap();
        let id = 1_001 + cast.telegram.len() as i64;
        let make = || self.telegram.user(id, &line.name);
        let person = cast.telegram.entry(line.name.clone()).or_insert_with(make);
        if line.is_in_channel {
            let name = crate::support::telegram::BOT_USERNAME;
            person.says_in(&self.group, &format!("@{name} {}", line.text));
        } else {
            person.says(&line.text);
        }
    }

    fn say_on_slack(&self, line: &Line) {
        let mut cast = self.cast.lock().unwrap();
        let id = format!("U{:08}", cast.slack.len() + 1);
        let person = cast.slack.entry(line.name.clone()).or_insert_with(|| {
            let person = self.slack.user(&id, &line.name);
            person.joins(&self.slack_channel);
            person
        });
        match line.text.strip_prefix('/') {
            Some(command) if line.is_in_channel => {
                person.runs_in(&self.slack_channel, "/switchboard", command)
            }
            Some(command) => person.runs("/switchboard", command),
            None if line.is_in_channel => {
                let mention = format!("<@{}>", self.slack.bot_user());
                person.says_in(&self.slack_channel, &format!("{mention} {}", line.text));
            }
            None => {
                person.dm(&line.text);
            }
        }
    }

    /// Everything that the bot has said, as people see it now.
    fn screens(&self) -> Vec<Seen> {
        let cast = self.cast.lock().unwrap();
        let mut seen = Vec::new();
        for (name, user) in &cast.discord {
            for channel in [user.dm_channel(), self.discord_channel] {
                let shown = user.screen(channel).into_iter();
                let shown = shown.filter(|shown| shown.by_bot && !shown.deleted && !shown.loading);
                let is_shared = channel == self.discord_channel;
                seen.extend(shown.map(|shown| {
                    Seen::new(On::Discord, name, is_shared && !shown.ephemeral, shown.id, shown.text)
                }));
            }
        }
        let people = cast.telegram.iter().map(|(name, person)| (name.as_str(), person.id(), false));
        for (name, chat, is_shared) in people.chain([("", self.group.id(), true)]) {
            let shown = self.telegram.screen(chat).into_iter();
            let shown = shown.filter(|shown| shown.is_from_bot() && !shown.deleted);
            seen.extend(shown.map(|shown| Seen::new(On::Telegram, name, is_shared, shown.id, shown.text)));
        }
        for (name, person) in &cast.slack {
            for channel in [person.dm_channel(), self.slack_channel.clone()] {
                let shown =
                    person.screen(&channel).into_iter().filter(|shown| shown.by_bot && !shown.deleted);
                let is_shared = channel == self.slack_channel;
                seen.extend(shown.map(|shown| {
                    Seen::new(On::Slack, name, is_shared && shown.only_for.is_none(), shown.ts, shown.text)
                }));
            }
        }
        seen
    }
}

/// What the model says: what it was told, and slowly if that was asked for.
fn answer(asked: &AskedRequest) -> Answer {
    let said = asked.last_words();
    let answer = Answer::text(format!("You said: {said}"));
    if said.contains("slowly") { answer.at_tokens_per_second(SLOWLY) } else { answer }
}
