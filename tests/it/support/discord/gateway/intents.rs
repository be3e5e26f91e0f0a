//! Intents: bits that a client asks events with (gateway.mdx, "List of
//! Intents").

/// Every intent that exists; other bits are refused with 4013.
pub(super) const KNOWN: u64 = 0x1_FFFF | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

pub(super) const GUILDS: u64 = 1 << 0;
pub(super) const GUILD_MEMBERS: u64 = 1 << 1;
pub(super) const MESSAGE_CONTENT: u64 = 1 << 15;

/// Intents that need a switch in the developer portal, else 4014.
pub(super) const PRIVILEGED: u64 = GUILD_MEMBERS | 1 << 8 | MESSAGE_CONTENT;

/// The intent behind an event, in guilds and in direct messages.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Intent {
    in_guilds: u64,
    in_directs: u64,
}

impl Intent {
    pub(in super::super) const ALWAYS: Self = Self { in_guilds: 0, in_directs: 0 };
    pub(in super::super) const GUILDS: Self = Self { in_guilds: GUILDS, in_directs: GUILDS };
    pub(in super::super) const MESSAGES: Self = Self { in_guilds: 1 << 9, in_directs: 1 << 12 };
    pub(in super::super) const REACTIONS: Self = Self { in_guilds: 1 << 10, in_directs: 1 << 13 };
    pub(in super::super) const TYPING: Self = Self { in_guilds: 1 << 11, in_directs: 1 << 14 };

    /// The bit that a session needs, `0` when none.
    pub(in super::super) fn bits(self, direct: bool) -> u64 {
        if direct { self.in_directs } else { self.in_guilds }
    }
}
