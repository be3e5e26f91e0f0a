//! Who may talk: lists, approvals, and shutting out.

use std::fmt;
use std::str::FromStr;

use crate::config::{Account, Space};
use crate::domain::{Author, Code, Platform, SpaceRef, Timestamp, User};
use crate::store::{Identity, Space as KnownSpace, Store, StoreError};

/// How many entries a list has at most.
const LISTED: u64 = 1_000;

/// Why an operation on access was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The text is no code, or the code is wrong, used or expired.
    #[error("no such code: it may be wrong, used already, or older than an hour")]
    Code,

    /// The text names no account or space.
    #[error(
        "`{0}` is no id; write telegram:1001, discord:80351110224678912, slack:T0123ABCD/U0456EFGH, or a place like telegram:-1001234567890, slack:T0123ABCD, space:discord:81384788765712384"
    )]
    Subject(String),

    /// The id of a place that stands where that of a person would.
    #[error("{0} is a place that is known here, and no person; write {1}")]
    Place(Account, Subject),

    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody or someplace that is let in or shut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Account(Account),
    Space(Space),
}

impl FromStr for Subject {
    type Err = AccessError;

    /// A Telegram id below zero, and an id behind `space:`, is a space; any other is an account.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || AccessError::Subject(text.to_owned());
        if let Some(space) = text.strip_prefix("space:") {
            return space.parse().map(Self::Space).map_err(|_| unknown());
        }
        if let Ok(space) = text.parse::<Space>()
            && (space.platform == Platform::Telegram && space.id.starts_with('-')
                || space.platform == Platform::Slack && !text.contains('/'))
        {
            return Ok(Self::Space(space));
        }
        text.parse().map(Self::Account).map_err(|_| unknown())
    }
}

impl fmt::Display for Subject {
    /// In the form that is read as the same again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Space(space) => {
                let plain = space.to_string();
                let is_read_alike = plain.parse().is_ok_and(|read: Self| read == *self);
                if is_read_alike { f.write_str(&plain) } else { write!(f, "space:{plain}") }
            }
        }
    }
}

/// Whom a code has let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    pub user: User,
}

/// The operations.
pub struct Access<'a> {
    pub store: &'a Store,
}

impl Access<'_> {
    /// Everybody who is known, and everything that has been asked for.
    pub async fn list(&self) -> Result<(Vec<(User, Vec<Identity>)>, Vec<KnownSpace>), AccessError> {
        Ok((self.store.people(LISTED).await?, self.store.spaces(LISTED).await?))
    }

    /// Lets the person in who was given this code.
    pub async fn approve(&self, code: &str, now: Timestamp) -> Result<Approved, AccessError> {
        let code = Code::parse(code, Code::PAIRING).ok_or(AccessError::Code)?;
        let user = self.store.approve(code.hash(), now).await?.ok_or(AccessError::Code)?;
        tracing::info!(user.id = %user.id, "let user {} in", user.id);
        Ok(Approved { user })
    }

    /// Lets an account or a space in, also before it has ever been heard of.
    pub async fn allow(&self, subject: &Subject, now: Timestamp) -> Result<(), AccessError> {
        match subject {
            Subject::Space(space) => self.set_space(space, true, now).await,
            Subject::Account(account) => {
                self.refuse_place(account).await?;
                let scope = account.scope.clone();
                self.store.allow_account(account.platform, scope, author(account), now).await?;
                Ok(())
            }
        }
    }

    /// Shuts an account's person or a space out, also before it has ever been heard of.
    pub async fn deny(&self, subject: &Subject, now: Timestamp) -> Result<(), AccessError> {
        match subject {
            Subject::Space(space) => self.set_space(space, false, now).await,
            Subject::Account(account) => {
                self.refuse_place(account).await?;
                let scope = account.scope.clone();
                self.store.deny_account(account.platform, scope, author(account), now).await?;
                Ok(())
            }
        }
    }

    /// Refuses the id of a known place, which on some platforms looks like that of a person.
    async fn refuse_place(&self, account: &Account) -> Result<(), AccessError> {
        if !self.store.knows_space(account.platform, &account.id).await? {
            return Ok(());
        }
        let space = Space { platform: account.platform, id: account.id.clone() };
        Err(AccessError::Place(account.clone(), Subject::Space(space)))
    }

    async fn set_space(&self, space: &Space, is_allowed: bool, now: Timestamp) -> Result<(), AccessError> {
        let named = SpaceRef { id: space.id.clone(), name: None };
        Ok(self.store.allow_space(space.platform, named, is_allowed, now).await?)
    }
}

/// Somebody of whom no more is known than their account.
fn author(account: &Account) -> Author {
    Author {
        platform_user_id: account.id.clone(),
        name: account.id.clone(),
        username: None,
        locale: None,
        is_anonymous: false,
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn what_is_shown_is_read_as_the_same_again() {
        let table = [
            ("telegram:1001", "telegram:1001"),
            ("telegram:-1001", "telegram:-1001"),
            ("space:telegram:-1001", "telegram:-1001"),
            ("discord:100", "discord:100"),
            ("space:discord:100", "space:discord:100"),
            ("slack:T1", "slack:T1"),
            ("slack:T1/U1", "slack:T1/U1"),
        ];
        for (text, shown) in table {
            let subject: Subject = text.parse().unwrap();
            assert_eq!(subject.to_string(), shown);
            assert_eq!(shown.parse::<Subject>().unwrap(), subject);
        }
    }
}
