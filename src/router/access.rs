//! The gate: who may talk, and where. Every kind of event passes it.

use std::time::Duration;

use uuid::Uuid;

use crate::admin::Subject;
use crate::config::{AccessSettings, Account, DirectAccess, GroupAccess, Space};
use crate::domain::{
    Address, Code, Event, InboundMessage, Outcome, Platform, Refusal, RefusalReason, Reply, Role, Silence,
    SpaceStanding, Timestamp, User,
};
use crate::router::{Router, RouterError};
use crate::store::{ClaimedTurn, CodeKind, PairingCode, Standing};

/// How long a pairing code is good.
const CODE_LASTS: Duration = Duration::from_secs(60 * 60);

/// How many open codes one person may have.
const OPEN_CODES: u64 = 3;

/// Who may talk, from the configuration; the database adds those approved later.
#[derive(Debug, Clone)]
pub struct AccessRules {
    settings: AccessSettings,
}

impl AccessRules {
    /// Takes the rules from the settings.
    #[must_use]
    pub fn new(settings: AccessSettings) -> Self {
        Self { settings }
    }

    /// Whether somebody may talk where they are.
    #[must_use]
    pub fn admit(&self, message: &InboundMessage, standing: Standing) -> bool {
        if standing.is_blocked {
            return false;
        }
        // Whoever sits at the terminal has the machine, and with it all of this.
        if message.address.platform == Platform::Terminal {
            return true;
        }
        if message.address.is_direct() {
            let is_open = self.settings.direct == DirectAccess::Open;
            return is_open || self.role(message, standing.role) >= Role::Member;
        }
        self.admit_space(message, standing.space)
    }

    /// What somebody is here: the higher of what the database and the configuration say.
    /// Whoever speaks anonymously may be anybody, and is a member at most.
    fn role(&self, message: &InboundMessage, known: Role) -> Role {
        let most = if message.author.is_anonymous { Role::Member } else { Role::Owner };
        known.max(self.listed_role(message)).min(most)
    }

    /// What the configuration makes of an account.
    fn listed_role(&self, message: &InboundMessage) -> Role {
        let account = Account {
            platform: message.address.platform,
            scope: message.address.scope.clone(),
            id: message.author.platform_user_id.clone(),
        };
        if self.settings.admins.contains(&account) {
            Role::Admin
        } else if self.settings.users.contains(&account) {
            Role::Member
        } else {
            Role::Stranger
        }
    }

    /// Whether a group gets answers.
    fn admit_space(&self, message: &InboundMessage, standing: SpaceStanding) -> bool {
        let is_listed = || space_of(message).is_some_and(|space| self.settings.spaces.contains(&space));
        match standing {
            SpaceStanding::Blocked => false,
            SpaceStanding::Allowed => true,
            SpaceStanding::Unknown => self.settings.groups == GroupAccess::Open || is_listed(),
        }
    }
}

fn space_of(message: &InboundMessage) -> Option<Space> {
    space_at(&message.address)
}

/// The space around an address, as the settings name it.
pub(super) fn space_at(address: &Address) -> Option<Space> {
    let space = address.space.as_ref()?;
    Some(Space { platform: address.platform, id: space.id.clone() })
}

/// Whether somebody waits to hear something; who changes or deletes what they said,
/// or said it long ago, does not.
fn says_something(message: &InboundMessage) -> bool {
    match &message.event {
        Event::Text(_) | Event::Command(_) => true,
        Event::Edited(_) | Event::Deleted(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => {
            false
        }
    }
}

impl Router {
    /// What to say instead of an answer to somebody who may not talk here; nothing if they may.
    pub(super) async fn gate(
        &self,
        turn: &ClaimedTurn,
        message: &InboundMessage,
        now: Timestamp,
    ) -> Result<Option<Outcome>, RouterError> {
        let outcome = self.refuse(turn, message, now).await?;
        // A platform's own command waits for its answer; it shows the silence to whoever gave it.
        let is_waited_for = message.reply_to().interaction.is_some();
        Ok(outcome.map(|outcome| match outcome {
            Outcome::Silence(_) if is_waited_for => {
                let text = self.parts.texts.get("refusal-command");
                Outcome::Refusal(Refusal { reason: RefusalReason::NotAdmitted, text })
            }
            Outcome::Reply(_) | Outcome::Refusal(_) | Outcome::Silence(_) | Outcome::Again { .. } => outcome,
        }))
    }

    async fn refuse(
        &self,
        turn: &ClaimedTurn,
        message: &InboundMessage,
        now: Timestamp,
    ) -> Result<Option<Outcome>, RouterError> {
        if turn.user.is_blocked {
            return Ok(Some(Outcome::Silence(Silence::Blocked)));
        }
        let (is_direct, platform) = (message.address.is_direct(), message.address.platform);
        if is_direct && platform != Platform::Terminal && self.is_owner_code(turn, message, now).await? {
            return Ok(Some(Outcome::Reply(Reply::ready_made(self.parts.texts.get("owner-welcome")))));
        }
        let User { role, is_blocked, .. } = turn.user;
        let standing = Standing { role, is_blocked, space: turn.space };
        if self.parts.access.admit(message, standing) {
            return Ok(None);
        }
        if is_direct {
            return self.meet(turn, message, now).await.map(Some);
        }
        Ok(Some(self.outside(self.role(turn, message), message)))
    }

    /// What a person is here.
    pub(super) fn role(&self, turn: &ClaimedTurn, message: &InboundMessage) -> Role {
        self.parts.access.role(message, turn.user.role)
    }

    /// A group that is not on the list: only an admin hears why.
    fn outside(&self, role: Role, message: &InboundMessage) -> Outcome {
        let may_help = role >= Role::Admin && says_something(message);
        match space_of(message).filter(|_| may_help) {
            Some(space) => {
                let space = Subject::Space(space).to_string();
                let text = self.parts.texts.with("refusal-space", &[("space", &space)]);
                Outcome::Refusal(Refusal { reason: RefusalReason::NotAdmitted, text })
            }
            None => Outcome::Silence(Silence::SpaceNotAdmitted),
        }
    }

    /// A stranger in a direct chat.
    async fn meet(
        &self,
        turn: &ClaimedTurn,
        message: &InboundMessage,
        now: Timestamp,
    ) -> Result<Outcome, RouterError> {
        if !says_something(message) {
            return Ok(Outcome::Silence(Silence::ToldAlready));
        }
        match self.parts.access.settings.direct {
            DirectAccess::Pairing => self.hand_out_code(turn, now).await,
            DirectAccess::Listed | DirectAccess::Open => {
                let id = &message.author.platform_user_id;
                let text = self.parts.texts.with("refusal-not-listed", &[("identity", id)]);
                Ok(Outcome::Refusal(Refusal { reason: RefusalReason::NotAdmitted, text }))
            }
        }
    }

    async fn is_owner_code(
        &self,
        turn: &ClaimedTurn,
        message: &InboundMessage,
        now: Timestamp,
    ) -> Result<bool, RouterError> {
        if message.author.is_anonymous {
            return Ok(false);
        }
        let Event::Text(said) = &message.event else { return Ok(false) };
        let Some(code) = Code::parse(&said.text, Code::OWNER) else { return Ok(false) };
        let is_good = self.parts.store.become_owner(code.hash(), turn.user.id, now).await;
        is_good.map_err(RouterError::at("look up an owner's code"))
    }

    async fn hand_out_code(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<Outcome, RouterError> {
        let code = Code::from_random(Uuid::new_v4().as_u128(), Code::PAIRING);
        let kept = PairingCode {
            kind: CodeKind::Pairing,
            hash: code.hash(),
            user: Some(turn.user.id),
            lasts: CODE_LASTS,
        };
        let is_kept = self.parts.store.keep_code(kept, OPEN_CODES, now).await;
        if !is_kept.map_err(RouterError::at("keep a pairing code"))? {
            return Ok(Outcome::Silence(Silence::ToldAlready));
        }
        let minutes = (CODE_LASTS.as_secs() / 60).to_string();
        let values = [("code", code.grouped()), ("minutes", minutes)];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let text = self.parts.texts.with("refusal-stranger", &values);
        Ok(Outcome::Refusal(Refusal { reason: RefusalReason::NotAdmitted, text }))
    }
}
