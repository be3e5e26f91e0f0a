//! Slack's events, as inbound messages.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::channels::slack::event::{Callback, File, Message, OfAChannel, Reaction, Sort, micros};
use crate::channels::slack::markup::{calls_somebody, mentions, readable};
use crate::channels::slack::people::{People, Person};
use crate::domain::{
    Address, AddressKind, Attachment, Author, Call, ClosedFor, Command, DedupeKey, Door, Event, Extent,
    InboundMessage, Invocation, MOST_KEPT_BYTES, Platform, PostedId, Reacted, Said, SpaceRef, Thumb,
    Timestamp, Unreadable,
};

/// Slack's own account.
const SLACKBOT: &str = "USLACKBOT";

/// What bots, apps and Slack itself say.
const SAID_BY_NOBODY: Read = Read::Ignored("said by no person");

/// Who we are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ourselves {
    pub(super) user: String,
    pub(super) team: String,
    pub(super) team_name: Option<String>,
}

/// What an event turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    Message(Box<InboundMessage>),
    Unreadable(Unreadable),
    /// A channel was closed to us or opened again.
    Turned(Door),
    /// Our tokens may have been withdrawn.
    Withdrawn,
    /// It is none of our concern, for this reason.
    Ignored(&'static str),
}

impl From<InboundMessage> for Read {
    fn from(message: InboundMessage) -> Self {
        Self::Message(Box::new(message))
    }
}

/// Reads events with what is known of ourselves and the people.
pub(super) struct Reader<'a> {
    pub(super) ourselves: &'a Ourselves,
    pub(super) people: &'a People,
}

impl Reader<'_> {
    /// Reads the payload of an `events_api` envelope.
    pub(super) fn event(&self, payload: &str) -> Read {
        let Ok(callback) = serde_json::from_str::<Callback<'_>>(payload) else {
            return Read::Unreadable(unreadable(None, payload, "the envelope holds no event"));
        };
        let raw = callback.event.get();
        let event_id = callback.event_id.as_deref();
        let Ok(sort) = serde_json::from_str::<Sort>(raw) else {
            return Read::Unreadable(unreadable(event_id, payload, "the event has no kind"));
        };
        let team = callback.team_id.as_deref().unwrap_or(&self.ourselves.team);
        match sort.kind.as_str() {
            "message" | "app_mention" => {}
            "reaction_added" => return self.reacted(team, raw, false),
            "reaction_removed" => return self.reacted(team, raw, true),
            "tokens_revoked" | "app_uninstalled" => return Read::Withdrawn,
            kind => return self.turned(kind, team, raw),
        }
        if sort.is_bots() {
            return Read::Ignored("said by a bot");
        }
        let read = serde_json::from_str(raw)
            .map_err(|error| format!("not a message, at byte {} of its event", error.column()))
            .and_then(|message| self.message(team, &sort, message));
        read.unwrap_or_else(|reason| Read::Unreadable(unreadable(event_id, payload, &reason)))
    }

    /// Reads a message from the history of a place, as it was when it was said.
    pub(super) fn past(&self, place: &Address, raw: &str) -> Read {
        let Ok(sort) = serde_json::from_str::<Sort>(raw) else {
            return Read::Unreadable(unreadable(None, raw, "a message of the history has no kind"));
        };
        if sort.is_bots() {
            return Read::Ignored("said by a bot");
        }
        let Ok(message) = serde_json::from_str::<Message>(raw) else {
            return Read::Unreadable(unreadable(None, raw, "a message of the history is none"));
        };
        let place = Place { team: &place.scope, is_direct: place.is_direct(), channel: place.chat.clone() };
        let read = match sort.subtype.as_deref() {
            None | Some("file_share" | "thread_broadcast" | "me_message") => {
                self.said(&place, message).map(|said| said.map_or(SAID_BY_NOBODY, Read::from))
            }
            Some(_) => Ok(Read::Ignored("a notice of Slack's")),
        };
        read.unwrap_or_else(|reason| Read::Unreadable(unreadable(None, raw, &reason)))
    }

    /// Reads what has become of a channel: docs.slack.dev/reference/events, where there are
    /// two of each name, since private channels once were groups.
    fn turned(&self, kind: &str, team: &str, raw: &str) -> Read {
        let Ok(told) = serde_json::from_str::<OfAChannel>(raw) else {
            return Read::Ignored("a kind of event that we did not ask for");
        };
        let is_ours = told.user.as_deref() == Some(self.ourselves.user.as_str());
        let closed = match kind {
            "channel_deleted" | "group_deleted" => Some(ClosedFor::Deleted),
            "channel_archive" | "group_archive" => Some(ClosedFor::Archived),
            "channel_left" | "group_left" => Some(ClosedFor::Removed),
            "member_left_channel" if is_ours => Some(ClosedFor::Removed),
            "channel_unarchive" | "group_unarchive" => None,
            "member_joined_channel" if is_ours => None,
            _ => return Read::Ignored("a kind of event that we did not ask for"),
        };
        let (platform, scope) = (Platform::Slack, team.to_owned());
        Read::Turned(Door { platform, scope, of: Extent::Chat(told.channel), closed })
    }

    /// Reads what somebody thinks of a message.
    fn reacted(&self, team: &str, raw: &str, is_taken_back: bool) -> Read {
        let Ok(Reaction { user, reaction, item, event_ts }) = serde_json::from_str(raw) else {
            return Read::Ignored("a reaction of an unknown kind");
        };
        let at = micros(&event_ts).and_then(|at| Some((at, moment(at).ok()?)));
        let told = (item.channel.zip(item.ts), Thumb::read(&reaction), at);
        let (Some((channel, ts)), Some(thumb), Some((at, sent_at))) = told else {
            return Read::Ignored("no thumb under a message");
        };
        let place = Place { team, is_direct: is_direct(&channel, None), channel };
        Read::from(InboundMessage {
            key: DedupeKey(format!("slack:{team}:reaction:{event_ts}")),
            address: place.chat(self.ourselves),
            author: author(&user, self.people.get(&user), None),
            sequence: at,
            sent_at,
            event: Event::Reacted(Reacted { posted: PostedId(ts), thumb, is_taken_back }),
        })
    }

    fn message(&self, team: &str, sort: &Sort, event: Message) -> Result<Read, String> {
        let channel = event.channel.clone().ok_or("a message without a channel")?;
        let place = Place { team, is_direct: is_direct(&channel, event.channel_type.as_deref()), channel };
        match sort.subtype.as_deref() {
            None | Some("file_share" | "thread_broadcast" | "me_message") => self.heard(&place, event),
            Some("message_changed") => self.changed(&place, event),
            Some("message_deleted") => self.deleted(&place, event),
            Some(_) => Ok(Read::Ignored("a notice of Slack's")),
        }
    }

    fn heard(&self, place: &Place<'_>, mut message: Message) -> Result<Read, String> {
        let edited = message.edited.take();
        let Some(said) = self.said(place, message)? else { return Ok(SAID_BY_NOBODY) };
        match edited {
            None => Ok(said.into()),
            // Slack sends `app_mention` also when somebody adds the mention later.
            Some(edited) => change(said, &edited.ts, Event::Edited),
        }
    }

    /// What a person said, as it reads, under the key that it has unchanged.
    fn said(&self, place: &Place<'_>, message: Message) -> Result<Option<InboundMessage>, String> {
        let Some(author) = self.author(&message) else { return Ok(None) };
        let order = micros(&message.ts).ok_or("a message without a time")?;
        let key = place.key(&message.ts);
        let address = self.address(place, &message);
        let said = self.words(place, message);
        let command = said.is_addressed().then(|| Command::split(&said.text)).flatten();
        let event = match command {
            Some((name, arguments)) => Event::Command(Invocation {
                name: name.to_owned(),
                arguments: arguments.to_owned(),
                message: said.message.clone(),
                interaction: None,
                pressed: None,
            }),
            None => Event::Text(said),
        };
        let sent_at = moment(order)?;
        Ok(Some(InboundMessage { key, address, author, sequence: order, sent_at, event }))
    }

    fn changed(&self, place: &Place<'_>, event: Message) -> Result<Read, String> {
        let now = event.message.ok_or("a change without its message")?;
        let before = event.previous_message;
        if now.subtype.as_deref() == Some("tombstone") {
            let before = before.ok_or("a deletion without its message")?;
            return self.gone(place, *before, &event.ts);
        }
        let is_same = before.as_ref().is_some_and(|before| before.text == now.text);
        if is_same || now.edited.is_none() {
            return Ok(Read::Ignored("a change of what is around a message"));
        }
        // `edited` tells whole seconds only, in which there may be two changes.
        let said = self.said(place, *now)?;
        said.map_or(Ok(SAID_BY_NOBODY), |now| change(now, &event.ts, Event::Edited))
    }

    fn deleted(&self, place: &Place<'_>, event: Message) -> Result<Read, String> {
        let Some(before) = event.previous_message else {
            return Ok(Read::Ignored("a deletion that does not say of what"));
        };
        let before = Message { ts: event.deleted_ts.unwrap_or(before.ts), ..*before };
        self.gone(place, before, &event.ts)
    }

    fn gone(&self, place: &Place<'_>, before: Message, at: &str) -> Result<Read, String> {
        let said = self.said(place, before)?;
        said.map_or(Ok(SAID_BY_NOBODY), |was| change(was, at, Event::Deleted))
    }

    /// The person behind a message; none for bots and ourselves.
    fn author(&self, message: &Message) -> Option<Author> {
        let user = message.user.as_deref().filter(|user| !user.is_empty())?;
        let is_bots = message.bot_id.is_some() || message.subtype.as_deref() == Some("bot_message");
        if is_bots || user == self.ourselves.user || user == SLACKBOT {
            return None;
        }
        Some(author(user, self.people.get(user), None))
    }

    fn address(&self, place: &Place<'_>, message: &Message) -> Address {
        place.address(self.ourselves, &message.ts, message.thread_ts.as_deref())
    }

    fn words(&self, place: &Place<'_>, message: Message) -> Said {
        let text = message.text.unwrap_or_default();
        let mut attachments: Vec<Attachment> =
            message.files.unwrap_or_default().iter().map(attachment).collect();
        // A forwarded message is an attachment beside an empty text.
        if text.is_empty() && attachments.is_empty() && message.attachments.is_some_and(|all| !all.is_empty())
        {
            attachments.push(Attachment::Other);
        }
        Said {
            call: self.call(place, &text, message.parent_user_id.as_deref()),
            text: self.readable(&text),
            message: Some(PostedId(message.ts)),
            reply_to: None,
            attachments,
        }
    }

    fn call(&self, place: &Place<'_>, text: &str, thread_of: Option<&str>) -> Call {
        let us = &self.ourselves.user;
        let (is_mentioned, is_ours) = (mentions(text, us), thread_of == Some(us));
        if place.is_direct {
            Call::Direct
        } else if is_ours && (is_mentioned || !calls_somebody(text)) {
            Call::Reply
        } else if is_mentioned {
            Call::Mention
        } else if calls_somebody(text) {
            Call::Others
        } else {
            Call::Nobody
        }
    }

    /// A text without markup.
    pub(super) fn readable(&self, text: &str) -> String {
        readable(text, &self.ourselves.user, &|id| self.people.get(id).map(|person| person.name))
    }
}

/// The conversation an event comes from.
pub(super) struct Place<'a> {
    pub(super) team: &'a str,
    pub(super) channel: String,
    pub(super) is_direct: bool,
}

impl Place<'_> {
    fn key(&self, ts: &str) -> DedupeKey {
        DedupeKey(format!("slack:{}:{}:{ts}:", self.team, self.channel))
    }

    /// In a channel every message has its thread, begun or not; in a direct chat
    /// only those that stand in one.
    pub(super) fn address(&self, ourselves: &Ourselves, ts: &str, thread_ts: Option<&str>) -> Address {
        let (kind, thread) = if self.is_direct {
            (AddressKind::Direct, thread_ts.filter(|thread| *thread != ts))
        } else {
            (AddressKind::Thread, Some(thread_ts.unwrap_or(ts)))
        };
        Address { thread: thread.map(str::to_owned), kind, ..self.chat(ourselves) }
    }

    /// The conversation as a whole.
    pub(super) fn chat(&self, ourselves: &Ourselves) -> Address {
        let is_home = self.team == ourselves.team;
        Address {
            platform: Platform::Slack,
            scope: self.team.to_owned(),
            chat: self.channel.clone(),
            thread: None,
            kind: if self.is_direct { AddressKind::Direct } else { AddressKind::Group },
            space: Some(SpaceRef {
                id: self.team.to_owned(),
                name: ourselves.team_name.clone().filter(|_| is_home),
            }),
        }
    }
}

/// Whether one person and somebody else are alone there. `app_mention` does not
/// tell the type of its channel, and never comes from a direct chat.
pub(super) fn is_direct(channel: &str, channel_type: Option<&str>) -> bool {
    channel_type.map_or_else(|| channel.starts_with('D'), |kind| kind == "im")
}

/// A person; where the name is not known, the id stands for it.
pub(super) fn author(user: &str, known: Option<Person>, username: Option<String>) -> Author {
    let (name, known_as) = known.map_or((None, None), |person| (Some(person.name), person.username));
    let username = known_as.or(username);
    Author {
        platform_user_id: user.to_owned(),
        name: name.or_else(|| username.clone()).unwrap_or_else(|| user.to_owned()),
        username,
        locale: None,
        is_anonymous: false,
    }
}

/// What happened `at` some moment to what was said.
fn change(said: InboundMessage, at: &str, event: fn(Box<InboundMessage>) -> Event) -> Result<Read, String> {
    let order = micros(at).ok_or("a change without a time")?;
    Ok(Read::from(InboundMessage {
        key: DedupeKey(format!("{}{at}", said.key.0)),
        address: said.address.clone(),
        author: said.author.clone(),
        sequence: order,
        sent_at: moment(order)?,
        event: event(Box::new(said)),
    }))
}

pub(super) fn moment(micros: i64) -> Result<Timestamp, String> {
    Timestamp::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .map_err(|_| "a time that no calendar knows".to_owned())
}

fn attachment(file: &File) -> Attachment {
    if file.subtype.as_deref() == Some("slack_audio") {
        return Attachment::Audio;
    }
    match file.mimetype.as_deref().and_then(|kind| kind.split_once('/')).map(|(kind, _)| kind) {
        Some("image") => Attachment::Image,
        Some("audio") => Attachment::Audio,
        Some("video") => Attachment::Video,
        _ => Attachment::File,
    }
}

/// Keeps what cannot be read as it came, up to a limit.
pub(super) fn unreadable(id: Option<&str>, payload: &str, reason: &str) -> Unreadable {
    let key = id.map_or_else(|| fingerprint(payload), str::to_owned);
    let end = payload.floor_char_boundary(MOST_KEPT_BYTES);
    Unreadable {
        platform: Platform::Slack,
        key: DedupeKey(format!("slack:{key}")),
        is_numbered: id.is_some(),
        raw: payload.get(..end).unwrap_or_default().to_owned(),
        reason: reason.to_owned(),
    }
}

fn fingerprint(payload: &str) -> String {
    Sha256::digest(payload).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
