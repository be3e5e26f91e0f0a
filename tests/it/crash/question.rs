//! Questions, and the answers that follow from them.
//!
//! The same question always gets the same answer, in which every word says
//! which question it belongs to and where it stands. So a screen can be read
//! without knowing how the answers came to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crash::said::Said;
use crate::support::models::{Answer, AskedRequest, Models};

/// In how many pieces a slow answer comes.
const PIECES: usize = 8;

/// Something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    pub number: u32,
    /// How long its answer is.
    pub words: u32,
    /// How long the model takes to say it.
    pub milliseconds: u32,
}

impl Question {
    /// What a person writes.
    pub fn text(self) -> String {
        format!("question {} for {} words in {} ms", self.number, self.words, self.milliseconds)
    }

    /// Reads what somebody wrote.
    pub fn read(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_once("question ")?.1.split_whitespace().collect();
        let ["for", "words", "in", "ms"] = [*words.get(1)?, *words.get(3)?, *words.get(4)?, *words.get(6)?]
        else {
            return None;
        };
        let [number, words, milliseconds] =
            [words[0].parse().ok()?, words[2].parse().ok()?, words[5].parse().ok()?];
        Some(Self { number, words, milliseconds })
    }

    /// All words of the answer: the question's number and their own.
    pub fn answer(self) -> impl Iterator<Item = Word> {
        (0..self.words).map(move |at| Word { question: self.number, at })
    }
}

/// One word of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub question: u32,
    pub at: u32,
}

impl Word {
    pub fn text(self) -> String {
        format!("q{}w{}", self.question, self.at)
    }

    /// Reads a word on a screen.
    pub fn read(text: &str) -> Option<Self> {
        let (question, at) = text.strip_prefix('q')?.split_once('w')?;
        Some(Self { question: question.parse().ok()?, at: at.parse().ok()? })
    }
}

/// How often the model was asked each question.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<HashMap<u32, u32>>>);

impl Asked {
    /// Lets the model answer questions, and counts.
    pub fn answer(models: &Models) -> Self {
        let asked = Self::default();
        let count = asked.clone();
        models.answers_with(move |request| count.answer_to(request));
        asked
    }

    /// How often the model was asked a question.
    pub fn times(&self, question: u32) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&question).copied().unwrap_or(0)
    }

    /// How often the model was asked something that somebody said, in whichever wording.
    pub fn times_of(&self, said: &Said) -> u32 {
        said.wordings.iter().map(|question| self.times(question.number)).sum()
    }

    /// How many different questions the model was asked.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Questions that came together are answered together.
    fn answer_to(&self, request: &AskedRequest) -> Answer {
        let last = request.messages.iter().rev().take_while(|message| message.role == "user");
        let mut questions: Vec<Question> = last.filter_map(|message| Question::read(&message.text)).collect();
        questions.reverse();
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for question in &questions {
            *times.entry(question.number).or_default() += 1;
        }
        let words: Vec<String> =
            questions.iter().flat_map(|question| question.answer()).map(Word::text).collect();
        let milliseconds: u32 = questions.iter().map(|question| question.milliseconds).sum();
        say(&words, milliseconds)
    }
}

fn say(words: &[String], milliseconds: u32) -> Answer {
    if milliseconds == 0 {
        return Answer::text(words.join(" "));
    }
    let pieces = words.chunks(words.len().div_ceil(PIECES).max(1)).map(|piece| piece.join(" ") + " ");
    let pieces: Vec<String> = pieces.collect();
    let bytes: usize = pieces.iter().map(String::len).sum();
    // The emulator counts four bytes a token.
    let rate = bytes as f64 / 4.0 / (f64::from(milliseconds) / 1_000.0);
    Answer::deltas(pieces).at_tokens_per_second(rate)
}

#[test]
fn a_question_is_read_from_what_was_written() {
    let question = Question { number: 17, words: 3, milliseconds: 250 };
    assert_eq!(Question::read(&format!("@bot {}", question.text())), Some(question));
    assert_eq!(Question::read("question 1 for words"), None);
    let words: Vec<String> = question.answer().map(Word::text).collect();
    assert_eq!(words, ["q17w0", "q17w1", "q17w2"]);
    assert_eq!(Word::read("q17w2"), Some(Word { question: 17, at: 2 }));
}
