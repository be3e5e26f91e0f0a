//! What was said while nobody listened, and is found afterwards.

use std::time::Duration;

use crate::support::program::Running;
use crate::support::screens::said;
use crate::support::slack::Slack;
use crate::talk::slack::Stage;

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Stage {
    /// A stage on a platform that is so far behind.
    async fn in_the_past(hours: u32) -> Self {
        let slack = Slack::start().await.in_the_past(HOUR * hours);
        slack.without_rate_limits();
        slack.reads_channels();
        let stage = Self::lifelike_on(slack).await.unhurried();
        stage.models.answers_with(|asked| format!("Heard {}", asked.questions().join(" + ")));
        stage
    }

    /// Ends the daemon once it has done with so many answers.
    async fn goes_away(&self, bot: Running, answered: usize) {
        bot.wait_for_logs("ended: answered", answered).await;
        assert!(self.platform.wait_until_delivered().await);
        bot.crash().await;
        assert!(self.platform.wait_for_sockets(0).await);
    }

    /// Lets so much time pass that Slack gives up what nobody took.
    async fn gives_up(&self, time: Duration) {
        self.platform.time_passes(time).await;
        assert_eq!(self.platform.undelivered(), 0);
        assert!(!self.platform.lost_events().is_empty());
    }
}

#[tokio::test]
async fn what_slack_gave_up_sending_is_answered_once_after_the_start() {
    let stage = Stage::in_the_past(2).await;
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    stage.platform.channel("C1", "general", &[&alice, &bob]);
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(&chat, "Heard before").await;
    let root = bob.says_in("C1", "<@bot> in the thread");
    stage.wait_for_text("C1", "Heard in the thread").await;
    stage.goes_away(bot, 2).await;

    alice.dm("anybody there?");
    bob.replies_in("C1", &root, "this is between us");
    bob.replies_in("C1", &root, "<@bot> and here?");
    bob.says_in("C1", "lunch?");
    bob.says_in("C1", "<@bot> a new thread");
    stage.gives_up(2 * HOUR).await;
    let bot = stage.serve().await;
    stage.wait_until_last(&chat, "Heard anybody there?").await;
    stage.wait_for_text("C1", "Heard and here?").await;
    stage.wait_for_text("C1", "Heard a new thread").await;
    bot.stop().await;
    assert!(stage.platform.wait_for_sockets(0).await);
    let bot = stage.serve().await;
    alice.dm("at last");
    stage.wait_until_last(&chat, "Heard at last").await;

    assert_eq!(
        said(&stage.platform.screen(&chat)),
        ["Heard before", "Heard anybody there?", "Heard at last"]
    );
    // Two threads, of which none waits for the other.
    let (screen, mut heard) =
        (stage.platform.screen("C1"), ["Heard in the thread", "Heard and here?", "Heard a new thread"]);
    let mut answers = said(&screen);
    answers.sort_unstable();
    heard.sort_unstable();
    assert_eq!(answers, heard);
    assert_eq!(stage.models.count(), 6);
    stage.ends(bot).await;
}

#[tokio::test]
async fn what_is_too_old_gets_one_notice_and_the_rest_its_answers() {
    let stage = Stage::in_the_past(30).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(&chat, "Heard before").await;
    stage.goes_away(bot, 1).await;

    alice.dm("old one");
    alice.dm("old two");
    stage.gives_up(29 * HOUR).await;
    alice.dm("new one");
    stage.gives_up(HOUR).await;
    let bot = stage.serve().await;
    stage.wait_until_last(&chat, "Heard new one").await;
    bot.stop().await;
    assert!(stage.platform.wait_for_sockets(0).await);
    let bot = stage.serve().await;
    alice.dm("at last");
    let screen = stage.wait_until_last(&chat, "Heard at last").await;

    let notice = "I was away and missed 2 messages here. If one of them still matters, please say it again.";
    assert_eq!(said(&screen), ["Heard before", notice, "Heard new one", "Heard at last"]);
    stage.ends(bot).await;
}

#[tokio::test]
async fn without_the_scopes_of_channels_that_is_said_once_and_direct_chats_are_caught_up_with() {
    let stage = Stage::in_the_past(1).await;
    stage.platform.withdraw("channels:history");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    stage.platform.channel("C1", "general", &[&alice]);
    let chat = alice.dm_channel();
    for number in 0..3 {
        alice.says_in("C1", &format!("<@bot> thread {number}"));
        stage.wait_for_text("C1", &format!("Heard thread {number}")).await;
    }
    alice.dm("before");
    stage.wait_until_last(&chat, "Heard before").await;
    stage.goes_away(bot, 4).await;

    alice.dm("anybody there?");
    stage.gives_up(HOUR).await;
    let bot = stage.serve().await;
    stage.wait_until_last(&chat, "Heard anybody there?").await;
    let line = bot.wait_for_log("what Slack has given up sending from there stays unanswered").await;

    assert!(line.contains("channels:history"), "{line}");
    let lines = bot.log();
    assert_eq!(lines.iter().filter(|line| line.contains("stays unanswered")).count(), 1, "{lines:#?}");
    stage.ends(bot).await;
}

#[tokio::test]
async fn a_command_by_a_clock_that_is_ahead_hides_nothing_that_was_missed() {
    let slack = Slack::start().await.in_the_past(5 * HOUR / 60);
    let stage = Stage::lifelike_on(slack).await.unhurried();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(&chat, "Heard before").await;
    alice.runs_in(&chat, "/switchboard", "new");
    bot.wait_for_logs("a turn on slack ended", 2).await;
    stage.goes_away(bot, 1).await;

    alice.dm("in the gap");
    stage.gives_up(2 * HOUR).await;
    let bot = stage.serve().await;
    stage.wait_until_last(&chat, "Heard in the gap").await;
    stage.ends(bot).await;
}
