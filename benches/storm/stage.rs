//! The program, the platforms with their limits, and the model.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Sizes;
use crate::bound::Limit;
use crate::process;
use crate::support::discord::{Discord, GatewayRecord};
use crate::support::models::{Answer, AskedRequest, Models};
use crate::support::platforms::Emulated;
use crate::support::slack::Slack;
use crate::support::telegram::Telegram;

/// What everybody asks in whose chat a long answer streams.
pub const LONG: &str = "Tell me everything, number";

/// What a token is to the model, in bytes.
const TOKEN: usize = 4;

/// A message of the bot: every text that it has shown, and when.
pub struct Seen {
    pub revisions: Vec<(Instant, String)>,
}

impl Seen {
    pub fn text(&self) -> &str {
        self.revisions.last().map_or("", |(_, text)| text)
    }
}

/// A platform, as far as the storm goes.
#[derive(Clone)]
pub enum Place {
    Telegram(Telegram),
    Discord(Discord),
    Slack(Slack),
}

/// A platform, and when its emulator began to count time.
pub struct Platform {
    pub name: &'static str,
    pub place: Place,
    /// What all final edits share.
    pub limit: Limit,
    began: Instant,
}

impl Platform {
    /// Says something as the person of this number, in direct.
    pub fn say(&self, person: usize, text: &str) {
        let name = format!("Person {person}");
        match &self.place {
            Place::Telegram(telegram) => drop(telegram.user(id(person) as i64, &name).says(text)),
            Place::Discord(discord) => drop(discord.user(id(person), &name).dm(text)),
            Place::Slack(slack) => drop(slack.user(&format!("U{}", id(person)), &name).dm(text)),
        }
    }

    /// What the bot has said to a person and can still be read.
    pub fn seen(&self, person: usize) -> Vec<Seen> {
        let since = |revisions: Vec<(Duration, String)>| {
            let revisions = revisions.into_iter().map(|(at, text)| (self.began + at, text));
            Seen { revisions: revisions.collect() }
        };
        match &self.place {
            Place::Telegram(telegram) => {
                let screen = telegram.screen(id(person) as i64).into_iter();
                let ours = screen.filter(|shown| shown.is_from_bot() && !shown.deleted);
                ours.map(|shown| since(shown.revisions)).collect()
            }
            Place::Discord(discord) => {
                let user = discord.user(id(person), &format!("Person {person}"));
                let screen = discord.screen(user.dm_channel()).into_iter();
                let ours = screen.filter(|shown| shown.by_bot && !shown.deleted);
                let texts = ours.map(|shown| (shown.shown_at, shown.revisions));
                texts
                    .map(|(at, texts)| at.into_iter().zip(texts.into_iter().map(|(_, text)| text)))
                    .map(|revisions| Seen { revisions: revisions.collect() })
                    .collect()
            }
            Place::Slack(slack) => {
                let user = slack.user(&format!("U{}", id(person)), &format!("Person {person}"));
                let screen = slack.screen(&user.dm_channel()).into_iter();
                let ours = screen.filter(|shown| shown.by_bot && !shown.deleted);
                ours.map(|shown| since(shown.revisions)).collect()
            }
        }
    }

    /// The calls of the bot, by method and whether each was one too many; polls are not counted.
    pub fn calls(&self) -> Vec<(String, bool)> {
        match &self.place {
            Place::Telegram(telegram) => {
                let calls = telegram.calls().into_iter().filter(|call| call.method != "getUpdates");
                calls.map(|call| (call.method, call.status == 429)).collect()
            }
            Place::Discord(discord) => {
                discord.calls().into_iter().map(|call| (call.method, call.status == Some(429))).collect()
            }
            Place::Slack(slack) => {
                slack.calls().into_iter().map(|call| (call.method, call.status.contains("rate"))).collect()
            }
        }
    }
}

fn id(person: usize) -> u64 {
    100_000 + person as u64
}

/// Everything beside the program, and the program.
pub struct Stage {
    pub sizes: Sizes,
    pub platforms: Vec<Platform>,
    pub models: Models,
    pub program: Program,
}

impl Stage {
    pub async fn new(sizes: Sizes) -> Self {
        let second = |most| Limit { most, within: Duration::from_secs(1) };
        let (began, telegram) = (Instant::now(), Telegram::start().await);
        let telegram_began = began;
        let (discord, slack_began) = (Discord::start().await, Instant::now());
        let (slack, models) = (Slack::start().await, Models::start().await);
        let (text, rate) = (long(&sizes), sizes.rate);
        models.answers_with(move |asked: &AskedRequest| {
            if asked.last_user_text().contains(LONG) {
                Answer::text(text.clone()).at_tokens_per_second(rate)
            } else {
                Answer::text(format!("To \"{}\": certainly.", asked.last_user_text()))
            }
        });
        let settings = [telegram.settings(), discord.settings(), slack.settings()].join("\n");
        let program = Program::start(&models, &settings);
        telegram.wait_for_poll().await.expect("the program polls");
        discord.wait_for_gateway(1, GatewayRecord::is_identified).await;
        assert!(slack.wait_for_sockets(2).await, "the program opens its sockets");
        let platforms = vec![
            Platform {
                name: "Telegram",
                place: Place::Telegram(telegram),
                limit: second(30),
                began: telegram_began,
            },
            Platform { name: "Discord", place: Place::Discord(discord), limit: second(50), began },
            Platform {
                name: "Slack",
                place: Place::Slack(slack),
                limit: Limit { most: 50, within: Duration::from_secs(60) },
                began: slack_began,
            },
        ];
        Self { sizes, platforms, models, program }
    }

    /// In how many chats of a platform a long answer streams.
    pub fn chats(&self, platform: &Platform) -> usize {
        let is_left_out = self.sizes.only.as_ref().is_some_and(|only| only != platform.name);
        if is_left_out { 0 } else { self.sizes.chats }
    }

    /// The words of the long answer.
    pub fn words(&self) -> Vec<String> {
        long(&self.sizes).split_whitespace().map(str::to_owned).collect()
    }

    /// When the model had said its last token to each who had a long answer, by platform and person.
    pub fn last_tokens(&self) -> Vec<(String, Instant)> {
        let requests = self.models.requests();
        let long = requests.iter().filter(|asked| asked.last_user_text().contains(LONG));
        long.filter_map(|asked| Some((asked.last_user_text().to_owned(), asked.finished_at?))).collect()
    }
}

/// An answer that takes its time, of words that can be counted.
fn long(sizes: &Sizes) -> String {
    let bytes = (sizes.rate * sizes.seconds as f64) as usize * TOKEN;
    (0..bytes / 8).map(|number| format!("w{number:06} ")).collect()
}

/// The program under test.
pub struct Program {
    child: Child,
    home: TempDir,
}

impl Program {
    fn start(models: &Models, channels: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let settings = format!(
            "{channels}\n[admin]\nlisten = \"\"\n[log]\nfilter = \"warn\"\n[access]\ndirect = \"open\"\n\
             [model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\n[database]\nurl = \"sqlite://{}\"\n",
            models.base_url(),
            models.key(),
            home.path().join("switchboard.db").display(),
        );
        let file = home.path().join("storm.toml");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.arg("--config").arg(file).arg("serve").current_dir(home.path()).env_clear();
        let log = File::create(home.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self { child: command.spawn().unwrap(), home }
    }

    pub fn resident_mib(&self) -> f64 {
        process::memory_mib(self.child.id(), "VmRSS")
    }

    /// The processor time it has used so far.
    pub fn cpu(&self) -> Duration {
        process::cpu(self.child.id())
    }

    /// How many warnings it has logged, and the first of them.
    pub fn warnings(&self) -> (usize, Vec<String>) {
        let log = std::fs::read_to_string(self.home.path().join("log")).unwrap();
        (log.lines().count(), log.lines().take(5).map(str::to_owned).collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
