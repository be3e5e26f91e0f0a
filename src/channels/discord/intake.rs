//! From what came in to what is durable: one batch after another, each again
//! and again until the inbox takes it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serenity::model::id::UserId;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::channels::discord::happening::{Deleted, Happening};
use crate::channels::discord::interactions::PROMISE_AFTER;
use crate::channels::discord::places::Spoken;
use crate::channels::discord::waiting::{Arrival, Waiting};
use crate::channels::discord::{Shared, catchup, connection, decode};
use crate::channels::{Batch, ChannelError, Inbox, InboxError};
use crate::domain::{Address, Author, Backoff, Call, DedupeKey, InboundMessage};
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
            arrival.what.interaction().is_some() && !may_be_kept
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
        if let Happening::Deleted(deleted) = &arrival.what {
            batch.messages.extend(deletions(shared, inbox, deleted).await?);
        } else {
            read(shared, bot, &arrival.what, &mut batch).await;
        }
    }
    if !batch.is_empty() {
        inbox.accept(batch).await?;
    }
    waiting.done(&arrivals);
    for arrival in arrivals {
        if let Some(interaction) = arrival.what.interaction() {
            shared.interactions.accepted(interaction);
        }
    }
    Ok(())
}

/// Reads what the gateway told into a batch.
pub(super) async fn read(shared: &Shared, bot: UserId, what: &Happening, batch: &mut Batch) {
    let reader = shared.reader(bot, what.channel());
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
        Happening::Deleted(deleted) => {
            let known = deleted.ids.iter().filter_map(|id| Some((*id, places.spoken(*id)?)));
            batch.messages.extend(known.map(|(id, said)| decode::deletion(id, said, shared.clock.now())));
        }
        Happening::Command(command) => {
            if let Some(channel) = &command.channel {
                places.learn(channel.id, channel.kind, channel.parent_id);
            }
            let address = places.address(&shared.api, command.channel_id, command.guild_id).await;
            batch.messages.push(decode::command(command, address));
        }
        Happening::Pressed(pressed) => {
            if let Some(channel) = &pressed.channel {
                places.learn(channel.id, channel.kind, channel.parent_id);
            }
            let address = places.address(&shared.api, pressed.channel_id, pressed.guild_id).await;
            batch.messages.push(decode::pressed(pressed, address));
        }
        Happening::Reacted { reaction, is_taken_back } => {
            batch.messages.extend(decode::reacted(reaction, *is_taken_back, (bot, shared.clock.now())));
        }
        Happening::Closed(door) => batch.doors.push(door.clone()),
        Happening::Unreadable(unreadable) => batch.unreadable.push(unreadable.clone()),
        Happening::Said(_) | Happening::Edited(_) | Happening::Ready(_) => {}
    }
}

/// Reads what was deleted of what has been said to us. Who said it is not told: we
/// remember that for a while, and what was said before, the inbox knows by its key.
async fn deletions(
    shared: &Shared,
    inbox: &dyn Inbox,
    deleted: &Deleted,
) -> Result<Vec<InboundMessage>, InboxError> {
    let (places, now) = (&shared.places, shared.clock.now());
    let said = deleted.ids.iter().map(|id| (*id, places.spoken(*id)));
    let (known, unknown): (Vec<_>, Vec<_>) = said.partition(|(_, said)| said.is_some());
    let mut deletions: Vec<InboundMessage> =
        known.into_iter().filter_map(|(id, said)| Some(decode::deletion(id, said?, now))).collect();
    let keys: Vec<DedupeKey> = unknown.iter().map(|(id, _)| decode::key(*id)).collect();
    let kept = if keys.is_empty() { HashSet::new() } else { inbox.accepted_before(&keys).await? };
    if kept.is_empty() {
        return Ok(deletions);
    }
    let address = places.address(&shared.api, deleted.channel, deleted.guild).await;
    let kept = unknown.into_iter().filter(|(id, _)| kept.contains(&decode::key(*id)));
    deletions.extend(kept.map(|(id, _)| decode::deletion(id, nobody_at(&address), now)));
    Ok(deletions)
}

/// Stands for whoever said what is only known to have been said.
fn nobody_at(address: &Address) -> Spoken {
    let author = Author {
        platform_user_id: String::new(),
        name: String::new(),
        username: None,
        locale: None,
        is_anonymous: true,
    };
    Spoken { address: address.clone(), author, call: Call::Nobody }
}

/// Whether somebody has been waiting for an answer that is not coming.
fn is_overdue(arrival: &Arrival) -> bool {
    arrival.what.interaction().is_some() && arrival.at.elapsed() >= PROMISE_AFTER
}

fn refuse(shared: &Shared, commands: Vec<Arc<Arrival>>) {
    for arrival in commands {
        if let Some(interaction) = arrival.what.interaction() {
            shared.interactions.refused(interaction, shared.texts.get("not-accepted"));
        }
    }
}
