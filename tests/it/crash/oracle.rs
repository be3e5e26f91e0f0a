//! What has to be true of a lane when recovery has ended.
//!
//! A screen is right when its posts, one after the other, hold all answers that the tables
//! have, and nothing else; and those are right when every question that somebody asked has its
//! answer, whole, once, and in the order in which they were asked. What people do besides gives
//! these freedoms, and no others:
//!
//! - *A copy* (Telegram) says that it may be one, and takes the place of the post right before
//!   it that it may be a copy of, or stands for itself: nobody can be asked whether that one arrived.
//! - *An edit*: a question is answered in one of its wordings, whichever was heard when it was
//!   taken; never in an earlier one than before. With `answer_edits` it may be answered once more
//!   for each edit, if it still is the last question; an edit that comes while the program is
//!   away is lost on Discord and Slack, so that nobody can ask for more.
//! - *A deletion*, where the platform tells of it: the question has an answer, the beginning of
//!   one, a notice that it was stopped before its first word, or nothing, since it may have come
//!   at any time. Of what the inbox ended as taken back, no word is seen, and no model is asked. Once
//!   the deletion is noted, a later life asks no model for it.
//! - *A stop* (`/stop`, or the button): what was asked before, and had not been answered whole by
//!   then, may have the beginning of an answer, the notice, or nothing. Of what the inbox ended as
//!   stopped no model is asked; whoever was told `Stopped.` has something that was stopped, also when
//!   the program ended right after it was said; or it was taken back as well, or another answer that
//!   was overtaken.
//! - *Another answer* (`/retry`, or the button): at most one for each time that somebody asked for
//!   it, and only to what was asked last, behind all others; what was taken back does not count
//!   as asked. On Telegram everybody who asks gets it or hears why not. It may be refused, since
//!   somebody may have asked something else meanwhile.
//! - *A file* holds its answer whole and stands once behind a beginning of it, on Telegram perhaps
//!   with a copy. Where it is due, it has to be there, but for an answer that was stopped.
//! - *Buttons* stand under the ends of answers (on Slack not under files), and are for another one. A live one for a stop
//!   may only stay under a post that Telegram took and nobody knows of, which has its copy.

use std::collections::BTreeMap;

use crate::crash::question::{Question, Word};
use crate::crash::said::Said;
use crate::crash::screen::{Screen, Seen, shortened, words};

/// What stands on the button for another answer.
pub const ANOTHER: &str = "Another answer";

/// What stands on the button that ends one.
pub const STOP: &str = "Stop";

/// An answer, as the tables have it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub words: Vec<String>,
    /// Whether somebody ended it.
    pub is_stopped: bool,
}

impl Answer {
    pub fn read(content: &str, is_stopped: bool) -> Result<Self, String> {
        Ok(Self { words: words(content)?, is_stopped })
    }

    /// The number of the question that it begins with.
    pub fn question(&self) -> Option<u32> {
        Some(Word::read(self.words.first()?)?.question)
    }
}

/// What happened in a lane, by all that is known beside its screen.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// What was said and heard, in the order in which it was to be answered.
    pub said: Vec<Said>,
    /// All answers, in their order.
    pub answers: Vec<Answer>,
    /// How often somebody asked for another answer, edits that are to be answered included.
    pub wishes: usize,
    /// How often somebody asked for a stop.
    pub stops: usize,
    pub has_buttons: bool,
    /// Whether a post with a file has no button here.
    pub files_are_bare: bool,
    /// How many words an answer has at least that is to go on in a file.
    pub long: Option<usize>,
}

/// What a screen has besides answers.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// How many posts say that they may be duplicates.
    pub labelled: usize,
    /// What commands were answered with, and whether that is a copy.
    pub replies: Vec<(bool, String)>,
    /// How many answers came because somebody asked for another one.
    pub further: usize,
    /// How many answers were stopped, as it is to be seen.
    pub stopped: usize,
}

/// Reads a screen, and compares it with what happened.
pub fn judge(seen: &[Seen], story: &Story) -> Result<Verdict, String> {
    let readings = Screen::readings(seen, |word| story.is_end(word));
    let mut verdicts = readings.map(|screen| judge_reading(screen?, story));
    let first = verdicts.next().unwrap_or_else(|| Err("nobody can read it".to_owned()));
    first.or_else(|wrong| verdicts.find_map(Result::ok).ok_or(wrong))
}

fn judge_reading(screen: Screen, story: &Story) -> Result<Verdict, String> {
    let stored: Vec<&String> = story.answers.iter().flat_map(|answer| &answer.words).collect();
    for (number, word) in screen.words.iter().enumerate() {
        if stored.get(number) != Some(&word) {
            return Err(format!("word {number} is {word} instead of {:?}", stored.get(number)));
        }
    }
    if let Some(missing) = stored.get(screen.words.len()) {
        return Err(format!("{missing} and what comes behind it is missing"));
    }
    let further = story.judge_answers()?;
    story.judge_files(&screen)?;
    story.judge_buttons(&screen)?;
    let excused = story.said.iter().filter(|said| said.is_taken_back || said.may_be_stopped).count();
    let wished = if excused + story.stops > 0 { story.wishes } else { 0 };
    if screen.not_begun.len() > excused + wished {
        return Err(format!("{} answers are stopped before the first word", screen.not_begun.len()));
    }
    let stopped = screen.not_begun.len() + story.answers.iter().filter(|answer| answer.is_stopped).count();
    Ok(Verdict { labelled: screen.labelled, replies: screen.replies, further, stopped })
}

/// How far an answer to one question goes.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Which question it is, in the order of the story.
    place: usize,
    wording: usize,
    is_whole: bool,
}

impl Story {
    fn find(&self, number: u32) -> Option<(usize, usize, Question)> {
        self.said.iter().enumerate().find_map(|(place, said)| {
            let wording = said.wording(number)?;
            Some((place, wording, said.wordings[wording]))
        })
    }

    /// Whether an answer ends with this word.
    fn is_end(&self, word: &str) -> bool {
        let word = Word::read(word);
        let end = word.and_then(|word| Some((word, self.find(word.question)?.2)));
        end.is_some_and(|(word, question)| word.at + 1 == question.words)
    }

    /// Judges what was answered, and returns how many answers came on somebody's wish.
    fn judge_answers(&self) -> Result<usize, String> {
        // The wording that was answered last, and the last question that was answered together with it.
        let mut told: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut further = 0;
        for answer in &self.answers {
            let runs = self.runs(answer)?;
            let together =
                runs.iter().map(|run| told.get(&run.place).map_or(run.place, |(_, last)| *last)).max();
            let last = told.keys().rev().find(|place| !self.said[**place].is_taken_back);
            if together.zip(last).is_some_and(|(together, last)| together < *last) {
                return Err(format!("{:?} is answered behind what was asked later", answer.words.first()));
            }
            further += usize::from(runs.iter().any(|run| told.contains_key(&run.place)));
            for run in runs {
                let last = together.unwrap_or(run.place);
                let before = told.insert(run.place, (run.wording, last)).map(|(wording, _)| wording);
                if before.is_some_and(|before| before > run.wording) {
                    return Err(format!("{:?} is answered as it read before its edit", self.said[run.place]));
                }
                let is_first = before.is_none();
                let is_excused = self.said[run.place].is_taken_back || self.said[run.place].may_be_stopped;
                if !run.is_whole && !(answer.is_stopped && (is_excused || !is_first)) {
                    return Err(format!("there is half an answer to {:?}", self.said[run.place]));
                }
            }
        }
        if further > self.wishes {
            return Err(format!("{further} answers more than once, and {} were asked for", self.wishes));
        }
        let untold =
            self.said.iter().enumerate().find(|(place, said)| {
                !told.contains_key(place) && !said.is_taken_back && !said.may_be_stopped
            });
        match untold {
            Some((_, said)) => Err(format!("{said:?} has no answer")),
            None => Ok(further),
        }
    }

    /// The questions that one answer is about.
    fn runs(&self, answer: &Answer) -> Result<Vec<Run>, String> {
        let mut runs: Vec<Run> = Vec::new();
        let mut rest = &answer.words[..];
        while let Some(first) = rest.first() {
            // A word that is cut is the beginning of the one that would have come.
            let next = |at: u32, question: Question| Word { question: question.number, at }.text();
            let Some(Word { question: number, at: 0 }) = Word::read(first) else {
                let is_cut = rest.len() == 1 && answer.is_stopped && Word::read(first).is_none();
                return if is_cut { Ok(runs) } else { Err(format!("an answer goes on with {first}")) };
            };
            let (place, wording, question) =
                self.find(number).ok_or_else(|| format!("nobody here asked question {number}"))?;
            let whole = usize::try_from(question.words).unwrap();
            let so_far =
                rest.iter().zip(0..question.words).take_while(|(word, at)| **word == next(*at, question));
            let count = so_far.count();
            rest = &rest[count..];
            let is_whole = count == whole;
            if !is_whole {
                let expected = next(u32::try_from(count).unwrap(), question);
                let is_cut = rest.is_empty() || (rest.len() == 1 && expected.starts_with(rest[0].as_str()));
                if !is_cut {
                    return Err(format!("{} comes instead of {expected}", shortened(&rest[0])));
                }
                rest = &[];
            }
            if runs.last().is_some_and(|last| last.place >= place) {
                return Err(format!("question {number} is answered in front of an earlier one"));
            }
            runs.push(Run { place, wording, is_whole });
        }
        Ok(runs)
    }

    fn judge_files(&self, screen: &Screen) -> Result<(), String> {
        let Some(long) = self.long else {
            return if screen.files.is_empty() { Ok(()) } else { Err("nobody expects a file".to_owned()) };
        };
        let mut files = screen.files.iter().peekable();
        for answer in &self.answers {
            let has_file = files.next_if(|file| **file == answer.words).is_some();
            let is_due = answer.words.len() >= long;
            if has_file != is_due && !answer.is_stopped {
                return Err(format!("an answer of {} words has a file: {has_file}", answer.words.len()));
            }
        }
        files.next().map_or(Ok(()), |file| Err(format!("a file of {} words is one too many", file.len())))
    }

    fn judge_buttons(&self, screen: &Screen) -> Result<(), String> {
        let another = if self.has_buttons { vec![ANOTHER.to_owned()] } else { Vec::new() };
        let mut words = 0;
        let ends: Vec<usize> = self
            .answers
            .iter()
            .map(|answer| {
                words += answer.words.len();
                words
            })
            .collect();
        let is_right = |(end, buttons, is_file): &&(usize, Vec<String>, bool)| {
            let has_none = !ends.contains(end) || (*is_file && self.files_are_bare);
            if has_none { buttons.is_empty() } else { *buttons == another }
        };
        if let Some((end, buttons, _)) = screen.ends.iter().find(|post| !is_right(post)) {
            return Err(format!("{buttons:?} stand under {:?}", screen.words.get(end - 1)));
        }
        match screen.not_begun.iter().find(|buttons| **buttons != another) {
            Some(buttons) => Err(format!("{buttons:?} stand under what was stopped")),
            None => Ok(()),
        }
    }
}
