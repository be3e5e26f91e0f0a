//! A bot written with the real serenity, on a runtime as Switchboard uses it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serenity::Error;
use serenity::builder::{
    CreateAllowedMentions, CreateCommand, CreateInteractionResponse, CreateMessage, EditInteractionResponse,
    EditMessage,
};
use serenity::client::{ClientBuilder, Context, EventHandler};
use serenity::gateway::GatewayError;
use serenity::http::HttpBuilder;
use serenity::model::application::{Command, Interaction};
use serenity::model::channel::{Message, MessageType};
use serenity::model::gateway::{GatewayIntents, Ready};

use super::emulator::{Acknowledged, Discord, GatewayStep};

struct Echo;

#[async_trait]
impl EventHandler for Echo {
    async fn ready(&self, context: Context, _: Ready) {
        let model = CreateCommand::new("model").description("Chooses a model");
        Command::set_global_commands(&context.http, vec![model]).await.expect("commands are accepted");
    }

    async fn message(&self, context: Context, message: Message) {
        let is_speech = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
        if message.author.bot || !is_speech {
            return;
        }
        let thinking = CreateMessage::new()
            .content("…")
            .reference_message(&message)
            .allowed_mentions(CreateAllowedMentions::new());
        let mut reply = message.channel_id.send_message(&context.http, thinking).await.expect("it is sent");
        let edit = EditMessage::new().content(format!("You said: {}", message.content));
        reply.edit(&context.http, edit).await.expect("it is edited");
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else { return };
        let defer = CreateInteractionResponse::Defer(Default::default());
        command.create_response(&context.http, defer).await.expect("it is deferred");
        let answer = EditInteractionResponse::new().content("The small one.");
        command.edit_response(&context.http, answer).await.expect("it is edited");
    }
}

const INTENTS: GatewayIntents = GatewayIntents::non_privileged().union(GatewayIntents::MESSAGE_CONTENT);

/// Runs the bot on a thread and runtime of its own; its end comes back.
fn run_bot(discord: &Discord, intents: GatewayIntents) -> tokio::sync::oneshot::Receiver<Result<(), Error>> {
    let (url, token) = (discord.url(), discord.token());
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(async {
            let http = HttpBuilder::new(token).proxy(url).ratelimiter_disabled(true).build();
            let client = ClientBuilder::new_with_http(http, intents).event_handler_arc(Arc::new(Echo));
            client.await?.start().await
        });
        ended.send(result).ok();
    });
    end
}

#[tokio::test]
async fn serenity_answers_edits_and_survives_a_drop() {
    let discord = Discord::start().await;
    let general = discord.guild(100, "Team").channel(200, "general");
    let alice = discord.user(1, "alice");
    let _bot = run_bot(&discord, INTENTS);
    discord.wait_until_connected().await;

    let question = alice.dm("hello");
    let dm = alice.dm_channel();
    let answer = discord.wait_for_message(dm, |shown| shown.text == "You said: hello").await;
    assert_eq!((answer.edits, answer.reply_to), (1, Some(question)));
    assert!(answer.pings.is_empty());

    let invocation = alice.runs_command("model", &[], general).await;
    discord.wait_for_message(general, |shown| shown.text == "The small one.").await;
    assert_eq!(invocation.acknowledged(), Some(Acknowledged::Deferred));

    discord.drops_connections();
    alice.dm("are you still there?");
    discord.wait_for_message(dm, |shown| shown.text == "You said: are you still there?").await;
    let resumed = |step: &GatewayStep| matches!(step, GatewayStep::Resumed { replayed: 1.. });
    assert!(discord.gateway_log().iter().any(|record| resumed(&record.what)));
    let answers = discord.screen(dm).into_iter().filter(|shown| shown.by_bot).count();
    assert_eq!(answers, 2, "nothing is lost and nothing comes twice");
    assert!(discord.unseen().is_empty());
    assert_eq!(discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn serenity_reports_a_disallowed_intent() {
    let discord = Discord::start().await;
    discord.allows_privileged_intents(0);

    let end = tokio::time::timeout(Duration::from_secs(20), run_bot(&discord, INTENTS)).await;

    let error = end.expect("it ends").expect("it tells").expect_err("it fails");
    assert!(matches!(error, Error::Gateway(GatewayError::DisallowedGatewayIntents)), "{error:?}");
    assert_eq!(discord.take_problems(), ["gateway closed with 4014: Disallowed intent(s)."]);
}

#[tokio::test]
async fn serenity_takes_messages_of_every_kind() {
    let discord = Discord::start().await.without_rate_limits();
    let team = discord.guild(100, "Team");
    let general = team.channel(200, "general");
    let alice = discord.user(1, "alice");
    let _bot = run_bot(&discord, INTENTS);
    discord.wait_until_connected().await;

    let thread = alice.starts_thread_from(alice.says_in(general, "topic"), "talk");
    discord.webhook(900, "GitHub", general).says("build failed");
    alice.sends_file(thread, "see file", "a.txt", ("text/plain", b"text"));
    alice.replies_to(alice.says_in(general, "first"), "second");

    discord.wait_for_message(thread, |shown| shown.text == "You said: see file").await;
    for text in ["topic", "first", "second"] {
        let wanted = format!("You said: {text}");
        discord.wait_for_message(general, |shown| shown.text == wanted).await;
    }
    assert_eq!(discord.problems(), Vec::<String>::new());
    assert!(discord.calls().iter().all(|call| call.status == Some(200)));
}
