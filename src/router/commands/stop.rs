//! `/stop`: ends the answer that is being written.

use crate::domain::Stop;
use crate::domain::texts::Texts;
use crate::store::ClaimedTurn;

pub(super) fn run(texts: &Texts, stop: &dyn Stop, turn: &ClaimedTurn) -> String {
    let key = if stop.stop(turn.lane) { "stop-done" } else { "stop-nothing" };
    texts.get(key)
}
