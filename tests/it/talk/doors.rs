//! Places that are closed to the bot: nothing is written there any more, no model is
//! asked for what waits there, and it is said once.

use crate::operation::get;
use crate::support::platforms::Emulated;
use crate::support::program::Running;
use crate::support::stage::{On, Stage};
use crate::support::telegram::BOT_USERNAME;
use crate::talk::{first_waits, wait_until, wait_until_it_waits};

/// What the log says of a place that is closed to us.
pub(super) const CLOSED: &str = "is closed to us";

/// How many lines of the log say this.
pub(super) fn told(bot: &Running, words: &str) -> usize {
    bot.log().iter().filter(|line| line.contains(words)).count()
}

impl<P: Emulated> On<P> {
    /// Why which addresses are closed, in the order of their chats.
    pub(super) async fn closed(&self) -> Vec<String> {
        let beside = self.beside().await;
        let closed = "SELECT chat || ' ' || thread || ' ' || closed_reason FROM addresses \
             WHERE closed_at IS NOT NULL ORDER BY 1";
        let closed = beside.texts(closed).await;
        beside.close().await;
        closed
    }

    /// How the messages ended that got no answer.
    pub(super) async fn unanswered(&self) -> Vec<String> {
        let beside = self.beside().await;
        let ended = "SELECT state || ' ' || outcome FROM inbox WHERE outcome <> 'answered' ORDER BY 1";
        let ended = beside.texts(ended).await;
        beside.close().await;
        ended
    }

    /// Waits until so many messages have ended like this.
    pub(super) async fn wait_until_ended(&self, outcome: &str, count: i64) {
        let beside = self.beside().await;
        wait_until(&beside, &format!("SELECT COUNT(*) FROM inbox WHERE outcome = '{outcome}'"), count).await;
        beside.close().await;
    }
}

#[tokio::test]
async fn whoever_blocks_the_bot_gets_no_further_call_until_they_let_it_in_again() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    gate.hold(0);
    alice.says("first");
    gate.wait_until_held(1).await;
    alice.says("second");
    wait_until_it_waits(&beside, "second").await;
    beside.close().await;

    alice.blocks_bot();
    stage.wait_until_ended("closed_blocked", 1).await;
    gate.release();
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    assert_eq!(stage.unanswered().await, ["dead undelivered", "failed closed_blocked"]);
    assert_eq!(stage.closed().await, ["1001  blocked"]);
    assert_eq!((stage.models.count(), stage.platform.count_calls("sendMessage")), (1, 1));
    assert_eq!(told(&bot, CLOSED), 1, "{:#?}", bot.log());
    let metrics = get(&format!("{}/metrics", bot.admin_url().await)).await.1;
    let counted = "switchboard_addresses_closed_total{platform=\"telegram\",reason=\"blocked\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");

    alice.unblocks_bot();
    bot.wait_for_log("is open again").await;
    assert_eq!(stage.closed().await, Vec::<String>::new());
    // What was answered already is not lost.
    stage.setup.run(&["deliveries", "retry", "--all"]).await;
    stage.wait_until_last(1001, "Heard first").await;
    alice.says("third");
    stage.wait_until_last(1001, "Heard third").await;
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_account_that_is_no_more_leaves_nothing_that_could_be_delivered() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let [alice, bob] = [(1001, "Alice"), (1002, "Bob")].map(|(id, name)| stage.platform.user(id, name));
    let bot = stage.serve().await;
    gate.hold(0);
    alice.says("first");
    gate.wait_until_held(1).await;
    // Of this nobody tells a bot.
    alice.deletes_account();
    gate.release();
    bot.wait_for_logs("a turn on telegram ended", 1).await;

    assert_eq!(stage.unanswered().await, ["failed closed_deleted"]);
    assert_eq!(stage.closed().await, ["1001  deleted"]);
    assert_eq!(stage.platform.count_calls("sendMessage"), 1);
    assert_eq!(told(&bot, CLOSED), 1, "{:#?}", bot.log());
    assert_eq!(stage.setup.run(&["deliveries", "list"]).await.out, "Nothing is on its way.\n");
    bob.says("and me?");
    stage.wait_until_last(1002, "Heard and me?").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_group_is_closed_with_its_topics_and_opens_when_somebody_speaks_there() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    let gate = first_waits(&stage.models);
    let alice = stage.platform.user(1001, "Alice");
    let forum = stage.platform.forum(-1_000_000_000_077, "Team");
    let (plans, fun) = (forum.topic("Plans", &alice), forum.topic("Fun", &alice));
    let bot = stage.serve().await;
    alice.says_in(&plans, &format!("@{BOT_USERNAME} pear"));
    stage.wait_for_text(forum.id(), "Heard pear").await;
    alice.says_in(&fun, &format!("@{BOT_USERNAME} plum"));
    stage.wait_for_text(forum.id(), "Heard plum").await;

    alice.kicks_bot(&forum);
    bot.wait_for_logs(CLOSED, 2).await;
    let chat = forum.id();
    let topics = [plans.id(), fun.id()].map(|topic| format!("{chat} {topic} removed"));
    assert_eq!(stage.closed().await, topics);

    alice.adds_bot(&forum);
    bot.wait_for_logs("is open again", 2).await;
    alice.mutes_bot(&forum);
    bot.wait_for_logs(CLOSED, 4).await;
    assert_eq!(stage.closed().await, topics.map(|topic| topic.replace("removed", "restricted")));
    alice.promotes_bot(&forum);
    bot.wait_for_logs("is open again", 4).await;

    gate.hold(0);
    alice.says_in(&plans, &format!("@{BOT_USERNAME} first"));
    gate.wait_until_held(1).await;
    plans.is_deleted();
    gate.release();
    bot.wait_for_logs(CLOSED, 5).await;
    assert_eq!(stage.closed().await, [format!("{chat} {} deleted", plans.id())], "only the topic is gone");
    alice.says_in(&fun, &format!("@{BOT_USERNAME} fig"));
    stage.wait_for_text(forum.id(), "Heard fig").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_said_by_somebody_who_blocks_the_bot_at_once_is_not_answered() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.models.answers_with(|_| "Certainly.");
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("hello");
    stage.wait_until_last(1001, "Certainly.").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;

    stage.platform.hold_updates();
    alice.says("never mind");
    alice.blocks_bot();
    stage.platform.release_updates();
    stage.wait_until_ended("closed_blocked", 1).await;
    assert_eq!(stage.models.count(), 1, "nobody is asked");
    alice.unblocks_bot();
    alice.says("hello again");
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    stage.wait_until_last(1001, "Certainly.").await;
    assert_eq!((stage.said(1001).len(), stage.models.count()), (2, 2));
    stage.ends_well(bot).await;
}
