//! A bad day: twenty people, four thousand messages, and everything around the
//! program fails now and then. Everybody is answered, once and in order.

use std::time::{Duration, Instant};

use switchboard::domain::Platform;
use tokio::time::sleep;

use crate::crash::dice::Dice;
use crate::crash::world::{World, until};
use crate::support::database::Beside;
use crate::support::discord::{Fault as DiscordFault, Scope};
use crate::support::models::{Fault as ModelFault, RetryAfter};
use crate::support::slack::Fault as SlackFault;
use crate::support::telegram::Fault as TelegramFault;

/// How much everybody says.
const EACH: usize = 200;

/// How much is said at once, at most.
const BREATH: u64 = 5;

/// How much may wait for its answer before anybody says more.
const BEHIND: usize = 400;

/// After how many breaths something fails once more, all at once.
const TROUBLE: u64 = 60;

/// After how many questions one has an answer that streams, so that it is edited.
const STREAMED: usize = 25;

/// How much it says, and for how long, in milliseconds.
const STREAM: (u32, u32) = (40, 3_000);

/// Among how many troubles Slack's sockets are cut.
const CUTS: u64 = 8;

/// How often each kind of fault comes.
const ROUNDS: usize = 8;

/// After how many posts of a round Telegram leaves it open whether it took them.
const DOUBTS: usize = 3;

/// When Slack tells again what nobody acknowledged.
const RETRIES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(20), Duration::from_secs(40)];

/// What a call takes that does not fail, so that the faults have calls between them.
const PAUSE: Duration = Duration::from_millis(1);

/// What fails in turn: each kind of fault comes every so often, with calls that work in between.
fn plan(world: &World) {
    let (telegram, discord, slack) =
        (&world.platforms.telegram, &world.platforms.discord, &world.platforms.slack);
    for round in 0..ROUNDS {
        let is_before = round % 2 == 0;
        for fault in [
            if is_before { TelegramFault::Status(502) } else { TelegramFault::StatusAfter(502) },
            if is_before { TelegramFault::CutBefore } else { TelegramFault::CutAfter },
            TelegramFault::RetryAfter(1),
            if is_before { TelegramFault::Page(503) } else { TelegramFault::PageAfter(503) },
        ] {
            // Of one answer three copies leave at most, so doubts may not come too close together.
            for (method, apart) in [("sendMessage", 20), ("getUpdates", 4)] {
                telegram.fault(method, apart, TelegramFault::Delay(PAUSE));
                telegram.fault(method, 1, fault.clone());
            }
        }
        for fault in [
            DiscordFault::Status(502),
            DiscordFault::StatusAfter(502),
            DiscordFault::CutBefore,
            DiscordFault::CutAfter,
            DiscordFault::RateLimited { retry_after: Duration::from_millis(200), scope: Scope::User },
        ] {
            discord.fault("POST /channels/{id}/messages", 4, DiscordFault::Delay(PAUSE));
            discord.fault("POST /channels/{id}/messages", 1, fault);
        }
        for fault in [
            SlackFault::Status(503),
            SlackFault::StatusAfter(503),
            SlackFault::CutBefore,
            SlackFault::CutAfter,
            SlackFault::RateLimited(1),
            SlackFault::Error("internal_error"),
        ] {
            slack.fault("chat.postMessage", 4, SlackFault::Delay(PAUSE));
            slack.fault("chat.postMessage", 1, fault);
        }
        edits_fail(world, is_before);
        for fault in [SlackFault::Duplicate, SlackFault::CutAfter, SlackFault::CutBefore] {
            slack.fault("delivery", 20, SlackFault::Delay(PAUSE));
            slack.fault("delivery", 1, fault);
        }
        for fault in [
            ModelFault::ServerError,
            ModelFault::CutBefore,
            ModelFault::RateLimited(RetryAfter::Milliseconds(50)),
            ModelFault::Unavailable,
        ] {
            // Two retries have to be enough.
            world.models.fault("chat/completions", 30, ModelFault::Delay(PAUSE));
            world.models.fault("chat/completions", 1, fault);
        }
    }
}

/// Edits fail now and then, and so does looking back.
fn edits_fail(world: &World, is_before: bool) {
    let (telegram, discord, slack) =
        (&world.platforms.telegram, &world.platforms.discord, &world.platforms.slack);
    for fault in [
        if is_before { TelegramFault::Status(502) } else { TelegramFault::StatusAfter(502) },
        if is_before { TelegramFault::CutBefore } else { TelegramFault::CutAfter },
        TelegramFault::RetryAfter(1),
    ] {
        telegram.fault("editMessageText", 1, TelegramFault::Delay(PAUSE));
        telegram.fault("editMessageText", 1, fault);
    }
    for route in ["PATCH /channels/{id}/messages/{id}", "GET /channels/{id}/messages"] {
        for fault in [
            if is_before { DiscordFault::Status(502) } else { DiscordFault::StatusAfter(502) },
            if is_before { DiscordFault::CutBefore } else { DiscordFault::CutAfter },
        ] {
            discord.fault(route, 1, DiscordFault::Delay(PAUSE));
            discord.fault(route, 1, fault);
        }
    }
    for method in ["chat.update", "conversations.history", "conversations.replies"] {
        for fault in [
            if is_before { SlackFault::Status(503) } else { SlackFault::StatusAfter(503) },
            if is_before { SlackFault::CutBefore } else { SlackFault::CutAfter },
            SlackFault::RateLimited(1),
        ] {
            slack.fault(method, 1, SlackFault::Delay(PAUSE));
            slack.fault(method, 1, fault);
        }
    }
}

/// What fails all at once, one thing after the other.
async fn trouble(world: &World, beside: &Beside, number: u64) {
    match number % 4 {
        0 => world.platforms.discord.drops_connections(),
        // A socket that was cut soon after it opened stays away for a while.
        1 if number < CUTS => world.platforms.slack.cut_sockets(),
        2 => world.platforms.discord.asks_to_reconnect(),
        _ => {
            // Somebody else writes to the database, and takes their time.
            if beside.try_to_shut_writers_out().await.is_ok() {
                sleep(Duration::from_millis(150)).await;
                beside.run("COMMIT").await;
            }
        }
    }
}

#[tokio::test]
async fn four_thousand_messages_of_twenty_people_are_answered_once_each_while_everything_fails() {
    let began = Instant::now();
    let people = [(Platform::Telegram, 5), (Platform::Discord, 4), (Platform::Slack, 5)];
    let mut world = World::of(&people).await;
    // Each of the answers of which Telegram did not say whether it took them may be there
    // twice, and says so; and all may be in one chat.
    (world.doubts, world.vain) = (DOUBTS * ROUNDS, 2);
    // As long as the real one waits: nobody is away here, and everything is slow.
    world.platforms.slack.acknowledge_within(Duration::from_secs(3));
    let daemon = world.setup.serve();
    world.is_heard(&daemon).await;
    world.platforms.slack.retry_after(RETRIES);
    plan(&world);
    let beside = Beside::open(&world.setup.database_url()).await;

    let mut dice = Dice::new(7);
    let voices: usize = world.lanes.iter().map(|lane| lane.seats.len()).sum();
    assert_eq!(voices, 20);
    let mut left: Vec<usize> = world.lanes.iter().map(|lane| lane.seats.len() * EACH).collect();
    let mut troubles = 0;
    while left.iter().any(|left| *left > 0) {
        for (lane, left) in left.iter_mut().enumerate() {
            let breath = usize::try_from(dice.below(BREATH) + 1).unwrap().min(*left);
            (0..breath).for_each(|_| {
                let is_streamed = (world.count() + lane).is_multiple_of(STREAMED);
                let (words, milliseconds) = if is_streamed { STREAM } else { (4, 0) };
                world.ask(lane, words, milliseconds);
            });
            *left -= breath;
            if dice.below(TROUBLE) == 0 {
                troubles += 1;
                trouble(&world, &beside, troubles).await;
            }
        }
        // People write while others are answered.
        until("most is answered", || async { world.count() - world.asked.count() < BEHIND }).await;
    }
    beside.close().await;
    let slack = &world.platforms.slack;
    // What was acknowledged too late is told again, or given up by Slack, and is here all the same.
    until("Slack has delivered", || async { slack.undelivered() == 0 }).await;
    world.settle(&daemon).await;
    daemon.stop().await;
    assert_eq!(world.count(), 4_000 + world.lanes.len());
    world.judge().await;
    eprintln!("{} messages, {troubles} troubles, {:?}", world.count(), began.elapsed());
}
