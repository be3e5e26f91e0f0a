//! What people say reaches the inbox, in order and once acknowledged.

use switchboard::domain::{AddressKind, Event, PostedId};

use super::bot::{Bot, audible as workspace};

#[tokio::test]
async fn a_direct_message_comes_in_and_is_acknowledged() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let ts = alice.dm("Hello <there> & co");
    let message = bot.next().await;
    let Event::Text(said) = &message.event else { panic!("a text") };
    assert_eq!((said.text.as_str(), said.is_addressed()), ("Hello <there> & co", true));
    assert_eq!(said.message.as_ref().unwrap().0, ts);
    assert_eq!(message.address.kind, AddressKind::Direct);
    assert_eq!(message.address.chat, alice.dm_channel());
    assert!(slack.wait_until_delivered().await);
    assert_eq!(bot.inside(|inside| inside.asked), 1);
    bot.ends().await;
}

#[tokio::test]
async fn both_events_of_a_mention_say_the_same() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let ts = alice.says_in("C1", "<@bot> what is up in <#C1>, see https://example.com?");
    let (first, second) = (bot.next().await, bot.next().await);
    assert_eq!((&first.key, &first.address, &first.event), (&second.key, &second.address, &second.event));
    let Event::Text(said) = &first.event else { panic!("a text") };
    assert!(said.is_addressed());
    assert!(said.text.starts_with("what is up in #"), "{}", said.text);
    assert_eq!(first.address.thread.as_deref(), Some(ts.as_str()));
    bot.ends().await;
}

#[tokio::test]
async fn talk_in_a_thread_is_reported_as_not_addressed() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let root = alice.says_in("C1", "lunch?");
    alice.replies_in("C1", &root, "me");
    alice.broadcasts_in("C1", &root, "and me");
    for text in ["lunch?", "me", "and me"] {
        let message = bot.next().await;
        assert_eq!(message.address.thread.as_deref(), Some(root.as_str()));
        assert!(matches!(message.event, Event::Text(said) if said.text == text && !said.is_addressed()));
    }
    bot.ends().await;
}

#[tokio::test]
async fn a_thread_of_a_direct_message_has_an_address_of_its_own() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let root = alice.dm("first");
    alice.dm_in_thread(&root, "second");
    let (first, second) = (bot.next().await, bot.next().await);
    assert_eq!((first.address.thread, first.address.kind), (None, AddressKind::Direct));
    assert_eq!((second.address.thread, second.address.kind), (Some(root), AddressKind::Direct));
    bot.ends().await;
}

#[tokio::test]
async fn edits_and_deletions_come_in() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let ts = alice.dm("helo");
    alice.edits(&alice.dm_channel(), &ts, "hello");
    alice.deletes(&alice.dm_channel(), &ts);
    let (said, edited, deleted) = (bot.next().await, bot.next().await, bot.next().await);
    let Event::Edited(now) = &edited.event else { panic!("an edit, not {edited:?}") };
    assert!(matches!(&now.event, Event::Text(said) if said.text == "hello"));
    let Event::Deleted(was) = &deleted.event else { panic!("a deletion, not {deleted:?}") };
    assert_eq!((&now.key, &was.key), (&said.key, &said.key));
    assert_eq!(edited.reply_to().message, Some(PostedId(ts)));
    assert!(said.sequence < edited.sequence && edited.sequence < deleted.sequence);
    assert_ne!(said.key, edited.key);
    assert_eq!(said.address, edited.address);
    assert_eq!(said.address, deleted.address);
    bot.ends().await;
}

#[tokio::test]
async fn a_preview_that_slack_puts_below_a_link_is_no_edit() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    alice.dm("see https://example.com/page");
    alice.dm("next");
    assert_eq!(bot.next_text().await.text, "see https://example.com/page");
    assert_eq!(bot.next_text().await.text, "next");
    assert!(slack.wait_until_delivered().await);
    assert_eq!(bot.inside(|inside| inside.messages.len()), 2);
    bot.ends().await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let ts = alice.says_in("C1", "are you there?");
    alice.edits("C1", &ts, "<@bot> are you there?");
    assert!(!bot.next_text().await.is_addressed());
    let (first, second) = (bot.next().await, bot.next().await);
    assert_eq!(first.event, second.event);
    let Event::Edited(now) = first.event else { panic!("an edit") };
    assert!(matches!(now.event, Event::Text(said) if said.is_addressed() && said.text == "are you there?"));
    bot.ends().await;
}

#[tokio::test]
async fn bots_are_not_heard_and_neither_are_notices() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let helper = slack.other_bot("U7", "helper");
    helper.says_in("C1", "<@U0EMUBOT1> beep");
    helper.posts_by_webhook("C1", "boop");
    slack.user("U3", "carol").joins("C1");
    let ts = alice.says_in("C1", "hi");
    alice.reacts("C1", &ts, "eyes");
    let said = bot.next().await;
    bot.posts(&said.reply_to(), "an answer").await.unwrap();
    slack.next_message().await.unwrap();
    assert!(slack.wait_until_delivered().await);
    assert_eq!(bot.inside(|inside| (inside.messages.len(), inside.unreadable.len())), (1, 0));
    bot.ends().await;
}

#[tokio::test]
async fn people_are_called_by_their_names_once_these_are_known() {
    let (slack, alice) = workspace().await;
    slack.user("U2", "bob");
    let bot = Bot::listens(&slack).await;
    alice.dm("who is <@U2>?");
    let first = bot.next().await;
    assert_eq!(first.author.name, "U1");
    assert!(matches!(first.event, Event::Text(said) if said.text == "who is @U2?"));
    let mut name = first.author.name;
    while name != "alice" {
        alice.dm("and now?");
        name = bot.next().await.author.name;
    }
    bot.ends().await;
}

#[tokio::test]
async fn messages_come_in_in_the_order_they_were_said() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    for number in 0..50 {
        alice.dm(&number.to_string());
    }
    let mut last = 0;
    for number in 0..50 {
        let message = bot.next().await;
        assert!(matches!(&message.event, Event::Text(said) if said.text == number.to_string()));
        assert!(message.sequence > last);
        last = message.sequence;
    }
    bot.ends().await;
}

#[tokio::test]
async fn several_people_and_the_bot_are_a_group() {
    let (slack, alice) = workspace().await;
    let bob = slack.user("U2", "bob");
    slack.group_dm("G1", &[&alice, &bob]);
    let bot = Bot::listens(&slack).await;
    alice.says_in("G1", "just us");
    let message = bot.next().await;
    assert_eq!(message.address.kind, AddressKind::Thread);
    assert!(matches!(message.event, Event::Text(said) if !said.is_addressed()));
    bot.ends().await;
}
