//! Slash commands: answered in time, to one person alone.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::discord::Acknowledged;
use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::discord::Stage;
use crate::talk::{heard, wait_until_it_waits};

#[tokio::test]
async fn commands_are_answered_in_private_and_in_time() {
    let stage = Stage::lifelike().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    let answers = [
        ("help", "I also know these commands"),
        ("whoami", "You are alice"),
        ("model", "gpt-4o answers in this conversation"),
        ("new", "a clean page"),
        ("stop", "There is nothing to stop"),
        ("retry", "There is no question here yet"),
    ];
    for (command, words) in answers {
        let asked = Instant::now();
        let invocation = alice.runs_command(command, &[], general).await;
        assert_eq!(invocation.wait_until_acknowledged().await, Acknowledged::Deferred, "/{command}");
        assert!(asked.elapsed() < Duration::from_secs(3), "/{command} took {:?}", asked.elapsed());
        let shown = alice.waits_for(general, |shown| shown.text.contains(words)).await;
        assert!(shown.ephemeral, "/{command}");
        assert!(!invocation.failed());
    }
    assert_eq!(said(&bob.screen(general)), Vec::<&str>::new());
    assert_eq!(stage.models.count(), 0);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_chosen_model_is_the_one_that_is_asked_and_a_new_conversation_is_empty() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("{} heard {}", asked.model, asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let chat = alice.dm_channel();

    alice.dm("one");
    stage.wait_until_last(chat, "gpt-4o heard one").await;
    alice.runs_command("model", &[("name", json!("gpt-4o-mini"))], chat).await;
    alice.waits_for(chat, |shown| shown.text.starts_with("From now on gpt-4o-mini")).await;
    alice.dm("two");
    stage.platform.wait_for_message(chat, |shown| shown.text == "gpt-4o-mini heard two").await;
    alice.runs_command("new", &[], chat).await;
    alice.waits_for(chat, |shown| shown.text.contains("a clean page")).await;
    alice.dm("three");
    stage.platform.wait_for_message(chat, |shown| shown.text.ends_with("heard three")).await;

    assert_eq!(heard(&stage.models, "two"), ["one", "gpt-4o heard one", "two"]);
    assert_eq!(heard(&stage.models, "three"), ["three"]);
    alice.screen(chat);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn commands_are_answered_while_the_model_hangs_and_stop_ends_its_answer() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let chat = alice.dm_channel();
    alice.dm("Think.");
    stage.wait_until_last(chat, "Well, let me think").await;

    alice.runs_command("help", &[], chat).await;
    alice.waits_for(chat, |shown| shown.ephemeral && shown.text.contains("/whoami")).await;
    let model = alice.runs_command("model", &[], chat).await;
    assert_eq!(model.wait_until_acknowledged().await, Acknowledged::Deferred);
    assert_eq!(gate.held(), 1);
    alice.runs_command("stop", &[], chat).await;
    alice.waits_for(chat, |shown| shown.text == "Stopped.").await;
    alice.waits_for(chat, |shown| shown.text.contains("answers in this conversation")).await;
    gate.wait_until_nobody_is_held().await;

    let screen = alice.screen(chat);
    let lasting: Vec<&str> = screen
        .iter()
        .filter(|shown| shown.by_bot && !shown.ephemeral)
        .map(|shown| shown.text.as_str())
        .collect();
    assert_eq!(lasting, ["Well, let me think"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn another_answer_is_for_everybody_and_the_word_on_it_for_one() {
    let stage = Stage::lifelike().await.unhurried();
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    stage.models.will_say("First try.");
    alice.says_in(general, &format!("{} one", stage.platform.mention()));
    stage.wait_until_last(general, "First try.").await;
    bot.wait_for_logs("a turn on discord ended", 1).await;
    stage.models.will_say("Second try.");
    let invocation = alice.runs_command("retry", &[], general).await;
    assert_eq!(invocation.wait_until_acknowledged().await, Acknowledged::Deferred);
    let told =
        alice.waits_for(general, |shown| shown.text == "One moment, I answer the last question again.").await;
    assert!(told.ephemeral);
    stage.wait_for_text(general, "Second try.").await;

    assert_eq!(said(&stage.platform.screen(general)), ["First try.", "Second try."]);
    assert_eq!(heard(&stage.models, "one"), ["alice: one"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_an_answer_of_which_there_is_no_word_within_a_second() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Too late.").behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let chat = alice.dm_channel();
    alice.dm("Think.");
    gate.wait_until_held(1).await;
    let asked = Instant::now();
    alice.runs_command("stop", &[], chat).await;
    alice.waits_for(chat, |shown| shown.text.starts_with("Stopped")).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    gate.wait_until_nobody_is_held().await;
    for words in ["Stopped.", "Stopped before the first word."] {
        alice.waits_for(chat, |shown| shown.text == words).await;
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
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    bob.dm("think");
    gate.wait_until_held(1).await;
    alice.dm("never mind");
    wait_until_it_waits(&beside, "never mind").await;
    let asked = Instant::now();
    alice.runs_command("stop", &[], alice.dm_channel()).await;
    alice.waits_for(alice.dm_channel(), |shown| shown.text == "Stopped.").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    gate.release();
    stage.wait_for_text(bob.dm_channel(), "So.").await;
    bot.wait_for_logs("a turn on discord ended", 2).await;

    assert_eq!(stage.models.count(), 1);
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox WHERE state = 'received'").await, 0);
    beside.close().await;
    stage.ends_well(bot).await;
}
