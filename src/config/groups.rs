//! `[groups]`: what is heard and answered where several people talk.

use std::collections::BTreeMap;

use config::ValueKind;
use serde::Deserialize;

use crate::config::Space;
use crate::config::access::complain_about_space;
use crate::config::effective::Effective;
use crate::config::rule::Rule;

/// What is heard and answered where several people talk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupsSettings {
    /// What is answered, unless a list below says otherwise of a place.
    pub answer: Answering,
    pub mention_in: Vec<Space>,
    pub reply_in: Vec<Space>,
    pub always_in: Vec<Space>,
    pub never_in: Vec<Space>,
    /// Whether people go on without a mention in a thread in which the bot has answered.
    pub follow_ups: bool,
    /// How much of what is not said to the bot a model gets to see; 0 keeps nothing of it.
    pub context_messages: u32,
    pub context_minutes: u32,
    pub context_bytes: u32,
    /// How many messages of one person are answered in a chat within the time below; 0 counts nothing.
    pub in_a_row: u32,
    pub in_a_row_seconds: u32,
}

/// Which messages of a group are answered. Commands always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answering {
    /// Those that mention the bot or answer one of its messages.
    Mention,
    /// Those that answer one of its messages.
    Reply,
    /// All that people say.
    Always,
    /// None.
    Never,
}

impl GroupsSettings {
    /// Which messages are answered in a space.
    #[must_use]
    pub fn answering_in(&self, space: &Space) -> Answering {
        let lists = [
            (&self.mention_in, Answering::Mention),
            (&self.reply_in, Answering::Reply),
            (&self.always_in, Answering::Always),
            (&self.never_in, Answering::Never),
        ];
        let listed = lists.into_iter().find(|(spaces, _)| spaces.contains(space));
        listed.map_or(self.answer, |(_, answering)| answering)
    }
}

/// The lists of places that have a rule of their own.
const LISTS: [&str; 4] = ["groups.mention_in", "groups.reply_in", "groups.always_in", "groups.never_in"];

pub(super) const RULES: &[(&str, Rule)] = &[
    ("groups.answer", Rule::OneOf(&["mention", "reply", "always", "never"])),
    ("groups.mention_in", Rule::Each(complain_about_space)),
    ("groups.reply_in", Rule::Each(complain_about_space)),
    ("groups.always_in", Rule::Each(complain_about_space)),
    ("groups.never_in", Rule::Each(complain_about_space)),
    ("groups.follow_ups", Rule::Any),
    ("groups.context_messages", Rule::Between(0, 200)),
    ("groups.context_minutes", Rule::Between(1, 24 * 60)),
    ("groups.context_bytes", Rule::Between(100, 100_000)),
    ("groups.in_a_row", Rule::Between(0, 1_000)),
    ("groups.in_a_row_seconds", Rule::Between(1, 3_600)),
];

/// Complains about a place that stands in two lists.
pub(super) fn check(effective: &mut Effective) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut complaints = Vec::new();
    for list in LISTS {
        let Some(ValueKind::Array(spaces)) = effective.get(list).map(|given| &given.value) else { continue };
        for space in spaces {
            let space = space.to_string();
            match seen.get(&space) {
                Some(other) if *other != list => {
                    complaints.push((list, format!("`{space}` stands in `{other}`, too")));
                }
                _ => drop(seen.insert(space, list)),
            }
        }
    }
    for (list, what) in complaints {
        let source = effective.source_of(list);
        effective.complain(list, source, what.into());
    }
}
