//! Drafts: what a bot shows of a message that is still being written, in private chats.
//!
//! The manual (`sendMessageDraft`): "the streamed draft is ephemeral and acts as a temporary
//! 30-second preview"; "0-4096 characters after entities parsing", an empty text shows
//! "Thinking…"; `draft_id` "must be non-zero". It has no words for a wrong chat: those of
//! the refusal are what bots report. Chosen here: a message of the bot takes the draft's
//! place, and drafts count for the pace like messages.

use std::time::{Duration, Instant};

use serde_json::json;

use super::access::{self, Rights};
use super::answer::{Answer, Refusal};
use super::entities;
use super::params::Params;
use super::screen::NotSeen;
use super::state::{Kind, State};
use super::{Telegram, text};

/// How long a draft stands.
const LASTS: Duration = Duration::from_secs(30);

/// What is seen of a draft without text.
const THINKING: &str = "Thinking…";

/// A draft as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Changes of one draft are animated.
    pub id: i64,
    pub text: String,
    pub at: Instant,
}

/// `sendMessageDraft`.
pub(super) fn send(state: &mut State, params: &Params) -> Answer {
    let id = params.integer("draft_id");
    if id == 0 {
        return Err(Refusal::bad_request("draft identifier must be non-zero").malformed());
    }
    let shown = if params.text("text").is_empty() {
        entities::plain(THINKING)
    } else {
        let parsed = text::parse(params)?;
        text::finish(state, parsed)?
    };
    let chat = access::chat(state, params, Rights::Write)?;
    if state.chat(chat).kind != Kind::Private {
        return Err(Refusal::bad_request("TEXTDRAFT_PEER_INVALID"));
    }
    access::may_speak(state, chat)?;
    state.pace(chat)?;
    let draft = Draft { id, text: shown.text, at: state.now() };
    let place = state.chat_mut(chat);
    place.typing = None;
    place.drafts.push(draft);
    place.has_draft = true;
    Ok(json!(true))
}

/// What is seen of the draft in a chat.
fn seen(state: &State, chat: i64) -> Option<&Draft> {
    let place = state.chats.get(&chat).filter(|place| place.has_draft)?;
    let now = state.now();
    place.drafts.last().filter(|draft| now.saturating_duration_since(draft.at) < LASTS)
}

impl Telegram {
    /// The draft that can be seen in a chat.
    pub fn draft(&self, chat: i64) -> Option<Draft> {
        self.state().read(|state| seen(state, chat).cloned())
    }

    /// Everything that was shown as a draft in a chat, in order.
    pub fn drafts(&self, chat: i64) -> Vec<Draft> {
        self.state().read(|state| state.chat(chat).drafts.clone())
    }

    /// Waits until a draft can be seen that reads like this.
    pub async fn wait_for_draft(
        &self,
        chat: i64,
        mut condition: impl FnMut(&str) -> bool,
    ) -> Result<Draft, NotSeen> {
        let found = self
            .state()
            .wait_for(|state| seen(state, chat).filter(|draft| condition(&draft.text)).cloned())
            .await;
        found.ok_or_else(|| NotSeen::new("no such draft was shown"))
    }
}
