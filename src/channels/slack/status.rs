//! How the sockets are, and for how long nothing could come in.

use std::collections::HashMap;
use std::time::Duration;

use slack_morphism::SlackSocketModeWssClientId;
use tokio::time::Instant;

use crate::domain::Timestamp;

/// How the sockets are.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) open: HashMap<SlackSocketModeWssClientId, Instant>,
    /// How often something hinted that our tokens may not be good any more.
    pub(super) suspicions: u64,
    /// Why Slack will open no socket again.
    pub(super) refusal: Option<&'static str>,
    /// Whether the inbox took the last event.
    pub(super) is_inbox_well: bool,
    /// Since when nothing can come in.
    trouble: Option<(Instant, Timestamp)>,
    /// The last time in which something may have been lost: its number, and when it began.
    pub(super) gap: (u64, Timestamp),
}

impl Status {
    /// At the beginning nothing can come in, and whoever begins looks back anyway.
    pub(super) fn new() -> Self {
        Self {
            open: HashMap::new(),
            suspicions: 0,
            refusal: None,
            is_inbox_well: true,
            trouble: None,
            gap: (0, Timestamp::UNIX_EPOCH),
        }
    }

    /// Whether events can come in.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes note of trouble that begins or ends; when it lasted longer than
    /// Slack sends events again, there is a gap.
    pub(super) fn settle(&mut self, now: (Instant, Timestamp), resent_for: Duration) {
        if !(self.is_open() && self.is_inbox_well) {
            self.trouble.get_or_insert(now);
            return;
        }
        let Some((since, moment)) = self.trouble.take() else { return };
        if now.0 - since >= resent_for {
            self.gap = (self.gap.0 + 1, moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use slack_morphism::SlackSocketModeWssClientId;
    use tokio::time::Instant;

    use super::Status;
    use crate::domain::Timestamp;

    const RESENT_FOR: Duration = Duration::from_secs(300);

    #[test]
    fn only_long_trouble_leaves_a_gap_and_it_begins_with_the_trouble() {
        let mut status = Status::new();
        let socket = SlackSocketModeWssClientId { initial_index: 0, token_index: 0, reconnected: 0 };
        status.open.insert(socket, Instant::now());
        let (begin, moment) = (Instant::now(), Timestamp::UNIX_EPOCH);
        for (seconds, gaps) in [(299, 0), (301, 1), (301, 2)] {
            let later = Duration::from_secs(seconds);
            status.is_inbox_well = false;
            status.settle((begin, moment), RESENT_FOR);
            status.settle((begin + later, moment + later), RESENT_FOR);
            status.is_inbox_well = true;
            status.settle((begin + later, moment + later), RESENT_FOR);
            assert_eq!(status.gap, (gaps, moment));
        }
    }
}
