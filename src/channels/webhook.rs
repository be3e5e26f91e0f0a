//! Platforms that come to us: what they send, and what they get for it.
//!
//! Whoever listens knows nothing of platforms, and a channel knows nothing of
//! HTTP beyond this: a path, the headers it looks at, the body as it came, and
//! one of four answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::time::Instant;

use crate::channels::Inbox;

/// When a platform may try again what we could not keep.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How often the same trouble with requests is told.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// Taking in what a platform sends by itself.
#[async_trait]
pub trait Webhook: Send + Sync {
    /// Where it is to be sent, such as `/webhooks/telegram`.
    fn path(&self) -> &'static str;

    /// The names of the headers that [`Webhook::receive`] looks at, in small letters.
    fn headers(&self) -> &'static [&'static str];

    /// What a request gets before its body is read, if its headers alone show that a
    /// stranger sent it.
    fn turn_away(&self, _: &Headers) -> Option<Verdict> {
        None
    }

    /// Proves that the platform sent it, and makes it durable.
    ///
    /// Nothing in a body is looked at before that is proven. What cannot be read is
    /// kept as it came, and accepted: the platform would only repeat it.
    async fn receive(&self, sent: Sent) -> Verdict;
}

/// Those of the headers that are looked at, without those that came more than once.
#[derive(Debug)]
pub struct Headers(pub Vec<(&'static str, String)>);

impl Headers {
    /// A header, unless it is missing or doubtful.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// A request, as it came.
#[derive(Debug)]
pub struct Sent {
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Sent {
    /// The body as a text; what is none shows where it is broken.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// What a request gets for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable, or need not be.
    Accepted,
    /// The same, and the platform gets this JSON.
    Answered(String),
    /// Whoever sent it has not proven to be the platform.
    Unauthorized,
    /// It could not be made durable; the platform is to send it again after this.
    Unavailable(Duration),
}

/// Lets requests through to the inbox for as long as the channel listens.
#[derive(Default)]
pub(super) struct Door(RwLock<Option<Arc<dyn Inbox>>>);

impl Door {
    /// Opens it.
    pub(super) async fn open(&self, inbox: Arc<dyn Inbox>) {
        self.0.write().await.replace(inbox);
    }

    /// Closes it, once everybody who went in has come out.
    pub(super) async fn close(&self) {
        self.0.write().await.take();
    }

    /// Goes in; nothing when it is closed.
    pub(super) async fn enter(&self) -> Option<RwLockReadGuard<'_, Arc<dyn Inbox>>> {
        RwLockReadGuard::try_map(self.0.read().await, Option::as_ref).ok()
    }
}

/// A secret that others have to know, compared in a time that tells nothing about it.
pub(super) struct Secret {
    key: hmac::Key,
    /// The secret, signed with itself.
    own: hmac::Tag,
}

impl Secret {
    pub(super) fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        Self { own: hmac::sign(&key, bytes), key }
    }

    /// Whether somebody shows the secret itself.
    pub(super) fn is_shown_by(&self, shown: &str) -> bool {
        hmac::verify(&self.key, shown.as_bytes(), self.own.as_ref()).is_ok()
    }

    /// Whether somebody who has the secret signed this message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, message, signature).is_ok()
    }
}

/// Says whether it is time to tell of some trouble again, so that nobody can fill our log.
#[derive(Default)]
pub(super) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    pub(super) fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= COMPLAINT_PAUSE);
        if is_due {
            last.replace(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, Seldom};

    #[test]
    fn a_secret_is_known_whole_or_not_at_all() {
        let secret = Secret::new(&"0123456789abcdef".to_owned().into());
        assert!(secret.is_shown_by("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF"] {
            assert!(!secret.is_shown_by(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_same_trouble_is_not_told_twice_in_a_row() {
        let seldom = Seldom::default();
        assert!(seldom.is_due() && !seldom.is_due());
    }
}
