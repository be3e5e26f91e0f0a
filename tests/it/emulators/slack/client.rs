//! The Slack emulator against the real client library, slack-morphism.

use std::sync::Arc;
use std::time::Duration;

use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{
    SlackActionsBlock, SlackApiAssistantThreadsSetStatusRequest, SlackApiChatDeleteRequest,
    SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest, SlackApiConversationsHistoryRequest,
    SlackApiConversationsInfoRequest, SlackApiConversationsListRequest, SlackApiConversationsOpenRequest,
    SlackApiConversationsRepliesRequest, SlackApiPostWebhookMessageRequest, SlackApiReactionsAddRequest,
    SlackApiTeamInfoRequest, SlackApiToken, SlackApiUsersInfoRequest, SlackBlockButtonElement, SlackClient,
    SlackClientEventsListenerEnvironment, SlackClientEventsUserState, SlackClientHyperConnector,
    SlackClientHyperHttpsConnector, SlackClientSocketModeConfig, SlackClientSocketModeListener,
    SlackCommandEvent, SlackCommandEventResponse, SlackEventCallbackBody, SlackInteractionEvent,
    SlackInteractionResponse, SlackMessageContent, SlackPushEventCallback, SlackSocketModeListenerCallbacks,
    SlackTs, slack_blocks,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::slack::{BURST, Person, Slack};

type Client = SlackClient<SlackClientHyperHttpsConnector>;

/// What the library handed to the bot.
#[derive(Debug)]
enum Got {
    Event(Box<SlackPushEventCallback>),
    Command(Box<SlackCommandEvent>),
    Click(Box<SlackInteractionEvent>),
}

/// The bot: a client, and a listener that reports what it gets.
struct Bot {
    client: Arc<Client>,
    token: SlackApiToken,
    got: UnboundedReceiver<Got>,
    listener: SlackClientSocketModeListener<SlackClientHyperHttpsConnector>,
}

impl Bot {
    /// Starts a bot that refuses its first `failures` events.
    async fn start(slack: &Slack, failures: usize) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .unwrap()
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .build();
        let connector = SlackClientHyperConnector::with_connector(https).with_slack_api_url(&slack.api_url());
        let client = Arc::new(SlackClient::new(connector));
        let (tell, got) = unbounded_channel();
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&client)));
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(1)
            .with_reconnect_timeout_in_seconds(1);
        let listener = SlackClientSocketModeListener::new(&config, environment, callbacks(tell, failures));
        listener.listen_for(&SlackApiToken::new(slack.app_token().into())).await.unwrap();
        listener.start().await;
        assert!(slack.wait_for_sockets(1).await);
        Self { client, token: SlackApiToken::new(slack.bot_token().into()), got, listener }
    }

    async fn event(&mut self) -> SlackPushEventCallback {
        match self.got.recv().await {
            Some(Got::Event(event)) => *event,
            other => panic!("an event, not {other:?}"),
        }
    }

    async fn post(&self, channel: &str, text: &str) -> Result<SlackTs, SlackClientError> {
        let content = SlackMessageContent::new().with_text(text.to_owned());
        let request = SlackApiChatPostMessageRequest::new(channel.into(), content);
        Ok(self.client.open_session(&self.token).chat_post_message(&request).await?.ts)
    }
}

fn callbacks(
    tell: UnboundedSender<Got>,
    failures: usize,
) -> SlackSocketModeListenerCallbacks<SlackClientHyperHttpsConnector> {
    let failures = Arc::new(std::sync::atomic::AtomicUsize::new(failures));
    let mut callbacks = SlackSocketModeListenerCallbacks::new();
    let events = tell.clone();
    callbacks.push_events_callback =
        Box::new(move |event: SlackPushEventCallback, _: Arc<Client>, _: SlackClientEventsUserState| {
            events.send(Got::Event(Box::new(event))).unwrap();
            let left = failures.load(std::sync::atomic::Ordering::SeqCst);
            failures.store(left.saturating_sub(1), std::sync::atomic::Ordering::SeqCst);
            async move { if left > 0 { Err("not stored".into()) } else { Ok(()) } }
        });
    let commands = tell.clone();
    callbacks.command_callback =
        Box::new(move |command: SlackCommandEvent, _: Arc<Client>, _: SlackClientEventsUserState| {
            commands.send(Got::Command(Box::new(command))).unwrap();
            async move {
                Ok(SlackCommandEventResponse::new(SlackMessageContent::new().with_text("At once.".into())))
            }
        });
    callbacks.interaction_callback =
        Box::new(move |click: SlackInteractionEvent, _: Arc<Client>, _: SlackClientEventsUserState| {
            tell.send(Got::Click(Box::new(click))).unwrap();
            async move { Ok(SlackInteractionResponse::Empty) }
        });
    callbacks
}

async fn workspace() -> (Slack, Person) {
    let slack = Slack::start().await.with_all_rights();
    let alice = slack.user("U1", "alice");
    slack.channel("C1", "general", &[&alice]);
    (slack, alice)
}

#[tokio::test]
async fn auth_test_names_the_bot_and_the_workspace() {
    let (slack, _) = workspace().await;
    let bot = Bot::start(&slack, 0).await;
    let me = bot.client.open_session(&bot.token).auth_test().await.unwrap();
    assert_eq!((me.user_id.to_string(), me.team_id.to_string()), (slack.bot_user(), slack.team()));
    bot.listener.shutdown().await;
}

#[tokio::test]
async fn an_event_is_acknowledged_after_its_callback() {
    let (slack, alice) = workspace().await;
    let mut bot = Bot::start(&slack, 0).await;
    let ts = alice.says_in("C1", "<@bot> hello");
    for _ in 0..2 {
        match bot.event().await.event {
            SlackEventCallbackBody::Message(message) => {
                assert_eq!(message.origin.ts.to_string(), ts)
            }
            SlackEventCallbackBody::AppMention(mention) => {
                assert_eq!(mention.origin.ts.to_string(), ts)
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(slack.wait_until_delivered().await);
    assert!(slack.lost_events().is_empty());
    assert_eq!(slack.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn an_event_whose_callback_failed_comes_again() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(300));
    let mut bot = Bot::start(&slack, 1).await;
    alice.dm("hello");
    let (first, second) = (bot.event().await, bot.event().await);
    assert_eq!(first.event_id, second.event_id);
    assert!(slack.wait_until_delivered().await);
    assert!(slack.lost_events().is_empty());
}

#[tokio::test]
async fn every_event_is_one_the_library_knows() {
    let (slack, alice) = workspace().await;
    let mut bot = Bot::start(&slack, 0).await;
    let ts = alice.says_in("C1", "see https://example.com/page");
    alice.replies_in("C1", &ts, "reply");
    alice.broadcasts_in("C1", &ts, "loud");
    alice.edits("C1", &ts, "saw");
    alice.reacts("C1", &ts, "eyes");
    alice.unreacts("C1", &ts, "eyes");
    slack.other_bot("U7", "helper").posts_by_webhook("C1", "beep");
    slack.user("U3", "carol").joins("C1");
    let last = alice.says_in("C1", "gone");
    alice.deletes("C1", &last);
    alice.deletes("C1", &ts);
    alice.archives("C1");
    slack.uninstall_app();
    for number in 0..16 {
        let event = bot.event().await.event;
        let is_known = !matches!(event, SlackEventCallbackBody::Unknown(_));
        // The library has no model of tokens_revoked.
        assert!(is_known || number == 14, "{number}: {event:?}");
    }
}

#[tokio::test]
async fn a_post_and_its_update_appear() {
    let (slack, _) = workspace().await;
    let bot = Bot::start(&slack, 0).await;
    let session = bot.client.open_session(&bot.token);
    let ts = bot.post("C1", "...").await.unwrap();
    let content = SlackMessageContent::new().with_text("done".into());
    session.chat_update(&SlackApiChatUpdateRequest::new("C1".into(), content, ts.clone())).await.unwrap();
    let shown = slack.message("C1", ts.as_ref()).unwrap();
    assert_eq!((shown.text.as_str(), shown.edits), ("done", 1));
    let request = SlackApiConversationsHistoryRequest::new().with_channel("C1".into());
    let history = session.conversations_history(&request).await.unwrap();
    assert_eq!(history.messages[0].content.text.as_deref(), Some("done"));
    let request = SlackApiConversationsRepliesRequest::new("C1".into(), ts.clone());
    assert_eq!(session.conversations_replies(&request).await.unwrap().messages.len(), 1);
    let request = SlackApiReactionsAddRequest::new("C1".into(), "eyes".into(), ts.clone());
    session.reactions_add(&request).await.unwrap();
    let request = SlackApiAssistantThreadsSetStatusRequest::new("C1".into(), "thinks".into(), ts.clone());
    session.assistant_threads_set_status(&request).await.unwrap();
    assert_eq!(slack.status("C1", ts.as_ref()).as_deref(), Some("thinks"));
    session.chat_delete(&SlackApiChatDeleteRequest::new("C1".into(), ts)).await.unwrap();
    let request = SlackApiConversationsOpenRequest::new().with_users(vec!["U1".into()]);
    session.conversations_open(&request).await.unwrap();
    session.users_info(&SlackApiUsersInfoRequest::new("U1".into())).await.unwrap();
    session.team_info(&SlackApiTeamInfoRequest::new()).await.unwrap();
    session.conversations_info(&SlackApiConversationsInfoRequest::new("C1".into())).await.unwrap();
    session.conversations_list(&SlackApiConversationsListRequest::new()).await.unwrap();
    assert_eq!(slack.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_rate_limit_says_when_to_try_again() {
    let (slack, _) = workspace().await;
    let bot = Bot::start(&slack, 0).await;
    for _ in 0..BURST {
        bot.post("C1", "x").await.unwrap();
    }
    match bot.post("C1", "x").await {
        Err(SlackClientError::RateLimitError(limit)) => {
            assert_eq!(limit.retry_after, Some(Duration::from_secs(1)))
        }
        other => panic!("{other:?}"),
    }
    slack.revoke_tokens();
    match bot.client.open_session(&bot.token).auth_test().await {
        Err(SlackClientError::ApiError(error)) => assert_eq!(error.code, "token_revoked"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_and_a_click_reach_the_bot_and_are_answered() {
    let (slack, alice) = workspace().await;
    let mut bot = Bot::start(&slack, 0).await;
    slack.subscribe_only(&[]);
    alice.runs_in("C1", "/switchboard", "help");
    let Some(Got::Command(command)) = bot.got.recv().await else { panic!("a command") };
    assert_eq!(command.text.as_deref(), Some("help"));
    assert_eq!(slack.wait_for_message("C1", |_| true).await.unwrap().text, "At once.");
    let content = SlackMessageContent::new().with_text("Later.".into());
    let request = SlackApiPostWebhookMessageRequest::new(content);
    bot.client.respond_to_event(&command.response_url, &request).await.unwrap();
    assert_eq!(alice.screen("C1").last().unwrap().text, "Later.");
    let button = SlackBlockButtonElement::new("Approve".into()).with_action_id("approve".into());
    let blocks = slack_blocks![some_into(SlackActionsBlock::new(slack_blocks![some_into(button)]))];
    let content = SlackMessageContent::new().with_text("?".into()).with_blocks(blocks);
    let request = SlackApiChatPostMessageRequest::new("C1".into(), content);
    let posted = bot.client.open_session(&bot.token).chat_post_message(&request).await.unwrap();
    alice.clicks("C1", posted.ts.as_ref(), "approve");
    let Some(Got::Click(click)) = bot.got.recv().await else { panic!("a click") };
    let SlackInteractionEvent::BlockActions(click) = *click else { panic!("a button") };
    assert_eq!(click.actions.unwrap()[0].action_id.to_string(), "approve");
    assert!(slack.wait_until_delivered().await);
    assert_eq!((slack.failed_clicks(), slack.problems()), (0, Vec::new()));
}

#[tokio::test]
async fn the_library_comes_back_after_a_refresh_and_after_a_cut() {
    let (slack, alice) = workspace().await;
    let mut bot = Bot::start(&slack, 0).await;
    slack.retry_after([Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5)]);
    slack.acknowledge_within(Duration::from_millis(500));
    slack.refresh_sockets();
    alice.dm("one");
    assert!(matches!(bot.event().await.event, SlackEventCallbackBody::Message(_)));
    assert!(slack.wait_until_delivered().await);
    assert!(slack.wait_for_sockets(1).await);
    slack.cut_sockets();
    assert!(slack.wait_for_sockets(0).await);
    assert!(slack.wait_for_sockets(1).await);
    alice.dm("two");
    bot.event().await;
    assert!(slack.wait_until_delivered().await);
}
