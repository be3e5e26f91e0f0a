//! Text, edits, answers, buttons.

use std::time::Duration;

use serde_json::{Value, json};

use super::{NOT_MODIFIED, quick};

#[tokio::test]
async fn people_edit_and_press_buttons() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let said = alice.says("helo");
    alice.edits(said, "hello");
    let markup = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] });
    bot.ok("sendMessage", json!({ "chat_id": 7, "text": "Sure?", "reply_markup": markup })).await;
    let question = telegram.next_message(&alice).await.unwrap();
    let click = alice.clicks(&question, "Yes");

    let updates = bot.updates(0, 0).await;
    assert_eq!(updates[1]["edited_message"]["text"], "hello");
    assert!(updates[1]["edited_message"]["edit_date"].is_i64());
    let query = &updates[2]["callback_query"];
    assert_eq!((&query["data"], &query["from"]["id"]), (&json!("y"), &json!(7)));
    assert_eq!(query["message"]["message_id"], question.id);
    let answer = json!({ "callback_query_id": query["id"], "text": "Fine", "show_alert": true });
    bot.ok("answerCallbackQuery", answer.clone()).await;
    let seen = click.answer().await.unwrap();
    assert_eq!((seen.text.as_str(), seen.is_alert), ("Fine", true));
    let late = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    bot.refused("answerCallbackQuery", answer, 400, late).await;

    let second = alice.clicks(&question, "Yes");
    telegram.time_passes(Duration::from_secs(30));
    bot.refused("answerCallbackQuery", json!({ "callback_query_id": second.id() }), 400, late).await;
}

#[tokio::test]
async fn html_becomes_text_and_entities() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let html = "<b>bold <i>both</i></b> 👍 &lt;<code>x &amp; y</code>&gt; \
                <pre><code class=\"language-rust\">let x;</code></pre><a href=\"https://example.com\">link</a> \
                <tg-spoiler>s</tg-spoiler><blockquote expandable>q</blockquote>";
    bot.ok("sendMessage", json!({ "chat_id": 7, "text": html, "parse_mode": "html" })).await;
    let shown = telegram.next_message(7).await.unwrap();
    assert_eq!(shown.text, "bold both 👍 <x & y> let x;link sq");
    assert_eq!(shown.marked("bold"), ["bold both"]);
    assert_eq!(shown.marked("italic"), ["both"]);
    assert_eq!(shown.marked("code"), ["x & y"]);
    assert_eq!(shown.marked("pre"), ["let x;"]);
    assert_eq!(shown.marked("expandable_blockquote"), ["q"]);
    let argument = |kind: &str| shown.entities.iter().find(|e| e.kind == kind).unwrap().argument.clone();
    assert_eq!(argument("pre").as_deref(), Some("rust"));
    assert_eq!(argument("text_link").as_deref(), Some("https://example.com/"));
}

#[tokio::test]
async fn broken_html_is_refused_in_the_words_of_the_server() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let cases = [
        ("é <h1>x</h1>", "Unsupported start tag \"h1\" at byte offset 3"),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("<b><i>x</b></i>", "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\""),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ("<a ='x'>x</a>", "Empty attribute name in the tag \"a\" at byte offset 0"),
        ("<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"),
        ("1 < 2 ", "Unsupported start tag \"\" at byte offset 2"),
        ("<tg-emoji emoji-id=\"x\">x</tg-emoji>", "Invalid custom emoji identifier specified"),
        (
            "&#xd800;",
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
        ),
    ];
    for (html, why) in cases {
        let description = format!("Bad Request: can't parse entities: {why}");
        let params = json!({ "chat_id": 7, "text": html, "parse_mode": "HTML" });
        bot.refused("sendMessage", params, 400, &description).await;
    }
    assert!(telegram.problems().is_empty(), "a bot may try and fall back to plain text");
}

#[tokio::test]
async fn useless_links_lose_their_mark_and_markdown_is_a_problem() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let html = "<a href=\"javascript:alert(1)\">one</a> <a href=\"tg://user?id=7\">two</a>";
    let sent = bot.ok("sendMessage", json!({ "chat_id": 7, "text": html, "parse_mode": "HTML" })).await;
    assert_eq!(sent["entities"].as_array().unwrap().len(), 1);
    assert_eq!(sent["entities"][0]["user"]["id"], 7);
    bot.call("sendMessage", json!({ "chat_id": 7, "text": "*x*", "parse_mode": "MarkdownV2" })).await;
    assert_eq!(telegram.take_problems().len(), 1);
}

#[tokio::test]
async fn text_is_measured_in_utf16_units_after_parsing() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let longest = format!("<b>{}</b>", "👍".repeat(2048));
    bot.ok("sendMessage", json!({ "chat_id": 7, "text": longest, "parse_mode": "HTML" })).await;
    let too_long = format!("{}x", "👍".repeat(2048));
    let refused = "Bad Request: message is too long";
    bot.refused("sendMessage", json!({ "chat_id": 7, "text": too_long }), 400, refused).await;
    let id = bot.says(7, "short").await;
    let edit = json!({ "chat_id": 7, "message_id": id, "text": too_long });
    bot.refused("editMessageText", edit, 400, refused).await;
    for (text, why) in [
        ("", "Bad Request: message text is empty"),
        (" \n ", "Bad Request: text must be non-empty"),
        ("\u{200b}", "Bad Request: text must be non-empty"),
    ] {
        bot.refused("sendMessage", json!({ "chat_id": 7, "text": text }), 400, why).await;
    }
}

#[tokio::test]
async fn text_is_trimmed_and_entities_move_along() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let html = "\n  a\r\tb <b>bold </b> \n";
    let sent = bot.ok("sendMessage", json!({ "chat_id": 7, "text": html, "parse_mode": "HTML" })).await;
    assert_eq!(sent["text"], "a b bold");
    assert_eq!(sent["entities"], json!([{ "type": "bold", "offset": 4, "length": 4 }]));
}

#[tokio::test]
async fn given_entities_are_checked() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let send = |offset: i64, length: i64| json!({ "chat_id": 7, "text": "a👍b", "entities": [{ "type": "bold", "offset": offset, "length": length }] });
    bot.ok("sendMessage", send(1, 2)).await;
    let words =
        "Bad Request: entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 9";
    bot.refused("sendMessage", send(1, 8), 400, words).await;
    let (status, _) = bot.call("sendMessage", send(2, 1)).await;
    assert_eq!(status, 400, "no entity begins inside of an emoji");
    assert_eq!(telegram.next_message(7).await.unwrap().marked("bold"), ["👍"]);
}

#[tokio::test]
async fn an_edit_must_change_text_entities_or_markup() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let id = bot.says(7, "hello").await;
    let edit = |text: &str| json!({ "chat_id": 7, "message_id": id, "text": text, "parse_mode": "HTML" });
    bot.refused("editMessageText", edit("hello"), 400, NOT_MODIFIED).await;
    bot.ok("editMessageText", edit("<b>hello</b>")).await;
    let mut with_button = edit("<b>hello</b>");
    with_button["reply_markup"] = json!({ "inline_keyboard": [[{ "text": "B", "callback_data": "b" }]] });
    bot.ok("editMessageText", with_button.clone()).await;
    bot.refused("editMessageText", with_button, 400, NOT_MODIFIED).await;
    let edited = bot.ok("editMessageReplyMarkup", json!({ "chat_id": 7, "message_id": id })).await;
    assert!(edited["reply_markup"].is_null() && edited["edit_date"].is_i64());

    let shown = telegram.wait_for_message(&alice, |shown| shown.edits == 2).await.unwrap();
    let texts: Vec<&str> = shown.revisions.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["hello", "hello", "hello"]);
    let theirs = alice.says("mine");
    let edit = |id: i64| json!({ "chat_id": 7, "message_id": id, "text": "x" });
    bot.refused("editMessageText", edit(theirs.id), 400, "Bad Request: message can't be edited").await;
    bot.refused("editMessageText", edit(999), 400, "Bad Request: message to edit not found").await;
}

#[tokio::test]
async fn messages_are_deleted_by_the_rules() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let group = telegram.group(-100_555_000_111_000, "Team");
    let id = bot.says(7, "oops").await;
    let delete = |chat: i64, id: i64| json!({ "chat_id": chat, "message_id": id });
    bot.ok("deleteMessage", delete(7, id)).await;
    assert!(telegram.screen(7)[0].deleted);
    bot.refused("deleteMessage", delete(7, id), 400, "Bad Request: message to delete not found").await;
    let theirs = alice.says_in(&group, "hi");
    let refused = "Bad Request: message can't be deleted";
    bot.refused("deleteMessage", delete(group.id(), theirs.id), 400, refused).await;
    alice.promotes_bot(&group);
    bot.ok("deleteMessage", delete(group.id(), theirs.id)).await;
    let old = bot.says(7, "old").await;
    telegram.time_passes(Duration::from_secs(49 * 3600));
    bot.refused("deleteMessage", delete(7, old), 400, refused).await;
}

#[tokio::test]
async fn answers_point_to_their_message() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let question = alice.says("what is 2+2?");
    let params = json!({
        "chat_id": 7, "text": "4",
        "reply_parameters": { "message_id": question.id, "quote": "2+2" },
    });
    let sent = bot.ok("sendMessage", params).await;
    assert_eq!(sent["reply_to_message"]["text"], "what is 2+2?");
    assert_eq!(sent["quote"], json!({ "text": "2+2", "position": 8, "is_manual": true }));
    let gone = json!({ "chat_id": 7, "text": "x", "reply_to_message_id": 999 });
    bot.refused("sendMessage", gone, 400, "Bad Request: message to be replied not found").await;
    let or_not = json!({
        "chat_id": 7, "text": "x", "reply_parameters": { "message_id": 999, "allow_sending_without_reply": true },
    });
    assert!(bot.ok("sendMessage", or_not).await["reply_to_message"].is_null());
    let misquoted = json!({
        "chat_id": 7, "text": "x", "reply_parameters": { "message_id": question.id, "quote": "3+3" },
    });
    bot.refused("sendMessage", misquoted, 400, "Bad Request: QUOTE_TEXT_INVALID").await;
}

#[tokio::test]
async fn buttons_are_checked() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let send = |button: Value| json!({ "chat_id": 7, "text": "x", "reply_markup": { "inline_keyboard": [[button]] } });
    let long = "d".repeat(65);
    let cases = [
        (json!({ "text": "B", "callback_data": long }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "B", "url": "nowhere" }), "BUTTON_URL_INVALID"),
        (
            json!({ "text": "B" }),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (json!({ "callback_data": "b" }), "can't parse inline keyboard button: Can't find field \"text\""),
    ];
    for (button, why) in cases {
        bot.refused("sendMessage", send(button), 400, &format!("Bad Request: {why}")).await;
    }
    assert_eq!(telegram.take_problems().len(), 2);
}

#[tokio::test]
async fn a_draft_is_seen_until_a_message_takes_its_place_or_its_time_is_over() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let draft = |text: &str| json!({ "chat_id": 7, "draft_id": 5, "text": text, "parse_mode": "HTML" });
    let seen = || telegram.draft(7).map(|draft| (draft.id, draft.text));
    assert_eq!(bot.ok("sendMessageDraft", draft("")).await, json!(true));
    assert_eq!(seen(), Some((5, "Thinking…".to_owned())));
    bot.ok("sendMessageDraft", draft("<b>So</b> far")).await;
    assert_eq!(seen(), Some((5, "So far".to_owned())));
    assert!(telegram.screen(7).is_empty());
    telegram.time_passes(Duration::from_secs(30));
    assert_eq!(seen(), None);
    bot.ok("sendMessageDraft", draft("So far")).await;
    bot.ok("sendMessage", json!({ "chat_id": 7, "text": "So far, so good" })).await;
    assert_eq!(seen(), None);
}

#[tokio::test]
async fn a_draft_has_a_number_a_length_and_a_private_chat() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    telegram.group(-100, "Team");
    let draft = |chat: i64, id: i64, text: &str| json!({ "chat_id": chat, "draft_id": id, "text": text });
    let refused = async |draft, words: &str| bot.refused("sendMessageDraft", draft, 400, words).await;
    refused(draft(7, 0, "So far"), "Bad Request: draft identifier must be non-zero").await;
    refused(draft(7, 1, &"x".repeat(4_097)), "Bad Request: message is too long").await;
    refused(draft(-100, 1, "So far"), "Bad Request: TEXTDRAFT_PEER_INVALID").await;
    refused(draft(8, 1, "So far"), "Bad Request: chat not found").await;
    telegram.take_problems();
}
