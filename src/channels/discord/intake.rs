//! From what came in to what is durable: one batch after another, each again
//! and again until the inbox takes it.

use std::sync::Arc;
use std::time::Duration;

use serenity::model::id::UserId;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::channels::discord::happening::Happening;
use crate::channels::discord::interactions::PROMISE_AFTER;
use crate::channels::discord::waiting::{Arrival, Waiting};
use crate::channels::discord::{Shared, catchup, connection, decode};
use crate::channels::{Batch, ChannelError, Inbox, InboxError};
use crate::domain::Backoff;
use crate::telemetry::{KillPoint, chain, kill_point};

/// How many events go into one batch.
const BATCH: usize = 64;

/// Waits between attempts to store a batch.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long the last attempt may take when we are told to end.
const LAST_ATTEMPT: Duration = Duration::from_secs(2);

/// Reports what the gateway tells until `shutdown` fires.
pub(super) async fn run(
    shared: &Shared,
    inbox: &dyn Inbox,
    shutdown: CancellationToken,
) -> Result<(), ChannelError> {
    let (waiting, sessions) = (Waiting::default(), shared.sessions.subscribe());
    let end = tokio::select! {
        end = connection::keep(shared, &waiting, &shutdown) => end,
        () = store(shared, inbox, &waiting) => Ok(()),
        () = catchup::run(shared, inbox, &waiting, sessions) => Ok(()),
    };
    waiting.release_all();
    // Nobody will send us again what is waiting here.
    let emptied = timeout(LAST_ATTEMPT, async {
        while waiting.len() > 0 && store_some(shared, inbox, &waiting).await.is_ok() {}
    });
    let is_writing = emptied.await.is_err();
    if is_writing || waiting.len() > 0 {
        // What is written late is carried out at the next start, and nobody is told that it was not taken in.
        let writing = if is_writing { waiting.front(BATCH) } else { Vec::new() };
        let is_lost = |arrival: &Arrival| {
            let may_be_kept = writing.iter().any(|kept| std::ptr::eq(kept.as_ref(), arrival));
            matches!(arrival.what, Happening::Command(_)) && !may_be_kept
        };
        refuse(shared, waiting.take_out(is_lost));
        tracing::error!("{} events of Discord's were not stored and are lost", waiting.len());
    }
    end
}

/// Stores what waits, as it comes.
async fn store(shared: &Shared, inbox: &dyn Inbox, waiting: &Waiting) {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        waiting.until(|length| length.free > 0).await;
        match store_some(shared, inbox, waiting).await {
            Ok(()) => backoff.reset(),
            Err(error) => {
                let wait = backoff.next_wait();
                tracing::error!(error = %chain(&error), "could not store what came in, trying again in {wait:?}");
                refuse(shared, waiting.take_out(is_overdue));
                sleep(wait).await;
            }
        }
    }
}

async fn store_some(shared: &Shared, inbox: &dyn Inbox, waiting: &Waiting) -> Result<(), InboxError> {
    let arrivals = waiting.front(BATCH);
    let mut batch = Batch::default();
    for arrival in &arrivals {
        kill_point(KillPoint::Read);
        let Some(bot) = shared.bot() else { continue };
        read(shared, bot, &arrival.what, &mut batch).await;
    }
    if !batch.is_empty() {
        inbox.accept(batch).await?;
    }
    waiting.done(&arrivals);
    for arrival in arrivals {
        if let Happening::Command(command) = &arrival.what {
            shared.interactions.accepted(decode::interaction(command));
        }
    }
    Ok(())
}

/// Reads what the gateway told into a batch.
pub(super) async fn read(shared: &Shared, bot: UserId, what: &Happening, batch: &mut Batch) {
    let reader = shared.reader(bot);
    let places = &shared.places;
    match what {
        Happening::Said(said) if decode::is_talk(said) => {
            let address = places.address(&shared.api, said.channel_id, said.guild_id).await;
            let message = decode::message(said, address, reader);
            places.remember(said.id, &message);
            batch.messages.push(message);
        }
        Happening::Edited(update) if decode::is_edit(update, reader) => {
            let address = places.address(&shared.api, update.channel_id, update.guild_id).await;
            let Some(edit) = decode::edit(update, address, reader) else { return };
            // It may be the first that we hear of its message, or what makes it one for us.
            places.remember(update.id, &edit);
            batch.messages.push(edit);
        }
        Happening::Deleted(ids) => {
            // Who said it is not told; for what was said long ago nobody waits.
            let known = ids.iter().filter_map(|id| Some((*id, places.spoken(*id)?)));
            batch.messages.extend(known.map(|(id, said)| decode::deletion(id, said, shared.clock.now())));
        }
        Happening::Command(command) => {
            if let Some(channel) = &command.channel {
                places.learn(channel.id, channel.kind, channel.parent_id);
            }
            let address = places.address(&shared.api, command.channel_id, command.guild_id).await;
            batch.messages.push(decode::command(command, address));
        }
        Happening::Closed(door) => batch.doors.push(door.clone()),
        Happening::Unreadable(unreadable) => batch.unreadable.push(unreadable.clone()),
        Happening::Said(_) | Happening::Edited(_) | Happening::Ready(_) => {}
    }
}

/// Whether somebody has been waiting for an answer that is not coming.
fn is_overdue(arrival: &Arrival) -> bool {
    matches!(arrival.what, Happening::Command(_)) && arrival.at.elapsed() >= PROMISE_AFTER
}

fn refuse(shared: &Shared, commands: Vec<Arc<Arrival>>) {
    for arrival in commands {
        if let Happening::Command(command) = &arrival.what {
            let words = shared.texts.get("not-accepted");
            shared.interactions.refused(decode::interaction(command), words);
        }
    }
}
