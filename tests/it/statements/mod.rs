//! What a turn asks of the database, as the real program tells of it: how many
//! statements and transactions, and whether an index serves each of them.

mod counts;
mod plans;

use crate::support::program::Running;
use crate::support::stage::Stage;
use crate::support::statements::{Ran, TELLING, ran};

/// A daemon that tells of every statement, between its emulators.
struct House {
    stage: Stage,
    bot: Running,
}

impl House {
    /// With everybody let in.
    async fn open() -> Self {
        Self::on(Stage::new().await.open()).await
    }

    async fn on(stage: Stage) -> Self {
        let stage = stage.set("LOG__FILTER", TELLING);
        let bot = stage.serve().await;
        Self { stage, bot }
    }

    /// What the program runs until the turn that `speaks` begins has ended.
    async fn turn(&self, speaks: impl AsyncFnOnce()) -> Vec<Ran> {
        let before = self.bot.log();
        let ends = |log: &[String]| log.iter().filter(|line| line.contains(TURN_ENDED)).count();
        speaks().await;
        self.bot.wait_for_logs(TURN_ENDED, ends(&before) + 1).await;
        ran(&self.bot.log()[before.len()..])
    }

    async fn ends_well(self) {
        self.stage.ends_well(self.bot).await;
    }
}

/// What the program says at the end of each turn.
const TURN_ENDED: &str = "a turn on telegram ended";
