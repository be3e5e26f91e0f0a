//! Another answer to what was asked before: who asks for it, and the button that does.

use crate::app::delivery::DeliveryError;
use crate::app::turns::Work;
use crate::domain::{Part, Reply, Silence, TurnId};
use crate::store::AskedAgain;
use crate::telemetry::metrics::TurnEnd;
use crate::telemetry::{KillPoint, kill_point};

impl Work<'_> {
    /// Lets what `question` has asked be answered anew, in a turn of its own.
    pub(super) async fn ask_again(
        &mut self,
        question: Option<TurnId>,
        meanwhile: Option<String>,
    ) -> Result<TurnEnd, DeliveryError> {
        let asked = match question {
            Some(question) => self.ledger.ask_again(question).await?,
            None => AskedAgain::Before,
        };
        kill_point(KillPoint::AskedAgain);
        let text = match asked {
            AskedAgain::Begun(accepted) => {
                self.turns.begun.note(accepted);
                meanwhile
            }
            AskedAgain::Before => meanwhile,
            AskedAgain::Busy => Some(self.turns.texts.get("retry-running")),
        };
        match text {
            Some(text) => self.reply(Reply::ready_made(text)).await,
            None => self.keep_silent(Silence::AnsweredAnew).await,
        }
    }

    /// Lets people ask for another answer to what `first` has asked, where they have buttons.
    pub(super) fn offer_another(&self, parts: &mut [Part], first: TurnId) {
        self.delivering.offer_another(parts);
        for button in parts.iter_mut().filter_map(|part| part.button.as_mut()) {
            button.turn = first;
        }
    }
}
