//! The same gate on Discord and on Slack, for commands too.

use serde_json::json;

use crate::support::discord::Discord;
use crate::support::platforms::Emulated;
use crate::support::program::Setup;
use crate::support::slack::Slack;
use crate::support::stage::On;

const QUIET: &str = "Sorry, I can't answer you here.";

async fn does(setup: &Setup, words: &[&str]) {
    let ran = setup.run(&[&["access"], words].concat()).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

/// A model that says what it was told.
async fn stage<P: Emulated>() -> On<P> {
    let stage = On::new().await;
    stage.models.answers_with(|asked| format!("You said: {}", asked.last_words()));
    stage
}

#[tokio::test]
async fn on_discord_messages_threads_edits_and_commands_pass_the_gate() {
    let stage = stage::<Discord>().await.set("ACCESS__ADMINS", "discord:9");
    let discord = &stage.platform;
    let general = discord.guild(100, "Team").channel(200, "general");
    let (alice, admin) = (discord.user(1, "alice"), discord.user(9, "admin"));
    let bot = stage.serve().await;
    let mention = discord.mention();

    // Nobody in this place is heard, except for the admin, who learns the way out.
    let thread = alice.starts_thread(general, "corner");
    for (count, place) in [(1, general), (2, thread)] {
        let said = alice.says_in(place, &format!("{mention} hello?"));
        bot.wait_for_logs("silent_space_not_admitted", count).await;
        alice.edits(said, &format!("{mention} hello!"));
        alice.deletes(said);
    }
    admin.says_in(general, &format!("{mention} hello?"));
    admin.waits_for(general, |shown| shown.text.contains("switchboard access allow space:discord:100")).await;
    // A command must be answered, or it seems to be thought about for a quarter of an hour.
    let asked = alice.runs_command("whoami", &[], general).await;
    let refused = alice.waits_for(general, |shown| shown.text == QUIET).await;
    assert!(refused.ephemeral && asked.original() == Some(refused.id));
    let asked = admin.runs_command("help", &[], general).await;
    let told = admin.waits_for(general, |shown| shown.ephemeral && shown.text.contains("access allow")).await;
    assert_eq!(asked.original(), Some(told.id));

    // A stranger's direct chat.
    alice.dm("hello?");
    alice.waits_for(alice.dm_channel(), |shown| shown.text.contains("with the code")).await;
    alice.runs_command("model", &[("name", json!("gpt-5"))], alice.dm_channel()).await;
    alice
        .waits_for(alice.dm_channel(), |shown| shown.ephemeral && shown.text.contains("with the code"))
        .await;

    // What the admin was told to run is run as it stands there.
    // As a person, the place is refused, and nobody is let in by it.
    for word in ["allow", "deny"] {
        let ran = stage.setup.run(&["access", word, "discord:100"]).await;
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
        assert!(ran.err.contains("write space:discord:100"), "{}", ran.err);
    }
    let id = told.text.rsplit_once("access allow ").expect("a way out").1.trim().to_owned();
    does(&stage.setup, &["allow", &id]).await;
    alice.says_in(thread, &format!("{mention} echo this"));
    alice.waits_for(thread, |shown| shown.by_bot && shown.text.contains("You said: echo this")).await;
    alice.runs_command("whoami", &[], general).await;
    alice.waits_for(general, |shown| shown.ephemeral && shown.text.contains("a guest here")).await;

    does(&stage.setup, &["deny", "discord:1"]).await;
    alice.runs_command("help", &[], general).await;
    alice.runs_command("help", &[], alice.dm_channel()).await;
    alice.waits_for(alice.dm_channel(), |shown| shown.text == QUIET).await;
    alice.waits_for(general, |shown| shown.text == QUIET && shown.id > refused.id).await;
    assert!(discord.screen(general).iter().all(|shown| !shown.loading));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn on_slack_messages_threads_edits_and_commands_pass_the_gate() {
    let stage = stage::<Slack>().await;
    let team = stage.platform.team();
    let stage = stage.set("ACCESS__ADMINS", &format!("slack:{team}/U9"));
    let slack = &stage.platform;
    let (alice, admin) = (slack.user("U1", "alice"), slack.user("U9", "admin"));
    let general = slack.channel("C1", "general", &[&alice, &admin]);
    let bot = stage.serve().await;
    let mention = format!("<@{}>", slack.bot_user());

    let said = alice.says_in(&general, &format!("{mention} hello?"));
    // What comes while that waits would belong to its turn.
    bot.wait_for_logs("silent_space_not_admitted", 1).await;
    alice.replies_in(&general, &said, &format!("{mention} hello?"));
    alice.edits(&general, &said, &format!("{mention} hello!"));
    bot.wait_for_logs("silent_space_not_admitted", 2).await;
    let way_out = format!("switchboard access allow slack:{team}");
    admin.says_in(&general, &format!("{mention} hello?"));
    slack.wait_for_message(&general, |shown| shown.by_bot && shown.text.contains(&way_out)).await.unwrap();
    alice.runs_in(&general, "/switchboard", "whoami");
    let refused = slack.wait_for_message(&general, |shown| shown.text == QUIET).await.unwrap();
    assert_eq!(refused.only_for.as_deref(), Some("U1"));

    alice.dm("hello?");
    let dm = alice.dm_channel();
    slack.wait_for_message(&dm, |shown| shown.text.contains("with the code")).await.unwrap();

    does(&stage.setup, &["allow", &format!("slack:{team}")]).await;
    let said = alice.says_in(&general, &format!("{mention} echo this"));
    let is_answer =
        |shown: &crate::support::slack::Shown| shown.by_bot && shown.text.contains("You said: echo this");
    let answer = slack.wait_for_message(&general, is_answer).await.unwrap();
    assert_eq!(answer.thread.as_deref(), Some(said.as_str()));
    does(&stage.setup, &["deny", &format!("slack:{team}/U1")]).await;
    alice.says_in(&general, &format!("{mention} hello?"));
    bot.wait_for_log("silent_blocked").await;
    stage.ends_well(bot).await;
}
