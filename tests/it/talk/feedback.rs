//! Thumbs under answers, on every platform.

use crate::support::database::Beside;
use crate::support::discord::Discord;
use crate::support::models::{Answer, Gate};
use crate::support::platforms::Emulated;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};
use crate::talk::wait_until;

/// The thumbs under `Certainly.`, and whose they are.
const THUMBS: &str = "SELECT i.platform_user_id || ' ' || f.value FROM feedback f JOIN identities i ON i.user_id = f.user_id \
    JOIN messages m ON m.turn_id = f.turn_id WHERE m.content = 'Certainly.' ORDER BY 1";

async fn stage<P: Emulated>() -> On<P> {
    let stage = On::lifelike_on(P::start().await.unlimited()).await.unhurried();
    stage.models.answers_with(|_| "Certainly.");
    stage
}

/// Whatever anybody thinks of anything.
const ALL: &str = "SELECT COUNT(*) FROM feedback";

/// Waits until there are these thumbs.
async fn thumbs(beside: &Beside, expected: &[&str]) {
    let there = async {
        while beside.texts(THUMBS).await != expected {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(crate::support::observed::PATIENCE, there).await;
    waited.unwrap_or_else(|_| panic!("not {expected:?}"));
}

#[tokio::test]
async fn on_telegram_the_last_thumb_of_a_person_counts_until_it_is_taken_back() {
    let stage: Stage = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let asked = alice.says("Are you there?");
    let answer = stage.wait_for_text(1001, "Certainly.").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let beside = stage.beside().await;
    // Under a message of her own it says nothing, and neither does another emoji.
    alice.reacts(asked, "👍");
    alice.reacts(&answer, "❤");
    alice.reacts(&answer, "👍");
    thumbs(&beside, &["1001 1"]).await;
    alice.reacts(&answer, "👎");
    thumbs(&beside, &["1001 -1"]).await;
    alice.reacts(&answer, "");
    thumbs(&beside, &[]).await;
    assert_eq!(beside.number(ALL).await, 0, "nothing of what stands elsewhere");

    // One that is still written has its thumb at once, and keeps it.
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Not quite", " whole."]).behind(&gate));
    alice.says("and now?");
    let growing = stage.wait_until(1001, |text| text.starts_with("Not")).await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE posted_id IS NOT NULL", 2).await;
    alice.reacts(&growing, "👎");
    wait_until(&beside, ALL, 1).await;
    gate.release();
    stage.wait_for_text(1001, "Not quite whole.").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    let judged = THUMBS.replace("Certainly.", "Not quite whole.");
    assert_eq!(beside.texts(&judged).await, ["1001 -1"]);

    // Who is shut out has no say.
    assert_eq!(stage.setup.run(&["access", "deny", "telegram:1001"]).await.code, Some(0));
    alice.reacts(&answer, "👍");
    stage.platform.wait_until_confirmed().await.unwrap();
    thumbs(&beside, &[]).await;
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn on_discord_people_who_talk_to_it_have_one_thumb_each() {
    let stage = stage::<Discord>().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));
    let carol = stage.platform.user(1003, "carol");
    for person in [&bob, &alice] {
        person.says_in(general, &format!("{} are you there?", stage.platform.mention()));
        bot.wait_for_log("a turn on discord ended").await;
    }
    bot.wait_for_logs("a turn on discord ended", 2).await;
    let answer = stage.platform.screen(general).pop().expect("both are answered");
    let beside = stage.beside().await;
    // Nobody knows her.
    carol.reacts(answer.id, "👍");
    alice.reacts(answer.id, "👍");
    bob.reacts(answer.id, "👎");
    thumbs(&beside, &["1001 1", "1002 -1"]).await;
    bob.takes_back(answer.id, "👎");
    thumbs(&beside, &["1001 1"]).await;
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn on_slack_thumbs_count_where_the_app_hears_of_them() {
    let stage = stage::<Slack>().await;
    stage.platform.hears_reactions();
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    alice.says_in(&general, "<@bot> are you there?");
    let answer = stage.wait_for_text(&general, "Certainly.").await;
    bot.wait_for_logs("a turn on slack ended", 1).await;
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE posted_id IS NOT NULL", 1).await;
    alice.reacts(&general, &answer.ts, "+1");
    thumbs(&beside, &["U1 1"]).await;
    alice.unreacts(&general, &answer.ts, "+1");
    thumbs(&beside, &[]).await;
    alice.reacts(&general, &answer.ts, "-1");
    thumbs(&beside, &["U1 -1"]).await;
    beside.close().await;
    stage.ends_well(bot).await;
}
