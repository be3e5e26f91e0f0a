//! A person.

use std::str::FromStr;

use crate::domain::UserId;

/// A person, whichever account they write from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    /// Shut out, whatever the lists and the role say.
    pub is_blocked: bool,
}

/// What a person may do in this deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Not yet admitted.
    Stranger,
    /// May talk.
    Member,
    /// May administer.
    Admin,
    /// May administer, and cannot be demoted by admins.
    Owner,
}

impl Role {
    /// Every role, from least to most.
    pub const ALL: [Self; 4] = [Self::Stranger, Self::Member, Self::Admin, Self::Owner];

    /// The key of the text that tells a person what they are.
    #[must_use]
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Stranger => "role-stranger",
            Self::Member => "role-member",
            Self::Admin => "role-admin",
            Self::Owner => "role-owner",
        }
    }

    /// The name used in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A name that is no role's.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no role")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}
