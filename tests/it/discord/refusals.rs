//! What the platform refuses, in our words, without a secret in any of them.

use std::time::Duration;

use switchboard::channels::{Channel, ChannelError, LimitScope};
use switchboard::domain::{Interaction, PostedId, ReplyTo};
use switchboard::telemetry::chain;

use super::{Stage, part};
use crate::support::discord::permissions::SEND_MESSAGES;
use crate::support::discord::{Discord, Fault, Scope};

const POST: &str = "POST /channels/{id}/messages";

async fn asked(stage: &Stage) -> ReplyTo {
    stage.discord.user(1, "alice").dm("a question");
    stage.inbox.said("a question").await.0.reply_to()
}

#[tokio::test]
async fn faults_are_told_apart() {
    let stage = Stage::set_at(Discord::start().await.without_rate_limits(), false).await;
    let to = asked(&stage).await;
    let error = |status, code, message| Fault::Error { status, code, message };
    let table = [
        (Fault::Status(500), "unknown"),
        (Fault::StatusAfter(502), "unknown"),
        (Fault::CutAfter, "unknown"),
        (Fault::CutBefore, "unknown"),
        (Fault::Status(401), "unauthorized"),
        (error(403, 50_001, "Missing Access"), "gone"),
        (error(403, 50_007, "Cannot send messages to this user"), "gone"),
        (error(403, 50_013, "Missing Permissions"), "gone"),
        (error(404, 10_003, "Unknown Channel"), "gone"),
        (error(404, 10_008, "Unknown Message"), "gone"),
        (error(400, 50_035, "Invalid Form Body"), "rejected"),
        (error(400, 0, "Something new"), "rejected"),
    ];
    for (fault, expected) in table {
        stage.discord.fault(POST, 1, fault.clone());
        let error = stage.post(&to, 0, "an answer").await.unwrap_err();
        let kind = match error {
            ChannelError::RateLimited { .. } => "limited",
            ChannelError::Unreachable { .. } => "unreachable",
            ChannelError::Unknown { .. } => "unknown",
            ChannelError::Gone { .. } => "gone",
            ChannelError::Rejected { .. } => "rejected",
            ChannelError::Unauthorized { .. } => "unauthorized",
            ChannelError::Setup { .. } => "setup",
        };
        assert_eq!(kind, expected, "{fault:?} became {error:?}");
    }
    stage.discord.screen(stage.discord.user(1, "alice").dm_channel());
    stage.ends().await;
}

#[tokio::test]
async fn a_limit_says_how_long_and_for_whom() {
    let stage = Stage::set().await;
    let to = asked(&stage).await;
    let table = [
        (Scope::User, LimitScope::Chat),
        (Scope::Shared, LimitScope::Chat),
        (Scope::Global, LimitScope::Account),
    ];
    for (scope, expected) in table {
        let wait = Duration::from_millis(2_500);
        stage.discord.fault(POST, 1, Fault::RateLimited { retry_after: wait, scope });
        let error = stage.post(&to, 0, "an answer").await.unwrap_err();
        let ChannelError::RateLimited { scope, retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!((scope, retry_after), (expected, wait));
    }
    stage.ends().await;
}

#[tokio::test]
async fn who_shuts_the_bot_out_is_gone() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let team = stage.discord.guild(100, "Team");
    let general = team.channel(200, "general");
    let to_alice = asked(&stage).await;
    alice.says_in(general, &format!("{} hello", stage.discord.mention()));
    let to_team = stage.inbox.said("hello").await.0.reply_to();
    let posted = stage.post(&to_team, 0, "soon deleted").await.unwrap();

    alice.blocks_the_bot(true);
    alice.deletes(posted);
    team.denies_bot(general, SEND_MESSAGES);

    for error in [
        stage.post(&to_alice, 0, "an answer").await.unwrap_err(),
        stage.post(&to_team, 0, "an answer").await.unwrap_err(),
        stage.bot.edit(&to_team, &PostedId(posted.to_string()), &part(0, "an answer")).await.unwrap_err(),
    ] {
        assert!(matches!(error, ChannelError::Gone { .. }), "{error:?}");
    }
    team.deletes_channel(general);
    let error = stage.post(&to_team, 0, "an answer").await.unwrap_err();
    assert!(matches!(error, ChannelError::Gone { .. }), "{error:?}");
    stage.ends().await;
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let stage = Stage::set().await;
    let to = asked(&stage).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lonely = super::bot(&stage.discord.token(), &format!("http://{nobody}"), &stage.tasks);

    let edited = lonely.edit(&to, &PostedId("5".to_owned()), &part(0, "an answer")).await;

    assert!(matches!(edited, Err(ChannelError::Unreachable { .. })), "{edited:?}");
    stage.ends().await;
}

#[tokio::test]
async fn ids_that_are_none_are_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    let mut to = asked(&stage).await;
    for chat in ["", "0", "general", "-5", "../users/@me"] {
        to.address.chat = chat.to_owned();
        let error = stage.post(&to, 0, "an answer").await.unwrap_err();
        assert!(matches!(error, ChannelError::Rejected { .. }), "{error:?}");
    }
    stage.ends().await;
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    let stage = Stage::set().await;
    let mut to = asked(&stage).await;
    let id = (to.message.clone().unwrap().0.parse::<u64>().unwrap() + 1).to_string();
    to.interaction = Some(Interaction { id, token: "aVerySecretToken".to_owned() });
    let mut errors = Vec::new();
    for fault in [Fault::CutAfter, Fault::Status(500), Fault::Status(401)] {
        stage.discord.fault("POST /interactions/{id}/{token}/callback", 2, fault.clone());
        errors.extend(stage.post(&to, 0, "the answer").await.err());
        stage.discord.fault(POST, 1, fault);
        to.interaction = None;
        errors.extend(stage.post(&to, 0, "the answer").await.err());
        stage.discord.clear_faults();
        to.interaction = Some(Interaction { id: "5".to_owned(), token: "aVerySecretToken".to_owned() });
    }
    let token = stage.discord.token();

    assert!(errors.len() >= 4, "{errors:?}");
    for error in errors {
        let told = format!("{} {error:?}", chain(&error));
        for secret in ["aVerySecretToken", token.as_str(), "the answer"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
    stage.discord.screen(stage.discord.user(1, "alice").dm_channel());
    stage.discord.take_problems();
    stage.ends().await;
}
