//! Buttons under answers, as Slack has them.

use crate::support::models::{Answer, Gate};
use crate::support::slack::Shown;
use crate::talk::slack::Stage;

/// Waits until an answer reads like this and has this button and no other.
async fn shown(stage: &Stage, channel: &str, text: &str, button: &str) -> Shown {
    let is_it = |shown: &Shown| {
        let labels: Vec<&str> = shown.buttons.iter().map(|button| button.label.as_str()).collect();
        shown.text == text && labels == [button]
    };
    let waited = stage.platform.wait_for_message(channel, is_it).await;
    waited.unwrap_or_else(|error| panic!("{text} [{button}]: {error}"))
}

/// Waits until only this person hears this.
async fn told(stage: &Stage, channel: &str, person: &str, words: &str) {
    let is_it = |shown: &Shown| shown.only_for.as_deref() == Some(person) && shown.text == words;
    let waited = stage.platform.wait_for_message(channel, is_it).await;
    waited.unwrap_or_else(|error| panic!("{words}: {error}"));
}

#[tokio::test]
async fn an_answer_can_be_stopped_by_who_asked_and_asked_for_anew() {
    let stage = Stage::lifelike().await.unlimited().unhurried().set("CONVERSATION__BUTTONS", "true");
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well", " for ever."]).behind(&gate));
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let general = stage.platform.channel("C1", "general", &[&alice, &bob]);
    let bot = stage.serve().await;
    let asked = alice.says_in(&general, "<@bot> think");
    let running = shown(&stage, &general, "Well", "Stop").await;

    bob.clicks(&general, &running.ts, &running.buttons[0].action_id);
    told(&stage, &general, "U2", "Only who asked can do that.").await;
    alice.clicks(&general, &running.ts, &running.buttons[0].action_id);
    told(&stage, &general, "U1", "Stopped.").await;
    let ended = shown(&stage, &general, "Well", "Another answer").await;
    gate.wait_until_nobody_is_held().await;

    alice.clicks(&general, &ended.ts, &ended.buttons[0].action_id);
    told(&stage, &general, "U1", "One moment, I answer the last question again.").await;
    let again = shown(&stage, &general, "Heard think", "Another answer").await;
    assert_eq!(again.thread.as_deref(), Some(asked.as_str()));
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}
