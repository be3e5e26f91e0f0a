//! What has to be true when recovery has ended.
//!
//! A screen is right when its posts, one after the other, hold the answers to
//! all questions of a lane, in the order in which they were asked, and nothing
//! else. A post that says it may be a duplicate takes the place of the one that
//! it may be a duplicate of, and a file that of the posts before it whose answer
//! it has all of.

use crate::crash::question::{Question, Word};

/// How a post begins that may be one too many.
const LABEL: &str = "(This may be a duplicate:";

/// Before what reads the file of a post, on its screen.
pub const FILE: &str = "FILE ";

/// What stands on a screen before the first word of an answer.
const PLACEHOLDER: &str = "…";

/// One post of the bot.
#[derive(Debug, Clone)]
struct Post {
    is_labelled: bool,
    is_file: bool,
    /// Whether it ends in the middle of a word, as what is still being written may.
    is_cut: bool,
    words: Vec<Word>,
}

impl Post {
    fn read(text: &str) -> Result<Self, String> {
        let (is_file, text) = text.strip_prefix(FILE).map_or((false, text), |text| (true, text));
        let (is_labelled, body) = match text.strip_prefix(LABEL) {
            Some(rest) => (true, rest.split_once(')').map_or("", |(_, body)| body)),
            None => (false, text),
        };
        let mut texts: Vec<&str> = body.split_whitespace().filter(|word| *word != PLACEHOLDER).collect();
        let is_cut = texts.pop_if(|last| last.starts_with('q') && Word::read(last).is_none()).is_some();
        let words: Option<Vec<Word>> = texts.into_iter().map(Word::read).collect();
        let words = words.ok_or_else(|| format!("somebody sees {:?}", shortened(text)))?;
        Ok(Self { is_labelled, is_file, is_cut, words })
    }

    /// Whether a file that comes behind it has all of it.
    fn is_part_of(&self, file: &Self) -> bool {
        let is_in = |word: &Word| file.words.contains(word);
        file.is_file && !self.is_file && !self.words.is_empty() && self.words.iter().all(is_in)
    }

    /// Whether `copy` may be what this one was to become.
    fn is_copied_by(&self, copy: &Self) -> bool {
        match (&self.words[..], copy.words.first()) {
            ([], _) => true,
            // A word alone may have been cut.
            ([only], Some(first)) => only.question == first.question && only.at <= first.at,
            (words, first) => words.first() == first,
        }
    }
}

/// Reads a screen; returns how many posts say that they may be duplicates.
pub fn judge(posts: &[String], expected: &[Question]) -> Result<usize, String> {
    let mut kept: Vec<Post> = Vec::new();
    let mut labelled = 0;
    for text in posts {
        let post = Post::read(text)?;
        while kept.last().is_some_and(|last| last.is_part_of(&post)) {
            kept.pop();
        }
        if post.is_labelled {
            labelled += 1;
            if kept.last().is_some_and(|last| last.is_file == post.is_file && last.is_copied_by(&post)) {
                kept.pop();
            }
        }
        kept.push(post);
    }
    if kept.iter().any(|post| post.words.is_empty() || post.is_cut) {
        return Err("somebody sees a post without a word of an answer, or with half of one".to_owned());
    }
    let seen = kept.into_iter().flat_map(|post| post.words);
    let mut wanted = expected.iter().flat_map(|question| question.answer());
    for (number, word) in seen.enumerate() {
        match wanted.next() {
            Some(next) if next == word => {}
            next => return Err(format!("word {number} is {word:?} instead of {next:?}")),
        }
    }
    match wanted.next() {
        Some(missing) => Err(format!("{missing:?} and what comes behind it is missing")),
        None => Ok(labelled),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(160).collect()
}

#[test]
fn a_screen_is_read_word_by_word() {
    let (one, two) = (asked(1), asked(2));
    let label = format!("{LABEL} nobody knows.)\n\n");
    let right = [
        vec!["q1w0 q1w1", "q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2\nq2w0 q2w1 q2w2"],
        vec!["q1w0", "LABELq1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w", "LABELq1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2", "q", "LABELq2w0 q2w1 q2w2"],
        vec!["…", "LABELq1w0 q1w1", "q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2", "q2w0 q2w1", "LABELq2w0", "LABELq2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1", "FILE q1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1", "FILE q1w0 q1w1 q1w2", "FILE LABELq1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
    ];
    for posts in right {
        let posts: Vec<String> = posts.iter().map(|post| post.replace("LABEL", &label)).collect();
        let labelled = judge(&posts, &[one, two]);
        assert!(labelled.is_ok(), "{posts:?}: {labelled:?}");
    }
    let wrong = [
        vec!["q1w0 q1w1 q1w2"],
        vec!["q1w0 q1w1 q1", "q1w2", "q2w0 q2w1 q2w2"],
        vec!["q2w0 q2w1 q2w2", "q1w0 q1w1 q1w2"],
        vec!["q1w0 q1w1", "q1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2", "q2w0 q2w1 q2w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2", "…", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1", "FILE q1w0 q1w1", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1", "FILE q1w0 q1w1 q1w2", "FILE q1w0 q1w1 q1w2", "q2w0 q2w1 q2w2"],
        vec!["FILE q1w0 q1w1 q1w2", "q1w2", "q2w0 q2w1 q2w2"],
        vec!["q1w0 q1w1 q1w2", "q2w0 q2w1 q2w2", "Sorry, something went wrong."],
    ];
    for posts in wrong {
        let posts: Vec<String> = posts.into_iter().map(str::to_owned).collect();
        assert!(judge(&posts, &[one, two]).is_err(), "{posts:?}");
    }
}

#[cfg(test)]
fn asked(number: u32) -> Question {
    Question { number, words: 3, milliseconds: 0 }
}
