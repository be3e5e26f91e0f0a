//! All that is around the program: people on platforms, a model, a database.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use switchboard::domain::Platform;
use tokio::time::{Instant, sleep};

use crate::crash::books::Books;
use crate::crash::deeds::{Diary, Life, Thumb};
use crate::crash::dice::Dice;
use crate::crash::question::{Asked, Question};
use crate::crash::said::Said;
use crate::crash::seats::{Lane, Platforms, Seat};
use crate::support::models::Models;
use crate::support::platforms::Emulated;
use crate::support::program::{Running, Setup};

/// How long everything that was left behind may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);

/// How much people do when all is answered.
const AT_REST: u64 = 2;

/// How often the tables are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(25);

/// What the model was asked when the program was ended, and need not be asked again.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    /// The question, by its first wording.
    pub number: u32,
    pub times: u32,
    /// Whether it was taken back or stopped, so that nobody can ask for another answer to it.
    pub is_over: bool,
}

/// A program's surroundings, and what was asked in them.
pub struct World {
    pub platforms: Platforms,
    pub models: Models,
    pub setup: Setup,
    pub asked: Asked,
    pub lanes: Vec<Lane>,
    /// What was said in each lane, in order.
    pub said: Vec<Vec<Said>>,
    /// What else people did in each lane.
    pub diaries: Vec<Diary>,
    /// What people thought of answers.
    pub thumbs: Vec<Thumb>,
    /// What people do besides; nothing if they only ask.
    pub life: Option<Life>,
    /// What people do, by chance.
    pub chance: Dice,
    /// How many times the program has been ended.
    pub kills: u32,
    /// How many posts there are of which Telegram did not say whether they had arrived.
    pub doubts: usize,
    /// How many requests to the model came to nothing.
    pub vain: u32,
    pub next: u32,
    /// How often the model had been asked what was settled already when the program was ended.
    pub paid: Vec<Paid>,
}

impl World {
    /// The same, where people do all that they can besides asking, by the dice.
    pub async fn lively(on: &[Platform], directs: u32, dice: &mut Dice) -> Self {
        let life = Life::of(dice);
        let people: Vec<_> = on.iter().map(|platform| (*platform, directs)).collect();
        let world = Self::living(&people, Some(life)).await;
        let set = |setup: Setup, (name, value): (&str, String)| setup.env(name, &value);
        let setup = life.settings().into_iter().fold(world.setup.clone(), set);
        Self { setup, chance: Dice::new(dice.below(u64::MAX)), ..world }
    }

    /// So many people alone with the bot on each of these platforms, and two together with it.
    pub async fn new(on: &[Platform], directs: u32) -> Self {
        let people: Vec<_> = on.iter().map(|platform| (*platform, directs)).collect();
        Self::of(&people).await
    }

    /// On each platform so many people alone with the bot, and two together with it.
    pub async fn of(people: &[(Platform, u32)]) -> Self {
        Self::living(people, None).await
    }

    async fn living(people: &[(Platform, u32)], life: Option<Life>) -> Self {
        let (platforms, models) = (Platforms::start().await, Models::start().await);
        let asked = Asked::answer(&models);
        let slack = &platforms.slack;
        slack.acknowledge_within(Duration::from_secs(1));
        slack.retry_after([200, 1_500, 6_000].map(Duration::from_millis));
        let lanes: Vec<Lane> = people
            .iter()
            .flat_map(|(platform, directs)| platforms.lanes(*platform, *directs, life))
            .collect();
        let on: Vec<Platform> = people.iter().map(|(platform, _)| *platform).collect();
        let setup = furnish(&platforms, &models, &on);
        let (said, diaries) = lanes.iter().map(|_| (Vec::new(), Diary::default())).unzip();
        Self {
            platforms,
            models,
            setup,
            asked,
            lanes,
            said,
            diaries,
            thumbs: Vec::new(),
            life,
            chance: Dice::new(0),
            kills: 0,
            doubts: 0,
            vain: 0,
            next: 0,
            paid: Vec::new(),
        }
    }

    /// How long an answer is that takes three posts on a platform.
    pub fn long(platform: Platform) -> u32 {
        match platform {
            Platform::Discord => 560,
            Platform::Telegram | Platform::Terminal => 1_150,
            Platform::Slack => 3_400,
        }
    }

    /// Asks something in a lane; those who share it take turns.
    pub fn ask(&mut self, lane: usize, words: u32, milliseconds: u32) -> Question {
        let question = self.question(words, milliseconds);
        let seats = &self.lanes[lane].seats;
        let seat = self.said[lane].len() % seats.len();
        let goes_on = self.lanes[lane].goes_on && self.chance.below(2) == 0;
        let say = if goes_on { Seat::goes_on } else { Seat::says };
        let message = say(&seats[seat], &question.text());
        let said = Said::new(question, seat, message);
        self.said[lane].push(Said {
            has_called: !goes_on,
            may_be_stopped: self.diaries[lane].awaits_a_stop(),
            ..said
        });
        question
    }

    /// How long an answer is that takes three posts there, or goes on in a file.
    pub fn long_on(&self, platform: Platform) -> u32 {
        let long = self.life.and_then(|life| life.long(platform));
        long.map_or_else(|| Self::long(platform), |long| u32::try_from(long).unwrap())
    }

    /// A question that nobody has asked yet.
    pub fn question(&mut self, words: u32, milliseconds: u32) -> Question {
        self.next += 1;
        Question { number: self.next, words, milliseconds }
    }

    /// How much was asked.
    pub fn count(&self) -> usize {
        self.said.iter().map(Vec::len).sum()
    }

    /// How much was asked on a platform.
    pub fn count_on(&self, platform: Platform) -> usize {
        let there = self.lanes.iter().zip(&self.said).filter(|(lane, _)| lane.platform == platform);
        there.map(|(_, said)| said.len()).sum()
    }

    /// Waits until the program hears all its platforms.
    pub async fn is_heard(&self, daemon: &Running) {
        let on = self.on();
        let Platforms { telegram, discord, slack } = &self.platforms;
        let hears = |platform: &Platform| match platform {
            Platform::Telegram => telegram.is_polled(),
            Platform::Discord => discord.is_connected(),
            Platform::Slack => slack.open_sockets() > 0,
            Platform::Terminal => true,
        };
        let began = Instant::now();
        while !on.iter().all(hears) {
            if began.elapsed() > SETTLED_WITHIN {
                let deaf: Vec<_> = on.iter().filter(|platform| !hears(platform)).collect();
                panic!("it does not hear {deaf:?}:\n{}", daemon.log().join("\n"));
            }
            sleep(LOOK).await;
        }
    }

    /// Notes an end of the program, which is gone: what is answered now is paid for, and what
    /// was ended otherwise is not asked any more.
    pub async fn died(&mut self) {
        self.kills += 1;
        let books = Books::open(&self.setup).await;
        let (answered, over) = (books.answered().await, books.over().await);
        books.close().await;
        for said in self.said.iter().flatten() {
            let is_over = over.holds(said);
            let is_answered = said.wordings.iter().any(|question| answered.contains_key(&question.number));
            let is_noted = |paid: &Paid| paid.number == said.number() && paid.is_over == is_over;
            if (is_over || is_answered) && !self.paid.iter().any(is_noted) {
                let times = self.asked.times_of(said);
                self.paid.push(Paid { number: said.number(), times, is_over });
            }
        }
        self.hears_of_stops(false);
        self.diaries.iter_mut().for_each(Diary::has_died);
    }

    /// Waits until nothing is left to do; one more question in each lane shows that all still works.
    pub async fn settle(&mut self, daemon: &Running) {
        self.is_heard(daemon).await;
        if self.life.is_some() {
            // A stop that is still on its way would end what is asked now.
            self.is_quiet(daemon, &[]).await;
            // And people come back to what is answered.
            self.bustle(AT_REST).await;
            self.has_second_thoughts();
            self.is_quiet(daemon, &[]).await;
            self.hears_of_stops(true);
        }
        let last: Vec<Question> = (0..self.lanes.len()).map(|lane| self.ask(lane, 3, 0)).collect();
        self.is_quiet(daemon, &last).await;
    }

    /// Waits until all that is to be told was told, these were asked, and nothing is left to do.
    pub async fn is_quiet(&self, daemon: &Running, last: &[Question]) {
        let books = Books::open(&self.setup).await;
        let is_settled = || async {
            let is_delivered =
                self.platforms.telegram.pending_updates() == 0 && self.platforms.slack.undelivered() == 0;
            let is_asked = last.iter().all(|question| self.asked.times(question.number) > 0);
            let is_heard = !self.diaries.iter().any(Diary::is_under_way);
            is_delivered && is_heard && is_asked && books.open_rows().await == 0
        };
        let began = Instant::now();
        while !is_settled().await {
            if began.elapsed() > SETTLED_WITHIN {
                panic!("not settled: {}", self.describe(daemon, &books).await);
            }
            sleep(LOOK).await;
        }
        books.close().await;
    }

    async fn describe(&self, daemon: &Running, books: &Books) -> String {
        let log = daemon.log();
        let tail = log.len().saturating_sub(40);
        format!(
            "{} updates and {} envelopes wait, {} rows are open: {:#?}\n{}",
            self.platforms.telegram.pending_updates(),
            self.platforms.slack.undelivered(),
            books.open_rows().await,
            books.oddities().await,
            log[tail..].join("\n"),
        )
    }

    pub fn on(&self) -> BTreeSet<Platform> {
        self.lanes.iter().map(|lane| lane.platform).collect()
    }
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let waiting = async {
        while !is_so().await {
            sleep(LOOK).await;
        }
    };
    let waited = tokio::time::timeout(SETTLED_WITHIN, waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

/// The settings that bring a program to all of it.
fn furnish(platforms: &Platforms, models: &Models, on: &[Platform]) -> Setup {
    let Platforms { telegram, discord, slack } = platforms;
    let mut setup = Setup::new().open().with(&format!(
        "[model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\n\
         first_token_timeout_seconds = 60\nidle_timeout_seconds = 60\nretries = 2",
        models.base_url(),
        models.key(),
    ));
    for platform in on {
        setup = setup.with(&match platform {
            Platform::Telegram => telegram.settings(),
            Platform::Discord => discord.settings(),
            Platform::Slack => slack.settings(),
            Platform::Terminal => String::new(),
        });
    }
    // They speak faster than people do, and are to be answered all the same.
    let setup = setup.env("SWITCHBOARD__GROUPS__IN_A_ROW", "0");
    setup.env("SWITCHBOARD__LIMITS__PACE_WRITES", "false")
}
