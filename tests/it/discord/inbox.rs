//! An inbox that remembers what it took, and that can be told to refuse.

use async_trait::async_trait;
use switchboard::channels::{Batch, Inbox, InboxError};
use switchboard::domain::{Event, InboundMessage, Invocation, Said, Unreadable};

use crate::support::observed::Observed;

/// What an inbox does with the next batches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    #[default]
    Takes,
    Refuses,
    /// Says nothing until its mood changes.
    Ponders,
}

#[derive(Debug, Default)]
pub(super) struct Taken {
    mood: Mood,
    pub(super) attempts: usize,
    pub(super) messages: Vec<InboundMessage>,
    pub(super) unreadable: Vec<Unreadable>,
}

pub(super) struct Recorder(Observed<Taken>);

impl Default for Recorder {
    fn default() -> Self {
        Self(Observed::new(Taken::default()))
    }
}

#[async_trait]
impl Inbox for Recorder {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        self.0.update(|taken| taken.attempts += 1);
        let mood = self.0.wait(|taken| (taken.mood != Mood::Ponders).then_some(taken.mood)).await;
        if mood == Mood::Refuses {
            return Err(InboxError("the disk is full".into()));
        }
        self.0.update(|taken| {
            for message in batch.messages {
                // As the real one: what was accepted before is no error, and nothing new.
                if taken.messages.iter().all(|known| known.key != message.key) {
                    taken.messages.push(message);
                }
            }
            taken.unreadable.extend(batch.unreadable);
        });
        Ok(())
    }
}

impl Recorder {
    pub(super) fn is(&self, mood: Mood) {
        self.0.update(|taken| taken.mood = mood);
    }

    pub(super) async fn waits_for<R>(&self, look: impl FnMut(&mut Taken) -> Option<R>) -> R {
        let found = self.0.wait_for(look).await;
        found.unwrap_or_else(|| {
            let (taken, said) = self.0.read(|taken| (format!("{taken:#?}"), taken.messages.len()));
            // Thousands would hide what else the test says.
            panic!("it did not come; {said} messages did: {}", taken.chars().take(20_000).collect::<String>())
        })
    }

    pub(super) async fn attempts(&self, count: usize) {
        self.waits_for(|taken| (taken.attempts >= count).then_some(())).await;
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&Taken) -> R) -> R {
        self.0.read(look)
    }

    /// Waits for something that was said in these words.
    pub(super) async fn said(&self, text: &str) -> (InboundMessage, Said) {
        self.waits_for(|taken| {
            taken.messages.iter().find_map(|message| match &message.event {
                Event::Text(said) if said.text == text => Some((message.clone(), said.clone())),
                _ => None,
            })
        })
        .await
    }

    /// Waits for a command.
    pub(super) async fn command(&self, name: &str) -> (InboundMessage, Invocation) {
        self.waits_for(|taken| {
            taken.messages.iter().find_map(|message| match &message.event {
                Event::Command(invocation) if invocation.name == name => {
                    Some((message.clone(), invocation.clone()))
                }
                _ => None,
            })
        })
        .await
    }

    /// The texts that were taken, in their order.
    pub(super) fn texts(&self) -> Vec<String> {
        self.read(|taken| {
            let texts = taken.messages.iter().filter_map(|message| match &message.event {
                Event::Text(said) => Some(said.text.clone()),
                _ => None,
            });
            texts.collect()
        })
    }
}
