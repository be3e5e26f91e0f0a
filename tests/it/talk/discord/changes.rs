//! Second thoughts: edits and deletions of what waits, of what has not come yet, of
//! what was not for the bot.

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::discord::Stage;
use crate::talk::{first_waits, heard, wait_until, wait_until_it_waits};

/// A model that answers with what it heard, and lets the first wait for `gate`.
async fn stage() -> (Stage, Gate) {
    let stage = Stage::lifelike().await.unlimited();
    let gate = first_waits(&stage.models);
    (stage.unhurried(), gate)
}

#[tokio::test]
async fn what_waits_is_heard_as_it_was_edited_and_what_was_taken_back_is_not_heard() {
    let (stage, gate) = stage().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let beside = stage.setup.beside().await;
    let alice = stage.platform.user(1001, "alice");

    for (round, (place, call)) in
        [(alice.dm_channel(), String::new()), (general, format!("{} ", stage.platform.mention()))]
            .into_iter()
            .enumerate()
    {
        gate.hold(0);
        alice.says_in(place, &format!("{call}first"));
        gate.wait_until_held(1).await;
        let second = alice.says_in(place, &format!("{call}secnd"));
        let third = alice.says_in(place, &format!("{call}third"));
        wait_until_it_waits(&beside, "third").await;
        alice.edits(second, &format!("{call}second"));
        alice.deletes(third);
        wait_until_it_waits(&beside, "second").await;
        let taken_back = "SELECT COUNT(*) FROM inbox WHERE outcome = 'taken_back' AND payload IS NULL";
        wait_until(&beside, taken_back, i64::try_from(round + 1).unwrap()).await;
        gate.release();

        let screen = stage.wait_until_last(place, "Heard second").await;
        assert_eq!(said(&screen), ["Heard first", "Heard second"]);
    }
    assert_eq!(stage.models.count(), 4);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_change_that_comes_before_its_message_counts_and_the_message_adds_nothing() {
    let (stage, _) = stage().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");

    for (place, call) in
        [(alice.dm_channel(), String::new()), (general, format!("{} ", stage.platform.mention()))]
    {
        stage.platform.holds_events();
        let one = alice.says_in(place, &format!("{call}helo"));
        alice.edits(one, &format!("{call}hello"));
        stage.platform.releases_events_reversed();
        stage.wait_until_last(place, "Heard hello").await;
        alice.says_in(place, &format!("{call}goodbye"));

        let screen = stage.wait_until_last(place, "Heard goodbye").await;
        assert_eq!(said(&screen), ["Heard hello", "Heard goodbye"]);
    }
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot_once() {
    for reads_all in ["false", "true"] {
        let (stage, _) = stage().await;
        let general = stage.platform.guild(500, "Team").channel(501, "general");
        let stage = stage.set("CHANNELS__DISCORD__MESSAGE_CONTENT", reads_all);
        let bot = stage.serve().await;
        let alice = stage.platform.user(1001, "alice");
        let mention = stage.platform.mention();

        let one = alice.says_in(general, "are you there?");
        alice.edits(one, &format!("{mention} are you there?"));
        stage.wait_until_last(general, "Heard are you there?").await;
        alice.edits(one, &format!("{mention} are you still there?"));
        alice.deletes(one);
        alice.says_in(general, &format!("{mention} thank you"));

        let screen = stage.wait_until_last(general, "Heard thank you").await;
        assert_eq!(said(&screen), ["Heard are you there?", "Heard thank you"]);
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn changes_of_what_is_not_for_the_bot_leave_nothing() {
    for reads_all in ["false", "true"] {
        let (stage, _) = stage().await;
        let general = stage.platform.guild(500, "Team").channel(501, "general");
        let stage = stage.set("CHANNELS__DISCORD__MESSAGE_CONTENT", reads_all);
        let bot = stage.serve().await;
        let (alice, bob) = (stage.platform.user(1001, "alice"), stage.platform.user(1002, "bob"));

        let lunch = bob.says_in(general, "lunch?");
        bob.edits(lunch, "dinner?");
        bob.deletes(lunch);
        alice.dm("one");
        stage.wait_until_last(alice.dm_channel(), "Heard one").await;
        alice.dm("two");
        stage.wait_until_last(alice.dm_channel(), "Heard two").await;

        let beside = stage.setup.beside().await;
        assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 2);
        assert_eq!(beside.texts("SELECT name FROM identities").await, ["alice"]);
        beside.close().await;
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn what_is_answered_is_heard_as_it_was_edited_and_what_was_taken_back_is_not_heard_again() {
    let (stage, _) = stage().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let beside = stage.setup.beside().await;
    let alice = stage.platform.user(1001, "alice");
    let call = format!("{} ", stage.platform.mention());
    let places = [(alice.dm_channel(), "", ""), (general, call.as_str(), "alice: ")];
    for (round, (place, call, name)) in places.into_iter().enumerate() {
        let one = alice.says_in(place, &format!("{call}one"));
        stage.wait_until_last(place, "Heard one").await;
        let two = alice.says_in(place, &format!("{call}two"));
        stage.wait_until_last(place, "Heard two").await;
        alice.edits(one, &format!("{call}uno"));
        alice.deletes(two);
        let count = i64::try_from(round + 1).unwrap();
        wait_until(&beside, "SELECT COUNT(*) FROM message_revisions WHERE content = 'one'", count).await;
        wait_until(&beside, "SELECT COUNT(*) FROM messages WHERE deleted_at IS NOT NULL", 2 * count).await;
        alice.says_in(place, &format!("{call}three {round}"));
        let screen = stage.wait_until_last(place, &format!("Heard three {round}")).await;
        assert_eq!(said(&screen).len(), 3, "what was answered stays on the screen");
        let asked = format!("three {round}");
        let expected = [format!("{name}uno"), "Heard one".to_owned(), format!("{name}{asked}")];
        assert_eq!(heard(&stage.models, &asked), expected);
    }
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_ends_when_its_question_is_taken_back() {
    let (stage, _) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let think = alice.dm("think");
    stage.wait_until_last(alice.dm_channel(), "Well, let me think").await;
    alice.deletes(think);
    gate.wait_until_nobody_is_held().await;
    bot.wait_for_logs("a turn on discord ended", 2).await;

    alice.dm("hello");
    let screen = stage.wait_until_last(alice.dm_channel(), "Heard hello").await;
    assert_eq!(said(&screen), ["Well, let me think", "Heard hello"]);
    assert_eq!(heard(&stage.models, "hello"), ["hello"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_deleted_after_a_restart_is_not_heard_again_either() {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let call = stage.platform.mention();
    let mut secrets = Vec::new();
    for (place, words) in [(alice.dm_channel(), "secret".to_owned()), (general, format!("{call} secret"))] {
        secrets.push(alice.says_in(place, &words));
        stage.wait_until_last(place, "Heard secret").await;
    }
    bot.wait_for_logs("a turn on discord ended", 2).await;
    bot.crash().await;

    let bot = stage.serve().await;
    // Nobody here knows who has said it, and nobody has to.
    let beside = stage.setup.beside().await;
    for (count, secret) in (1..).zip(secrets) {
        alice.deletes(secret);
        let gone = "SELECT COUNT(*) FROM messages WHERE content = 'secret' AND deleted_at IS NOT NULL";
        wait_until(&beside, gone, count).await;
    }
    for (place, words, expected) in
        [(alice.dm_channel(), "so".to_owned(), "so"), (general, format!("{call} so"), "alice: so")]
    {
        alice.says_in(place, &words);
        stage.wait_until_last(place, "Heard so").await;
        assert_eq!(heard(&stage.models, "so"), [expected]);
    }
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_that_is_set_the_last_question_is_answered_as_it_was_edited() {
    let (stage, _) = stage().await;
    let stage = stage.set("CONVERSATION__ANSWER_EDITS", "true");
    let mention = stage.platform.mention();
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    for (place, call) in [(alice.dm_channel(), ""), (general, mention.as_str())] {
        let one = alice.says_in(place, &format!("{call} one"));
        stage.wait_until_last(place, "Heard one").await;
        alice.edits(one, &format!("{call} uno"));
        let screen = stage.wait_until_last(place, "Heard uno").await;
        assert_eq!(said(&screen), ["Heard one", "Heard uno"]);
        alice.says_in(place, &format!("{call} two"));
        stage.wait_until_last(place, "Heard two").await;
    }
    assert_eq!(stage.models.count(), 6);
    stage.ends_well(bot).await;
}
