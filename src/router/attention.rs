//! To what the bot listens: what is answered, what is overheard, and what is none
//! of its business. Whether somebody may talk at all is for `access.rs`.

use crate::config::{Answering, GroupsSettings};
use crate::domain::{Address, Call, Event, InboundMessage, Said};
use crate::router::AccessRules;
use crate::router::access::space_at;
use crate::store::{Store, StoreError};

/// Decides what is listened to.
pub struct Attention {
    pub settings: GroupsSettings,
    pub access: AccessRules,
    /// Knows where the bot has answered, and who has been let in.
    pub store: Store,
}

/// What becomes of something that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heed {
    /// It is kept, and gets an answer or a reason for none.
    Answer,
    /// A model may see it before a question in the same place.
    Overhear,
    /// Nothing is kept of it.
    Ignore,
}

/// What the settings make of a text.
enum Weight {
    Called,
    /// Nobody called, and it is answered all the same.
    Uncalled,
    /// The same if the bot has answered in the thread before.
    FollowUp,
    /// It is said to others.
    Aside,
    NotOurs,
}

impl Attention {
    /// What becomes of what was said; of a change, what becomes of what it is about.
    pub async fn heed(&self, message: &InboundMessage) -> Result<Heed, StoreError> {
        let message = message.changed().unwrap_or(message);
        let Event::Text(said) = &message.event else { return Ok(Heed::Answer) };
        let heed = match self.weigh(&message.address, said) {
            Weight::Called => return Ok(Heed::Answer),
            Weight::NotOurs => return Ok(Heed::Ignore),
            Weight::Uncalled => Heed::Answer,
            Weight::FollowUp if self.store.has_answered(&message.address).await? => Heed::Answer,
            Weight::FollowUp | Weight::Aside => Heed::Overhear,
        };
        if heed == Heed::Overhear && self.settings.context_messages == 0 {
            return Ok(Heed::Ignore);
        }
        // Nobody has called, so where the bot may not talk nobody is to hear why, and nothing is kept.
        let standing = self.store.standing(&message.address, &message.author).await?;
        Ok(if self.access.admit(message, standing) { heed } else { Heed::Ignore })
    }

    /// The one place where the settings decide.
    fn weigh(&self, address: &Address, said: &Said) -> Weight {
        match (self.answering(address), said.call) {
            (_, Call::Direct) => Weight::Called,
            (Answering::Never, _) | (_, Call::NotOurs) => Weight::NotOurs,
            (Answering::Always | Answering::Mention, Call::Mention | Call::Reply) => Weight::Called,
            (Answering::Reply, Call::Reply) => Weight::Called,
            (Answering::Always, Call::Others | Call::Nobody) => Weight::Uncalled,
            (Answering::Mention, Call::Nobody) if self.may_follow(address, said) => Weight::FollowUp,
            (Answering::Mention, Call::Others | Call::Nobody)
            | (Answering::Reply, Call::Mention | Call::Others | Call::Nobody) => Weight::Aside,
        }
    }

    fn answering(&self, address: &Address) -> Answering {
        space_at(address).map_or(self.settings.answer, |space| self.settings.answering_in(&space))
    }

    /// Whether the bot can have answered before this in the same thread.
    fn may_follow(&self, address: &Address, said: &Said) -> bool {
        let begins = said.message.as_ref().map(|message| &message.0) == address.thread.as_ref();
        self.settings.follow_ups && address.is_thread_of_talk() && !begins
    }
}
