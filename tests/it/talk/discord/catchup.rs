//! What was said while nobody listened, and is found afterwards.

use std::time::Duration;

use crate::support::database::Engine;
use crate::support::discord::{Discord, Fault, GatewayRecord};
use crate::support::models::Models;
use crate::support::program::Running;
use crate::support::screens::said;
use crate::talk::discord::{POST, Stage};

const HOUR: Duration = Duration::from_secs(60 * 60);
const LIST: &str = "GET /channels/{id}/messages";

impl Stage {
    /// A stage on a platform that is so far behind.
    async fn in_the_past(hours: u32) -> Self {
        let discord = Discord::start().await.without_rate_limits().in_the_past(HOUR * hours);
        let stage = Self::lifelike_on(discord).await.unhurried();
        stage.models.answers_with(|asked| format!("Heard {}", asked.questions().join(" + ")));
        stage
    }

    /// Ends the daemon once it has done with so many answers.
    async fn goes_away(&self, bot: Running, answered: usize) {
        bot.wait_for_logs("ended: answered", answered).await;
        bot.crash().await;
    }

    /// How often the platform was asked for what was said.
    fn looked(&self) -> usize {
        self.platform.calls().iter().filter(|call| call.method == LIST).count()
    }
}

/// What the model was asked last, each time.
fn asked(models: &Models) -> Vec<String> {
    models.requests().iter().map(|asked| asked.last_words().to_owned()).collect()
}

#[tokio::test]
async fn what_was_said_in_two_hours_without_us_is_answered_once_after_the_start() {
    let stage = Stage::in_the_past(2).await;
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1, "alice"), stage.platform.user(2, "bob"));
    let general = stage.platform.guild(100, "Team").channel(200, "general");
    let thread = bob.starts_thread(general, "plans");
    let mention = stage.platform.mention();
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    bob.says_in(thread, &format!("{mention} in the thread"));
    stage.wait_until_last(thread, "Heard in the thread").await;
    stage.goes_away(bot, 2).await;

    alice.dm("anybody there?");
    bob.says_in(thread, "this is between us");
    bob.says_in(thread, &format!("{mention} and here?"));
    bob.says_in(general, "lunch?");
    stage.platform.time_passes(2 * HOUR);
    let bot = stage.serve().await;
    stage.wait_until_last(chat, "Heard anybody there?").await;
    stage.wait_until_last(thread, "Heard and here?").await;
    bot.stop().await;
    let looked = stage.looked();
    let bot = stage.serve().await;
    alice.dm("at last");
    stage.wait_until_last(chat, "Heard at last").await;

    assert_eq!(said(&stage.platform.screen(chat)), ["Heard before", "Heard anybody there?", "Heard at last"]);
    assert_eq!(said(&stage.platform.screen(thread)), ["Heard in the thread", "Heard and here?"]);
    assert_eq!(said(&stage.platform.screen(general)), [""; 0]);
    assert_eq!(stage.models.count(), 5);
    assert!(stage.looked() <= looked + 2, "only where something is new");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_session_that_ends_in_mid_flight_loses_nothing_and_repeats_nothing() {
    let stage = Stage::in_the_past(0).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("zero");
    stage.wait_until_last(chat, "Heard zero").await;

    for (round, words) in ["one", "two", "three"].into_iter().enumerate() {
        alice.dm(&format!("{words} before"));
        stage.platform.invalidates_sessions(false);
        alice.dm(&format!("{words} between"));
        stage.platform.wait_for_gateway(round + 2, GatewayRecord::is_identified).await;
        alice.dm(&format!("{words} after"));
        stage
            .platform
            .wait_for_message(chat, |shown| shown.by_bot && shown.text.contains(&format!("{words} after")))
            .await;
    }

    // Quick messages may be taken together, in their order.
    let heard = said(&stage.platform.screen(chat)).join("\n");
    for words in ["one", "two", "three"] {
        for part in ["before", "between", "after"] {
            assert_eq!(heard.matches(&format!("{words} {part}")).count(), 1, "{words} {part} in {heard}");
        }
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_too_old_gets_one_notice_and_the_rest_its_answers() {
    let stage = Stage::in_the_past(30).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    stage.goes_away(bot, 1).await;

    alice.dm("old one");
    let last_old = alice.dm("old two");
    stage.platform.time_passes(29 * HOUR);
    alice.dm("new one");
    stage.platform.time_passes(HOUR);
    let bot = stage.serve().await;
    stage.wait_until_last(chat, "Heard new one").await;
    bot.stop().await;
    let bot = stage.serve().await;
    alice.dm("at last");
    let screen = stage.wait_until_last(chat, "Heard at last").await;

    let notice = "I was away and missed 2 messages here. If one of them still matters, please say it again.";
    assert_eq!(said(&screen), ["Heard before", notice, "Heard new one", "Heard at last"]);
    let shown = screen.iter().find(|shown| shown.text == notice).unwrap();
    assert_eq!(shown.reply_to, Some(last_old));
    assert_eq!(asked(&stage.models), ["before", "new one", "at last"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn of_too_many_messages_the_newest_are_answered() {
    let stage = Stage::in_the_past(2).await;
    let stage = stage.set("CATCHUP__MESSAGES_PER_PLACE", "1");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    stage.goes_away(bot, 1).await;

    for number in 0..350 {
        alice.dm(&format!("number {number}"));
    }
    stage.platform.time_passes(2 * HOUR);
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(chat, "Heard number 349").await;

    let notice =
        "I was away and missed 349 messages here. If one of them still matters, please say it again.";
    assert_eq!(said(&screen), ["Heard before", notice, "Heard number 349"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn more_than_can_be_looked_through_is_said_to_be_so() {
    let stage = Stage::in_the_past(30).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    stage.goes_away(bot, 1).await;

    for number in 0..700 {
        alice.dm(&format!("number {number}"));
    }
    stage.platform.time_passes(30 * HOUR);
    let looked = stage.looked();
    let bot = stage.serve().await;
    stage.platform.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("at least")).await;

    assert!(stage.looked() - looked <= 5);
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn places_that_are_not_admitted_hear_nothing() {
    let stage = Stage::in_the_past(30).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let general = stage.platform.guild(100, "Team").channel(200, "general");
    let mention = stage.platform.mention();
    alice.dm("before");
    stage.wait_until_last(alice.dm_channel(), "Heard before").await;
    alice.says_in(general, &format!("{mention} before"));
    stage.wait_until_last(general, "Heard before").await;
    stage.goes_away(bot, 2).await;

    alice.dm("old");
    alice.says_in(general, &format!("{mention} old"));
    stage.platform.time_passes(30 * HOUR);
    let bob = stage.platform.user(2, "bob");
    let stage = stage.set("ACCESS__DIRECT", "listed");
    let stage = stage.set("ACCESS__GROUPS", "listed").set("ACCESS__USERS", "discord:2");
    let bot = stage.serve().await;
    bot.wait_for_logs("caught up with channel", 2).await;
    bob.dm("hello");
    stage.wait_until_last(bob.dm_channel(), "Heard hello").await;
    let screens = [stage.platform.screen(alice.dm_channel()), stage.platform.screen(general)];

    stage.ends_well(bot).await;
    for screen in screens {
        assert_eq!(said(&screen), ["Heard before"]);
    }
}

#[tokio::test]
async fn what_was_found_comes_before_what_is_said_meanwhile() {
    let stage = Stage::in_the_past(1).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    stage.goes_away(bot, 1).await;

    alice.dm("while away");
    stage.platform.time_passes(HOUR);
    stage.platform.fault(LIST, 2, Fault::Status(502));
    let bot = stage.serve().await;
    alice.dm("meanwhile");
    stage.platform.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("meanwhile")).await;

    let heard = said(&stage.platform.screen(chat)).join("\n");
    assert!(heard.find("while away") < heard.find("meanwhile") && heard.contains("while away"), "{heard}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_start_that_is_cut_in_the_middle_of_it_is_made_up_for_by_the_next() {
    let stage = Stage::in_the_past(1).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    stage.goes_away(bot, 1).await;
    alice.dm("while away");
    stage.platform.time_passes(HOUR);

    // Nobody can look, and what is said after a while is taken in all the same.
    stage.platform.fault(LIST, 1_000, Fault::Status(502));
    let bot = stage.serve().await;
    alice.dm("meanwhile");
    stage.wait_until_last(chat, "Heard meanwhile").await;
    stage.goes_away(bot, 1).await;
    stage.platform.clear_faults();
    let bot = stage.serve().await;
    stage.wait_until_last(chat, "Heard while away").await;

    assert_eq!(said(&stage.platform.screen(chat)), ["Heard before", "Heard meanwhile", "Heard while away"]);
    let posts = stage.platform.calls().iter().filter(|call| call.method == POST).count();
    assert_eq!(posts, 3);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_first_word_in_a_channel_is_found_though_nobody_had_talked_there() {
    let stage = Stage::in_the_past(0).await;
    let alice = stage.platform.user(1, "alice");
    let team = stage.platform.guild(100, "Team");
    let (general, random) = (team.channel(200, "general"), team.channel(201, "random"));
    let quiet = team.channel(202, "quiet");
    let mention = stage.platform.mention();
    let bot = stage.serve().await;
    alice.says_in(general, &format!("{mention} before"));
    stage.wait_until_last(general, "Heard before").await;
    stage.goes_away(bot, 1).await;

    alice.says_in(random, "not for the bot");
    alice.says_in(random, &format!("{mention} and here?"));
    let looked = stage.looked();
    let bot = stage.serve().await;
    stage.wait_until_last(random, "Heard and here?").await;
    stage.goes_away(bot, 1).await;
    // What has been answered is found again, and known.
    let bot = stage.serve().await;
    alice.says_in(general, &format!("{mention} after"));
    stage.wait_until_last(general, "Heard after").await;

    assert_eq!(said(&stage.platform.screen(random)), ["Heard and here?"]);
    assert_eq!(said(&stage.platform.screen(quiet)), [""; 0]);
    assert_eq!(asked(&stage.models), ["before", "and here?", "after"]);
    assert!(stage.looked() > looked, "the platform was asked");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_said_before_anybody_talked_to_us_at_all_is_not_looked_for() {
    let stage = Stage::in_the_past(2).await;
    let alice = stage.platform.user(1, "alice");
    let team = stage.platform.guild(100, "Team");
    let (general, random) = (team.channel(200, "general"), team.channel(201, "random"));
    let mention = stage.platform.mention();
    alice.says_in(random, &format!("{mention} long ago"));
    stage.platform.time_passes(2 * HOUR);
    let bot = stage.serve().await;
    alice.says_in(general, &format!("{mention} first"));
    stage.wait_until_last(general, "Heard first").await;
    stage.goes_away(bot, 1).await;

    alice.says_in(random, &format!("{mention} now"));
    let bot = stage.serve().await;
    stage.wait_until_last(random, "Heard now").await;

    assert_eq!(said(&stage.platform.screen(random)), ["Heard now"]);
    assert_eq!(asked(&stage.models), ["first", "now"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_missed_is_found_also_when_the_database_was_away_as_the_session_began() {
    let stage = Stage::in_the_past(0).await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    stage.wait_until_last(chat, "Heard before").await;
    bot.wait_for_logs("ended: answered", 1).await;

    let beside = stage.beside().await;
    beside.shuts_writers_out().await;
    // The inbox is asked again after five seconds, or after ten.
    let mut misses = 3;
    if beside.engine() == Engine::Postgres {
        beside.run("LOCK TABLE addresses IN EXCLUSIVE MODE").await;
        misses = 2;
    }
    stage.platform.goes_down();
    stage.platform.forgets_sessions();
    alice.dm("in the gap");
    stage.platform.time_passes(HOUR / 60);
    stage.platform.comes_back();
    stage.platform.wait_for_gateway(2, GatewayRecord::is_identified).await;
    alice.dm("afterwards");
    // A command waits for nothing: who gave it hears that it was not taken in.
    alice.runs_command("help", &[], chat).await;
    alice.waits_for(chat, |shown| shown.text.contains("Please repeat it")).await;
    // Longer than the gateway's messages are held where the database works.
    bot.wait_for_logs("cannot tell yet where to catch up", misses).await;
    beside.run("COMMIT").await;
    beside.close().await;

    stage.platform.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("afterwards")).await;
    stage.platform.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("in the gap")).await;
    stage.ends_well(bot).await;
}
