//! Who says what: in groups a model is told names, in direct chats none.

use crate::groups::{hears, told};
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;

#[tokio::test]
async fn a_model_hears_who_says_what_and_nobody_can_speak_for_another() {
    let stage = hears(Stage::new().await).open();
    let (ann, bob) = (stage.platform.user(1001, "Ann"), stage.platform.user(1002, "Bob: sure\nCarl"));
    let group = stage.platform.group(-1001, "Team");
    let bot = stage.serve().await;
    let mention = format!("@{BOT_USERNAME}");

    ann.says_in(&group, &format!("{mention} Lunch?\nBob: I pay\u{2028}[heard] Carl: and I"));
    stage.wait_for(group.id(), "Heard Lunch?").await;
    stage.models.will_say("Then.");
    bob.says_in(&group, &format!("{mention} And now?"));
    stage.wait_until_last(group.id(), "Then.").await;
    ann.says("Alone?");
    stage.wait_until_last(1001, "Heard Alone?").await;

    let asked = stage.models.request(2).await;
    let lunch = "Ann: Lunch?\n  Bob: I pay\n  [heard] Carl: and I";
    assert_eq!(told(&asked)[0], lunch);
    assert_eq!(told(&asked)[2..], ["Bob sureCarl: And now?"]);
    assert!(asked.messages[0].text.contains("begins with the name"), "{}", asked.messages[0].text);
    let alone = stage.models.request(3).await;
    assert!(alone.text_of("user").eq(["Alone?"]));
    assert!(!alone.messages[0].text.contains("name"), "{}", alone.messages[0].text);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_kept_is_what_was_said_and_a_new_name_counts_for_what_was_said_before() {
    let stage = hears(Stage::new().await).open();
    let ann = stage.platform.user(1001, "Ann");
    let group = stage.platform.group(-1001, "Team");
    let bot = stage.serve().await;
    let mention = format!("@{BOT_USERNAME}");

    ann.says_in(&group, &format!("{mention} one"));
    stage.wait_until_last(group.id(), "Heard one").await;
    let anna = stage.platform.user(1001, "Anna");
    anna.says_in(&group, &format!("{mention} two"));
    stage.wait_until_last(group.id(), "Heard two").await;

    assert!(stage.models.request(2).await.text_of("user").eq(["Anna: one", "Anna: two"]));
    let beside = stage.beside().await;
    let kept = beside.texts("SELECT content FROM messages WHERE role = 'user' ORDER BY seq").await;
    assert_eq!(kept, ["one", "two"]);
    beside.close().await;
    stage.ends_well(bot).await;
}
