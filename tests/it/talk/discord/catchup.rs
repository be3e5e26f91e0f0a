//! What was said while nobody listened, and is found afterwards.

use std::time::Duration;

use crate::support::discord::{Discord, Fault};
use crate::support::models::Models;
use crate::support::program::Running;
use crate::talk::discord::{House, POST, is_identified, said};
use crate::talk::unhurried;

const HOUR: Duration = Duration::from_secs(60 * 60);
const LIST: &str = "GET /channels/{id}/messages";

impl House {
    /// A house on a platform that is so far behind.
    async fn in_the_past(hours: u32) -> Self {
        let house = Self::at(Discord::start().await.without_rate_limits().in_the_past(HOUR * hours)).await;
        house.models.answers_with(|asked| format!("Heard {}", asked.questions().join(" + ")));
        Self { setup: unhurried(&house.setup), ..house }
    }

    /// Ends the daemon once it has done with so many answers.
    async fn goes_away(&self, bot: Running, answered: usize) {
        bot.wait_for_logs("ended: answered", answered).await;
        bot.crash().await;
    }

    /// How often the platform was asked for what was said.
    fn looked(&self) -> usize {
        self.discord.calls().iter().filter(|call| call.method == LIST).count()
    }
}

/// What the model was asked last, each time.
fn asked(models: &Models) -> Vec<String> {
    models.requests().iter().map(|asked| asked.last_user_text().to_owned()).collect()
}

#[tokio::test]
async fn what_was_said_in_two_hours_without_us_is_answered_once_after_the_start() {
    let house = House::in_the_past(2).await;
    let bot = house.serve().await;
    let (alice, bob) = (house.discord.user(1, "alice"), house.discord.user(2, "bob"));
    let general = house.discord.guild(100, "Team").channel(200, "general");
    let thread = bob.starts_thread(general, "plans");
    let mention = house.discord.mention();
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    bob.says_in(thread, &format!("{mention} in the thread"));
    house.wait_until_last(thread, "Heard in the thread").await;
    house.goes_away(bot, 2).await;

    alice.dm("anybody there?");
    bob.says_in(thread, "this is between us");
    bob.says_in(thread, &format!("{mention} and here?"));
    bob.says_in(general, "lunch?");
    house.discord.time_passes(2 * HOUR);
    let bot = house.serve().await;
    house.wait_until_last(chat, "Heard anybody there?").await;
    house.wait_until_last(thread, "Heard and here?").await;
    bot.stop().await;
    let looked = house.looked();
    let bot = house.serve().await;
    alice.dm("at last");
    house.wait_until_last(chat, "Heard at last").await;

    assert_eq!(said(&house.discord.screen(chat)), ["Heard before", "Heard anybody there?", "Heard at last"]);
    assert_eq!(said(&house.discord.screen(thread)), ["Heard in the thread", "Heard and here?"]);
    assert_eq!(said(&house.discord.screen(general)), [""; 0]);
    assert_eq!(house.models.count(), 5);
    assert!(house.looked() <= looked + 2, "only where something is new");
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_session_that_ends_in_mid_flight_loses_nothing_and_repeats_nothing() {
    let house = House::in_the_past(0).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("zero");
    house.wait_until_last(chat, "Heard zero").await;

    for (round, words) in ["one", "two", "three"].into_iter().enumerate() {
        alice.dm(&format!("{words} before"));
        house.discord.invalidates_sessions(false);
        alice.dm(&format!("{words} between"));
        house.discord.wait_for_gateway(round + 2, is_identified).await;
        alice.dm(&format!("{words} after"));
        house
            .discord
            .wait_for_message(chat, |shown| shown.by_bot && shown.text.contains(&format!("{words} after")))
            .await;
    }

    // Quick messages may be taken together, in their order.
    let heard = said(&house.discord.screen(chat)).join("\n");
    for words in ["one", "two", "three"] {
        for part in ["before", "between", "after"] {
            assert_eq!(heard.matches(&format!("{words} {part}")).count(), 1, "{words} {part} in {heard}");
        }
    }
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_too_old_gets_one_notice_and_the_rest_its_answers() {
    let house = House::in_the_past(30).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    house.goes_away(bot, 1).await;

    alice.dm("old one");
    let last_old = alice.dm("old two");
    house.discord.time_passes(29 * HOUR);
    alice.dm("new one");
    house.discord.time_passes(HOUR);
    let bot = house.serve().await;
    house.wait_until_last(chat, "Heard new one").await;
    bot.stop().await;
    let bot = house.serve().await;
    alice.dm("at last");
    let screen = house.wait_until_last(chat, "Heard at last").await;

    let notice = "I was away and missed 2 messages here. If one of them still matters, please say it again.";
    assert_eq!(said(&screen), ["Heard before", notice, "Heard new one", "Heard at last"]);
    let shown = screen.iter().find(|shown| shown.text == notice).unwrap();
    assert_eq!(shown.reply_to, Some(last_old));
    assert_eq!(asked(&house.models), ["before", "new one", "at last"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn of_too_many_messages_the_newest_are_answered() {
    let house = House::in_the_past(2).await;
    let setup = house.setup.clone().env("SWITCHBOARD__CATCHUP__MESSAGES_PER_PLACE", "1");
    let bot = house.serve_with(&setup).await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    house.goes_away(bot, 1).await;

    for number in 0..350 {
        alice.dm(&format!("number {number}"));
    }
    house.discord.time_passes(2 * HOUR);
    let bot = house.serve_with(&setup).await;
    let screen = house.wait_until_last(chat, "Heard number 349").await;

    let notice =
        "I was away and missed 349 messages here. If one of them still matters, please say it again.";
    assert_eq!(said(&screen), ["Heard before", notice, "Heard number 349"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn more_than_can_be_looked_through_is_said_to_be_so() {
    let house = House::in_the_past(30).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    house.goes_away(bot, 1).await;

    for number in 0..700 {
        alice.dm(&format!("number {number}"));
    }
    house.discord.time_passes(30 * HOUR);
    let looked = house.looked();
    let bot = house.serve().await;
    house.discord.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("at least")).await;

    assert!(house.looked() - looked <= 5);
    assert_eq!(house.models.count(), 1);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn places_that_are_not_admitted_hear_nothing() {
    let house = House::in_the_past(30).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let general = house.discord.guild(100, "Team").channel(200, "general");
    let mention = house.discord.mention();
    alice.dm("before");
    house.wait_until_last(alice.dm_channel(), "Heard before").await;
    alice.says_in(general, &format!("{mention} before"));
    house.wait_until_last(general, "Heard before").await;
    house.goes_away(bot, 2).await;

    alice.dm("old");
    alice.says_in(general, &format!("{mention} old"));
    house.discord.time_passes(30 * HOUR);
    let bob = house.discord.user(2, "bob");
    let listed = house.setup.clone().env("SWITCHBOARD__ACCESS__DIRECT", "listed");
    let listed =
        listed.env("SWITCHBOARD__ACCESS__GROUPS", "listed").env("SWITCHBOARD__ACCESS__USERS", "discord:2");
    let bot = house.serve_with(&listed).await;
    bot.wait_for_logs("caught up with channel", 2).await;
    bob.dm("hello");
    house.wait_until_last(bob.dm_channel(), "Heard hello").await;
    let screens = [house.discord.screen(alice.dm_channel()), house.discord.screen(general)];

    house.ends_well(bot).await;
    for screen in screens {
        assert_eq!(said(&screen), ["Heard before"]);
    }
}

#[tokio::test]
async fn what_was_found_comes_before_what_is_said_meanwhile() {
    let house = House::in_the_past(1).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    house.goes_away(bot, 1).await;

    alice.dm("while away");
    house.discord.time_passes(HOUR);
    house.discord.fault(LIST, 2, Fault::Status(502));
    let bot = house.serve().await;
    alice.dm("meanwhile");
    house.discord.wait_for_message(chat, |shown| shown.by_bot && shown.text.contains("meanwhile")).await;

    let heard = said(&house.discord.screen(chat)).join("\n");
    assert!(heard.find("while away") < heard.find("meanwhile") && heard.contains("while away"), "{heard}");
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_start_that_is_cut_in_the_middle_of_it_is_made_up_for_by_the_next() {
    let house = House::in_the_past(1).await;
    let bot = house.serve().await;
    let alice = house.discord.user(1, "alice");
    let chat = alice.dm_channel();
    alice.dm("before");
    house.wait_until_last(chat, "Heard before").await;
    house.goes_away(bot, 1).await;
    alice.dm("while away");
    house.discord.time_passes(HOUR);

    // Nobody can look, and what is said after a while is taken in all the same.
    house.discord.fault(LIST, 1_000, Fault::Status(502));
    let bot = house.serve().await;
    alice.dm("meanwhile");
    house.wait_until_last(chat, "Heard meanwhile").await;
    house.goes_away(bot, 1).await;
    house.discord.clear_faults();
    let bot = house.serve().await;
    house.wait_until_last(chat, "Heard while away").await;

    assert_eq!(said(&house.discord.screen(chat)), ["Heard before", "Heard meanwhile", "Heard while away"]);
    let posts = house.discord.calls().iter().filter(|call| call.method == POST).count();
    assert_eq!(posts, 3);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_first_word_in_a_channel_is_found_though_nobody_had_talked_there() {
    let house = House::in_the_past(0).await;
    let alice = house.discord.user(1, "alice");
    let team = house.discord.guild(100, "Team");
    let (general, random) = (team.channel(200, "general"), team.channel(201, "random"));
    let quiet = team.channel(202, "quiet");
    let mention = house.discord.mention();
    let bot = house.serve().await;
    alice.says_in(general, &format!("{mention} before"));
    house.wait_until_last(general, "Heard before").await;
    house.goes_away(bot, 1).await;

    alice.says_in(random, "not for the bot");
    alice.says_in(random, &format!("{mention} and here?"));
    let looked = house.looked();
    let bot = house.serve().await;
    house.wait_until_last(random, "Heard and here?").await;
    house.goes_away(bot, 1).await;
    // What has been answered is found again, and known.
    let bot = house.serve().await;
    alice.says_in(general, &format!("{mention} after"));
    house.wait_until_last(general, "Heard after").await;

    assert_eq!(said(&house.discord.screen(random)), ["Heard and here?"]);
    assert_eq!(said(&house.discord.screen(quiet)), [""; 0]);
    assert_eq!(asked(&house.models), ["before", "and here?", "after"]);
    assert!(house.looked() > looked, "the platform was asked");
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_said_before_anybody_talked_to_us_at_all_is_not_looked_for() {
    let house = House::in_the_past(2).await;
    let alice = house.discord.user(1, "alice");
    let team = house.discord.guild(100, "Team");
    let (general, random) = (team.channel(200, "general"), team.channel(201, "random"));
    let mention = house.discord.mention();
    alice.says_in(random, &format!("{mention} long ago"));
    house.discord.time_passes(2 * HOUR);
    let bot = house.serve().await;
    alice.says_in(general, &format!("{mention} first"));
    house.wait_until_last(general, "Heard first").await;
    house.goes_away(bot, 1).await;

    alice.says_in(random, &format!("{mention} now"));
    let bot = house.serve().await;
    house.wait_until_last(random, "Heard now").await;

    assert_eq!(said(&house.discord.screen(random)), ["Heard now"]);
    assert_eq!(asked(&house.models), ["first", "now"]);
    house.ends_well(bot).await;
}
