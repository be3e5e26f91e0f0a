//! The oracle itself, with doctored records: what is right is right, and what is wrong is told.

use crate::crash::oracle::{ANOTHER, Answer, STOP, Story, judge};
use crate::crash::question::Question;
use crate::crash::said::{Said, Spoken};
use crate::crash::screen::Seen;

const LABEL: &str = "(This may be a duplicate: nobody knows.)\n\n";
const NOT_BEGUN: &str = "Stopped before the first word.";

fn asked(number: u32) -> Question {
    Question { number, words: 3, milliseconds: 0 }
}

fn said(number: u32) -> Said {
    let message = Spoken::Slack { channel: "D1".to_owned(), ts: format!("1700000000.{number:06}") };
    Said::new(asked(number), 0, message)
}

fn taken_back(number: u32) -> Said {
    Said { is_gone: true, is_taken_back: true, ..said(number) }
}

fn stopped(number: u32) -> Said {
    Said { may_be_stopped: true, ..said(number) }
}

fn edited(number: u32, wordings: &[u32]) -> Said {
    let mut said = said(number);
    said.wordings.extend(wordings.iter().map(|number| asked(*number)));
    said
}

/// Answers as the tables have them; one that begins with `!` was stopped.
fn answers(texts: &[&str]) -> Vec<Answer> {
    let read = |text: &&str| Answer::read(text.trim_start_matches('!'), text.starts_with('!')).unwrap();
    texts.iter().map(read).collect()
}

fn story(said: &[Said], texts: &[&str], wishes: usize) -> Story {
    Story { said: said.to_vec(), answers: answers(texts), wishes, ..Story::default() }
}

fn seen(posts: &[&str]) -> Vec<Seen> {
    let post = |post: &&str| Seen { text: post.replace("LABEL", LABEL), ..Seen::default() };
    posts.iter().map(post).collect()
}

/// The screen shows what the tables have, and nothing else.
fn as_it_is(texts: &[&str]) -> Vec<Seen> {
    texts
        .iter()
        .map(|text| Seen { text: text.trim_start_matches('!').to_owned(), ..Seen::default() })
        .collect()
}

const ONE: &str = "q1w0 q1w1 q1w2";
const TWO: &str = "q2w0 q2w1 q2w2";
const THREE: &str = "q3w0 q3w1 q3w2";

#[test]
fn a_screen_is_read_word_by_word() {
    let story = story(&[said(1), said(2)], &[ONE, TWO], 0);
    for posts in [
        &["q1w0 q1w1", "q1w2", TWO][..],
        &["q1w0 q1w1 q1w2\nq2w0 q2w1 q2w2"],
        &["q1w0", "LABELq1w0 q1w1 q1w2", TWO],
        &["q1w0 q1w", "LABELq1w0 q1w1 q1w2", TWO],
        &[ONE, "q", "LABELq2w0 q2w1 q2w2"],
        &["…", "LABELq1w0 q1w1", "q1w2", TWO],
        &[ONE, "q2w0 q2w1", "LABELq2w0", "LABELq2w0 q2w1 q2w2"],
        &[ONE, "Stopped.", TWO, "LABELStopped."],
    ] {
        let judged = judge(&seen(posts), &story);
        assert!(judged.is_ok(), "{posts:?}: {judged:?}");
    }
    for posts in [
        &[ONE][..],
        &["q1w0 q1w1 q1", "q1w2", TWO],
        &[TWO, ONE],
        &["q1w0 q1w1", ONE, TWO],
        &[ONE, TWO, TWO],
        &[ONE, "…", TWO],
        &[ONE, TWO, "Sorry, something went wrong."],
        &[ONE, TWO, NOT_BEGUN],
    ] {
        assert!(judge(&seen(posts), &story).is_err(), "{posts:?}");
    }
}

/// Judges stories of which the tables and the screen say the same.
fn judge_all(stories: &[(&[Said], &[&str], usize)], is_right: bool) {
    for (said, texts, wishes) in stories {
        let judged = judge(&as_it_is(texts), &story(said, texts, *wishes));
        assert_eq!(judged.is_ok(), is_right, "{texts:?} to {said:?}: {judged:?}");
    }
}

#[test]
fn what_the_tables_and_the_screen_agree_upon_may_be_wrong_all_the_same() {
    judge_all(
        &[
            (&[said(1), said(2)], &[ONE], 0),
            (&[said(1), said(2)], &[TWO, ONE], 0),
            (&[said(1), said(2)], &[ONE, ONE, TWO], 0),
            (&[said(1), said(2)], &[ONE, "q2w0 q2w1"], 0),
            (&[said(1), said(2)], &[ONE, "!q2w0 q2w1"], 0),
            (&[said(1)], &[ONE, TWO], 0),
        ],
        false,
    );
}

#[test]
fn an_edited_question_is_answered_in_one_of_its_wordings() {
    let edited = [edited(1, &[3]), said(2)];
    judge_all(
        &[(&edited, &[ONE, TWO], 0), (&edited, &[THREE, TWO], 0), (&edited[..1], &[ONE, THREE], 1)],
        true,
    );
    judge_all(
        &[
            // Both; one after the other without a wish; the old one last; behind what was asked later.
            (&edited, &["q1w0 q1w1 q1w2 q3w0 q3w1 q3w2", TWO], 1),
            (&edited, &[ONE, THREE, TWO], 0),
            (&edited[..1], &[THREE, ONE], 1),
            (&edited, &[ONE, TWO, THREE], 1),
            (&edited, &[TWO], 1),
        ],
        false,
    );
}

#[test]
fn what_was_taken_back_may_have_the_beginning_of_an_answer() {
    let said = [taken_back(1), said(2)];
    judge_all(
        &[
            (&said, &[TWO], 0),
            (&said, &[ONE, TWO], 0),
            (&said, &["!q1w0", TWO], 0),
            (&said, &["!q1w0 q1", TWO], 0),
        ],
        true,
    );
    judge_all(
        &[(&said, &[ONE, ONE, TWO], 0), (&said, &["q1w0", TWO], 0), (&said, &["!q1w0", "!q1w0", TWO], 0)],
        false,
    );
    let story = story(&said, &[TWO], 0);
    assert!(judge(&seen(&[NOT_BEGUN, TWO]), &story).is_ok());
    assert!(judge(&seen(&["q1w0", TWO]), &story).is_err(), "the tables know nothing of it");
    assert!(judge(&seen(&["q1w0", "LABELStopped before the first word.", TWO]), &story).is_ok());
    assert!(judge(&seen(&[NOT_BEGUN, NOT_BEGUN, TWO]), &story).is_err());
}

#[test]
fn a_stopped_answer_stays_stopped() {
    let said = [stopped(1), said(2)];
    judge_all(&[(&said, &["!q1w0 q1w1", TWO], 0), (&said, &[TWO], 0), (&said, &[ONE, TWO], 0)], true);
    judge_all(
        &[
            // Begun anew by itself; half of an answer that nobody stopped; half of the next one.
            (&said, &["!q1w0 q1w1", ONE, TWO], 0),
            (&said, &["q1w0 q1w1", TWO], 0),
            (&said, &["!q1w0 q1w1", "!q2w0"], 0),
        ],
        false,
    );
}

#[test]
fn another_answer_comes_once_for_each_time_that_it_was_asked_for() {
    let said = [said(1), said(2)];
    let together = "q1w0 q1w1 q1w2 q2w0 q2w1 q2w2";
    judge_all(
        &[
            (&said, &[ONE, TWO, TWO], 1),
            (&said, &[ONE, ONE, TWO], 1),
            (&said, &[together, together], 1),
            (&said, &[together, "!q1w0"], 1),
            (&[said[0].clone(), taken_back(2)], &[ONE, TWO, ONE], 1),
        ],
        true,
    );
    judge_all(
        &[
            (&said, &[ONE, TWO, TWO], 0),
            (&said, &[ONE, TWO, TWO, TWO], 1),
            (&said, &[ONE, TWO, ONE], 1),
            (&said, &[together, "q1w0"], 1),
        ],
        false,
    );
}

fn with_buttons(posts: &[(&str, &[&str])]) -> Vec<Seen> {
    let post = |(text, buttons): &(&str, &[&str])| Seen {
        text: text.replace("LABEL", LABEL),
        buttons: buttons.iter().map(|label| (*label).to_owned()).collect(),
        file: None,
    };
    posts.iter().map(post).collect()
}

#[test]
fn no_button_stays_that_stops_nothing() {
    let (another, stop): (&[&str], &[&str]) = (&[ANOTHER], &[STOP]);
    let story = Story { has_buttons: true, ..story(&[said(1), stopped(2)], &[ONE], 0) };
    for posts in [
        &[("q1w0 q1w1", &[][..]), ("q1w2", another), (NOT_BEGUN, another)][..],
        &[("q1w0", stop), ("LABELq1w0 q1w1 q1w2", another)],
    ] {
        let judged = judge(&with_buttons(posts), &story);
        assert!(judged.is_ok(), "{posts:?}: {judged:?}");
    }
    for posts in [
        &[(ONE, stop)][..],
        &[(ONE, &[])],
        &[("q1w0 q1w1", another), ("q1w2", another)],
        &[("q1w0 q1w1", another), ("q1w2", &[])],
        &[(ONE, another), (NOT_BEGUN, stop)],
    ] {
        assert!(judge(&with_buttons(posts), &story).is_err(), "{posts:?}");
    }
}

#[test]
fn a_file_stands_once_behind_its_beginning() {
    let goes_on = "This is a long answer. All of it is in the file.";
    let story = Story { long: Some(3), ..story(&[said(1), said(2)], &[ONE, TWO], 0) };
    let post = |text: &str| Seen { text: text.replace("LABEL", LABEL), ..Seen::default() };
    let file = |text: &str, whole: &str| Seen { file: Some(whole.to_owned()), ..post(text) };
    let two = [post("q2w0"), file(goes_on, TWO)];
    let one = [post("q1w0 q1w1"), file(goes_on, ONE)];
    let copy = file(&format!("LABEL{goes_on}"), ONE);
    for before in [one.to_vec(), [&one[..], std::slice::from_ref(&copy)].concat(), vec![post("q1w0"), copy]] {
        let judged = judge(&[&before[..], &two].concat(), &story);
        assert!(judged.is_ok(), "{before:?}: {judged:?}");
    }
    for before in [
        vec![post(ONE)],
        vec![one[0].clone()],
        vec![one[1].clone()],
        vec![one[0].clone(), one[1].clone(), one[1].clone()],
        vec![post(ONE), one[1].clone()],
        vec![one[0].clone(), file(goes_on, "q1w0 q1w1")],
        vec![one[0].clone(), file("Here it is.", ONE)],
    ] {
        assert!(judge(&[&before[..], &two].concat(), &story).is_err(), "{before:?}");
    }
}
