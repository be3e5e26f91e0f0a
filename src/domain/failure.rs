//! Why a model gave no answer, as far as people need to know.

/// Why a model gave no answer, or only a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelFailure {
    /// The provider asks us to slow down.
    RateLimited,
    /// The account at the provider has nothing left.
    QuotaGone,
    /// The provider does not accept our key.
    Unauthorized,
    /// The provider knows nothing of our model, or is not where we look for it.
    Misconfigured,
    /// The provider cannot be reached, or fails on its side.
    Unavailable,
    /// The answer broke off.
    Cut,
    /// The provider answered with something that is no answer.
    Nonsense,
    /// The request was refused, for instance as too long.
    Rejected,
}

impl ModelFailure {
    /// Every failure.
    pub const ALL: [Self; 8] = [
        Self::RateLimited,
        Self::QuotaGone,
        Self::Unauthorized,
        Self::Misconfigured,
        Self::Unavailable,
        Self::Cut,
        Self::Nonsense,
        Self::Rejected,
    ];

    /// The name used in tables and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaGone => "quota_gone",
            Self::Unauthorized => "unauthorized",
            Self::Misconfigured => "misconfigured",
            Self::Unavailable => "unavailable",
            Self::Cut => "cut",
            Self::Nonsense => "nonsense",
            Self::Rejected => "rejected",
        }
    }
}
