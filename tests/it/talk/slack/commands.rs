//! Slash commands: answered in time, to one person alone.

use std::time::{Duration, Instant};

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::slack::{Person, Shown};
use crate::talk::slack::Stage;
use crate::talk::{heard, wait_until_it_waits};

/// Runs a command, and waits for the answer that only this person sees.
async fn answer(stage: &Stage, person: &Person, channel: &str, command: &str, words: &str) -> Shown {
    // What was answered before may read the same.
    let before: Vec<String> = person.screen(channel).into_iter().map(|shown| shown.ts).collect();
    person.runs_in(channel, "/switchboard", command);
    let is_it = |shown: &Shown| {
        let is_new = !before.contains(&shown.ts);
        is_new && shown.only_for.as_deref() == Some(person.id()) && shown.text.contains(words)
    };
    let waited = stage.platform.wait_for_message(channel, is_it).await;
    waited.unwrap_or_else(|error| panic!("{command}: {error}"))
}

#[tokio::test]
async fn commands_are_answered_in_private() {
    let stage = Stage::lifelike().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let general = stage.platform.channel("C1", "general", &[&alice, &bob]);
    let bot = stage.serve().await;

    for channel in [alice.dm_channel(), general.clone()] {
        let shown = answer(&stage, &alice, &channel, "", "/switchboard whoami").await;
        assert!(shown.notified.is_empty());
        answer(&stage, &alice, &channel, "help", "I also know these commands").await;
        answer(&stage, &alice, &channel, "whoami", "You are alice").await;
        for (command, words) in [
            ("model", "gpt-4o answers in this conversation"),
            ("new", "a clean page"),
            ("stop", "There is nothing to stop"),
            ("retry", "There is no question here yet"),
        ] {
            // Around its threads, a channel has no conversation to act on.
            let elsewhere = format!("Mention me in the thread and write /{command} behind it.");
            let words = if channel == general { elsewhere.as_str() } else { words };
            answer(&stage, &alice, &channel, command, words).await;
        }
        answer(&stage, &alice, &channel, "modle", "Did you mean").await;
    }

    assert_eq!(said(&bob.screen(&general)), Vec::<&str>::new());
    assert_eq!(stage.models.count(), 0);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_chosen_model_is_the_one_that_is_asked_and_a_new_conversation_is_empty() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("{} heard {}", asked.model, asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();

    alice.dm("one");
    stage.wait_for_text(&chat, "gpt-4o heard one").await;
    answer(&stage, &alice, &chat, "model gpt-4o-mini", "From now on gpt-4o-mini").await;
    alice.dm("two");
    stage.wait_for_text(&chat, "gpt-4o-mini heard two").await;
    answer(&stage, &alice, &chat, "new", "a clean page").await;
    alice.dm("three");
    let is_third = |shown: &Shown| shown.text.ends_with("heard three");
    stage.platform.wait_for_message(&chat, is_third).await.unwrap();

    assert_eq!(heard(&stage.models, "two"), ["one", "gpt-4o heard one", "two"]);
    assert_eq!(heard(&stage.models, "three"), ["three"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_command_behind_a_mention_acts_on_its_thread_and_on_no_other() {
    let stage = Stage::lifelike().await.unhurried();
    stage.models.answers_with(|asked| format!("{} heard {}", asked.model, asked.last_words()));
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let (one, other) = (alice.says_in(&general, "<@bot> pear"), alice.says_in(&general, "<@bot> plum"));
    stage.wait_for_text(&general, "gpt-4o heard pear").await;
    stage.wait_for_text(&general, "gpt-4o heard plum").await;

    alice.replies_in(&general, &one, "<@bot> /model gpt-4o-mini");
    let chosen = stage.wait_for_text(&general, "From now on gpt-4o-mini answers in this conversation.").await;
    assert_eq!(chosen.thread.as_deref(), Some(one.as_str()));
    alice.replies_in(&general, &one, "<@bot> fig");
    stage.wait_for_text(&general, "gpt-4o-mini heard fig").await;
    alice.replies_in(&general, &other, "<@bot> quince");
    stage.wait_for_text(&general, "gpt-4o heard quince").await;
    alice.replies_in(&general, &one, "<@bot> think");
    stage.wait_for_text(&general, "Well, let me think").await;
    alice.replies_in(&general, &one, "<@bot> /stop");
    let stopped = stage.wait_for_text(&general, "Stopped.").await;
    assert_eq!(stopped.thread.as_deref(), Some(one.as_str()));
    gate.wait_until_nobody_is_held().await;
    alice.replies_in(&general, &one, "<@bot> /new");
    stage
        .wait_for_text(&general, "Done. We start from a clean page; the earlier conversation is kept.")
        .await;
    alice.replies_in(&general, &one, "<@bot> lime");
    stage.wait_for_text(&general, "gpt-4o heard lime").await;
    assert_eq!(heard(&stage.models, "lime"), ["alice: lime"]);
    assert_eq!(heard(&stage.models, "quince"), ["alice: plum", "gpt-4o heard plum", "alice: quince"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn commands_are_answered_while_the_model_hangs_and_stop_ends_its_answer() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("Think.");
    stage.wait_for_text(&chat, "Well, let me think").await;

    answer(&stage, &alice, &chat, "help", "whoami").await;
    assert_eq!(gate.held(), 1);
    answer(&stage, &alice, &chat, "stop", "Stopped.").await;
    gate.wait_until_nobody_is_held().await;
    answer(&stage, &alice, &chat, "model", "answers in this conversation").await;

    let screen = stage.platform.screen(&chat);
    let lasting: Vec<&str> = screen
        .iter()
        .filter(|shown| shown.by_bot && shown.only_for.is_none())
        .map(|shown| shown.text.as_str())
        .collect();
    assert_eq!(lasting, ["Well, let me think"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn another_answer_is_for_everybody_and_the_word_on_it_for_one() {
    let stage = Stage::lifelike().await.unhurried();
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    let chat = alice.dm_channel();
    stage.models.will_say("First try.");
    alice.dm("one");
    stage.wait_for_text(&chat, "First try.").await;
    bot.wait_for_logs("a turn on slack ended", 1).await;
    stage.models.will_say("Second try.");
    answer(&stage, &alice, &chat, "retry", "One moment, I answer the last question again.").await;
    let shown = stage.wait_for_text(&chat, "Second try.").await;
    assert_eq!(shown.only_for, None);
    assert_eq!(heard(&stage.models, "one"), ["one"]);

    stage.models.will_say("Third try.");
    let one = alice.says_in(&general, "<@bot> two");
    stage.wait_for_text(&general, "Third try.").await;
    bot.wait_for_logs("a turn on slack ended", 4).await;
    stage.models.will_say("Fourth try.");
    alice.replies_in(&general, &one, "<@bot> /retry");
    let shown = stage.wait_for_text(&general, "Fourth try.").await;
    assert_eq!(shown.thread.as_deref(), Some(one.as_str()));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_an_answer_of_which_there_is_no_word_within_a_second() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Too late.").behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("Think.");
    gate.wait_until_held(1).await;
    let asked = Instant::now();
    alice.runs_in(&chat, "/switchboard", "stop");
    let is_it = |shown: &Shown| shown.text.starts_with("Stopped");
    stage.platform.wait_for_message(&chat, is_it).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    gate.wait_until_nobody_is_held().await;
    for words in ["Stopped.", "Stopped before the first word."] {
        stage.wait_for_text(&chat, words).await;
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_what_waits_for_its_turn_within_a_second() {
    let stage = Stage::lifelike().await.unhurried().set("LIMITS__CONCURRENT_TURNS", "1");
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("So.").behind(&gate));
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    bob.dm("think");
    gate.wait_until_held(1).await;
    alice.dm("never mind");
    wait_until_it_waits(&beside, "never mind").await;
    let asked = Instant::now();
    answer(&stage, &alice, &alice.dm_channel(), "stop", "Stopped.").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    gate.release();
    stage.wait_for_text(&bob.dm_channel(), "So.").await;
    bot.wait_for_logs("a turn on slack ended", 2).await;

    assert_eq!(stage.models.count(), 1);
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox WHERE state = 'received'").await, 0);
    beside.close().await;
    stage.ends_well(bot).await;
}
