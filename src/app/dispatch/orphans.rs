//! What the database says this process works on, and nobody does.
//!
//! The answer to a claim, or to the end of a turn, may be lost with the connection
//! on which it was to come. Such a turn would hold its lane until the next start.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::store::{Store, StoreError};

/// The claims that somebody here works on.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    held: Mutex<HashSet<Uuid>>,
    /// Those that nobody held at the last look: an answer may have been on its way just then.
    doubted: Mutex<HashSet<Uuid>>,
}

impl Orphans {
    /// Notes that somebody works on what was claimed, or does no more.
    pub(super) fn hold(&self, claim: Uuid, is_held: bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if is_held {
            held.insert(claim)
        } else {
            held.remove(&claim)
        };
    }

    /// Gives back what nobody has worked on for two looks; returns how many messages.
    pub(super) async fn give_back(&self, store: &Store) -> Result<usize, StoreError> {
        let claims = store.claims().await?;
        let lost = self.lost(claims);
        if lost.is_empty() { Ok(0) } else { store.take_back(lost).await }
    }

    fn lost(&self, claims: Vec<Uuid>) -> Vec<Uuid> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let unheld: HashSet<Uuid> = claims.into_iter().filter(|claim| !held.contains(claim)).collect();
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = unheld.intersection(&doubted).copied().collect();
        *doubted = unheld;
        lost
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Orphans;

    #[test]
    fn only_what_nobody_held_at_two_looks_in_a_row_is_lost() {
        let (orphans, [held, lost, passing]) = (Orphans::default(), [1, 2, 3].map(Uuid::from_u128));
        orphans.hold(held, true);
        assert_eq!(orphans.lost(vec![held, lost, passing]), Vec::<Uuid>::new());
        orphans.hold(passing, true);
        assert_eq!(orphans.lost(vec![held, lost, passing]), [lost]);
        orphans.hold(held, false);
        assert_eq!(orphans.lost(vec![held]), Vec::<Uuid>::new());
        assert_eq!(orphans.lost(vec![held]), [held]);
    }
}
