//! What people say to each other where the bot may listen: the last of it, for a
//! little while, in memory only.
//!
//! It stays with its place, an edit changes it and a deletion takes it out, in
//! whichever order they come. There is never more of it than the settings say,
//! and of no more places than [`PLACES`]; a restart forgets all of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::GroupsSettings;
use crate::domain::{Address, DedupeKey, Event, InboundMessage, Line, Platform, Speaker, Timestamp, Voice};

/// Of how many places something is remembered, the last active ones.
const PLACES: usize = 1_000;

/// What was overheard lately.
#[derive(Debug)]
pub struct Overheard {
    messages: usize,
    bytes: usize,
    lasts: Duration,
    places: Mutex<HashMap<Place, VecDeque<Words>>>,
}

/// A chat or thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    platform: Platform,
    scope: String,
    chat: String,
    thread: Option<String>,
}

impl Kind {
    /// Whether this counts behind what was told before it, as changes come in any order.
    fn replaces(self, known: Self) -> bool {
        match (self, known) {
            (Self::Said, _) | (_, Self::Gone) => false,
            (Self::Changed(at), Self::Changed(before)) => at >= before,
            (Self::Changed(_), Self::Said) | (Self::Gone, Self::Said | Self::Changed(_)) => true,
        }
    }
}

impl From<&Address> for Place {
    fn from(address: &Address) -> Self {
        let Address { platform, scope, chat, thread, .. } = address.clone();
        Self { platform, scope, chat, thread }
    }
}

/// What is told of something that somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Said,
    Changed(Timestamp),
    Gone,
}

/// What somebody said; nothing if they took it back, as it may come behind that.
#[derive(Debug)]
struct Words {
    key: DedupeKey,
    /// What was told last of it.
    kind: Kind,
    name: String,
    text: String,
    /// When, and the platform's own order beside that.
    at: (Timestamp, i64),
}

impl Overheard {
    /// Remembers as much as the settings say.
    #[must_use]
    pub fn new(settings: &GroupsSettings) -> Self {
        Self {
            messages: settings.context_messages as usize,
            bytes: settings.context_bytes as usize,
            lasts: Duration::from_secs(u64::from(settings.context_minutes) * 60),
            places: Mutex::default(),
        }
    }

    /// Remembers what somebody said, unless that is long ago. Who hears it twice, or behind its
    /// change, remembers it once.
    pub fn hear(&self, message: &InboundMessage, now: Timestamp) {
        self.take_in(message, Kind::Said, true, now);
    }

    /// Remembers how something reads since a moment; what nobody has heard, only if it is to be heard.
    pub fn amend(&self, message: &InboundMessage, at: Timestamp, is_heard: bool, now: Timestamp) {
        self.take_in(message, Kind::Changed(at), is_heard, now);
    }

    /// Forgets what was taken back, or is answered; also if it comes only now, behind that, and would be heard.
    pub fn forget(&self, message: &InboundMessage, is_heard: bool, now: Timestamp) {
        self.take_in(message, Kind::Gone, is_heard, now);
    }

    fn take_in(&self, message: &InboundMessage, kind: Kind, is_heard: bool, now: Timestamp) {
        let Some(words) = self.words(message, kind).filter(|words| now - words.at.0 <= self.lasts) else {
            return;
        };
        let mut places = self.lock();
        places.retain(|_, heard| heard.back().is_some_and(|last| now - last.at.0 <= self.lasts));
        let place = Place::from(&message.address);
        let heard = places.get(&place).into_iter().flatten();
        match heard.into_iter().find(|known| known.key == words.key) {
            Some(known) if !kind.replaces(known.kind) => return,
            None if !is_heard => return,
            Some(_) | None => {}
        }
        let heard = places.entry(place).or_default();
        heard.retain(|known| known.key != words.key);
        let behind = heard.iter().rposition(|known| known.at <= words.at).map_or(0, |at| at + 1);
        heard.insert(behind, words);
        self.limit(heard);
        if places.len() > PLACES {
            let quietest = places.iter().min_by_key(|(_, heard)| heard.back().map(|last| last.at));
            if let Some(quietest) = quietest.map(|(place, _)| place.clone()) {
                places.remove(&quietest);
            }
        }
    }

    /// Forgets what was said in a place.
    pub(super) fn forget_place(&self, place: &Address) {
        self.lock().remove(&Place::from(place));
    }

    /// What was overheard in a place until a moment, the oldest first.
    pub(super) fn recall(&self, place: &Address, until: Timestamp, now: Timestamp) -> Vec<(Line, Timestamp)> {
        let places = self.lock();
        let heard = places.get(&Place::from(place)).into_iter().flatten();
        let is_seen =
            |words: &&Words| !words.text.is_empty() && words.at.0 <= until && now - words.at.0 <= self.lasts;
        let heard = heard.filter(is_seen);
        let lines = heard.map(|Words { name, text, at, .. }| {
            let voice = Some(Voice::overheard(name));
            (Line { speaker: Speaker::Person, text: text.clone(), tokens: None, voice }, at.0)
        });
        lines.collect()
    }

    fn words(&self, message: &InboundMessage, kind: Kind) -> Option<Words> {
        let text = match &message.event {
            Event::Text(said) if kind != Kind::Gone => said.text.trim(),
            // It may have been edited into a command.
            Event::Text(_) | Event::Command(_) if kind == Kind::Gone => "",
            Event::Text(_)
            | Event::Command(_)
            | Event::Edited(_)
            | Event::Deleted(_)
            | Event::Missed(_)
            | Event::Again(_)
            | Event::Reacted(_) => return None,
        };
        if self.messages == 0 || (text.is_empty() && kind == Kind::Said) {
            return None;
        }
        Some(Words {
            key: message.key.clone(),
            kind,
            name: if kind == Kind::Gone { String::new() } else { message.author.name.clone() },
            text: text.get(..text.floor_char_boundary(self.bytes))?.to_owned(),
            at: (message.sent_at, message.sequence),
        })
    }

    fn limit(&self, heard: &mut VecDeque<Words>) {
        let bytes = |heard: &VecDeque<Words>| heard.iter().map(|words| words.text.len()).sum::<usize>();
        let shown = |heard: &VecDeque<Words>| heard.iter().filter(|words| !words.text.is_empty()).count();
        // As many may be gone.
        let most = self.messages.saturating_mul(2);
        while heard.len() > most || shown(heard) > self.messages || bytes(heard) > self.bytes {
            heard.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, VecDeque<Words>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Overheard, PLACES, Place};
    use crate::domain::{
        Address, AddressKind, Author, Call, DedupeKey, Event, InboundMessage, Invocation, Platform, PostedId,
        Said, Timestamp,
    };

    fn overheard() -> Overheard {
        let lasts = std::time::Duration::from_secs(60);
        Overheard { messages: 2, bytes: 10, lasts, places: std::sync::Mutex::default() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + time::Duration::seconds(second)
    }

    fn said(chat: usize, second: i64, text: &str) -> InboundMessage {
        let (platform, kind) = (Platform::Slack, AddressKind::Group);
        let (scope, chat, thread, space) = (String::new(), chat.to_string(), None, None);
        InboundMessage {
            key: DedupeKey(format!("{chat}:{second}")),
            address: Address { platform, scope, chat, thread, kind, space },
            author: Author {
                platform_user_id: "1".into(),
                name: "Ann".into(),
                username: None,
                locale: None,
                is_anonymous: false,
            },
            sequence: second,
            sent_at: at(second),
            event: Event::Text(Said {
                message: Some(PostedId(second.to_string())),
                text: text.into(),
                call: Call::Nobody,
                reply_to: None,
                attachments: Vec::new(),
            }),
        }
    }

    fn seen(overheard: &Overheard, now: i64) -> Vec<String> {
        let place = said(1, 0, "").address;
        overheard.recall(&place, at(now), at(now)).into_iter().map(|(line, _)| line.text).collect()
    }

    #[test]
    fn the_last_is_remembered_in_its_order_within_all_limits() {
        let overheard = overheard();
        for (second, text) in [(3, "c"), (1, "a"), (2, "b"), (2, "b")] {
            overheard.hear(&said(1, second, text), at(3));
        }
        overheard.hear(&said(2, 3, "elsewhere"), at(3));
        assert_eq!(seen(&overheard, 3), ["b", "c"]);
        assert_eq!(seen(&overheard, 2), ["b"], "what came after the question is not before it");
        overheard.hear(&said(1, 4, "123456789aé"), at(4));
        assert_eq!(seen(&overheard, 4), ["123456789a"]);
        assert_eq!(seen(&overheard, 65), [""; 0]);
        overheard.hear(&said(1, 4, "too old"), at(65));
        assert_eq!(seen(&overheard, 64), ["123456789a"]);
        overheard.forget_place(&said(1, 0, "").address);
        assert_eq!(seen(&overheard, 4), [""; 0]);
    }

    #[test]
    fn a_change_counts_in_whichever_order_it_comes() {
        for is_late in [false, true] {
            let overheard = overheard();
            let hear =
                || [(1, "one"), (2, "two")].map(|(at_, text)| overheard.hear(&said(1, at_, text), at(3)));
            if !is_late {
                hear();
            }
            overheard.amend(&said(1, 1, "uno"), at(3), true, at(3));
            overheard.amend(&said(1, 1, "eins"), at(2), true, at(3));
            overheard.forget(&said(1, 2, ""), true, at(3));
            overheard.amend(&said(1, 2, "deux"), at(2), true, at(3));
            hear();
            assert_eq!(seen(&overheard, 3), ["uno"], "{is_late}");
        }
    }

    #[test]
    fn of_what_is_not_to_be_heard_nothing_is_kept_and_what_was_heard_is_changed() {
        let overheard = overheard();
        overheard.amend(&said(1, 1, "one"), at(2), false, at(2));
        overheard.forget(&said(1, 1, ""), false, at(2));
        assert!(overheard.lock().is_empty());
        for (second, text) in [(1, "one"), (2, "two")] {
            overheard.hear(&said(1, second, text), at(2));
        }
        overheard.amend(&said(1, 1, "uno"), at(2), false, at(2));
        let name = "new".to_owned();
        let command = Event::Command(Invocation {
            name,
            arguments: String::new(),
            message: None,
            interaction: None,
            pressed: None,
        });
        overheard.forget(&InboundMessage { event: command, ..said(1, 2, "") }, false, at(2));
        assert_eq!(seen(&overheard, 2), ["uno"]);
    }

    #[test]
    fn the_quietest_place_is_forgotten_first() {
        let overheard = overheard();
        for chat in 0..=PLACES {
            overheard.hear(&said(chat, i64::try_from(chat % 50).unwrap() + 1, "x"), at(51));
        }
        let places = overheard.lock();
        assert_eq!(places.len(), PLACES);
        assert!(places.contains_key(&Place::from(&said(1, 0, "").address)));
    }
}
