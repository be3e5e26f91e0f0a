//! The same emulator through teloxide, as production uses it.

use teloxide::prelude::Requester;
use teloxide::types::{ChatId, MessageId, ParseMode, UpdateKind};
use teloxide::{ApiError, RequestError, payloads::*};

use super::quick;
use super::telegram::{BOT_USERNAME, Telegram, Upload};

fn client(telegram: &Telegram) -> teloxide::Bot {
    let http = teloxide::net::default_reqwest_settings().build().unwrap();
    teloxide::Bot::with_client(telegram.token(), http).set_api_url(telegram.url().parse().unwrap())
}

#[tokio::test]
async fn teloxide_talks_to_it() {
    let telegram = Telegram::start().await;
    let bot = client(&telegram);
    let alice = telegram.user(7, "Alice");
    assert_eq!(bot.get_me().await.unwrap().username(), BOT_USERNAME);

    alice.says("hello");
    alice.says("again");
    let updates = bot.get_updates().offset(0).timeout(10).await.unwrap();
    assert_eq!(updates.len(), 2);
    let UpdateKind::Message(message) = &updates[0].kind else { panic!("{:?}", updates[0]) };
    assert_eq!((message.chat.id, message.text()), (ChatId(7), Some("hello")));
    let offset = i32::try_from(updates[0].id.0).unwrap() + 1;
    assert_eq!(bot.get_updates().offset(offset).await.unwrap().len(), 1);

    let sent = bot.send_message(ChatId(7), "<b>hi</b>").parse_mode(ParseMode::Html).await.unwrap();
    bot.edit_message_text(ChatId(7), sent.id, "bye").await.unwrap();
    assert_eq!(telegram.wait_for_message(&alice, |shown| shown.edits == 1).await.unwrap().text, "bye");
    let same = bot.edit_message_text(ChatId(7), sent.id, "bye").await;
    assert!(matches!(same, Err(RequestError::Api(ApiError::MessageNotModified))), "{same:?}");
    let gone = bot.edit_message_text(ChatId(7), MessageId(999), "x").await;
    assert!(matches!(gone, Err(RequestError::Api(ApiError::MessageToEditNotFound))), "{gone:?}");
    bot.send_message(ChatId(7), "third").await.unwrap();
    let limited = bot.send_message(ChatId(7), "fourth").await;
    assert!(matches!(limited, Err(RequestError::RetryAfter(wait)) if wait.seconds() == 1), "{limited:?}");
    let broken = bot.send_message(ChatId(7), "<b>").parse_mode(ParseMode::Html).await;
    assert!(matches!(broken, Err(RequestError::Api(ApiError::CantParseEntities(_)))), "{broken:?}");
    alice.blocks_bot();
    let blocked = bot.send_message(ChatId(7), "x").await;
    assert!(matches!(blocked, Err(RequestError::Api(ApiError::BotBlocked))), "{blocked:?}");
    assert!(telegram.problems().is_empty(), "{:?}", telegram.problems());
}

#[tokio::test]
async fn teloxide_reads_every_kind_of_update() {
    let (telegram, _) = quick().await;
    telegram.privacy_mode(false);
    let bot = client(&telegram);
    let alice = telegram.user(7, "Alice");
    let forum = telegram.forum(-100_555_000_999_000, "Forum");
    let topic = forum.topic("News", &alice);
    bot.get_updates()
        .allowed_updates([
            teloxide::types::AllowedUpdate::Message,
            teloxide::types::AllowedUpdate::EditedMessage,
            teloxide::types::AllowedUpdate::CallbackQuery,
            teloxide::types::AllowedUpdate::MessageReaction,
            teloxide::types::AllowedUpdate::MyChatMember,
        ])
        .await
        .unwrap();
    let said = alice.says_in(&topic, "hello @someone");
    alice.edits(said, "hello");
    alice.sends(&Upload::photo(vec![1, 2, 3]));
    let button = teloxide::types::InlineKeyboardButton::callback("Go", "go");
    let markup = teloxide::types::InlineKeyboardMarkup::new([[button]]);
    bot.send_message(ChatId(7), "press").reply_markup(markup).await.unwrap();
    let question = telegram.next_message(&alice).await.unwrap();
    alice.clicks(&question, "Go");
    alice.reacts(&question, "👍");
    alice.promotes_bot(&forum);
    alice.mutes_bot(&forum);
    alice.kicks_bot(&forum);
    telegram.inject("purple_event", "{}");
    let updates = bot.get_updates().await.unwrap();
    let kinds: Vec<&str> = updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(_) => "message",
            UpdateKind::EditedMessage(_) => "edited",
            UpdateKind::CallbackQuery(_) => "callback",
            UpdateKind::MessageReaction(_) => "reaction",
            UpdateKind::MyChatMember(_) => "member",
            UpdateKind::Error(_) => "unknown",
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "message", "message", "edited", "message", "callback", "reaction", "member", "member", "member",
        "message", "unknown",
    ];
    assert_eq!(kinds, expected);
    bot.get_chat(ChatId(7)).await.unwrap();
    bot.get_webhook_info().await.unwrap();
    assert!(telegram.problems().is_empty(), "{:?}", telegram.problems());
}
