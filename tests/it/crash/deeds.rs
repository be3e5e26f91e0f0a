//! What people do besides asking: by the dice, at any time, in every lane.

use std::fmt;
use std::time::Duration;

use switchboard::domain::Platform;
use tokio::time::sleep;

use crate::crash::books::{Books, Row};
use crate::crash::dice::Dice;
use crate::crash::hands::Done;
use crate::crash::oracle::{ANOTHER, STOP, Verdict};
use crate::crash::said::{Said, tells_of_deletions};
use crate::crash::screen::{STOPPED, reply};
use crate::crash::seats::Seat;
use crate::crash::world::World;

/// How many of the last questions of a lane people come back to.
const RECENT: u64 = 4;

/// How it begins that another answer is not to be had any more.
const OVERTAKEN: &str = "Something else was asked";

/// How many wordings a question has at most.
const WORDINGS: usize = 3;

/// How many milliseconds lie between two deeds, at most.
const APART: u64 = 250;

/// The settings under which people live, as far as they change what is to be seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Life {
    pub answers_edits: bool,
    pub has_buttons: bool,
    /// Whether long answers go on in files.
    pub has_files: bool,
    /// Whether platforms show answers by their own means while they come, and groups are overheard.
    pub is_native: bool,
    /// Whether people talk in threads and topics.
    pub has_threads: bool,
}

impl Life {
    /// By the dice.
    pub fn of(dice: &mut Dice) -> Self {
        let [answers_edits, has_buttons, has_files, is_native] = [(); 4].map(|()| dice.below(2) == 0);
        // They take a life more.
        let has_threads = dice.below(3) == 0;
        Self { answers_edits, has_buttons, has_files, is_native, has_threads }
    }

    /// The variables that make it so.
    pub fn settings(self) -> Vec<(&'static str, String)> {
        let posts = if self.has_files { "2" } else { "10" };
        let threads = if self.has_threads { "always" } else { "never" };
        vec![
            ("SWITCHBOARD__CONVERSATION__ANSWER_EDITS", self.answers_edits.to_string()),
            ("SWITCHBOARD__CONVERSATION__BUTTONS", self.has_buttons.to_string()),
            ("SWITCHBOARD__LIMITS__POSTS_PER_ANSWER", posts.to_owned()),
            ("SWITCHBOARD__CHANNELS__SLACK__STREAMS", self.is_native.to_string()),
            ("SWITCHBOARD__CHANNELS__TELEGRAM__DRAFTS", self.is_native.to_string()),
            ("SWITCHBOARD__GROUPS__CONTEXT_MESSAGES", if self.is_native { "10" } else { "0" }.to_owned()),
            ("SWITCHBOARD__CHANNELS__DISCORD__THREADS", threads.to_owned()),
            ("SWITCHBOARD__CHANNELS__DISCORD__MESSAGE_CONTENT", self.has_threads.to_string()),
        ]
    }

    /// How many words an answer has at least that goes on in a file.
    pub fn long(self, platform: Platform) -> Option<usize> {
        // Slack lets the bot bring none here.
        let takes_files = self.has_files && platform != Platform::Slack;
        // Two posts do not hold it, however few the letters of its words are.
        takes_files.then(|| usize::try_from(World::long(platform) * 5 / 4).unwrap())
    }
}

/// A thumb that somebody gave.
#[derive(Debug, Clone)]
pub struct Thumb {
    /// The post that it stands under.
    pub posted: String,
    pub person: String,
    pub is_up: bool,
    /// Whether its platform tells of it, and the answer was known by then as well as the person.
    pub is_certain: bool,
}

impl Thumb {
    /// As the tables have it.
    pub fn value(&self) -> &'static str {
        if self.is_up { "1" } else { "-1" }
    }
}

/// What people did in a lane, as far as it gives freedoms.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    /// How often somebody asked for another answer, edits that are to be answered included.
    pub wishes: usize,
    /// How often somebody asked for a stop.
    pub stops: usize,
    /// How often somebody did so by a command that everybody sees the answer to.
    stop_commands: usize,
    /// The same of another answer.
    retry_commands: usize,
    /// Commands and presses.
    done: Vec<Done>,
    /// How often somebody pressed for another answer.
    presses: usize,
    /// Stops of which nobody has heard yet.
    pending: usize,
    /// How often people had been told that something was stopped.
    told: usize,
    /// In how many lives that was so.
    claims: usize,
}

impl Diary {
    /// Whether something that was done may still be on its way to the program.
    pub fn is_under_way(&self) -> bool {
        self.done.iter().any(Done::is_under_way)
    }

    /// Takes note that the program has ended, and does not hear any more what Discord told it.
    pub fn has_died(&mut self) {
        self.done.retain(|done| !done.is_under_way());
    }

    /// Whether a stop is on its way that may end what is asked now.
    pub fn awaits_a_stop(&self) -> bool {
        self.pending > 0
    }
}

/// How much people did, and what came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deeds {
    edits: usize,
    deletions: usize,
    stops: usize,
    stopped: usize,
    wishes: usize,
    superseded: usize,
    files: usize,
    thumbs: usize,
    kept_thumbs: usize,
}

impl Deeds {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            edits: self.edits + other.edits,
            deletions: self.deletions + other.deletions,
            stops: self.stops + other.stops,
            stopped: self.stopped + other.stopped,
            wishes: self.wishes + other.wishes,
            superseded: self.superseded + other.superseded,
            files: self.files + other.files,
            thumbs: self.thumbs + other.thumbs,
            kept_thumbs: self.kept_thumbs + other.kept_thumbs,
        }
    }

    /// Whether people have done all of it; what comes of it is for chance to say.
    pub fn are_all_there(self) -> bool {
        let counts = [self.edits, self.deletions, self.stops, self.wishes, self.files, self.thumbs];
        counts.iter().all(|count| *count > 0)
    }
}

impl fmt::Display for Deeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} edits, {} deletions, {} stops ({} stopped), {} wishes ({} answers more), {} files, {} thumbs ({} kept)",
            self.edits,
            self.deletions,
            self.stops,
            self.stopped,
            self.wishes,
            self.superseded,
            self.files,
            self.thumbs,
            self.kept_thumbs,
        )
    }
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Edit,
    Delete,
    Stop,
    Retry,
    PressStop,
    PressAnother,
    Thumb,
}

/// What people do, and how often beside all else.
const DEEDS: [Deed; 11] = [
    Deed::Edit,
    Deed::Edit,
    Deed::Delete,
    Deed::Stop,
    Deed::Retry,
    Deed::Retry,
    Deed::PressStop,
    Deed::PressAnother,
    Deed::PressAnother,
    Deed::Thumb,
    Deed::Thumb,
];

impl World {
    /// People do this and that, for a while.
    pub async fn bustle(&mut self, deeds: u64) {
        for _ in 0..deeds {
            sleep(Duration::from_millis(self.chance.below(APART))).await;
            let lane = usize::try_from(self.chance.below(self.lanes.len() as u64)).unwrap();
            match self.chance.one_of(&DEEDS) {
                Deed::Edit => self.edits(lane),
                Deed::Delete => self.deletes(lane),
                Deed::Stop => self.stops(lane).await,
                Deed::Retry => self.retries(lane).await,
                Deed::PressStop => self.presses_stop(lane).await,
                Deed::PressAnother => self.presses_another(lane),
                Deed::Thumb => self.gives_a_thumb(lane).await,
            }
        }
    }

    /// Somebody asks something else instead, or takes something back: on a slow machine they come to it at rest only.
    pub fn has_second_thoughts(&mut self) {
        let lane = usize::try_from(self.chance.below(self.lanes.len() as u64)).unwrap();
        match self.chance.below(2) {
            0 => self.edits(lane),
            _ => self.deletes(lane),
        }
    }

    /// One of the last that was said in a lane.
    fn recent(&mut self, lane: usize) -> Option<usize> {
        let count = self.said[lane].len();
        let back = usize::try_from(self.chance.below(RECENT)).unwrap();
        let place = count.checked_sub(1 + back)?;
        (!self.said[lane][place].is_gone).then_some(place)
    }

    /// Somebody asks something else instead.
    fn edits(&mut self, lane: usize) {
        let Some(place) = self.recent(lane).filter(|place| self.said[lane][*place].wordings.len() < WORDINGS)
        else {
            return;
        };
        let (words, milliseconds) = (1 + self.chance.below(80), self.chance.below(600));
        let question = self.question(u32::try_from(words).unwrap(), u32::try_from(milliseconds).unwrap());
        let said = &mut self.said[lane][place];
        said.wordings.push(question);
        self.diaries[lane].wishes += usize::from(self.life.is_some_and(|life| life.answers_edits));
        self.lanes[lane].seats[said.seat].edits(&said.message, &question.text());
    }

    /// Somebody takes something back.
    fn deletes(&mut self, lane: usize) {
        let Some(place) = self.recent(lane) else { return };
        let said = &mut self.said[lane][place];
        said.is_gone = true;
        said.is_taken_back = tells_of_deletions(self.lanes[lane].platform);
        self.lanes[lane].seats[said.seat].deletes(&said.message);
    }

    fn somebody(&mut self, lane: usize) -> Seat {
        let seats = &self.lanes[lane].seats;
        seats[usize::try_from(self.chance.below(seats.len() as u64)).unwrap()].clone()
    }

    /// Somebody writes `/stop`.
    async fn stops(&mut self, lane: usize) {
        self.awaits_a_stop(lane).await;
        let seat = self.somebody(lane);
        self.diaries[lane].stop_commands += usize::from(seat.commands_openly());
        let done = seat.commands("stop").await;
        self.diaries[lane].done.extend(done);
    }

    /// Somebody presses the button that ends an answer, where there is one.
    async fn presses_stop(&mut self, lane: usize) {
        self.awaits_a_stop(lane).await;
        let pressed = self.somebody(lane).presses(STOP);
        self.diaries[lane].done.extend(pressed);
    }

    /// What is not answered yet may be stopped from now on.
    async fn awaits_a_stop(&mut self, lane: usize) {
        let books = Books::open(&self.setup).await;
        let answered = books.answered().await;
        books.close().await;
        let is_open =
            |said: &&mut Said| !said.wordings.iter().any(|asked| answered.contains_key(&asked.number));
        self.said[lane].iter_mut().filter(is_open).for_each(|said| said.may_be_stopped = true);
        self.diaries[lane].stops += 1;
        self.diaries[lane].pending += 1;
    }

    /// Somebody writes `/retry`.
    async fn retries(&mut self, lane: usize) {
        let seat = self.somebody(lane);
        self.diaries[lane].wishes += 1;
        self.diaries[lane].retry_commands += usize::from(seat.commands_openly());
        let done = seat.commands("retry").await;
        self.diaries[lane].done.extend(done);
    }

    /// Somebody presses the button for another answer, where there is one.
    fn presses_another(&mut self, lane: usize) {
        if let Some(pressed) = self.somebody(lane).presses(ANOTHER) {
            self.diaries[lane].wishes += 1;
            self.diaries[lane].presses += 1;
            self.diaries[lane].done.push(pressed);
        }
    }

    /// Somebody asks for another answer, and is heard.
    pub async fn wishes_once(&mut self) {
        let lane = usize::try_from(self.chance.below(self.lanes.len() as u64)).unwrap();
        self.retries(lane).await;
        sleep(Duration::from_millis(APART)).await;
    }

    /// Somebody gives a thumb under the last answer.
    async fn gives_a_thumb(&mut self, lane: usize) {
        let books = Books::open(&self.setup).await;
        let (known, noted) = (books.people().await, books.shown().await);
        books.close().await;
        let (seat, is_up) = (self.somebody(lane), self.chance.below(2) == 0);
        let Some(posted) = seat.gives_a_thumb(is_up) else { return };
        let (platform, person) = (self.lanes[lane].platform, seat.person());
        let is_noted = || noted.contains(&format!("{} {posted}", seat.place().chat));
        let is_certain = platform == Platform::Telegram && known.contains(&person) && is_noted();
        self.thumbs.push(Thumb { posted, person, is_up, is_certain });
    }

    /// How much people did, and what came of it.
    pub async fn deeds(&self) -> Deeds {
        let books = Books::open(&self.setup).await;
        let number = async |sql: &str| usize::try_from(books.number(sql).await).unwrap();
        let deeds = Deeds {
            edits: self.said.iter().flatten().map(|said| said.wordings.len() - 1).sum(),
            deletions: self.said.iter().flatten().filter(|said| said.is_gone).count(),
            stops: self.diaries.iter().map(|diary| diary.stops).sum(),
            stopped: number("SELECT COUNT(*) FROM messages WHERE finish_reason = 'stopped'").await,
            wishes: self.diaries.iter().map(|diary| diary.wishes).sum(),
            superseded: number("SELECT COUNT(*) FROM messages WHERE role = 'assistant' AND version > 1")
                .await,
            files: self
                .lanes
                .iter()
                .flat_map(|lane| lane.seats[0].seen())
                .filter(|seen| seen.file.is_some())
                .count(),
            thumbs: self.thumbs.len(),
            kept_thumbs: number("SELECT COUNT(*) FROM feedback").await,
        };
        books.close().await;
        deeds
    }

    /// Looks who was told by now that something was stopped; once all is quiet, nothing is on its way.
    pub fn hears_of_stops(&mut self, is_quiet: bool) {
        for (lane, diary) in self.lanes.iter().zip(&mut self.diaries) {
            let openly = lane.seats[0].seen().into_iter().map(|seen| seen.text);
            let privately = lane.seats.iter().flat_map(Seat::told_in_private);
            let clicks = diary.done.iter().filter_map(Done::told);
            let told = openly.chain(privately).chain(clicks);
            let told = told.filter(|text| reply(text) == Some((false, STOPPED))).count();
            if told > diary.told {
                diary.claims += 1;
            }
            if told > diary.told || is_quiet {
                diary.pending = 0;
            }
            diary.told = told;
        }
    }

    /// Who asked for something got it, or heard why not.
    pub fn judge_deeds<'a>(&self, lane: usize, verdict: &Verdict, rows: impl Iterator<Item = &'a Row>) {
        let diary = &self.diaries[lane];
        let chats: Vec<String> = self.said[lane].iter().flat_map(|said| said.message.chats()).collect();
        let is_here = |row: &Row| chats.iter().any(|chat| row.is_of(chat));
        let ended = rows.filter(|row| row.outcome == "stopped" && is_here(row)).count();
        let stopped = verdict.stopped + ended;
        // An answer may be taken back and stopped, and another one stopped and overtaken.
        let deletions = self.said[lane].iter().filter(|said| said.is_taken_back).count();
        let overtaken = verdict.replies.iter().filter(|(_, words)| words.starts_with(OVERTAKEN)).count();
        assert!(
            diary.claims <= stopped + deletions + overtaken,
            "{stopped} answers were stopped in lane {lane}: {diary:#?}"
        );
        let count = |are_they: &dyn Fn(&str) -> bool| {
            let replies = verdict.replies.iter().filter(|(_, words)| are_they(words));
            (replies.clone().filter(|(is_labelled, _)| !is_labelled).count(), replies.count())
        };
        let of_stops = count(&|words| words == STOPPED || words.starts_with("There is nothing to stop"));
        let overtaken = count(&|words| words.starts_with(OVERTAKEN));
        let all = count(&|_| true);
        let of_retries = (all.0 - of_stops.0 - overtaken.0, all.1 - of_stops.1 - overtaken.1);
        // A press whose platform waits no longer, as after a restart, is answered in the open.
        let is_right = of_stops.0 <= diary.stop_commands + diary.presses
            && of_retries.0 <= diary.retry_commands + diary.presses
            && of_stops.0 + of_retries.0 <= diary.stop_commands + diary.retry_commands + diary.presses
            && overtaken.0 <= diary.wishes;
        assert!(is_right, "one command is answered twice: {:?} to {diary:#?}", verdict.replies);
        if self.lanes[lane].platform != Platform::Telegram {
            return;
        }
        assert!(
            of_stops.1 >= diary.stop_commands,
            "nobody answers a stop: {:?} to {diary:#?}",
            verdict.replies
        );
        let answers_edits = self.life.is_some_and(|life| life.answers_edits);
        if diary.stops == 0 && diary.presses == 0 && !answers_edits {
            let answered = verdict.further + of_retries.1 + overtaken.1;
            assert!(
                answered >= diary.retry_commands,
                "nobody answers a retry: {:?} to {diary:#?}",
                verdict.replies
            );
        }
    }
}
