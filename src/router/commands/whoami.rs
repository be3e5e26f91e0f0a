//! `/whoami`: tells a person who they are to us.

use crate::domain::{InboundMessage, Invocation};
use crate::router::Router;
use crate::store::ClaimedTurn;

pub(super) fn run(
    router: &Router,
    turn: &ClaimedTurn,
    message: &InboundMessage,
    invocation: &Invocation,
) -> String {
    let texts = &router.parts.texts;
    // The answer to a platform's own command is for one person's eyes.
    let is_private = message.address.is_direct() || invocation.interaction.is_some();
    if !is_private {
        return texts.with("whoami-in-public", &[("name", &message.author.name)]);
    }
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
