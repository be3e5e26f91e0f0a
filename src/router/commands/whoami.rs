//! `/whoami`: tells a person who they are to us.

use crate::domain::InboundMessage;
use crate::router::Router;
use crate::store::ClaimedTurn;

pub(super) fn run(router: &Router, turn: &ClaimedTurn, message: &InboundMessage) -> String {
    let texts = &router.parts.texts;
    texts.with(
        "whoami",
        &[
            ("name", &message.author.name),
            ("role", &texts.get(router.role(turn, message).text_key())),
            ("platform", message.address.platform.name()),
            ("identity", &message.author.platform_user_id),
            ("user", &turn.user.id.to_string()),
        ],
    )
}
