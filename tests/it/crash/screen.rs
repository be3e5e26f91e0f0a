//! What stands on a screen: words of answers, in posts and files, and what the bot says besides.

use crate::crash::question::Word;

/// How a post begins that may be one too many.
const LABEL: &str = "(This may be a duplicate:";

/// What stands on a screen before the first word of an answer.
const PLACEHOLDER: &str = "…";

/// What stands in the place of an answer that was stopped before its first word.
const NOT_BEGUN: &str = "Stopped before the first word.";

/// What brings a file.
const GOES_ON: &str = "This is a long answer. All of it is in the file.";

/// What whoever asks for a stop is told when there was something to stop.
pub const STOPPED: &str = "Stopped.";

/// How everything begins that commands and buttons are answered with.
const REPLIES: [&str; 9] = [
    STOPPED,
    "There is nothing to stop right now.",
    "There is no question here yet",
    "Something else was asked here meanwhile.",
    "I am still answering here.",
    "One moment, I answer",
    "This button is about",
    "This answer has ended already.",
    "Only who asked can do that.",
];

/// How many copies on a screen are read in both ways.
const MOST_COPIES: u32 = 8;

/// One post of the bot, as a person sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub text: String,
    /// What reads in the file that came with it.
    pub file: Option<String>,
    pub buttons: Vec<String>,
}

/// Whether a post has words of an answer.
pub fn is_answer(text: &str) -> bool {
    words(unlabelled(text).1).is_ok_and(|words| !words.is_empty())
}

/// What a command is answered with, without its label.
pub fn reply(text: &str) -> Option<(bool, &str)> {
    let (is_labelled, body) = unlabelled(text);
    let is_it = body != NOT_BEGUN && REPLIES.iter().any(|known| body.starts_with(known));
    is_it.then_some((is_labelled, body))
}

fn unlabelled(text: &str) -> (bool, &str) {
    match text.strip_prefix(LABEL) {
        Some(rest) => (true, rest.split_once(')').map_or("", |(_, body)| body).trim()),
        None => (false, text.trim()),
    }
}

/// What a post is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Words,
    /// It stands for an answer without a word.
    NotBegun,
    /// It brings all words of an answer in a file.
    File(Vec<String>),
}

/// A post that is no reply to a command.
#[derive(Debug, Clone)]
struct Post {
    is_labelled: bool,
    kind: Kind,
    words: Vec<String>,
    buttons: Vec<String>,
}

impl Post {
    fn read(seen: &Seen) -> Result<Self, String> {
        let (is_labelled, body) = unlabelled(&seen.text);
        let buttons = seen.buttons.clone();
        if let Some(file) = &seen.file {
            if body != GOES_ON {
                return Err(format!("somebody sees a file under {:?}", shortened(&seen.text)));
            }
            let kind = Kind::File(words(file)?);
            return Ok(Self { is_labelled, kind, words: Vec::new(), buttons });
        }
        if body == NOT_BEGUN {
            return Ok(Self { is_labelled, kind: Kind::NotBegun, words: Vec::new(), buttons });
        }
        Ok(Self { is_labelled, kind: Kind::Words, words: words(body)?, buttons })
    }

    /// Whether `copy` may be what this one was to become.
    fn is_copied_by(&self, copy: &Self, is_end: &impl Fn(&str) -> bool) -> bool {
        match (&self.kind, &copy.kind) {
            (Kind::File(one), Kind::File(other)) => one == other,
            (Kind::NotBegun, Kind::NotBegun) => true,
            // It was begun, and stopped before the next start had a word of it.
            (Kind::Words, Kind::NotBegun) => !self.words.last().is_some_and(|last| is_end(last)),
            (Kind::Words, Kind::Words) => match (&self.words[..], copy.words.first()) {
                ([], _) => true,
                // A word alone may have been cut.
                ([only], Some(first)) => first.starts_with(only.as_str()) || is_earlier(only, first),
                (words, first) => words.first() == first,
            },
            _ => false,
        }
    }
}

/// Whether it is a word of the same answer, before another one: it was cut, too.
fn is_earlier(word: &str, other: &str) -> bool {
    let words = Word::read(word).zip(Word::read(other));
    words.is_some_and(|(word, other)| word.question == other.question && word.at <= other.at)
}

/// The words in a text, of which the last may be cut.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> =
        text.split_whitespace().filter(|word| *word != PLACEHOLDER).map(str::to_owned).collect();
    let is_cut = |at: usize, word: &str| at + 1 == words.len() && word.starts_with('q');
    let odd = words.iter().enumerate().find(|(at, word)| Word::read(word).is_none() && !is_cut(*at, word));
    match odd {
        Some(_) => Err(format!("somebody sees {:?}", shortened(text))),
        None => Ok(words),
    }
}

/// A screen, read from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// All words of answers; a copy has taken the place of what it may be a copy of.
    pub words: Vec<String>,
    /// How many words there are up to the end of each post, what stands on its buttons, and
    /// whether it brings a file.
    pub ends: Vec<(usize, Vec<String>, bool)>,
    /// The buttons of answers without a word.
    pub not_begun: Vec<Vec<String>>,
    /// What reads in files.
    pub files: Vec<Vec<String>>,
    /// What commands were answered with, and whether that is a copy.
    pub replies: Vec<(bool, String)>,
    /// How many posts of answers are copies.
    pub labelled: usize,
}

impl Screen {
    /// Reads a screen on which `is_end` says which words end an answer, in all ways in which it
    /// can be read: a copy may stand for the post before it, or for one that never arrived.
    pub fn readings(
        seen: &[Seen],
        is_end: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Result<Self, String>> {
        let first = Self::read(seen, &is_end, 0);
        let copies = first.as_ref().map_or(MOST_COPIES, |(_, copies)| *copies);
        let others = (1..1 << copies.min(MOST_COPIES)).map(move |alone| Self::read(seen, &is_end, alone));
        std::iter::once(first).chain(others).map(|read| read.map(|(screen, _)| screen))
    }

    /// Reads a screen on which these of the copies stand for nothing before them; returns how
    /// many may do so.
    fn read(seen: &[Seen], is_end: &impl Fn(&str) -> bool, alone: u32) -> Result<(Self, u32), String> {
        let (mut screen, mut copies) = (Self::default(), 0);
        let mut kept: Vec<Post> = Vec::new();
        for seen in seen {
            if let Some((is_labelled, words)) = reply(&seen.text) {
                screen.replies.push((is_labelled, words.to_owned()));
                continue;
            }
            let post = Post::read(seen)?;
            if post.is_labelled {
                screen.labelled += 1;
                if kept.last().is_some_and(|last| last.is_copied_by(&post, is_end)) {
                    if alone & (1 << copies) == 0 {
                        kept.pop();
                    }
                    copies += 1;
                }
            }
            kept.push(post);
        }
        kept.into_iter().try_for_each(|post| screen.add(post))?;
        Ok((screen, copies))
    }

    fn add(&mut self, post: Post) -> Result<(), String> {
        match post.kind {
            Kind::NotBegun => self.not_begun.push(post.buttons),
            Kind::Words if post.words.is_empty() => {
                return Err("somebody sees a post without a word of an answer".to_owned());
            }
            Kind::Words => {
                self.words.extend(post.words);
                self.ends.push((self.words.len(), post.buttons, false));
            }
            Kind::File(whole) => {
                let begins =
                    whole.first().and_then(|first| self.words.iter().rposition(|word| word == first));
                let begins = begins.ok_or("somebody sees a file and no beginning of it")?;
                let shown = self.words.split_off(begins);
                if shown.len() >= whole.len() || !whole.starts_with(&shown) {
                    return Err(format!(
                        "a file with {} words stands behind {} others",
                        whole.len(),
                        shown.len()
                    ));
                }
                self.words.extend(whole.iter().cloned());
                let before = self.ends.iter_mut().filter(|(end, ..)| *end > begins);
                if before.into_iter().any(|(_, buttons, _)| !buttons.is_empty()) {
                    return Err("a button stands before the end of an answer".to_owned());
                }
                self.ends.retain(|(end, ..)| *end <= begins);
                self.ends.push((self.words.len(), post.buttons, true));
                self.files.push(whole);
            }
        }
        Ok(())
    }
}

pub fn shortened(text: &str) -> String {
    text.chars().take(160).collect()
}
