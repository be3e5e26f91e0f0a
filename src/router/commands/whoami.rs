//! `/whoami`: tells a person who they are to us.

use crate::domain::texts::Texts;
use crate::store::ClaimedTurn;

pub(super) fn run(texts: &Texts, turn: &ClaimedTurn) -> String {
    let Some(message) = turn.last() else { return String::new() };
    texts.with(
        "whoami",
        &[
            ("name", &message.author.name),
            ("role", turn.user.role.name()),
            ("platform", message.address.platform.name()),
            ("identity", &message.author.platform_user_id),
            ("user", &turn.user.id.to_string()),
        ],
    )
}
