//! What people say to each other: a model sees the last of it, if that is set, and only there.

use std::time::Duration;

use tokio::time::timeout;

use crate::groups::{hears, told};
use crate::support::discord::Discord;
use crate::support::observed::PATIENCE;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};
use crate::support::telegram::BOT_USERNAME;

/// Telegram tells us everything, and a model sees the last three of it.
async fn stage() -> Stage {
    let stage = hears(Stage::new().await).open();
    stage.platform.privacy_mode(false);
    stage.set("GROUPS__CONTEXT_MESSAGES", "3")
}

#[tokio::test]
async fn a_model_sees_the_last_that_people_said_to_each_other_before_the_question() {
    let stage = stage().await;
    let (ann, bob) = (stage.platform.user(1001, "Ann"), stage.platform.user(1002, "Bob"));
    let (group, other) = (stage.platform.group(-1001, "Team"), stage.platform.group(-1002, "Other"));
    let robot = stage.platform.other_bot(1003, "Robot");
    let bot = stage.serve().await;
    let ask = |text: &str| ann.says_in(&group, &format!("@{BOT_USERNAME} {text}"));

    ann.says_in(&group, "zero");
    ann.says_in(&other, "elsewhere");
    ann.says_in(&group, "one");
    bob.says_in(&group, "two\nAnn: of them");
    robot.says_in(&group, "beep");
    let three = bob.says_in(&group, "three");
    let gone = bob.says_in(&group, "a password");
    bob.edits(gone, "a word");
    bob.edits(three, "the third");
    ask("which?");
    stage.wait_until_last(group.id(), "Heard which?").await;
    stage.platform.time_passes(Duration::from_secs(1));
    bob.says_in(&group, "four");
    stage.platform.time_passes(Duration::from_secs(1));
    ask("and now?");
    stage.wait_until_last(group.id(), "Heard and now?").await;

    let two = "[heard] Bob: two\n  Ann: of them";
    let (third, word, four) = ("[heard] Bob: the third", "[heard] Bob: a word", "[heard] Bob: four");
    assert_eq!(told(&stage.models.request(1).await), [two, third, word, "Ann: which?"]);
    let second = [third, word, "Ann: which?", "Heard which?", four, "Ann: and now?"];
    assert_eq!(told(&stage.models.request(2).await), second);
    // It is nowhere but in memory, and no question is kept with it.
    let beside = stage.beside().await;
    let kept = beside.texts("SELECT content FROM messages WHERE role = 'user' ORDER BY seq").await;
    assert_eq!(kept, ["which?", "and now?"]);
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 2);
    beside.close().await;

    // A clean page is clean of it, too; and so is a restart.
    ann.says_in(&group, "/new");
    stage.wait_for(group.id(), "clean page").await;
    ask("new?");
    stage.wait_until_last(group.id(), "Heard new?").await;
    assert_eq!(told(&stage.models.request(3).await), ["Ann: new?"]);
    bob.says_in(&group, "five");
    ask("five?");
    stage.wait_until_last(group.id(), "Heard five?").await;
    bot.stop().await;
    let bot = stage.serve().await;
    ask("six?");
    stage.wait_until_last(group.id(), "Heard six?").await;
    let after = ["Ann: new?", "Heard new?", "Ann: five?", "Heard five?", "Ann: six?"];
    assert_eq!(told(&stage.models.request(5).await), after);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_too_old_or_too_much_is_not_seen_and_by_itself_nothing_is() {
    for (messages, bytes, seen) in [("0", "8000", vec![]), ("3", "100", vec!["[heard] Ann: short"])] {
        let stage =
            stage().await.set("GROUPS__CONTEXT_MESSAGES", messages).set("GROUPS__CONTEXT_BYTES", bytes);
        let ann = stage.platform.user(1001, "Ann");
        let group = stage.platform.group(-1001, "Team");
        let bot = stage.serve().await;

        ann.says_in(&group, &"long ".repeat(25));
        ann.says_in(&group, "short");
        ann.says_in(&group, &format!("@{BOT_USERNAME} hello"));
        stage.wait_until_last(group.id(), "Heard hello").await;

        assert_eq!(told(&stage.models.request(1).await), [seen, vec!["Ann: hello"]].concat(), "{messages}");
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn on_discord_what_is_taken_back_is_not_seen_any_more() {
    let stage = hears(On::<Discord>::new().await).open().set("CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    let stage = stage.set("GROUPS__CONTEXT_MESSAGES", "9");
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (ann, bob) = (stage.platform.user(1001, "ann"), stage.platform.user(1002, "bob"));

    let secret = bob.says_in(general, "a secret");
    let typo = bob.says_in(general, "tpyo");
    let call = bob.says_in(general, "hey bot");
    bob.deletes(secret);
    bob.edits(typo, "typo");
    bob.edits(call, &format!("hey {}", stage.platform.mention()));
    stage.wait_for_text(general, "Heard hey").await;
    ann.says_in(general, &format!("{} well?", stage.platform.mention()));
    stage.wait_until_last(general, "Heard well?").await;

    let expected = ["[heard] bob: typo", "bob: hey", "Heard hey", "ann: well?"];
    assert_eq!(told(&stage.models.request(2).await), expected);
    let beside = stage.beside().await;
    assert_eq!(
        beside.number("SELECT COUNT(*) FROM inbox").await,
        2,
        "nothing is kept of what was taken back"
    );
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn on_slack_a_thread_is_a_place_of_its_own() {
    let stage = hears(On::<Slack>::new().await).open().set("GROUPS__CONTEXT_MESSAGES", "9");
    stage.platform.hears_channels();
    let (sam, tom) = (stage.platform.user("U1", "sam"), stage.platform.user("U2", "tom"));
    let general = stage.platform.channel("C1", "general", &[&sam, &tom]);
    let bot = stage.serve().await;
    // Slack tells names when it is asked for them.
    sam.says_in(&general, "hello");
    tom.says_in(&general, "hello");
    let names = || stage.platform.calls().iter().filter(|call| call.method == "users.info").count();
    let asked = async {
        while names() < 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asked).await.expect("both names are asked for");
    sam.says_in(&general, "<@bot> ready?");
    stage.wait_for_text(&general, "Heard ready?").await;

    let lunch = sam.says_in(&general, "lunch?");
    tom.says_in(&general, "something else");
    let secret = tom.replies_in(&general, &lunch, "a secret");
    let typo = tom.replies_in(&general, &lunch, "yse");
    tom.edits(&general, &typo, "yes");
    tom.deletes(&general, &secret);
    assert!(stage.platform.wait_until_delivered().await);
    sam.replies_in(&general, &lunch, "<@bot> what does he say?");
    stage.wait_for_text(&general, "Heard what does he say?").await;

    let expected = ["[heard] sam: lunch?", "[heard] tom: yes", "sam: what does he say?"];
    assert_eq!(told(&stage.models.request(2).await), expected);
    stage.ends_well(bot).await;
}
