//! All that is around the program: people on platforms, a model, a database.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use switchboard::domain::Platform;
use tokio::time::{Instant, sleep};

use crate::crash::books::{Books, Past};
use crate::crash::oracle::judge;
use crate::crash::question::{Asked, Question};
use crate::crash::seats::{Lane, Platforms};
use crate::support::models::Models;
use crate::support::platforms::Emulated;
use crate::support::program::{Running, Setup};

/// How long everything that was left behind may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// How often the tables are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(25);

/// The platform that keeps all it has to tell until it is heard. On the others
/// the program has to look for what it missed, behind what it has heard there.
const KEEPS_ALL: Platform = Platform::Telegram;

/// A program's surroundings, and what was asked in them.
pub struct World {
    pub platforms: Platforms,
    pub models: Models,
    pub setup: Setup,
    pub asked: Asked,
    pub lanes: Vec<Lane>,
    /// What was said in each lane, in order.
    pub said: Vec<Vec<Question>>,
    /// How many times the program has been ended.
    pub kills: u32,
    /// How many posts there are of which Telegram did not say whether they had arrived.
    pub doubts: usize,
    /// How many requests to the model came to nothing.
    pub vain: u32,
    next: u32,
    /// How often the model had been asked what was answered already when the program was ended.
    paid: Vec<(u32, u32)>,
}

impl World {
    /// So many people alone with the bot on each of these platforms, and two together with it.
    pub async fn new(on: &[Platform], directs: u32) -> Self {
        let people: Vec<_> = on.iter().map(|platform| (*platform, directs)).collect();
        Self::of(&people).await
    }

    /// Switches on what is off by default: answers are shown by the platforms' own means while
    /// they come, have buttons, and go on in a file behind the first post.
    pub fn has_everything(&mut self) {
        let switches = [
            ("SWITCHBOARD__CHANNELS__SLACK__STREAMS", "true"),
            ("SWITCHBOARD__CHANNELS__TELEGRAM__DRAFTS", "true"),
            ("SWITCHBOARD__CONVERSATION__BUTTONS", "true"),
            ("SWITCHBOARD__GROUPS__CONTEXT_MESSAGES", "10"),
            ("SWITCHBOARD__LIMITS__POSTS_PER_ANSWER", "1"),
        ];
        self.setup = switches.iter().fold(self.setup.clone(), |setup, (name, value)| setup.env(name, value));
    }

    /// On each platform so many people alone with the bot, and two together with it.
    pub async fn of(people: &[(Platform, u32)]) -> Self {
        let (platforms, models) = (Platforms::start().await, Models::start().await);
        let asked = Asked::answer(&models);
        let slack = &platforms.slack;
        slack.acknowledge_within(Duration::from_secs(1));
        slack.retry_after([200, 1_500, 6_000].map(Duration::from_millis));
        let lanes: Vec<Lane> =
            people.iter().flat_map(|(platform, directs)| platforms.lanes(*platform, *directs)).collect();
        let on: Vec<Platform> = people.iter().map(|(platform, _)| *platform).collect();
        let setup = furnish(&platforms, &models, &on);
        let said = lanes.iter().map(|_| Vec::new()).collect();
        Self {
            platforms,
            models,
            setup,
            asked,
            lanes,
            said,
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
        self.next += 1;
        let question = Question { number: self.next, words, milliseconds };
        let seats = &self.lanes[lane].seats;
        let seat = &seats[self.said[lane].len() % seats.len()];
        self.said[lane].push(question);
        seat.says(&question.text());
        question
    }

    /// How much was asked.
    pub fn count(&self) -> usize {
        self.said.iter().map(Vec::len).sum()
    }

    /// How much was asked on a platform.
    fn count_on(&self, platform: Platform) -> usize {
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

    /// Notes an end of the program, which is gone: what is answered now is paid for.
    pub async fn died(&mut self) {
        self.kills += 1;
        let books = Books::open(&self.setup).await;
        for question in books.answered().await.into_keys() {
            if self.paid.iter().all(|(paid, _)| *paid != question) {
                self.paid.push((question, self.asked.times(question)));
            }
        }
        books.close().await;
    }

    /// Waits until nothing is left to do; one more question in each lane shows that all still works.
    pub async fn settle(&mut self, daemon: &Running) {
        self.is_heard(daemon).await;
        let last: Vec<Question> = (0..self.lanes.len()).map(|lane| self.ask(lane, 3, 0)).collect();
        let books = Books::open(&self.setup).await;
        let is_settled = || async {
            let is_delivered =
                self.platforms.telegram.pending_updates() == 0 && self.platforms.slack.undelivered() == 0;
            let is_asked = last.iter().all(|question| self.asked.times(question.number) > 0);
            is_delivered && is_asked && books.open_rows().await == 0
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

    /// Asks the oracle; the program has ended in order.
    pub async fn judge(&self) {
        let books = Books::open(&self.setup).await;
        assert_eq!(books.oddities().await, Vec::<String>::new());
        let (done, answers) = books.answers().await;
        assert_eq!(done, answers, "turns that are done, and answers in conversations");
        let answered = books.answered().await;
        let twice: Vec<_> = answered.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "questions that are in conversations twice: {twice:?}");
        for platform in self.on() {
            self.judge_platform(platform, &answered.keys().copied().collect(), &books).await;
        }
        self.judge_bill();
        books.close().await;
        assert_eq!(self.models.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.telegram.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.discord.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.slack.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.telegram.unseen(), Vec::new());
        assert!(self.platforms.discord.unseen().is_empty(), "{:#?}", self.platforms.discord.unseen());
        assert_eq!(self.platforms.slack.unseen(), Vec::new());
    }

    /// Looks at all screens but that of one lane.
    pub async fn judge_screens_but(&self, lane: usize) {
        let others = self.lanes.iter().zip(&self.said).enumerate().filter(|(number, _)| *number != lane);
        let books = Books::open(&self.setup).await;
        let history = books.history().await;
        books.close().await;
        for (_, (lane, said)) in others {
            let posts = lane.seats[0].posts();
            let said = if lane.platform != KEEPS_ALL { as_told_again(said, &history) } else { said.clone() };
            judge(&posts, &said).unwrap_or_else(|wrong| panic!("{wrong}: {:#?}", briefly(&posts)));
        }
    }

    async fn judge_platform(&self, platform: Platform, answered: &BTreeSet<u32>, books: &Books) {
        let (mut heard, mut missed) = (0, Vec::new());
        let history = books.history().await;
        for (lane, said) in self.lanes.iter().zip(&self.said).filter(|(lane, _)| lane.platform == platform) {
            let (known, lost): (Vec<Question>, Vec<Question>) =
                said.iter().partition(|question| answered.contains(&question.number));
            let first = known.first().map_or(u32::MAX, |question| question.number);
            let known = if platform == KEEPS_ALL { known } else { as_told_again(&known, &history) };
            let posts = lane.seats[0].posts();
            let labelled = judge(&posts, &known);
            let labelled =
                labelled.unwrap_or_else(|wrong| panic!("on {platform}, {wrong}: {:#?}", briefly(&posts)));
            let most = if platform == Platform::Telegram { self.kills as usize + self.doubts } else { 0 };
            assert!(labelled <= most, "{labelled} copies on {platform}: {:#?}", briefly(&posts));
            // What a copy may be one of is out of reach, with its button.
            let stops = lane.seats[0].stop_buttons();
            assert!(stops <= labelled, "on {platform} {stops} answers can be stopped that have ended");
            heard += known.len();
            let is_known_place = |question: &Question| platform == KEEPS_ALL || question.number > first;
            missed.extend(lost.into_iter().filter(is_known_place));
        }
        let rows = books.count_on(platform.name()).await;
        assert_eq!(i64::try_from(heard).unwrap(), rows, "messages that were accepted on {platform}");
        let given_up = self.platforms.slack.lost_events().len();
        assert!(missed.is_empty(), "missed on {platform}, where Slack gave up {given_up}: {missed:?}");
        if self.kills == 0 {
            assert_eq!(heard, self.count_on(platform), "nobody was ever away");
        }
    }

    /// What was asked of the model is paid for.
    fn judge_bill(&self) {
        for question in self.said.iter().flatten() {
            let times = self.asked.times(question.number);
            assert!(
                times <= 1 + self.kills + self.vain,
                "{question:?} was asked {times} times in {} lives",
                self.kills + 1
            );
        }
        for (question, before) in &self.paid {
            let times = self.asked.times(*question);
            assert_eq!(times, *before, "question {question} was answered already, and asked again");
        }
    }

    fn on(&self) -> BTreeSet<Platform> {
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

/// The order of what a platform tells again after others: what waits goes in the
/// order in which it was said, and what comes too late for that goes behind.
fn as_told_again(said: &[Question], history: &[Past]) -> Vec<Question> {
    let known: Vec<&Past> = history.iter().filter(|past| said.contains(&past.question)).collect();
    for (at, earlier) in known.iter().enumerate() {
        for later in &known[at + 1..] {
            let is_in_order = earlier.question.number < later.question.number;
            assert!(is_in_order || later.came_too_late_for(earlier), "{later:?} waited before {earlier:?}");
        }
    }
    assert_eq!(known.len(), said.len(), "questions with a row in the inbox");
    known.into_iter().map(|past| past.question).collect()
}

/// Posts, cut to what a reader needs.
fn briefly(posts: &[String]) -> Vec<String> {
    let cut = |post: &String| {
        let words: Vec<&str> = post.split_whitespace().collect();
        let [first, .., last] = words[..] else { return post.clone() };
        format!("{first} … {last}")
    };
    posts.iter().map(cut).collect()
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
