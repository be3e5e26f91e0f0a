//! Buttons under answers, as Discord has them.

use crate::support::discord::{Acknowledged, Shown};
use crate::support::models::{Answer, Gate};
use crate::talk::discord::Stage;

/// What stands on the buttons of a message.
fn labels(shown: &Shown) -> Vec<&str> {
    shown.controls.iter().map(|control| control.label.as_str()).collect()
}

fn id(shown: &Shown) -> String {
    shown.controls[0].custom_id.clone().expect("it is no link")
}

#[tokio::test]
async fn an_answer_can_be_stopped_by_who_asked_and_asked_for_anew() {
    let stage = Stage::lifelike().await.unlimited().unhurried().set("CONVERSATION__BUTTONS", "true");
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well", " for ever."]).behind(&gate));
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    alice.says_in(general, &format!("{} think", stage.platform.mention()));
    let running = stage
        .platform
        .wait_for_message(general, |shown| shown.text == "Well" && labels(shown) == ["Stop"])
        .await;

    let press = bob.clicks(running.id, &id(&running));
    assert_eq!(press.wait_until_acknowledged().await, Acknowledged::Deferred);
    let told = bob.waits_for(general, |shown| shown.text == "Only who asked can do that.").await;
    assert!(told.ephemeral);
    alice.clicks(running.id, &id(&running));
    assert!(alice.waits_for(general, |shown| shown.text == "Stopped.").await.ephemeral);
    let is_ended = |shown: &Shown| shown.text == "Well" && labels(shown) == ["Another answer"];
    let ended = stage.platform.wait_for_message(general, is_ended).await;
    gate.wait_until_nobody_is_held().await;

    alice.clicks(ended.id, &id(&ended));
    let is_again = |shown: &Shown| shown.text == "Heard think" && labels(shown) == ["Another answer"];
    stage.platform.wait_for_message(general, is_again).await;
    let words = "One moment, I answer the last question again.";
    assert!(alice.waits_for(general, |shown| shown.text == words).await.ephemeral);
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}
