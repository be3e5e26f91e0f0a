//! What is answered where several people talk: by the settings, and by those of a place.

use crate::groups::hears;
use crate::support::discord::Discord;
use crate::support::models::Models;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};
use crate::support::telegram::BOT_USERNAME;

/// All that a model was asked, in order.
fn asked(models: &Models) -> Vec<String> {
    let asked = models.requests();
    asked.iter().flat_map(|asked| asked.questions()).map(str::to_owned).collect()
}

/// Two groups on Telegram, of which the second has settings of its own; talk, a mention, an
/// answer to the bot and a command in each.
#[tokio::test]
async fn on_telegram_each_group_is_answered_as_it_is_set() {
    let expected: [(&str, &[&str]); 4] = [
        ("mention", &["mention", "reply"]),
        ("reply", &["reply"]),
        ("always", &["talk", "mention", "reply"]),
        ("never", &[]),
    ];
    for (answer, heard) in expected {
        let stage = hears(Stage::new().await).open();
        let stage = stage
            .set("GROUPS__ANSWER", answer)
            .set("GROUPS__NEVER_IN", if answer == "never" { "" } else { "telegram:-1002" })
            .set("GROUPS__ALWAYS_IN", if answer == "never" { "telegram:-1002" } else { "" });
        stage.platform.privacy_mode(false);
        let ann = stage.platform.user(1001, "Ann");
        let (one, other) = (stage.platform.group(-1001, "One"), stage.platform.group(-1002, "Other"));
        let bot = stage.serve().await;

        for (group, is_other) in [(&one, false), (&other, true)] {
            ann.says_in(group, "/help");
            let help = stage.wait_for(group.id(), "Write to me").await;
            ann.says_in(group, "talk");
            ann.says_in(group, "/roll 2d6");
            ann.says_in(group, &format!("@{BOT_USERNAME} mention"));
            ann.replies_to(&help, "reply");
            // Whatever came before is answered before this, if it is answered.
            ann.says_in(group, "/model");
            stage.wait_for(group.id(), "There is no other to choose.").await;
            let said = stage.said(group.id());
            let answered: Vec<&str> = said.iter().filter_map(|text| text.strip_prefix("Heard ")).collect();
            let heard_there: &[&str] = match (is_other, answer) {
                (false, _) => heard,
                (true, "never") => &["talk", "mention", "reply"],
                (true, _) => &[],
            };
            // What comes quickly is answered together, by the last of it.
            assert_eq!(answered.last(), heard_there.last(), "{answer} in {}: {said:?}", group.id());
            assert!(is_other || asked(&stage.models) == heard_there, "{answer}");
        }
        stage.ends_well(bot).await;
    }
}

/// What is heard of talk, of a mention, and of an answer to the bot, where this is set.
const ELSEWHERE: [(&str, &[&str]); 4] = [
    ("mention", &["mention", "reply"]),
    ("reply", &["reply"]),
    ("always", &["talk", "mention", "reply"]),
    ("never", &[]),
];

#[tokio::test]
async fn on_discord_each_server_is_answered_as_it_is_set() {
    for (answer, heard) in ELSEWHERE {
        let stage =
            hears(On::<Discord>::new().await).open().set("CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
        let stage = stage.set(&format!("GROUPS__{}_IN", answer.to_uppercase()), "discord:500");
        let stage = stage.set("GROUPS__ANSWER", if answer == "always" { "never" } else { "always" });
        let general = stage.platform.guild(500, "Team").channel(501, "general");
        let bot = stage.serve().await;
        let ann = stage.platform.user(1001, "ann");

        let begun = stage.platform.bot_itself().says_in(general, "Good morning!");
        stage.wait_for_text(general, "Good morning!").await;
        for (words, text) in
            [("talk", "talk".to_owned()), ("mention", format!("{} mention", stage.platform.mention()))]
        {
            ann.says_in(general, &text);
            if heard.contains(&words) {
                stage.wait_for_text(general, &format!("Heard {words}")).await;
            }
        }
        ann.replies_to(begun, "reply");
        if heard.contains(&"reply") {
            stage.wait_for_text(general, "Heard reply").await;
        }
        // Whatever was taken in before has begun before this is answered.
        ann.dm("the end");
        stage.wait_for_text(ann.dm_channel(), "Heard the end").await;

        assert_eq!(asked(&stage.models), [heard, &["the end"]].concat(), "{answer}");
        assert_eq!(stage.said(general).len(), 1 + heard.len(), "{answer}");
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn on_slack_each_workspace_is_answered_as_it_is_set() {
    for (answer, heard) in ELSEWHERE {
        let stage = hears(On::<Slack>::new().await).open();
        stage.platform.hears_channels();
        let here = format!("slack:{}", stage.platform.team());
        let stage = stage.set(&format!("GROUPS__{}_IN", answer.to_uppercase()), &here);
        let stage = stage.set("GROUPS__ANSWER", if answer == "always" { "never" } else { "always" });
        let sam = stage.platform.user("U1", "sam");
        let general = stage.platform.channel("C1", "general", &[&sam]);
        let bot = stage.serve().await;
        let begun = stage.platform.bot_says_in(&general, "Good morning!");
        stage.wait_for_text(&general, "Good morning!").await;

        sam.says_in(&general, "talk");
        sam.says_in(&general, "<@bot> mention");
        sam.replies_in(&general, &begun, "<@bot> reply");
        for words in heard {
            stage.wait_for_text(&general, &format!("Heard {words}")).await;
        }
        assert!(stage.platform.wait_until_delivered().await);
        sam.dm("the end");
        stage.wait_for_text(&sam.dm_channel(), "Heard the end").await;

        let mut expected = heard.to_vec();
        expected.push("the end");
        let mut asked = asked(&stage.models);
        asked.sort_by_key(|text| expected.iter().position(|known| known == text));
        assert_eq!(asked, expected, "{answer}");
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn where_it_may_not_talk_nothing_is_kept_of_what_was_not_said_to_it() {
    let stage =
        hears(Stage::new().await).set("ACCESS__ADMINS", "telegram:1001").set("GROUPS__CONTEXT_MESSAGES", "5");
    stage.platform.privacy_mode(false);
    let ann = stage.platform.user(1001, "Ann");
    let group = stage.platform.group(-1001, "Team");
    let bot = stage.serve().await;

    ann.says_in(&group, "a secret");
    ann.says_in(&group, &format!("@{BOT_USERNAME} may I?"));
    stage.wait_for(group.id(), "access allow").await;
    let beside = stage.beside().await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 1);
    stage.setup.run(&["access", "allow", "telegram:-1001"]).await;
    ann.says_in(&group, &format!("@{BOT_USERNAME} now"));
    stage.wait_for(group.id(), "Heard now").await;

    assert!(stage.models.request(1).await.text_of("user").eq(["Ann: now"]));
    assert_eq!(stage.said(group.id()).len(), 2);
    beside.close().await;
    stage.ends_well(bot).await;
}
