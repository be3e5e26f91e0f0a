//! The last day: the oracle looks at every screen, at the tables, and at the bill.

use std::collections::BTreeMap;

use switchboard::domain::Platform;

use crate::crash::books::{Books, Past, Row};
use crate::crash::deeds::Thumb;
use crate::crash::oracle::{Answer, Story, judge};
use crate::crash::said::Said;
use crate::crash::screen::Seen;
use crate::crash::world::World;

/// The platform that keeps all it has to tell until it is heard. On the others
/// the program has to look for what it missed, behind what it has heard there.
const KEEPS_ALL: Platform = Platform::Telegram;

/// What the tables have of all lanes.
struct Tables {
    /// How often each question is part of a conversation, by its number.
    answered: BTreeMap<u32, u32>,
    history: Vec<Past>,
    rows: Vec<Row>,
    /// All answers in conversations, and whether somebody ended them.
    told: Vec<(String, bool)>,
}

impl Tables {
    async fn read(books: &Books) -> Self {
        Self {
            answered: books.answered().await,
            history: books.history().await,
            rows: books.rows().await,
            told: books.told().await,
        }
    }

    fn has_answered(&self, said: &Said) -> bool {
        said.wordings.iter().any(|question| self.answered.contains_key(&question.number))
    }

    /// The answers to what was said in a lane.
    fn answers(&self, said: &[Said]) -> Vec<Answer> {
        let answers = self.told.iter().map(|(content, is_stopped)| Answer::read(content, *is_stopped));
        let answers = answers.map(|answer| answer.unwrap_or_else(|wrong| panic!("in the tables, {wrong}")));
        answers
            .filter(|answer| answer.question().is_some_and(|number| said.iter().any(|said| said.is(number))))
            .collect()
    }
}

impl World {
    /// Asks the oracle; the program has ended in order.
    pub async fn judge(&self) {
        let books = Books::open(&self.setup).await;
        assert_eq!(books.oddities().await, Vec::<String>::new());
        if self.life.is_none() {
            let (done, answers) = books.answers().await;
            assert_eq!(done, answers, "turns that are done, and answers in conversations");
        }
        let tables = Tables::read(&books).await;
        let twice: Vec<_> = tables.answered.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "questions that are in conversations twice: {twice:?}");
        for platform in self.on() {
            self.judge_platform(platform, &tables);
            if self.life.is_none() {
                let heard = self.said_on(platform).filter(|said| tables.has_answered(said)).count();
                let rows = books.count_on(platform.name()).await;
                assert_eq!(i64::try_from(heard).unwrap(), rows, "messages that were accepted on {platform}");
            }
        }
        self.judge_bill();
        self.judge_thumbs(&books.thumbs().await);
        books.close().await;
        assert_eq!(self.models.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.telegram.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.discord.problems(), Vec::<String>::new());
        assert_eq!(self.platforms.slack.problems(), Vec::<String>::new());
        // What one person alone was told, they see, whenever it came.
        self.lanes.iter().flat_map(|lane| &lane.seats).for_each(|seat| drop(seat.told_in_private()));
        assert_eq!(self.platforms.telegram.unseen(), Vec::new());
        assert!(self.platforms.discord.unseen().is_empty(), "{:#?}", self.platforms.discord.unseen());
        assert_eq!(self.platforms.slack.unseen(), Vec::new());
    }

    /// Looks at all screens but that of one lane.
    pub async fn judge_screens_but(&self, lane: usize) {
        let books = Books::open(&self.setup).await;
        let tables = Tables::read(&books).await;
        books.close().await;
        (0..self.lanes.len()).filter(|other| *other != lane).for_each(|lane| {
            self.judge_lane(lane, &tables);
        });
    }

    fn said_on(&self, platform: Platform) -> impl Iterator<Item = &Said> {
        let there = self.lanes.iter().zip(&self.said).filter(move |(lane, _)| lane.platform == platform);
        there.flat_map(|(_, said)| said)
    }

    fn judge_platform(&self, platform: Platform, tables: &Tables) {
        for (lane, _) in self.lanes.iter().enumerate().filter(|(_, lane)| lane.platform == platform) {
            let labelled = self.judge_lane(lane, tables);
            let most = if platform == Platform::Telegram { self.kills as usize + self.doubts } else { 0 };
            let posts = || briefly(&self.lanes[lane].seats[0].seen());
            assert!(labelled <= most, "{labelled} copies on {platform}: {:#?}", posts());
            self.judge_missed(lane, tables);
        }
        self.judge_rows(platform, tables);
        if self.kills == 0 {
            let heard = self.said_on(platform).filter(|said| tables.has_answered(said)).count();
            assert_eq!(heard, self.count_on(platform), "nobody was ever away");
        }
    }

    /// Looks at the screen of a lane; returns how many posts say that they may be duplicates.
    fn judge_lane(&self, lane: usize, tables: &Tables) -> usize {
        let (platform, said) = (self.lanes[lane].platform, &self.said[lane]);
        let known: Vec<Said> = said.iter().filter(|said| tables.has_answered(said)).cloned().collect();
        let mut heard = if platform == KEEPS_ALL { known } else { as_told_again(&known, &tables.history) };
        if platform == KEEPS_ALL {
            heard = said.clone();
        } else {
            let has_come = |said: &&Said| tables.rows.iter().any(|row| row.is_about(said));
            heard.extend(said.iter().filter(|said| !tables.has_answered(said)).filter(has_come).cloned());
        }
        let story = Story {
            said: heard,
            answers: tables.answers(said),
            wishes: self.diaries[lane].wishes,
            stops: self.diaries[lane].stops,
            has_buttons: self.life.is_some_and(|life| life.has_buttons),
            files_are_bare: platform == Platform::Slack,
            long: self.life.and_then(|life| life.long(platform)),
        };
        let seen = self.lanes[lane].seats[0].seen();
        let verdict = judge(&seen, &story).unwrap_or_else(|wrong| {
            panic!("on {platform}, {wrong}: {:#?}\n{:#?}", briefly(&seen), self.diaries[lane])
        });
        self.judge_deeds(lane, &verdict, tables.rows.iter());
        verdict.labelled
    }

    /// What ended without an answer was to end so, and no model was asked. A row that does not tell
    /// its place may be about one of several: Slack numbers what is said in each place by itself.
    fn judge_rows(&self, platform: Platform, tables: &Tables) {
        for row in tables.rows.iter().filter(|row| row.is_over()) {
            let about: Vec<&Said> = self.said_on(platform).filter(|said| row.is_about(said)).collect();
            let is_right = |said: &&Said| {
                let is_meant =
                    if row.outcome == "stopped" { said.may_be_stopped } else { said.is_taken_back };
                is_meant && self.asked.times_of(said) == 0
            };
            assert!(about.is_empty() || about.iter().any(is_right), "{about:?} ended as {row:?}");
        }
    }

    /// What was not heard of in a place that was known: the program has to look for it there.
    fn judge_missed(&self, lane: usize, tables: &Tables) {
        let (platform, said) = (self.lanes[lane].platform, &self.said[lane]);
        // What was missed may be heard of at its edit, and counts from then on.
        let asked = said.iter().flat_map(|said| &said.wordings).map(|question| question.number);
        let first = asked.filter(|number| self.asked.times(*number) > 0).min();
        let is_known_place =
            |said: &&Said| platform == KEEPS_ALL || first.is_some_and(|first| said.number() > first);
        let has_come =
            |said: &Said| tables.has_answered(said) || tables.rows.iter().any(|row| row.is_about(said));
        // What called nobody is not looked for: it may have been heard, and left aside.
        let is_excused = |said: &Said| said.is_taken_back || !(said.has_called || platform == KEEPS_ALL);
        let known = said.iter().filter(is_known_place);
        let missed: Vec<&Said> = known.filter(|said| !is_excused(said) && !has_come(said)).collect();
        let given_up = self.platforms.slack.lost_events().len();
        assert!(missed.is_empty(), "missed on {platform}, where Slack gave up {given_up}: {missed:?}");
    }

    /// Of what somebody thinks of an answer, one thumb is kept, and it is one that they gave: on
    /// Telegram the last, which others may lose while the program is away.
    fn judge_thumbs(&self, kept: &[[String; 4]]) {
        for [answer, person, value, _] in kept {
            let mut posts = kept.iter().filter(|row| row[0] == *answer && row[1] == *person);
            let is_given = posts.any(|[.., posted]| {
                self.thumbs
                    .iter()
                    .any(|thumb| thumb.posted == *posted && thumb.person == *person && thumb.value() == value)
            });
            assert!(is_given, "{person} did not give {value} to {answer}: {:#?}", self.thumbs);
        }
        for (at, thumb) in self.thumbs.iter().enumerate().filter(|(_, thumb)| thumb.is_certain) {
            let mut rows = kept.iter().filter(|row| row[1] == thumb.person);
            let row = rows.find(|row| row[3] == thumb.posted);
            let [answer, _, value, _] = row.unwrap_or_else(|| panic!("{thumb:?} is lost: {kept:#?}"));
            let shows_it = |posted: &String| kept.iter().any(|row| row[0] == *answer && row[3] == *posted);
            let later = |other: &&Thumb| other.person == thumb.person && shows_it(&other.posted);
            let is_last = !self.thumbs[at + 1..].iter().any(|other| later(&other));
            assert!(!is_last || value == thumb.value(), "{thumb:?} is kept as {value}");
        }
    }

    /// What was asked of the model is paid for.
    fn judge_bill(&self) {
        for (said, diary) in self
            .said
            .iter()
            .zip(&self.diaries)
            .flat_map(|(said, diary)| said.iter().map(move |said| (said, diary)))
        {
            let (times, wishes) = (self.asked.times_of(said), u32::try_from(diary.wishes).unwrap());
            assert!(
                times <= 1 + self.kills + self.vain + wishes * (1 + self.kills),
                "{said:?} was asked {times} times in {} lives, {wishes} times by wish",
                self.kills + 1
            );
            for paid in self.paid.iter().filter(|paid| paid.number == said.number()) {
                let wished = if paid.is_over { 0 } else { wishes * (1 + self.kills) };
                let is_right = paid.times <= times && times <= paid.times + wished;
                assert!(
                    is_right,
                    "{said:?} was settled when it had been asked {} times: {times}",
                    paid.times
                );
            }
        }
    }
}

/// The order of what a platform tells again after others: what waits goes in the
/// order in which it was said, and what comes too late for that goes behind.
fn as_told_again(said: &[Said], history: &[Past]) -> Vec<Said> {
    let of = |past: &Past| said.iter().find(|said| said.is(past.question.number));
    let known: Vec<(&Past, &Said)> = history.iter().filter_map(|past| Some((past, of(past)?))).collect();
    for (at, (earlier, first)) in known.iter().enumerate() {
        for (later, second) in &known[at + 1..] {
            let is_in_order = first.number() < second.number();
            assert!(is_in_order || later.came_too_late_for(earlier), "{later:?} waited before {earlier:?}");
        }
    }
    assert_eq!(known.len(), said.len(), "questions with a row in the inbox");
    known.into_iter().map(|(_, said)| said.clone()).collect()
}

/// Posts, cut to what a reader needs.
pub fn briefly(posts: &[Seen]) -> Vec<String> {
    let cut = |post: &Seen| {
        let words: Vec<&str> = post.text.split_whitespace().collect();
        let text = match words[..] {
            [first, .., last] => format!("{first} … {last}"),
            _ => post.text.clone(),
        };
        let file = post.file.as_ref().map_or("", |_| " +file");
        format!("{text}{file} {}", post.buttons.join("|"))
    };
    posts.iter().map(cut).collect()
}
